//! `rsqrt`: reciprocal square root, with or without a cooldown.

use serde::{Deserialize, Serialize};

use super::wsd::{Cooldown, CooldownShape};
use super::{Curve, Place, Shape};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = a / sqrt(1 + (t + s) / k)`, times the cooldown's factor over the last `C` steps
/// (Zhai et al. 2022, arXiv:2106.04560; big_vision). An infinite schedule: without a cooldown no horizon is needed,
/// and [`Schedule::begin_cooldown`](crate::Schedule::begin_cooldown) ends it whenever the time has come.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `peak` | the hyperparameter's | required |
/// | `k` | `timescale` | span | required (big_vision: 10000 steps) |
/// | `s` | `shift` | steps | 0, more than `-k` |
/// | `C` | `cooldown` | span | 0 |
/// | | `cooldown_shape` | | linear, cosine, sqrt |
///
/// `shift` lets a run continue smoothly after a change of batch size. The cooldown falls to 0, reached one step after
/// the last update. With `hold = timescale` this is the inverse square root of T5 and fairseq. Errors: a shift of
/// `-k` or less; a cooldown longer than what warm-up and hold leave; a cooldown and an open horizon.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::rsqrt(1e-3, Span::Steps(1_000)).resolve(&Frame::unbounded())?;
/// assert_eq!(schedule.at(3_000), 0.5e-3);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rsqrt {
    /// First value, if the shift is 0.
    pub peak: f64,
    /// Steps until the value has fallen to `1 / sqrt(2)`.
    pub timescale: Span,
    /// Steps by which the curve is advanced.
    #[serde(default)]
    pub shift: f64,
    /// Length of the cooldown, at the end of the enclosing span.
    #[serde(default = "none", skip_serializing_if = "is_none")]
    pub cooldown: Span,
    /// Its shape.
    #[serde(default)]
    pub cooldown_shape: CooldownShape,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

fn none() -> Span {
    Span::Steps(0)
}

fn is_none(span: &Span) -> bool {
    *span == none()
}

/// The parameters of [`Rsqrt`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "first value, if the shift is 0"),
    Parameter::new("timescale", Kind::Span, "steps until the value has fallen to 1/sqrt(2)")
        .positive()
        .source("big_vision: 10000 steps"),
    Parameter::new("shift", Kind::Number, "steps by which the curve is advanced, more than minus the timescale")
        .default("0.0")
        .unit("steps")
        .source("big_vision"),
    Parameter::new("cooldown", Kind::Span, "length of the cooldown, at the end").default("\"0 steps\""),
    Parameter::new("cooldown_shape", Kind::Choice(&["linear", "cosine", "sqrt"]), "shape of the cooldown")
        .default("\"linear\"")
        .source("big_vision"),
];

impl Rsqrt {
    /// From `peak`, with that time scale and no end.
    pub fn new(peak: f64, timescale: Span) -> Self {
        let cooldown_shape = CooldownShape::default();
        Self { peak, timescale, shift: 0.0, cooldown: none(), cooldown_shape, common: Common::default() }
    }

    /// Advances the curve by that many steps.
    #[must_use]
    pub fn shift(mut self, steps: f64) -> Self {
        self.shift = steps;
        self
    }

    /// Cools down over the last part of the enclosing span.
    #[must_use]
    pub fn cooldown(mut self, cooldown: Span) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// Sets the shape of the cooldown.
    #[must_use]
    pub fn cooldown_shape(mut self, shape: CooldownShape) -> Self {
        self.cooldown_shape = shape;
        self
    }
}

impl Shape for Rsqrt {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.span("timescale", self.timescale);
        found.number("shift", self.shift);
        found.span("cooldown", self.cooldown);
        if self.cooldown_shape == CooldownShape::Exponential {
            found.not_applicable("cooldown_shape", "an exponential cooldown never reaches 0; use wsd with a floor");
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let timescale = place.span("timescale", self.timescale)?;
        if timescale == 0 {
            return Err(ScheduleError::SpanTooShort { field: "timescale".into(), value: 0, minimum: 1 });
        }
        let timescale = timescale as f64;
        if 1.0 + self.shift / timescale <= 0.0 {
            let range = "more than minus the timescale";
            return Err(ScheduleError::OutOfRange { field: "shift".into(), value: self.shift, range });
        }
        let cooldown = Cooldown::at_end(place, self.cooldown, self.cooldown_shape, None)?;
        Ok(Curve::Rsqrt(Decay { peak: self.peak, timescale, shift: self.shift, cooldown }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decay {
    peak: f64,
    timescale: f64,
    shift: f64,
    cooldown: Option<Cooldown>,
}

impl Decay {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let core = self.peak / (1.0 + (t as f64 + self.shift) / self.timescale).sqrt();
        self.cooldown.as_ref().map_or(core, |cooldown| cooldown.apply(core, 0.0, t))
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.cooldown.map(|cooldown| cooldown.start.saturating_add(cooldown.steps))
    }

    pub(crate) fn marks(&self) -> Vec<u64> {
        self.cooldown.iter().map(|cooldown| cooldown.start).collect()
    }
}
