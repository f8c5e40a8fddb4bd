//! `warm_restarts`: cosine cycles that begin again at the peak.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curve, MARKS, Place, Shape, half_cosine, mix, multiples};
use crate::check::Checker;
use crate::common::{Common, Endpoint};
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// In cycle `k`, which begins at `B` and lasts `L` steps:
/// `f(t) = b + (a d^k - b) (1 + cos(pi u)) / 2`, `u = (t - B) / L` (SGDR, arXiv:1608.03983).
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `peak` | the hyperparameter's | required |
/// | `b` | `floor` | the hyperparameter's | 0, at most `peak` |
/// | `L` of cycle 0 | `first` | span | required unless `ends` |
/// | growth of `L` | `multiplier` | – | 1, at least 1 |
/// | `d` | `peak_decay` | – | 1, more than 0 |
/// | read-out points | `ends` | spans | none |
///
/// `L` of cycle `k` is `first * multiplier^k` to nearest; cycles begin at whole-step prefix sums, found by search and
/// never by a logarithm. `ends` instead names the points of the enclosing span at which cycles end: a run is read out
/// there, after the last update of a cycle and before the restart (the multiplicative cyclic schedule of
/// arXiv:2206.00832). With `first` there is no end; with `ends` the last one is the end. Under an inclusive endpoint
/// the last update of each cycle uses the floor.
///
/// A table of cycles covers all `u64` steps, but at most 2^20 cycles (a multiplier within 1e-4 of 1): beyond, cycles
/// keep the last length. Errors: `floor` above `peak`; `multiplier` below 1, or so large that the second cycle
/// cannot be counted; `ends` not increasing, or not after warm-up and hold; both or none of `first` and `ends`.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::warm_restarts(1.0, Span::Steps(10)).multiplier(2.0).resolve(&Frame::unbounded())?;
/// assert_eq!((schedule.at(0), schedule.at(5), schedule.at(10), schedule.at(30)), (1.0, 0.5, 1.0, 1.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarmRestarts {
    /// First value of cycle 0.
    pub peak: f64,
    /// Last value of each cycle.
    #[serde(default)]
    pub floor: f64,
    /// Length of cycle 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Span>,
    /// Growth of the length from cycle to cycle.
    #[serde(default = "one")]
    pub multiplier: f64,
    /// Factor on the peak from cycle to cycle.
    #[serde(default = "one")]
    pub peak_decay: f64,
    /// Where cycles end, from the beginning of the enclosing span; instead of `first`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Vec<Span>>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

fn one() -> f64 {
    1.0
}

/// The parameters of [`WarmRestarts`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "first value of the first cycle"),
    Parameter::new("floor", Kind::Number, "last value of each cycle, at most peak")
        .default("0.0")
        .source("torch CosineAnnealingWarmRestarts"),
    Parameter::new("first", Kind::Span, "length of the first cycle; or give ends").optional().positive(),
    Parameter::new("multiplier", Kind::Number, "growth of the length from cycle to cycle")
        .default("1.0")
        .at_least(1.0, "at least 1")
        .source("arXiv:1608.03983"),
    Parameter::new("peak_decay", Kind::Number, "factor on the peak from cycle to cycle")
        .default("1.0")
        .positive()
        .source("timm cycle_decay"),
    Parameter::new("ends", Kind::Spans, "read-out points: where cycles end, from the beginning of the enclosing span")
        .optional()
        .positive()
        .source("arXiv:2206.00832"),
];

impl WarmRestarts {
    /// Cycles of that length, from `peak` to 0.
    pub fn new(peak: f64, first: Span) -> Self {
        Self { first: Some(first), ends: None, ..Self::at_ends(peak, []) }
    }

    /// Cycles from `peak` to 0 that end at these points of the enclosing span.
    pub fn at_ends(peak: f64, ends: impl IntoIterator<Item = Span>) -> Self {
        Self {
            peak,
            floor: 0.0,
            first: None,
            multiplier: 1.0,
            peak_decay: 1.0,
            ends: Some(ends.into_iter().collect()),
            common: Common::default(),
        }
    }

    /// Sets the last value of each cycle.
    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = floor;
        self
    }

    /// Sets the growth of the length.
    #[must_use]
    pub fn multiplier(mut self, multiplier: f64) -> Self {
        self.multiplier = multiplier;
        self
    }

    /// Sets the factor on the peak.
    #[must_use]
    pub fn peak_decay(mut self, decay: f64) -> Self {
        self.peak_decay = decay;
        self
    }
}

