//! `constant`: one value.

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};

/// `f(t) = value`.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `value` | `value` | the hyperparameter's | required |
///
/// torch's `ConstantLR` is not this: see [`presets::torch::constant_lr`](crate::presets::torch::constant_lr).
/// A bare number in a recipe is this schedule.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec};
/// let schedule = ScheduleSpec::constant(0.9).resolve(&Frame::unbounded())?;
/// assert_eq!(schedule.at(u64::MAX), 0.9);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constant {
    /// The value.
    pub value: f64,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Constant`].
pub(crate) const PARAMETERS: &[Parameter] = &[Parameter::new("value", Kind::Number, "the value")];

impl Constant {
    /// That value for ever.
    pub fn new(value: f64) -> Self {
        Self { value, common: Common::default() }
    }
}

impl Shape for Constant {
    fn check(&self, found: &mut Checker) {
        found.number("value", self.value);
    }

    fn curve(&self, _: &Place<'_>) -> Result<Curve, ScheduleError> {
        Ok(Curve::Constant(self.value))
    }
}
