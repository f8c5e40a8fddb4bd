use serde::{Deserialize, Serialize};

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Larger is better.
    Increasing,
    /// Smaller is better.
    Decreasing,
}

/// What a metric on the validation split has to come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricTarget {
    /// The metric's name.
    pub metric: String,
    /// The value to be reached.
    pub value: f64,
    /// Which way the metric improves.
    pub direction: Direction,
}

impl MetricTarget {
    /// Whether this value of the metric is the target or better. A value that is not finite never is: a metric that overflowed is
    /// no achievement.
    pub fn met(&self, value: f64) -> bool {
        value.is_finite()
            && match self.direction {
                Direction::Increasing => value >= self.value,
                Direction::Decreasing => value <= self.value,
            }
    }
}