impl Shape for WarmRestarts {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.floor(self.floor, self.peak);
        found.number("multiplier", self.multiplier);
        found.number("peak_decay", self.peak_decay);
        found.span("first", self.first);
        match (&self.first, &self.ends) {
            (Some(_), None) => {}
            (None, Some(ends)) => {
                found.spans("ends", ends);
                if self.multiplier != 1.0 {
                    found.not_applicable("multiplier", "ends fix the lengths of the cycles");
                }
            }
            (Some(_), Some(_)) => found.push(ScheduleError::Conflict { field: "ends".into(), other: "first" }),
            (None, None) => found.push(ScheduleError::Missing { field: "first".into(), hint: "give first or ends" }),
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let (lengths, fixed) = if let Some(ends) = &self.ends {
            (self.between(ends, place)?, true)
        } else {
            let first = place.span("first", self.first.unwrap_or(Span::Steps(0)))?;
            (grow(first, self.multiplier)?, false)
        };
        for (k, length) in lengths.iter().enumerate() {
            let field = if fixed { format!("ends[{k}]") } else { "first".to_owned() };
            place.phase(&field, *length)?;
        }
        let lost = f64::from(u8::from(place.endpoint == Endpoint::Inclusive));
        Ok(Curve::WarmRestarts(Cycles::new(self.peak, self.floor, self.peak_decay, &lengths, fixed, lost)))
    }
}

impl WarmRestarts {
    fn between(&self, ends: &[Span], place: &Place<'_>) -> Result<Vec<u64>, ScheduleError> {
        let mut previous = 0;
        let mut lengths = Vec::with_capacity(ends.len());
        for (index, end) in ends.iter().enumerate() {
            let end = place.point(&format!("ends[{index}]"), *end, previous)?;
            lengths.push(end - previous);
            previous = end;
        }
        Ok(lengths)
    }
}

/// Most cycles ever tabulated.
const CYCLES: usize = 1 << 20;

/// Lengths until their sum can no longer be counted; a single one if they do not grow.
fn grow(first: u64, multiplier: f64) -> Result<Vec<u64>, ScheduleError> {
    if multiplier == 1.0 {
        return Ok(vec![first]);
    }
    let length = |k: usize| (first as f64 * multiplier.powf(k as f64)).round().max(1.0) as u64;
    let mut sum = 0_u64;
    let mut lengths = Vec::new();
    while lengths.len() < CYCLES {
        let next = length(lengths.len());
        lengths.push(next);
        match sum.checked_add(next) {
            Some(total) => sum = total,
            // This last cycle reaches past the last countable step.
            None => break,
        }
    }
    if lengths.len() < 3 {
        return Err(ScheduleError::Overflow { field: "multiplier".into(), value: multiplier.to_string() });
    }
    Ok(lengths)
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cycles {
    floor: f64,
    /// For cycles beyond the table.
    decay: f64,
    table: Arc<[Cycle]>,
    /// First step after the last cycle, if the last one is not repeated.
    end: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cycle {
    start: u64,
    length: u64,
    /// `L` or `L - 1`.
    divisor: f64,
    peak: f64,
}

impl Cycles {
    fn new(peak: f64, floor: f64, decay: f64, lengths: &[u64], fixed: bool, lost: f64) -> Self {
        let mut start = 0_u64;
        let mut table = Vec::with_capacity(lengths.len());
        for (k, length) in lengths.iter().enumerate() {
            let peak = peak * decay.powf(k as f64).min(f64::MAX);
            table.push(Cycle { start, length: *length, divisor: *length as f64 - lost, peak });
            start = start.saturating_add(*length);
        }
        Self { floor, decay, table: table.into(), end: fixed.then_some(start) }
    }

    pub(crate) fn at(&self, t: u64) -> f64 {
        let index = self.table.partition_point(|cycle| cycle.start <= t).saturating_sub(1);
        let cycle = &self.table[index];
        let mut local = t - cycle.start;
        let mut peak = cycle.peak;
        if local >= cycle.length {
            if self.end.is_some() {
                return self.floor;
            }
            if self.decay != 1.0 {
                peak *= self.decay.powf((local / cycle.length) as f64).min(f64::MAX);
            }
            local %= cycle.length;
        }
        mix(peak, self.floor, half_cosine(local as f64 / cycle.divisor))
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.end
    }

    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        let starts = self.table.iter().map(|cycle| cycle.start).filter(|start| *start > 0).take(MARKS);
        match (&*self.table, self.end) {
            ([only], None) => multiples(only.length, limit).collect(),
            (_, end) => starts.chain(end).collect(),
        }
    }
}
