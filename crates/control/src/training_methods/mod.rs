//! Training methods, one file each: what changes samples, model or loss while a network trains.

mod autoaugment;
mod blurpool;
mod cutout;
mod label_smoothing;
mod layer_freezing;
mod mixup;
mod progressive_resizing;
mod randaugment;

pub use autoaugment::Autoaugment;
pub use blurpool::Blurpool;
pub use cutout::Cutout;
pub use label_smoothing::LabelSmoothing;
pub use layer_freezing::LayerFreezing;
pub use mixup::Mixup;
pub use progressive_resizing::ProgressiveResizing;
pub use randaugment::Randaugment;
