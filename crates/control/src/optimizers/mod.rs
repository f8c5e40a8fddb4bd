//! The constants of each optimizer's rule, one file a method.

mod adam;
mod adamw;
mod heavy_ball;
mod muon;
mod nesterov;
mod parameters;
mod prodigy;
mod schedule_free;
mod sgd;

use crate::check::within;
use crate::{ControlError, EpsilonPlacement};

pub use adam::Adam;
pub use adamw::Adamw;
pub use heavy_ball::HeavyBall;
pub use muon::{Muon, MuonAdamw, MuonScale};
pub use nesterov::Nesterov;
pub use prodigy::Prodigy;
pub use schedule_free::{ScheduleFree, ScheduleFreeForm};
pub use sgd::Sgd;

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
