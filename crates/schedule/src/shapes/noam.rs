//! `noam`: the schedule of the first Transformer.

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape};
use crate::check::Checker;
use crate::common::{Common, Endpoint};
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = c d^(-1/2) min(s^(-1/2), s W^(-3/2))`, `s = t + 1` (Vaswani et al. 2017, arXiv:1706.03762).
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `d` | `width` | – | required, more than 0 (the model dimension) |
/// | `c` | `factor` | – | 1 |
/// | `W` | `warmup` | span | required, at least 1 step (the paper: 4000) |
///
/// The peak `c / sqrt(d W)` is at `t = W - 1`. The warm-up is part of the formula, so the common warm-up and hold do
/// not apply. Has no end. Errors: `width` or `warmup` of 0; a common warm-up or hold.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::noam(512.0, Span::Steps(4_000)).resolve(&Frame::unbounded())?;
/// assert!((schedule.at(3_999) - 6.987712429686843e-4).abs() < 1e-15);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noam {
    /// Model dimension.
    pub width: f64,
    /// Factor on the whole curve.
    #[serde(default = "one")]
    pub factor: f64,
    /// Length of the rise.
    pub warmup: Span,
    /// The common parameters; of these `warmup`, its companions and `hold` do not apply.
    #[serde(flatten)]
    pub common: Common,
}

fn one() -> f64 {
    1.0
}

/// The parameters of [`Noam`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("width", Kind::Number, "model dimension").positive().source("arXiv:1706.03762: 512"),
    Parameter::new("factor", Kind::Number, "factor on the whole curve").default("1.0").source("arXiv:1706.03762"),
    Parameter::new("warmup", Kind::Span, "length of the rise").positive().source("arXiv:1706.03762: 4000 steps"),
];

impl Noam {
    /// For a model of that dimension, rising over `warmup`.
    pub fn new(width: f64, warmup: Span) -> Self {
        Self { width, factor: 1.0, warmup, common: Common::default() }
    }

    /// Sets the factor on the whole curve.
    #[must_use]
    pub fn factor(mut self, factor: f64) -> Self {
        self.factor = factor;
        self
    }
}

impl Shape for Noam {
    fn check(&self, found: &mut Checker) {
        found.number("width", self.width);
        found.number("factor", self.factor);
        found.span("warmup", self.warmup);
        let plain = Common::default();
        let reason = "noam has its own warm-up";
        let given = [
            ("warmup", self.common.warmup.is_some()),
            ("warmup_shape", self.common.warmup_shape != plain.warmup_shape),
            ("warmup_from", self.common.warmup_from != plain.warmup_from),
            ("warmup_first", self.common.warmup_first != plain.warmup_first),
            ("warmup_mode", self.common.warmup_mode != plain.warmup_mode),
            ("hold", self.common.hold.is_some()),
            ("endpoint", self.common.endpoint != Endpoint::Exclusive),
        ];
        for (field, _) in given.iter().filter(|(_, given)| *given) {
            found.not_applicable(field, reason);
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let warmup = place.span("warmup", self.warmup)?;
        if warmup == 0 {
            return Err(ScheduleError::SpanTooShort { field: "warmup".into(), value: 0, minimum: 1 });
        }
        if let Some(total) = place.frame.total_steps
            && warmup >= total
        {
            return Err(ScheduleError::WarmupTooLong { field: "warmup".into(), value: warmup, total });
        }
        let slope = (warmup as f64).powf(-1.5);
        Ok(Curve::Noam(Peak { scale: self.factor / self.width.sqrt(), slope, warmup }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Peak {
    scale: f64,
    slope: f64,
    warmup: u64,
}

impl Peak {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let s = t as f64 + 1.0;
        if t < self.warmup { self.scale * self.slope * s } else { self.scale / s.sqrt() }
    }

    pub(crate) fn marks(&self) -> Vec<u64> {
        vec![self.warmup - 1]
    }
}
