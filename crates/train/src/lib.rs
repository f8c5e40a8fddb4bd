//! The one training loop: recipe in, recorded run out.
//!
//! It asks a controller for the hyperparameters of every update, draws batches that are a pure function of the seed and the
//! position, bills every forward and backward, keeps training, evaluation and recording time apart, and writes checkpoints
//! from which a killed run goes on bit for bit.

mod accounts;
mod device;
mod error;
mod loader;
mod session;
mod snapshot;
mod state;
mod train;

pub use accounts::{Accounts, Phase};
pub use device::{device, device_name, set_threads};
pub use error::TrainError;
pub use train::{Control, Divergence, Host, LandscapeGrid, Observer, Outcome, Place, Silent, train, train_under};
