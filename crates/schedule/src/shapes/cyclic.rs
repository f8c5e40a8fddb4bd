//! `cyclic`: triangles between two values.

use serde::{Deserialize, Serialize};

use super::{Curve, MARKS, Place, Shape, mix};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// With `P = up + down`, cycle `c = floor(t / P)`, `p = t - c P` and `f = p / up` on the way up, `(P - p) / down` on
/// the way down: `lo + (hi - lo) f s` (Smith 2017, arXiv:1506.01186).
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `lo` | `floor` | the hyperparameter's | required, at most `peak` |
/// | `hi` | `peak` | the hyperparameter's | required |
/// | | `up` | span | required (the paper suggests 2 to 8 epochs) |
/// | | `down` | span | `up` |
/// | `s` | `mode` | | triangular: 1; triangular2: `2^-c`; exp_range: `g^t` |
/// | `g` | `gamma` | – | required by exp_range only, between 0 and 1 |
/// | | `bounds` | | amplitude (torch, Keras): as above; both (the paper): `(lo + (hi - lo) f) g^t` |
///
/// Has no end. Errors: `floor` above `peak`; `gamma` missing, outside (0, 1) or without exp_range.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::cyclic(0.001, 0.006, Span::Steps(2_000)).resolve(&Frame::unbounded())?;
/// assert_eq!((schedule.at(0), schedule.at(1_000), schedule.at(2_000)), (0.001, 0.0035, 0.006));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cyclic {
    /// Lowest value.
    pub floor: f64,
    /// Highest value.
    pub peak: f64,
    /// Length of the way up.
    pub up: Span,
    /// Length of the way down; `up` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Span>,
    /// How cycles shrink.
    #[serde(default)]
    pub mode: CyclicMode,
    /// Factor per step of exp_range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gamma: Option<f64>,
    /// What exp_range shrinks.
    #[serde(default)]
    pub bounds: Bounds,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// How the triangles of [`Cyclic`] shrink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CyclicMode {
    /// Not at all.
    #[default]
    Triangular,
    /// The amplitude halves with each cycle.
    Triangular2,
    /// The amplitude shrinks by `gamma` with each step.
    ExpRange,
}

/// What [`CyclicMode::ExpRange`] shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bounds {
    /// The amplitude above the floor, as libraries do.
    #[default]
    Amplitude,
    /// Both bounds, as the paper says.
    Both,
}

/// The parameters of [`Cyclic`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("floor", Kind::Number, "lowest value, at most peak"),
    Parameter::new("peak", Kind::Number, "highest value"),
    Parameter::new("up", Kind::Span, "length of the way up").positive().source("arXiv:1506.01186: 2 to 8 epochs"),
    Parameter::new("down", Kind::Span, "length of the way down; up if absent").optional().positive(),
    Parameter::new("mode", Kind::Choice(&["triangular", "triangular2", "exp_range"]), "how cycles shrink")
        .default("\"triangular\"")
        .source("arXiv:1506.01186"),
    Parameter::new("gamma", Kind::Number, "factor per step of exp_range").optional().range(
        std::ops::Bound::Excluded(0.0),
        std::ops::Bound::Excluded(1.0),
        "between 0 and 1, both excluded",
    ),
    Parameter::new("bounds", Kind::Choice(&["amplitude", "both"]), "what exp_range shrinks")
        .default("\"amplitude\"")
        .source("torch CyclicLR (amplitude), arXiv:1506.01186 (both)"),
];

impl Cyclic {
    /// Triangles between `floor` and `peak`, as long up as down.
    pub fn new(floor: f64, peak: f64, up: Span) -> Self {
        let (down, mode, gamma, bounds) = (None, CyclicMode::default(), None, Bounds::default());
        Self { floor, peak, up, down, mode, gamma, bounds, common: Common::default() }
    }

    /// Sets the length of the way down.
    #[must_use]
    pub fn down(mut self, down: Span) -> Self {
        self.down = Some(down);
        self
    }

    /// Halves the amplitude with each cycle.
    #[must_use]
    pub fn triangular2(mut self) -> Self {
        self.mode = CyclicMode::Triangular2;
        self
    }

    /// Shrinks the amplitude, or both bounds, by `gamma` with each step.
    #[must_use]
    pub fn exp_range(mut self, gamma: f64, bounds: Bounds) -> Self {
        self.mode = CyclicMode::ExpRange;
        self.gamma = Some(gamma);
        self.bounds = bounds;
        self
    }
}

impl Shape for Cyclic {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.floor(self.floor, self.peak);
        found.span("up", self.up);
        found.span("down", self.down);
        match (self.mode, self.gamma) {
            (CyclicMode::ExpRange, Some(gamma)) => found.number("gamma", gamma),
            (CyclicMode::ExpRange, None) => {
                found.push(ScheduleError::Missing { field: "gamma".into(), hint: "exp_range needs it" });
            }
            (_, Some(_)) => found.not_applicable("gamma", "it belongs to mode = \"exp_range\""),
            (_, None) => {}
        }
        if self.mode != CyclicMode::ExpRange && self.bounds != Bounds::Amplitude {
            found.not_applicable("bounds", "it belongs to mode = \"exp_range\"");
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let up = place.span("up", self.up)?;
        let down = place.span("down", self.down.unwrap_or(self.up))?;
        for (field, steps) in [("up", up), ("down", down)] {
            if steps == 0 {
                return Err(ScheduleError::SpanTooShort { field: field.into(), value: 0, minimum: 1 });
            }
        }
        let period = up.checked_add(down).ok_or_else(|| ScheduleError::Overflow {
            field: "down".into(),
            value: self.down.unwrap_or(self.up).to_string(),
        })?;
        let shrink = match (self.mode, self.bounds) {
            (CyclicMode::Triangular, _) => Shrink::Never,
            (CyclicMode::Triangular2, _) => Shrink::Halve,
            (CyclicMode::ExpRange, Bounds::Amplitude) => Shrink::Amplitude(self.gamma.unwrap_or(1.0)),
            (CyclicMode::ExpRange, Bounds::Both) => Shrink::Both(self.gamma.unwrap_or(1.0)),
        };
        Ok(Curve::Cyclic(Triangles { floor: self.floor, peak: self.peak, up, period, shrink }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Triangles {
    floor: f64,
    peak: f64,
    up: u64,
    period: u64,
    shrink: Shrink,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shrink {
    Never,
    Halve,
    Amplitude(f64),
    Both(f64),
}

impl Triangles {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let local = t % self.period;
        let height = if local <= self.up {
            local as f64 / self.up as f64
        } else {
            (self.period - local) as f64 / (self.period - self.up) as f64
        };
        let value = |weight| mix(self.peak, self.floor, weight);
        match self.shrink {
            Shrink::Never => value(height),
            Shrink::Halve => value(height * (-((t / self.period) as f64)).exp2()),
            Shrink::Amplitude(gamma) => value(height * gamma.powf(t as f64)),
            Shrink::Both(gamma) => value(height) * gamma.powf(t as f64),
        }
    }

    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        let turns = (0..).map_while(|cycle: u64| {
            let start = cycle.checked_mul(self.period)?;
            Some([start, start.checked_add(self.up)?])
        });
        turns.flatten().skip(1).take_while(|step| *step < limit).take(MARKS).collect()
    }
}
