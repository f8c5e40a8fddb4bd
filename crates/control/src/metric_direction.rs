use serde::{Deserialize, Serialize};

/// Which way a metric improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricDirection {
    /// Larger is better: accuracy.
    Increasing,
    /// Smaller is better: a loss, an error rate.
    Decreasing,
}

impl MetricDirection {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Increasing => "increasing",
            Self::Decreasing => "decreasing",
        }
    }

    /// The direction of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Increasing, Self::Decreasing].into_iter().find(|known| known.name() == name)
    }

    /// Whether `new` is strictly better than `old`. NaN is never better; any number is better than NaN.
    pub fn better(self, new: f64, old: f64) -> bool {
        if new.is_nan() {
            return false;
        }
        match self {
            _ if old.is_nan() => true,
            Self::Increasing => new > old,
            Self::Decreasing => new < old,
        }
    }
}
