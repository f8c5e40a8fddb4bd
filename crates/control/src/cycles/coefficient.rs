use rheostat_schedule::parameter::LARGEST;
use serde::{Deserialize, Serialize};

use crate::MetricDirection;

/// How far a soft reset goes back to fresh weights, from the metric.
///
/// `y` is the metric, `P` its expected level (the target, or a [`Progress`](super::Progress)), `r` the reference. Every form is
/// 0 once the metric is as good as expected, between 0 and 1 always, and 1 for a metric that is not finite (or beyond 1e100).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coefficient {
    /// `(P - y) / (P - r)`. The thesis' form is the one with `r = 0` for an increasing metric. 0 where `P` is not better than
    /// `r`: nothing is expected yet.
    #[default]
    Reference,
    /// `1 - P / y`, for decreasing metrics with `P` above 0.
    RatioToCurrent,
    /// `(y - P) / P`, for decreasing metrics with `P` above 0.
    RatioToTarget,
}

impl Coefficient {
    /// The coefficient tau of a reset.
    ///
    /// ```
    /// use rheostat_control::MetricDirection;
    /// use rheostat_control::cycles::Coefficient;
    ///
    /// let tau = Coefficient::Reference.tau(MetricDirection::Increasing, 0.6, 0.8, 0.0);
    /// assert!((tau - 0.25).abs() < 1e-12);
    /// ```
    pub fn tau(self, direction: MetricDirection, metric: f64, expected: f64, reference: f64) -> f64 {
        if !metric.is_finite() || metric.abs() > LARGEST {
            return 1.0;
        }
        let tau = match self {
            Self::Reference if !apart(direction, expected, reference) => 0.0,
            Self::Reference => (expected - metric) / (expected - reference),
            _ if metric <= expected => 0.0,
            // What both tend to as the expected level falls to 0.
            _ if expected <= 0.0 => 1.0,
            Self::RatioToCurrent => 1.0 - expected / metric,
            Self::RatioToTarget => (metric - expected) / expected,
        };
        if tau.is_nan() {
            1.0
        } else if tau > 0.0 {
            tau.min(1.0)
        } else {
            // Also where rounding gives -0.
            0.0
        }
    }
}

/// Whether the expected level is better than the reference by more than rounding.
pub(super) fn apart(direction: MetricDirection, expected: f64, reference: f64) -> bool {
    let rounding = 1e-12 * expected.abs().max(reference.abs()).max(1.0);
    direction.better(expected, reference) && (expected - reference).abs() >= rounding
}
