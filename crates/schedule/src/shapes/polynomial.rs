//! `polynomial`: a power of the remaining fraction.

use serde::{Deserialize, Serialize};

use super::{Curve, Phase, Place, Shape, mix};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = b + (a - b) (1 - u)^p`, `u = t / D`.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `start` | the hyperparameter's | required |
/// | `b` | `end` | the hyperparameter's | 0 (torch `PolynomialLR`) |
/// | `p` | `power` | – | required, more than 0 |
/// | `D` | `over` | span | rest of the enclosing span |
///
/// Errors: `power` not positive; `over` of no steps; no `over` and an open horizon.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec};
/// let schedule = ScheduleSpec::polynomial(1.0, 2.0).end(0.1).resolve(&Frame::steps(10))?;
/// assert_eq!(schedule.at(5), 0.325);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Polynomial {
    /// First value.
    pub start: f64,
    /// Last value.
    #[serde(default)]
    pub end: f64,
    /// Exponent.
    pub power: f64,
    /// Length; the rest of the enclosing span if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Span>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Polynomial`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("start", Kind::Number, "first value"),
    Parameter::new("end", Kind::Number, "last value").default("0.0").source("torch PolynomialLR"),
    Parameter::new("power", Kind::Number, "exponent of the remaining fraction").positive(),
    super::OVER,
];

impl Polynomial {
    /// From `start` to 0 with that exponent, over the rest of the enclosing span.
    pub fn new(start: f64, power: f64) -> Self {
        Self { start, end: 0.0, power, over: None, common: Common::default() }
    }

    /// Sets the last value.
    #[must_use]
    pub fn end(mut self, end: f64) -> Self {
        self.end = end;
        self
    }

    /// Sets the length.
    #[must_use]
    pub fn over(mut self, over: Span) -> Self {
        self.over = Some(over);
        self
    }
}

impl Shape for Polynomial {
    fn check(&self, found: &mut Checker) {
        found.number("start", self.start);
        found.number("end", self.end);
        found.number("power", self.power);
        found.span("over", self.over);
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let phase = place.over(self.over)?;
        Ok(Curve::Polynomial(Power { start: self.start, end: self.end, power: self.power, phase }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Power {
    start: f64,
    end: f64,
    power: f64,
    pub(crate) phase: Phase,
}

impl Power {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let left = 1.0 - self.phase.progress(t);
        if left <= 0.0 { self.end } else { mix(self.start, self.end, left.powf(self.power)) }
    }
}
