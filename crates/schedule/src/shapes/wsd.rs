//! `wsd`: warm-up, stable, decay. A trapezoid.

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape, half_cosine, mix};
use crate::check::Checker;
use crate::common::{Common, Endpoint};
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// The peak `a`, and over the last `D` steps of the enclosing span `b + (a - b) f(u)`, `u = t / D`
/// (warmup-stable-decay, arXiv:2404.06395; the trapezoid). The warm-up is the common one.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `peak` | the hyperparameter's | required |
/// | `b` | `floor` | the hyperparameter's | 0, at most `peak` |
/// | `D` | `cooldown` | span | required |
/// | `f` | `cooldown_shape` | | linear `1 - u`; cosine `(1 + cos(pi u)) / 2`; sqrt `1 - sqrt(u)`; exponential |
/// | `h` | `half_lives` | – | none |
///
/// Exponential is `2^(-u h)` if `half_lives` is given, and falls to the floor with the end of the cooldown; else it
/// goes from peak to floor at a constant ratio, which needs a floor above 0.
///
/// Open-ended with `cooldown = "0 steps"`: the stable phase goes on until
/// [`Schedule::begin_cooldown`](crate::Schedule::begin_cooldown). Errors: `floor` above `peak`; a cooldown longer
/// than what warm-up and hold leave; a cooldown and an open horizon; an exponential one to a floor of 0.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::wsd(1.0, Span::percent(20.0)).resolve(&Frame::steps(100))?;
/// assert_eq!((schedule.at(80), schedule.at(90), schedule.at(100)), (1.0, 0.5, 0.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wsd {
    /// Value of the stable phase.
    pub peak: f64,
    /// Last value.
    #[serde(default)]
    pub floor: f64,
    /// Length of the cooldown, at the end of the enclosing span.
    pub cooldown: Span,
    /// Its shape.
    #[serde(default)]
    pub cooldown_shape: CooldownShape,
    /// How often an exponential cooldown halves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_lives: Option<f64>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// Shape of a cooldown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CooldownShape {
    /// `1 - u`
    #[default]
    Linear,
    /// `(1 + cos(pi u)) / 2`
    Cosine,
    /// `1 - sqrt(u)` (arXiv:2405.18392)
    Sqrt,
    /// A constant ratio down to a floor above 0, or by half-lives.
    Exponential,
}

/// The parameters of [`Wsd`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "value of the stable phase"),
    Parameter::new("floor", Kind::Number, "last value, at most peak").default("0.0"),
    Parameter::new("cooldown", Kind::Span, "length of the cooldown, at the end"),
    super::COOLDOWN_SHAPE,
    Parameter::new("half_lives", Kind::Number, "how often an exponential cooldown halves").optional().positive(),
];

impl Wsd {
    /// Stable at `peak`, then linearly to 0 over the last `cooldown`.
    pub fn new(peak: f64, cooldown: Span) -> Self {
        let (cooldown_shape, half_lives) = (CooldownShape::default(), None);
        Self { peak, floor: 0.0, cooldown, cooldown_shape, half_lives, common: Common::default() }
    }

    /// Sets the last value.
    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the shape of the cooldown.
    #[must_use]
    pub fn cooldown_shape(mut self, shape: CooldownShape) -> Self {
        self.cooldown_shape = shape;
        self
    }

    /// Cools down exponentially, halving that many times.
    #[must_use]
    pub fn half_lives(mut self, half_lives: f64) -> Self {
        self.cooldown_shape = CooldownShape::Exponential;
        self.half_lives = Some(half_lives);
        self
    }
}

