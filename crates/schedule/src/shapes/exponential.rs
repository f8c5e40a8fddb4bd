//! `exponential`: a constant ratio.

use serde::{Deserialize, Serialize};

use super::{Curve, Phase, Place, Shape};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = a (b / a)^u`, `u = t / D`; or, without an end, `f(t) = a g^(t / k)`.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `start` | the hyperparameter's | required, not 0 |
/// | `b` | `end` | the hyperparameter's | the sign of `start`, not 0 |
/// | `D` | `over` | span | rest of the enclosing span |
/// | `g` | `gamma` | – | more than 0 |
/// | `k` | `every` | span | 1 step (torch `ExponentialLR`) |
///
/// Either `end` or `gamma` is required; `over` belongs to the first, `every` to the second. The exponent is
/// continuous; for stairs use [`Step`](crate::Step). Errors: an end that is 0 or of the other sign; both or none of
/// `end` and `gamma`.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec};
/// let schedule = ScheduleSpec::exponential(1.0, 0.01).resolve(&Frame::steps(10))?;
/// assert!((schedule.at(5) - 0.1).abs() < 1e-15);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exponential {
    /// First value.
    pub start: f64,
    /// Last value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<f64>,
    /// Length; the rest of the enclosing span if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Span>,
    /// Factor at each interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// The interval; 1 step if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Exponential`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("start", Kind::Number, "first value, not 0"),
    Parameter::new("end", Kind::Number, "last value, of the same sign; or give gamma").optional(),
    super::OVER,
    Parameter::new("gamma", Kind::Number, "factor at each interval; or give end").optional().positive(),
    Parameter::new("every", Kind::Span, "the interval of gamma")
        .default("\"1 steps\"")
        .positive()
        .source("torch ExponentialLR"),
];

impl Exponential {
    /// From `start` to `end` over the rest of the enclosing span.
    pub fn new(start: f64, end: f64) -> Self {
        Self { start, end: Some(end), over: None, gamma: None, every: None, common: Common::default() }
    }

    /// From `start`, times `gamma` over each interval, without an end.
    pub fn by_gamma(start: f64, gamma: f64, every: Span) -> Self {
        Self { start, end: None, over: None, gamma: Some(gamma), every: Some(every), common: Common::default() }
    }

    /// Sets the length.
    #[must_use]
    pub fn over(mut self, over: Span) -> Self {
        self.over = Some(over);
        self
    }
}

impl Shape for Exponential {
    fn check(&self, found: &mut Checker) {
        found.number("start", self.start);
        if self.start == 0.0 {
            found.out_of_range("start", self.start, "not 0");
        }
        found.span("over", self.over);
        found.span("every", self.every);
        match (self.end, self.gamma) {
            (Some(end), None) => {
                found.number("end", end);
                if end == 0.0 || (end < 0.0) != (self.start < 0.0) {
                    found.out_of_range("end", end, "not 0 and of the sign of start");
                }
                if self.every.is_some() {
                    found.not_applicable("every", "it is the interval of gamma; end takes over");
                }
            }
            (None, Some(gamma)) => {
                found.number("gamma", gamma);
                if self.over.is_some() {
                    found.not_applicable("over", "it is the length to end; gamma takes every");
                }
            }
            (Some(_), Some(_)) => found.push(ScheduleError::Conflict { field: "gamma".into(), other: "end" }),
            (None, None) => {
                found.push(ScheduleError::Missing { field: "end".into(), hint: "give end, or gamma and every" });
            }
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let decay = if let Some(end) = self.end {
            // Two logarithms: the quotient of extreme ends overflows.
            let log_ratio = end.abs().ln() - self.start.abs().ln();
            let exact = (end / self.start).ln();
            let log_ratio = if exact.is_finite() { exact } else { log_ratio };
            Decay::Between { start: self.start, end, log_ratio, phase: place.over(self.over)? }
        } else {
            let every = place.span("every", self.every.unwrap_or(Span::Steps(1)))?;
            if every == 0 {
                return Err(ScheduleError::SpanTooShort { field: "every".into(), value: 0, minimum: 1 });
            }
            let gamma = self.gamma.unwrap_or(1.0);
            Decay::Endless { start: self.start, gamma, every: every as f64 }
        };
        Ok(Curve::Exponential(decay))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Decay {
    Between { start: f64, end: f64, log_ratio: f64, phase: Phase },
    Endless { start: f64, gamma: f64, every: f64 },
}

impl Decay {
    pub(crate) fn at(&self, t: u64) -> f64 {
        match self {
            Self::Between { start, end, log_ratio, phase } => {
                let u = phase.progress(t);
                if u >= 1.0 { *end } else { start * (log_ratio * u).exp() }
            }
            Self::Endless { start, gamma, every } => start * gamma.powf(t as f64 / every).min(f64::MAX),
        }
    }

    pub(crate) fn length(&self) -> Option<u64> {
        if let Self::Between { phase, .. } = self { Some(phase.steps) } else { None }
    }
}
