//! The constants of each optimizer's rule, one file a method.

mod adam;
mod adamw;
mod heavy_ball;
mod nesterov;
mod parameters;
mod sgd;

pub use adam::Adam;
pub use adamw::Adamw;
pub use heavy_ball::HeavyBall;
pub use nesterov::Nesterov;
pub use sgd::Sgd;