impl Shape for Wsd {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.floor(self.floor, self.peak);
        found.span("cooldown", self.cooldown);
        match (self.cooldown_shape, self.half_lives) {
            (CooldownShape::Exponential, Some(half_lives)) => found.number("half_lives", half_lives),
            (CooldownShape::Exponential, None) if self.floor <= 0.0 => {
                found.out_of_range("floor", self.floor, "more than 0 for an exponential cooldown without half_lives");
            }
            (CooldownShape::Exponential, None) | (_, None) => {}
            (_, Some(_)) => found.not_applicable("half_lives", "it belongs to cooldown_shape = \"exponential\""),
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let Some(cooldown) = Cooldown::at_end(place, self.cooldown, self.cooldown_shape, self.half_lives)? else {
            return Ok(Curve::Constant(self.peak));
        };
        let steps = place.known_rest("cooldown")?;
        Ok(Curve::Wsd(Trapezoid { peak: self.peak, floor: self.floor, cooldown, steps }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trapezoid {
    peak: f64,
    floor: f64,
    cooldown: Cooldown,
    pub(crate) steps: u64,
}

impl Trapezoid {
    pub(crate) fn at(&self, t: u64) -> f64 {
        self.cooldown.apply(self.peak, self.floor, t)
    }

    pub(crate) fn marks(&self) -> Vec<u64> {
        vec![self.cooldown.start]
    }

    pub(crate) fn floor(&self) -> f64 {
        self.floor
    }
}

/// The fall at the end of a schedule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cooldown {
    pub(crate) start: u64,
    pub(crate) steps: u64,
    divisor: f64,
    fall: Fall,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fall {
    Linear,
    Cosine,
    Sqrt,
    HalfLives(f64),
    ToFloor,
}

impl Cooldown {
    pub(crate) fn new(start: u64, steps: u64, divisor: f64, shape: CooldownShape, half_lives: Option<f64>) -> Self {
        let fall = match (shape, half_lives) {
            (CooldownShape::Linear, _) => Fall::Linear,
            (CooldownShape::Cosine, _) => Fall::Cosine,
            (CooldownShape::Sqrt, _) => Fall::Sqrt,
            (CooldownShape::Exponential, Some(half_lives)) => Fall::HalfLives(half_lives),
            (CooldownShape::Exponential, None) => Fall::ToFloor,
        };
        Self { start, steps, divisor, fall }
    }

    /// A cooldown over the last part of the enclosing span; `None` if it has no steps.
    pub(crate) fn at_end(
        place: &Place<'_>,
        span: Span,
        shape: CooldownShape,
        half_lives: Option<f64>,
    ) -> Result<Option<Self>, ScheduleError> {
        if span.amount() == 0.0 {
            return Ok(None);
        }
        let field = "cooldown";
        let unknown = || ScheduleError::UnknownHorizon { field: field.to_owned(), value: span.to_string() };
        let total = place.frame.total_steps.ok_or_else(unknown)?;
        let rest = place.known_rest(field)?;
        let steps =
            place.frame.to_steps_before(span, total).map_err(|error| ScheduleError::from_frame(field, error))?;
        if steps > rest {
            let range = "at most what warm-up and hold leave";
            return Err(ScheduleError::SpanTooLong { field: field.to_owned(), value: steps, range, available: rest });
        }
        place.phase(field, steps)?;
        let lost = u64::from(place.endpoint == Endpoint::Inclusive);
        Ok(Some(Self::new(rest - steps, steps, (steps - lost) as f64, shape, half_lives)))
    }

    /// What is left of `value` at step `t`, on the way to `floor`.
    pub(crate) fn apply(&self, value: f64, floor: f64, t: u64) -> f64 {
        let Some(local) = t.checked_sub(self.start) else {
            return value;
        };
        let u = local as f64 / self.divisor;
        if local == 0 {
            return value;
        }
        if u >= 1.0 {
            return floor;
        }
        let left = match self.fall {
            Fall::Linear => 1.0 - u,
            Fall::Cosine => half_cosine(u),
            Fall::Sqrt => 1.0 - u.sqrt(),
            Fall::HalfLives(half_lives) => (-u * half_lives).exp2(),
            Fall::ToFloor if value > floor => return value * (floor / value).powf(u),
            // Begun in the middle of a warm-up: there is no ratio to fall by.
            Fall::ToFloor => return value,
        };
        mix(value, floor, left)
    }
}
