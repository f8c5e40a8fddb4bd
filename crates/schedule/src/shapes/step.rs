//! `step`: a factor at regular intervals.

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape, multiples};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = a g^floor(t / k)`.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `peak` | the hyperparameter's | required |
/// | `g` | `gamma` | – | required, more than 0 |
/// | `k` | `every` | span | required, more than 0 |
///
/// Has no end. Errors: `gamma` or `every` not positive.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::step(0.1, 0.5, Span::Steps(5)).resolve(&Frame::unbounded())?;
/// assert_eq!((schedule.at(4), schedule.at(5), schedule.at(10)), (0.1, 0.05, 0.025));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// First value.
    pub peak: f64,
    /// Factor at each interval.
    pub gamma: f64,
    /// The interval.
    pub every: Span,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Step`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "first value"),
    Parameter::new("gamma", Kind::Number, "factor at each interval").positive(),
    Parameter::new("every", Kind::Span, "the interval").positive(),
];

impl Step {
    /// From `peak`, times `gamma` at each interval.
    pub fn new(peak: f64, gamma: f64, every: Span) -> Self {
        Self { peak, gamma, every, common: Common::default() }
    }
}

impl Shape for Step {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.number("gamma", self.gamma);
        found.span("every", self.every);
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let every = place.span("every", self.every)?;
        if every == 0 {
            return Err(ScheduleError::SpanTooShort { field: "every".into(), value: 0, minimum: 1 });
        }
        Ok(Curve::Step(Stairs { peak: self.peak, gamma: self.gamma, every }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stairs {
    peak: f64,
    gamma: f64,
    every: u64,
}

impl Stairs {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let factor = self.gamma.powf((t / self.every) as f64);
        // 0 times infinity is no value.
        self.peak * factor.min(f64::MAX)
    }

    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        multiples(self.every, limit).collect()
    }
}
