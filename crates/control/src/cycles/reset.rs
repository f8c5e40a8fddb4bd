use serde::{Deserialize, Serialize};

use super::{Coefficient, Progress};
use crate::Buffers;

/// What happens between two cycles to weights and optimizer state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CycleReset {
    /// How much is reset.
    pub mode: ResetMode,
    /// How strongly the optimizer's moments follow a soft reset, `m <- (1 - tau alpha) m`; 0.5.
    pub alpha: f64,
    /// What happens to running statistics.
    pub buffers: Buffers,
    /// Which metric a soft reset is weighed with.
    pub metric: CycleMetric,
    /// Weight of the NEW metric, with `metric = "ema"`; 0.6.
    pub smoothing: f64,
    /// The formula of tau.
    pub tau: Coefficient,
    /// The metric that deserves a complete reset, with `tau = "reference"`; if absent 0 for an increasing metric, the run's first
    /// evaluation for a decreasing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// The metric that deserves none; the run's target if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// The tau of a soft reset whose evaluation the host did not make; if absent the run then ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_missing: Option<f64>,
    /// What is expected of the metric on the way, in place of the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Default for CycleReset {
    fn default() -> Self {
        Self {
            mode: ResetMode::default(),
            alpha: 0.5,
            buffers: Buffers::default(),
            metric: CycleMetric::default(),
            smoothing: 0.6,
            tau: Coefficient::default(),
            reference: None,
            target: None,
            on_missing: None,
            progress: None,
        }
    }
}

/// How much is reset between two cycles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetMode {
    /// Weights and moments in part, by how far the metric is from the target.
    #[default]
    Soft,
    /// Everything: fresh weights and a new optimizer.
    Hard,
    /// Fresh weights, the optimizer's moments stay.
    ParamsOnly,
    /// Nothing: only the rate begins again.
    None,
}

/// Which metric a soft reset is weighed with. Whichever it is, a latest metric that is not finite resets completely.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleMetric {
    /// That of the weights that are reset.
    #[default]
    Last,
    /// The best of the cycle.
    BestInCycle,
    /// The exponential moving average over the cycle.
    Ema,
}
