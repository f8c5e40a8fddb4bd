use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ControlError, Hyperparameters};

/// What a controller is told. Steps are 0-based updates; `updates` counts the updates done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// Update `step` was made at this training loss (of the batch, before the update).
    Step {
        /// The update, from 0.
        step: u64,
        /// Mean training loss of its batch; may be non-finite.
        loss: f64,
    },
    /// The model was evaluated on the validation split after `updates` updates.
    Evaluation {
        /// Updates done when it was evaluated.
        updates: u64,
        /// Mean validation loss.
        loss: f64,
        /// The workload's metric.
        metric: f64,
    },
    /// The gradient of update `step`, before it is applied; told only to controllers that ask.
    Gradient {
        /// The update, from 0.
        step: u64,
        /// Euclidean norm over all trainable parameters, before clipping.
        norm: f64,
    },
}

/// Sets hyperparameters from what it sees.
///
/// The contract, which the contract suite checks for every controller: the same observations give the same decisions, and a
/// fresh value that loads the bytes of another goes on exactly like it.
pub trait Controller: Send {
    /// Decides update 0. Called once, before anything is observed.
    fn begin(&mut self) -> Decision;

    /// Sees one observation and decides the next update: after update `t`, update `t + 1`.
    fn observe(&mut self, seen: &Observation) -> Decision;

    /// Whether it wants [`Observation::Gradient`].
    fn asks_for_gradients(&self) -> bool {
        false
    }

    /// Its whole state.
    fn save(&self) -> Vec<u8>;

    /// Takes over a state that [`Controller::save`] wrote.
    ///
    /// # Errors
    /// [`ControlError::BadState`] if the bytes are not such a state; the controller is then unchanged.
    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError>;
}

/// What a controller decided.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// Values of the hyperparameters it owns, for the next update.
    pub hyperparameters: Hyperparameters,
    /// What the host must do before the next update, in this order.
    pub actions: Vec<Action>,
    /// Why, when something changed.
    pub reason: Option<Reason>,
}

impl From<Hyperparameters> for Decision {
    fn from(hyperparameters: Hyperparameters) -> Self {
        Self { hyperparameters, ..Self::default() }
    }
}

/// An effect that a controller asks of its host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Keep a snapshot of everything that [`Action::Restore`] brings back.
    Save,
    /// Bring back the last snapshot.
    Restore,
    /// Move parameters and optimizer state towards fresh ones.
    Reset(Reset),
    /// Evaluate on the validation split and tell.
    Evaluate,
    /// End the run.
    Stop(StopReason),
}

/// A partial return to freshly initialised parameters (arXiv source: the soft-reset thesis, section 2.3 of the method notes):
/// `theta <- (1 - tau) theta + tau theta_fresh`, moments scaled by `1 - tau alpha`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    /// Weight of the fresh parameters, 0 to 1.
    pub tau: f64,
    /// How strongly the optimizer's moments follow, 0 to 1.
    pub alpha: f64,
    /// Index of the draw of fresh parameters.
    pub draw: u64,
}

/// Why a run ended before its budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The controller has nothing left to do.
    Finished,
    /// The controller sees no way on.
    Diverged,
}

/// Why a decision was made, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reason(pub String);

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
