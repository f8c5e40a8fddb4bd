use std::collections::BTreeMap;

use rheostat_control::{Hyperparameter, Hyperparameters, StopReason};
use rheostat_record::{Checkpoint, ReadOut, Score};
use serde::{Deserialize, Serialize};

use crate::snapshot::Mark;
use crate::{Accounts, TrainError};

pub(crate) const STATE: &str = "state.json";
pub(crate) const WEIGHTS: &str = "weights.safetensors";
pub(crate) const BEST: &str = "best.safetensors";
/// The weights at the best evaluation since the last read-out point.
pub(crate) const CYCLE_BEST: &str = "cycle-best.safetensors";
pub(crate) const OPTIMIZER: &str = "optimizer.safetensors";
/// The average of the weights.
pub(crate) const AVERAGE: &str = "average.safetensors";
/// The weights that are evaluated, where they are not those that train.
pub(crate) const EVALUATED: &str = "evaluated.safetensors";
pub(crate) const MOTION: &str = "motion.safetensors";
pub(crate) const CONTROLLER: &str = "controller.bin";
pub(crate) const LINE_SEARCH: &str = "line-search.bin";

/// Where a run stands, but for weights, moments and the controller.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Updates that stand: the next update's number.
    pub(crate) step: u64,
    /// Updates made, rolled-back and skipped ones included.
    pub(crate) spent: u64,
    /// Batches drawn.
    pub(crate) position: u64,
    /// Forward passes.
    pub(crate) forwards: u64,
    /// Backward passes.
    pub(crate) backwards: u64,
    /// Seconds.
    pub(crate) accounts: Accounts,
    /// What the controller decided for the next update.
    decided: BTreeMap<Hyperparameter, f64>,
    /// The best evaluation.
    pub(crate) best: Option<Score>,
    /// The last evaluation.
    pub(crate) last: Option<Score>,
    /// Spent updates when the target was first met.
    pub(crate) steps_to_target: Option<u64>,
    /// Training seconds when the target was first met.
    pub(crate) seconds_to_target: Option<f64>,
    /// Forward passes when the target was first met.
    #[serde(default)]
    pub(crate) forwards_to_target: Option<u64>,
    /// Backward passes when the target was first met.
    #[serde(default)]
    pub(crate) backwards_to_target: Option<u64>,
    /// Evaluations made when the target was first met.
    #[serde(default)]
    pub(crate) evaluations_to_target: Option<u64>,
    /// Evaluations made.
    #[serde(default)]
    pub(crate) evaluations: u64,
    /// Updates made when the weights, as they are now, were evaluated.
    #[serde(default)]
    pub(crate) evaluated: Option<u64>,
    /// What the controller can have brought back.
    #[serde(default)]
    pub(crate) snapshot: Option<Mark>,
    /// What the run was read out as so far.
    #[serde(default)]
    pub(crate) read_outs: Vec<ReadOut>,
    /// The best evaluation since the last read-out point.
    #[serde(default)]
    pub(crate) cycle_best: Option<Score>,
    /// A line search has seen that the loss of a batch repeats.
    #[serde(default)]
    pub(crate) loss_repeats: bool,
    /// The controller asked to end the run.
    #[serde(default)]
    pub(crate) stopping: Option<StopReason>,
}

impl State {
    /// What the controller decided for the next update.
    pub(crate) fn decided(&self) -> Hyperparameters {
        self.decided.iter().map(|(which, value)| (*which, *value)).collect()
    }

    pub(crate) fn decide(&mut self, values: &Hyperparameters) {
        self.decided.extend(values.iter());
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>, TrainError> {
        let why = |error: serde_json::Error| TrainError::Checkpoint { step: self.step, why: error.to_string() };
        serde_json::to_vec_pretty(self).map_err(why)
    }

    pub(crate) fn read(checkpoint: &Checkpoint) -> Result<Self, TrainError> {
        let why = |error: serde_json::Error| TrainError::Checkpoint { step: checkpoint.spent, why: error.to_string() };
        serde_json::from_slice(checkpoint.file(STATE)?).map_err(why)
    }
}
