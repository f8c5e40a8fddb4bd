use serde::{Deserialize, Serialize};

use crate::{Status, Target, number};

/// `result.json`: what a run came to. Also what `rheostat train --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// How it ended.
    pub status: Status,
    /// Updates that stand.
    pub steps_kept: u64,
    /// Updates made, rolled-back ones included.
    pub steps_spent: u64,
    /// Forward passes of training.
    pub forwards: u64,
    /// Backward passes of training.
    pub backwards: u64,
    /// Seconds of training.
    pub train_seconds: f64,
    /// Seconds of the recipe's own evaluations.
    pub eval_seconds: f64,
    /// Seconds of recording: events and checkpoints.
    pub record_seconds: f64,
    /// The target, if the run has one.
    pub target: Option<Target>,
    /// Spent updates when an evaluation first met the target.
    pub steps_to_target: Option<u64>,
    /// Training seconds when an evaluation first met the target.
    pub seconds_to_target: Option<f64>,
    /// Forward passes of training until then.
    #[serde(default)]
    pub forwards_to_target: Option<u64>,
    /// Backward passes of training until then.
    #[serde(default)]
    pub backwards_to_target: Option<u64>,
    /// Evaluations until then, the one that met the target and the one before the first update included.
    #[serde(default)]
    pub evaluations_to_target: Option<u64>,
    /// Evaluations made in all.
    #[serde(default)]
    pub evaluations: u64,
    /// The best evaluation.
    pub best: Option<Score>,
    /// The last evaluation.
    #[serde(rename = "final")]
    pub last: Option<Score>,
    /// The evaluation on the test split at the end, with the weights that the recipe's `test` names.
    pub test: Option<Score>,
    /// What the run was worth at each of the recipe's read-out points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_outs: Vec<ReadOut>,
}

/// What a run was worth, and had cost, at one of its read-out points.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReadOut {
    /// Updates that stood: the point.
    pub step: u64,
    /// Updates made until then, those included that were taken back.
    pub spent: u64,
    /// Forward passes of training until then.
    pub forwards: u64,
    /// Backward passes of training until then.
    pub backwards: u64,
    /// Training seconds until then.
    pub train_seconds: f64,
    /// Validation loss at the point.
    #[serde(with = "number")]
    pub val_loss: f64,
    /// Validation metric at the point.
    #[serde(with = "number")]
    pub val_metric: f64,
    /// Updates done at the best evaluation since the point before, this one included; none if all were NaN.
    pub best_step: Option<u64>,
    /// Its validation metric.
    pub best_metric: Option<f64>,
    /// Loss on the test split, with the weights that the recipe's `test` names: those of the point, or those of that best evaluation.
    #[serde(with = "number")]
    pub test_loss: f64,
    /// Metric on the test split.
    #[serde(with = "number")]
    pub test_metric: f64,
}

/// One evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Updates done.
    pub step: u64,
    /// Mean loss of the split.
    #[serde(with = "number")]
    pub loss: f64,
    /// The workload's metric.
    #[serde(with = "number")]
    pub metric: f64,
}
