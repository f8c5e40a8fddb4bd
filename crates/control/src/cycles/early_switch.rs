use rheostat_schedule::Span;
use rheostat_schedule::parameter::LARGEST;
use serde::{Deserialize, Serialize};

use crate::bytes::{Reader, Writer};

/// When a cycle ends before its time: the validation loss rises, or can no longer regain its minimum.
///
/// Losses are in the units of the loss, counts in evaluations of the cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EarlySwitch {
    /// Weight `lambda` of the NEW loss in the smoothed one: the larger, the less it smooths; 0.6.
    pub smoothing: f64,
    /// Rise `e1` of the smoothed loss from one evaluation to the next that ends a cycle; 0.01.
    pub rise: f64,
    /// Distance `e2` above the minimum that the extrapolated loss must keep to end a cycle; 0.01.
    pub regain: f64,
    /// Evaluations `k` since the minimum before that is asked; 9.
    pub recovery: u64,
    /// Evaluations `h` the smoothed loss is extrapolated by; as many as `recovery` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon: Option<u64>,
    /// Whether `rise` and `regain` are shares of the minimum; false.
    pub relative: bool,
    /// How the rest of the run is divided after a switch.
    pub replan: Replan,
    /// What a switch does when no planned cycle is left.
    pub on_exhausted: OnExhausted,
    /// Fewest updates of a cycle that a switch leaves; 2 % of the run, rounded up, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_cycle: Option<Span>,
}

/// How the rest of the run is divided after a switch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replan {
    /// The cycles not yet begun share it by their weights.
    #[default]
    Redistribute,
    /// They keep their lengths and the last takes what is over.
    KeepLengths,
}

/// What a switch does when no planned cycle is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    /// Nothing: the last cycle goes on.
    #[default]
    Continue,
    /// The run ends.
    Finish,
    /// The next cycle of the queue takes the rest of the run; once the queue is empty, as `continue`.
    Queue,
}

impl Default for EarlySwitch {
    fn default() -> Self {
        Self {
            smoothing: 0.6,
            rise: 0.01,
            regain: 0.01,
            recovery: 9,
            horizon: None,
            relative: false,
            replan: Replan::default(),
            on_exhausted: OnExhausted::default(),
            min_cycle: None,
        }
    }
}

/// Why a cycle should end before its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Switch {
    /// `l'(t) >= e1`.
    Rising {
        /// `l'(t)`.
        rise: f64,
    },
    /// The minimum is at least `k` evaluations old, and `l(t) + h l'(t) >= m(t) + e2`.
    CannotRegain {
        /// Evaluations since the minimum.
        age: u64,
        /// `l(t) + h l'(t)`.
        extrapolated: f64,
        /// `m(t)`.
        minimum: f64,
    },
    /// The loss was not finite, or beyond 1e100 in magnitude.
    NotFinite {
        /// The loss.
        loss: f64,
    },
}

/// The smoothed validation loss of one cycle.
///
/// ```text
/// l(1) = L(1)     l(t) = lambda L(t) + (1 - lambda) l(t-1)     l'(t) = l(t) - l(t-1)
/// m(t) = min l(1..t)     a(t) = the latest evaluation with it
/// switch if  t >= 2  and  ( l'(t) >= e1   or   t - a(t) >= k  and  l(t) + h l'(t) >= m(t) + e2 )
/// ```
///
/// ```
/// use rheostat_control::cycles::{EarlySwitch, LossTrend, Switch};
///
/// let rule = EarlySwitch { smoothing: 0.7, ..EarlySwitch::default() };
/// let mut trend = LossTrend::default();
/// let switches = [1.0, 0.8, 0.7, 0.9].map(|loss| trend.observe(&rule, loss));
/// assert!(matches!(switches, [None, None, None, Some(Switch::Rising { .. })]));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LossTrend {
    /// Evaluations seen, `t`.
    count: u64,
    /// `l(t)`.
    smoothed: f64,
    /// `m(t)`.
    minimum: f64,
    /// `a(t)`.
    minimum_at: u64,
}

impl LossTrend {
    /// Takes in the loss of the next evaluation; says whether the cycle should end. A loss that is not finite always ends it and
    /// leaves no trace.
    pub fn observe(&mut self, rule: &EarlySwitch, loss: f64) -> Option<Switch> {
        if !loss.is_finite() || loss.abs() > LARGEST {
            return Some(Switch::NotFinite { loss });
        }
        self.count = self.count.saturating_add(1);
        let before = self.smoothed;
        let first = self.count == 1;
        self.smoothed = if first { loss } else { rule.smoothing * loss + (1.0 - rule.smoothing) * before };
        if first || self.smoothed <= self.minimum {
            self.minimum = self.smoothed;
            self.minimum_at = self.count;
        }
        if first {
            return None;
        }
        let unit = if rule.relative { self.minimum.abs() } else { 1.0 };
        let rise = self.smoothed - before;
        if rise >= rule.rise * unit {
            return Some(Switch::Rising { rise });
        }
        let age = self.count.saturating_sub(self.minimum_at);
        let horizon = rule.horizon.unwrap_or(rule.recovery) as f64;
        let extrapolated = self.smoothed + horizon * rise;
        let minimum = self.minimum;
        let lost = age >= rule.recovery && extrapolated >= minimum + rule.regain * unit;
        lost.then_some(Switch::CannotRegain { age, extrapolated, minimum })
    }

    /// `l(t)`; `None` before the first evaluation.
    pub fn smoothed(&self) -> Option<f64> {
        (self.count > 0).then_some(self.smoothed)
    }

    /// `m(t)` and `a(t)`; `None` before the first evaluation.
    pub fn minimum(&self) -> Option<(f64, u64)> {
        (self.count > 0).then_some((self.minimum, self.minimum_at))
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u64(self.count);
        writer.f64(self.smoothed);
        writer.f64(self.minimum);
        writer.u64(self.minimum_at);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        Ok(Self { count: reader.u64()?, smoothed: reader.f64()?, minimum: reader.f64()?, minimum_at: reader.u64()? })
    }
}
