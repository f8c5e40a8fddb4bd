use serde::{Deserialize, Serialize};

use super::student::student;

/// A mean over seeds with its interval.
///
/// The interval is Student's: `mean ± t s / sqrt(n)` of `n` seeds, `s` their standard deviation with `n - 1`. Studies have few
/// seeds, and a percentile bootstrap of three values never leaves their range: it would look surer than anybody can be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The interval's lower end; none of one seed, which says nothing about the others.
    pub low: Option<f64>,
    /// The interval's upper end.
    pub high: Option<f64>,
    /// How many seeds it is of.
    pub seeds: usize,
}

impl Estimate {
    /// Of one finite value a seed; none without any.
    pub(crate) fn of(values: &[f64], confidence: f64) -> Option<Self> {
        let seeds = values.len();
        // Divided before it is summed, so that no sum overflows.
        let mean: f64 = values.iter().map(|value| value / seeds as f64).sum();
        if seeds == 0 || !mean.is_finite() {
            return None;
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / (seeds as f64 - 1.0)).sqrt();
        let half = student(seeds - 1, confidence) * deviation / (seeds as f64).sqrt();
        let half = Some(half).filter(|half| half.is_finite());
        Some(Self { mean, low: half.map(|half| mean - half), high: half.map(|half| mean + half), seeds })
    }

    /// Both ends of the interval.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// Whether the interval leaves out 0: the sign of the mean is then settled. None without an interval.
    pub fn is_settled(&self) -> Option<bool> {
        self.interval().map(|(low, high)| low > 0.0 || high < 0.0)
    }

    pub(crate) fn map(self, of: impl Fn(f64) -> f64) -> Self {
        Self { mean: of(self.mean), low: self.low.map(&of), high: self.high.map(&of), ..self }
    }
}
