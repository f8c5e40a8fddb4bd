//! The constants of each optimizer's rule, one file a method.

mod adam;
mod adamp;
mod adamw;
mod heavy_ball;
mod lamb;
mod lion;
mod muon;
mod nadamw;
mod nesterov;
mod parameters;
mod prodigy;
mod rmsprop;
mod schedule_free;
mod sgd;
mod sgdw;

use crate::check::within;
use crate::{ControlError, EpsilonPlacement};

pub use adam::Adam;
pub use adamp::Adamp;
pub use adamw::Adamw;
pub use heavy_ball::{HeavyBall, HeavyBallForm};
pub use lamb::Lamb;
pub use lion::Lion;
pub use muon::{Muon, MuonAdamw, MuonScale};
pub use nadamw::{Nadamw, NadamwForm};
pub use nesterov::Nesterov;
pub use prodigy::Prodigy;
pub use rmsprop::{Rmsprop, RmspropForm};
pub use schedule_free::{ScheduleFree, ScheduleFreeForm};
pub use sgd::Sgd;
pub use sgdw::Sgdw;

/// With epsilon 0 before the bias correction nothing would guard the first updates, so only `Hat` may do without.
fn check_epsilon(epsilon: f64, placement: EpsilonPlacement) -> Result<(), ControlError> {
    within(&parameters::EPSILON, epsilon)?;
    if epsilon == 0.0 && placement == EpsilonPlacement::Raw {
        return Err(ControlError::OutOfRange {
            field: parameters::EPSILON.name.to_owned(),
            value: epsilon,
            range: parameters::EPSILON.range,
        });
    }
    Ok(())
}
