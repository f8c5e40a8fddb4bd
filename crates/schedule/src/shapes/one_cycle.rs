//! `one_cycle`: up to the peak, then down far below the start.

use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape, half_cosine, mix};
use crate::check::Checker;
use crate::common::{Common, Endpoint};
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// Up from `e = M / start_divisor` to the peak `M`, then down to `e / end_divisor`
/// (Smith & Topin 2018, arXiv:1708.07120). `N` is the rest of the enclosing span.
///
/// | phases | endpoint | knots (steps) | values | as in |
/// |---|---|---|---|---|
/// | 2 | exclusive | 0, `R`, `N` | `e`, `M`, `e / end_divisor` | optax `cosine_onecycle_schedule` |
/// | 2 | inclusive | 0, `r - 1`, `N - 1` | the same | torch `OneCycleLR` |
/// | 3 | exclusive | 0, `R`, `2 R`, `N` | `e`, `M`, `e`, `e / end_divisor` | |
/// | 3 | inclusive | 0, `r - 1`, `2 r - 2`, `N - 1` | the same | torch `OneCycleLR(three_phase=True)` |
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `M` | `peak` | the hyperparameter's | required |
/// | `R` (whole), `r` (real) | `rise` | span | 30 % |
/// | | `start_divisor` | – | 25, more than 0 |
/// | | `end_divisor` | – | 1e4, more than 0 |
/// | | `shape` | | cosine, or linear |
/// | | `phases` | – | 2, or 3 |
///
/// With divisors below 1 the curve goes down and up: that is the momentum companion. The inclusive knots of a `rise`
/// in percent are real numbers, as in torch. Errors: `rise` not strictly inside the span (3 phases: not below its
/// half); `rise` shorter than 2 steps under an inclusive endpoint; an open horizon.
///
/// ```
/// use rheostat_schedule::{Endpoint, Frame, ScheduleSpec};
/// let schedule = ScheduleSpec::one_cycle(1.0).endpoint(Endpoint::Inclusive).resolve(&Frame::steps(100))?;
/// assert_eq!((schedule.at(29), schedule.at(99)), (1.0, 4e-6));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneCycle {
    /// The value between the phases.
    pub peak: f64,
    /// Length of the first phase.
    #[serde(default = "rise")]
    pub rise: Span,
    /// Peak divided by first value.
    #[serde(default = "start_divisor")]
    pub start_divisor: f64,
    /// First value divided by last value.
    #[serde(default = "end_divisor")]
    pub end_divisor: f64,
    /// How values between knots are found.
    #[serde(default)]
    pub shape: OneCycleShape,
    /// 2: up, down. 3: up, down as long, then down to the end value.
    #[serde(default = "phases")]
    pub phases: u8,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// How [`OneCycle`] goes from knot to knot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneCycleShape {
    /// Half a cosine wave.
    #[default]
    Cosine,
    /// A straight line.
    Linear,
}

fn rise() -> Span {
    Span::Fraction(0.3)
}

fn start_divisor() -> f64 {
    25.0
}

fn end_divisor() -> f64 {
    1e4
}

fn phases() -> u8 {
    2
}

/// The parameters of [`OneCycle`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "the value between the phases"),
    Parameter::new("rise", Kind::Span, "length of the first phase")
        .default("\"30 %\"")
        .positive()
        .source("torch OneCycleLR"),
    Parameter::new("start_divisor", Kind::Number, "peak divided by first value")
        .default("25.0")
        .positive()
        .source("torch OneCycleLR"),
    Parameter::new("end_divisor", Kind::Number, "first value divided by last value")
        .default("1e4")
        .positive()
        .source("torch OneCycleLR"),
    Parameter::new("shape", Kind::Choice(&["cosine", "linear"]), "how values between knots are found")
        .default("\"cosine\"")
        .source("torch OneCycleLR"),
    Parameter::new("phases", Kind::Integer, "2: up, down; 3: up, down as long, down to the end value")
        .default("2")
        .range(Bound::Included(2.0), Bound::Included(3.0), "2 or 3")
        .source("torch OneCycleLR"),
];

