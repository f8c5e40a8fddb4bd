//! Factors: schedules without a unit.

use std::ops::Mul;

use crate::error::ScheduleError;
use crate::schedule::Schedule;

/// A dimensionless schedule, to multiply another with.
///
/// The only product is `Schedule * Factor`: the product of two rates is a mistake and does not compile.
///
/// ```
/// use rheostat_schedule::{Factor, Frame, ScheduleSpec};
/// let rate = ScheduleSpec::cosine(1e-3).resolve(&Frame::steps(100))?;
/// let halved = rate * Factor::constant(0.5)?;
/// assert_eq!(halved.at(0), 0.5e-3);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Factor(Schedule);

impl Factor {
    /// Declares a schedule to be without unit.
    pub fn new(schedule: Schedule) -> Self {
        Self(schedule)
    }

    /// The same factor for ever.
    ///
    /// # Errors
    /// If it is not finite, or beyond 1e100.
    pub fn constant(factor: f64) -> Result<Self, ScheduleError> {
        Schedule::constant(factor).map(Self)
    }

    /// The factor at update `step`.
    pub fn at(&self, step: u64) -> f64 {
        self.0.at(step)
    }

    /// The schedule it is made of.
    pub fn schedule(&self) -> &Schedule {
        &self.0
    }
}

impl Mul<Factor> for Schedule {
    type Output = Schedule;

    fn mul(self, factor: Factor) -> Schedule {
        self.scaled(factor)
    }
}
