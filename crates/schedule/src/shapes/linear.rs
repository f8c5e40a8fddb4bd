//! `linear`: a straight line.

use serde::{Deserialize, Serialize};

use super::{Curve, Phase, Place, Shape, mix};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = a + (b - a) u`, `u = t / D`.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `start` | the hyperparameter's | required |
/// | `b` | `end` | the hyperparameter's | required |
/// | `D` | `over` | span | rest of the enclosing span |
///
/// Errors: `over` of no steps; no `over` and an open horizon.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec};
/// let schedule = ScheduleSpec::linear(1.0, 0.0).resolve(&Frame::steps(10))?;
/// assert_eq!((schedule.at(0), schedule.at(5), schedule.at(10)), (1.0, 0.5, 0.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// First value.
    pub start: f64,
    /// Last value.
    pub end: f64,
    /// Length; the rest of the enclosing span if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Span>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Linear`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("start", Kind::Number, "first value"),
    Parameter::new("end", Kind::Number, "last value"),
    super::OVER,
];

impl Linear {
    /// From `start` to `end` over the rest of the enclosing span.
    pub fn new(start: f64, end: f64) -> Self {
        Self { start, end, over: None, common: Common::default() }
    }

    /// Sets the length.
    #[must_use]
    pub fn over(mut self, over: Span) -> Self {
        self.over = Some(over);
        self
    }
}

impl Shape for Linear {
    fn check(&self, found: &mut Checker) {
        found.number("start", self.start);
        found.number("end", self.end);
        found.span("over", self.over);
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        Ok(Curve::Linear(Line { start: self.start, end: self.end, phase: place.over(self.over)? }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    start: f64,
    end: f64,
    pub(crate) phase: Phase,
}

impl Line {
    pub(crate) fn at(&self, t: u64) -> f64 {
        // Towards the end value: at u = 0 this is `start` to the bit.
        mix(self.end, self.start, self.phase.progress(t))
    }
}
