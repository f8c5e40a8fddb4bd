//! Costs and qualities for people.

use rheostat_record::Direction;
use rheostat_score::{Clock, Quality, Tradeoff};

use crate::number::{count, duration, plural, significant, spoken, trimmed};

/// A cost with its unit: `512 updates`, `3.1 s`.
pub(super) fn cost(clock: Clock, cost: f64) -> String {
    match clock {
        Clock::Seconds => duration(cost),
        Clock::Steps => plural(cost.round() as u64, "update"),
        Clock::Passes => format!("{} passes", bare(clock, cost)),
    }
}

/// The same where the unit has been said.
pub(super) fn bare(clock: Clock, cost: f64) -> String {
    match clock {
        Clock::Seconds => duration(cost),
        Clock::Steps | Clock::Passes => count(cost.round() as u64),
    }
}

/// Two costs, the unit said once.
pub(super) fn costs(clock: Clock, from: f64, to: f64) -> String {
    let join = if clock == Clock::Seconds { " to " } else { "–" };
    let (from, to) = (bare(clock, from), bare(clock, to));
    if from == to { from } else { format!("{from}{join}{to}") }
}

/// What the cost is.
pub(super) fn clock(clock: Clock) -> &'static str {
    match clock {
        Clock::Seconds => "training time",
        Clock::Steps => "updates",
        Clock::Passes => "forward and backward passes",
    }
}

/// What the quality is: `validation accuracy`, `test loss`.
pub(super) fn quality(tradeoff: &Tradeoff) -> String {
    let metric = spoken(&tradeoff.metric);
    match tradeoff.quality {
        Quality::End => format!("validation {metric}"),
        Quality::Best => format!("best validation {metric} of the cycle"),
        Quality::Test => format!("test {metric}"),
    }
}

/// How many decimals tell the qualities of a workload apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimals {
    quality: usize,
    difference: usize,
    direction: Direction,
}

impl Decimals {
    pub(super) fn of(tradeoff: &Tradeoff) -> Self {
        let means = || tradeoff.curves.iter().flat_map(|curve| curve.points.iter().map(|at| at.quality.mean));
        let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
        // Three digits of the range of qualities, and one more of differences.
        let quality = decimals(high - low, 3);
        Self { quality, difference: quality + 1, direction: tradeoff.direction }
    }

    pub(super) fn quality(self, value: f64) -> String {
        fixed(value, self.quality)
    }

    /// Half of a quality's interval.
    pub(super) fn half(self, half: f64) -> String {
        format!("± {}", fixed(half, self.quality))
    }

    /// A difference with its sign.
    pub(super) fn difference(self, value: f64) -> String {
        let text = fixed(value, self.difference);
        if value > 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { format!("+{text}") } else { text }
    }

    /// Half of a difference's interval.
    pub(super) fn half_difference(self, half: f64) -> String {
        format!("± {}", fixed(half, self.difference))
    }

    /// A difference in words, whichever way the metric improves: `0.003 worse`.
    pub(super) fn sided(self, value: f64) -> String {
        let size = fixed(value.abs(), self.difference);
        if !size.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            return size;
        }
        let side = if self.direction.better(value, 0.0) { "better" } else { "worse" };
        format!("{size} {side}")
    }

    /// An interval of differences in words: `0.001 to 0.005 worse`, `0.001 better to 0.002 worse`.
    pub(super) fn between(self, low: f64, high: f64) -> String {
        let (near, far) = if low.abs() <= high.abs() { (low, high) } else { (high, low) };
        let same = low.signum() == high.signum();
        let near = if same { fixed(near.abs(), self.difference) } else { self.sided(near) };
        format!("{near} to {}", self.sided(far))
    }
}

/// Decimals that show this many digits of a size.
fn decimals(size: f64, digits: i32) -> usize {
    if !(size.is_finite() && size > 0.0) {
        return 4;
    }
    (digits - 1 - size.log10().floor() as i32).clamp(0, 8) as usize
}

fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    // Rounded to nothing it has no sign.
    let text = match text.strip_prefix('-') {
        Some(bare) if !bare.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) => bare.to_owned(),
        _ => text,
    };
    if text.len() > 14 { significant(value, 4) } else { text }
}

/// A ratio: `1.97`, `1.96875` where `digits` is enough for all of it.
pub(super) fn ratio(value: f64, digits: usize) -> String {
    trimmed(&format!("{value:.digits$}"))
}
