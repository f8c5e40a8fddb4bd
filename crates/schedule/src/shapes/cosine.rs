//! `cosine`: half a cosine wave.

use serde::{Deserialize, Serialize};

use super::{Curve, Phase, Place, Shape, half_cosine, mix};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = b + (a - b) (1 + cos(pi u)) / 2`, `u = t / D` (Loshchilov & Hutter 2017, arXiv:1608.03983).
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `peak` | the hyperparameter's | required |
/// | `b` | `floor` | the hyperparameter's | 0, at most `peak` |
/// | `D` | `over` | span | rest of the enclosing span |
///
/// After the end the floor stays, as in optax; torch climbs back, see
/// [`presets::torch::cosine_annealing_lr`](crate::presets::torch::cosine_annealing_lr). Errors: `floor` above `peak`;
/// `over` of no steps; no `over` and an open horizon.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec};
/// let schedule = ScheduleSpec::cosine(1.0).floor(0.1).resolve(&Frame::steps(10))?;
/// assert_eq!((schedule.at(0), schedule.at(5), schedule.at(10)), (1.0, 0.55, 0.1));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cosine {
    /// First value.
    pub peak: f64,
    /// Last value.
    #[serde(default)]
    pub floor: f64,
    /// Length; the rest of the enclosing span if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Span>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Cosine`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "first value"),
    Parameter::new("floor", Kind::Number, "last value, at most peak").default("0.0").source("torch CosineAnnealingLR"),
    super::OVER,
];

impl Cosine {
    /// From `peak` to 0 over the rest of the enclosing span.
    pub fn new(peak: f64) -> Self {
        Self { peak, floor: 0.0, over: None, common: Common::default() }
    }

    /// Sets the last value.
    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the length.
    #[must_use]
    pub fn over(mut self, over: Span) -> Self {
        self.over = Some(over);
        self
    }
}

impl Shape for Cosine {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.floor(self.floor, self.peak);
        found.span("over", self.over);
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        Ok(Curve::Cosine(Wave { peak: self.peak, floor: self.floor, phase: place.over(self.over)? }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wave {
    peak: f64,
    floor: f64,
    pub(crate) phase: Phase,
}

impl Wave {
    pub(crate) fn at(&self, t: u64) -> f64 {
        mix(self.peak, self.floor, half_cosine(self.phase.progress(t)))
    }
}