impl OneCycle {
    /// Two phases with torch's and optax's defaults: 30 %, 25, 1e4, cosine.
    pub fn new(peak: f64) -> Self {
        Self {
            peak,
            rise: rise(),
            start_divisor: start_divisor(),
            end_divisor: end_divisor(),
            shape: OneCycleShape::default(),
            phases: phases(),
            common: Common::default(),
        }
    }

    /// Sets the length of the first phase.
    #[must_use]
    pub fn rise(mut self, rise: Span) -> Self {
        self.rise = rise;
        self
    }

    /// Sets peak over first value, and first value over last value.
    #[must_use]
    pub fn divisors(mut self, start: f64, end: f64) -> Self {
        self.start_divisor = start;
        self.end_divisor = end;
        self
    }

    /// Goes from knot to knot in straight lines.
    #[must_use]
    pub fn linear(mut self) -> Self {
        self.shape = OneCycleShape::Linear;
        self
    }

    /// Goes up, down as long, and on to the end value.
    #[must_use]
    pub fn three_phases(mut self) -> Self {
        self.phases = 3;
        self
    }
}

impl Shape for OneCycle {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.span("rise", self.rise);
        found.number("start_divisor", self.start_divisor);
        found.number("end_divisor", self.end_divisor);
        found.number("phases", f64::from(self.phases));
        let limit = if self.phases == 3 { 0.5 } else { 1.0 };
        if let Span::Fraction(fraction) = self.rise
            && fraction >= limit
        {
            let range = if self.phases == 3 { "below 50 % with 3 phases" } else { "below 100 %" };
            found.out_of_range("rise", fraction, range);
        }
        let start = self.peak / self.start_divisor;
        for (field, value) in [("start_divisor", start), ("end_divisor", start / self.end_divisor)] {
            if !value.is_finite() {
                found.out_of_range(field, value, "such that the value it gives is finite");
            }
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let steps = place.known_rest("rise")?;
        let whole = place.span("rise", self.rise)?;
        let field = || "rise".to_owned();
        let (rise, end, down) = match place.endpoint {
            Endpoint::Exclusive => (whole as f64, steps as f64, 2.0 * whole as f64),
            Endpoint::Inclusive => {
                let real = place.frame.to_real_steps(self.rise, place.start);
                let real = real.map_err(|error| ScheduleError::from_frame("rise", error))?;
                if real < 2.0 {
                    return Err(ScheduleError::SpanTooShort { field: field(), value: whole, minimum: 2 });
                }
                (real - 1.0, steps as f64 - 1.0, 2.0 * real - 2.0)
            }
        };
        if rise <= 0.0 {
            return Err(ScheduleError::SpanTooShort { field: field(), value: whole, minimum: 1 });
        }
        let three = self.phases == 3;
        let last = if three { down } else { rise };
        if last >= end {
            let range = if three { "less than half of what is left" } else { "less than what is left" };
            return Err(ScheduleError::SpanTooLong { field: field(), value: whole, range, available: steps });
        }
        let start = self.peak / self.start_divisor;
        // With two phases the middle stretch is the way down and the last one is empty.
        let (middle, valley) = if three { (down, start) } else { (end, start / self.end_divisor) };
        Ok(Curve::OneCycle(Knots {
            values: [start, self.peak, valley, start / self.end_divisor],
            at: [rise, middle, end],
            linear: self.shape == OneCycleShape::Linear,
            steps,
        }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Knots {
    values: [f64; 4],
    /// The first knot is at 0.
    at: [f64; 3],
    linear: bool,
    pub(crate) steps: u64,
}

impl Knots {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let [start, peak, valley, end] = self.values;
        let [rise, middle, last] = self.at;
        let t = t as f64;
        let (from, to, u) = if t <= rise {
            (start, peak, t / rise)
        } else if t <= middle {
            (peak, valley, (t - rise) / (middle - rise))
        } else if t < last {
            (valley, end, (t - middle) / (last - middle))
        } else {
            return end;
        };
        if self.linear { mix(to, from, u) } else { mix(from, to, half_cosine(u)) }
    }

    pub(crate) fn marks(&self) -> Vec<u64> {
        self.at.iter().map(|knot| knot.ceil() as u64).collect()
    }
}
