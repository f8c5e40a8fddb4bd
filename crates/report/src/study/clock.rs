use rheostat_score::{Trial, TrialRow};

use crate::number::{count, duration};
use crate::view::Evaluation;

/// What a time to a target is counted in: training seconds, updates, or forward and backward passes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Seconds,
    Steps,
    Passes,
}

impl From<rheostat_score::Clock> for Clock {
    fn from(clock: rheostat_score::Clock) -> Self {
        match clock {
            rheostat_score::Clock::Seconds => Self::Seconds,
            rheostat_score::Clock::Steps => Self::Steps,
            rheostat_score::Clock::Passes => Self::Passes,
        }
    }
}

impl Clock {
    pub(super) const ALL: [Self; 3] = [Self::Seconds, Self::Steps, Self::Passes];

    /// The trial as it is scored by this clock; none of a row that could not be read from a table.
    pub(super) fn trial(self, row: &TrialRow) -> Option<Trial> {
        let clock = match self {
            Self::Seconds => rheostat_score::Clock::Seconds,
            Self::Steps => rheostat_score::Clock::Steps,
            Self::Passes => rheostat_score::Clock::Passes,
        };
        row.trial(clock).ok()
    }

    /// Time to the target; infinite if it was missed.
    pub(super) fn time(self, row: &TrialRow) -> f64 {
        self.trial(row).map_or(f64::INFINITY, |trial| trial.time_to_target)
    }

    /// What was spent by an evaluation; nothing if the record does not say.
    pub(super) fn cost(self, seen: &Evaluation) -> Option<f64> {
        match self {
            Self::Seconds => Some(seen.seconds),
            // Records of earlier versions have no cost; without a restore as many updates were made as stand.
            Self::Steps => Some(seen.cost.map_or(seen.step, |cost| cost.spent) as f64),
            Self::Passes => seen.cost.map(|cost| cost.forwards as f64 + cost.backwards as f64),
        }
    }

    /// What a page shows only while this clock is chosen.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Seconds => "by-time",
            Self::Steps => "by-updates",
            Self::Passes => "by-passes",
        }
    }

    /// As in the column of a table for programs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Steps => "steps",
            Self::Passes => "passes",
        }
    }

    pub(super) fn spoken(self) -> &'static str {
        match self {
            Self::Seconds => "training time",
            Self::Steps => "updates",
            Self::Passes => "passes",
        }
    }

    /// A time in words: `3.1 s`, `412 updates`.
    pub(super) fn told(self, time: f64) -> String {
        match self {
            Self::Seconds => duration(time),
            Self::Steps if time == 1.0 => "1 update".to_owned(),
            Self::Steps | Self::Passes => format!("{} {}", self.bare(time), self.spoken()),
        }
    }

    /// The same where the column says what is counted.
    pub(super) fn bare(self, time: f64) -> String {
        match self {
            Self::Seconds => duration(time),
            // A median of two may lie between updates.
            Self::Steps | Self::Passes if time.fract() != 0.0 => format!("{time:.1}"),
            Self::Steps | Self::Passes => count(time as u64),
        }
    }

    /// The smallest and the largest of several, the unit said once if it is the same.
    pub(super) fn range(self, low: f64, high: f64) -> String {
        let (low, high) = (self.bare(low), self.bare(high));
        match (low.strip_suffix(" s"), high.strip_suffix(" s")) {
            _ if low == high => low,
            (Some(bare), Some(_)) if !bare.contains(' ') && !high.contains("min") => format!("{bare}–{high}"),
            _ if self == Self::Seconds => format!("{low} – {high}"),
            _ => format!("{low}–{high}"),
        }
    }
}
