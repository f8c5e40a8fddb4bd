use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ControlError, Hyperparameters, Turn};

/// What a controller is told. Steps are 0-based updates; `updates` counts the updates done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Observation {
    /// Update `step` had this training loss (of its batch, before the update).
    Step {
        /// The update, from 0.
        step: u64,
        /// Mean training loss of its batch. Not finite: loss or gradient were not, the update was refused and changed nothing; the
        /// next update is `step` once more.
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
    /// The gradient of update `step`, before the moments take it in; told only to controllers that ask. What they decide counts for
    /// this very update.
    Gradient {
        /// The update, from 0.
        step: u64,
        /// Learning rate of this update; with parameter groups that of the rest of the model.
        rate: f64,
        /// Euclidean norm over all trainable parameters, before clipping.
        norm: f64,
        /// How gradient and parameters moved since the update before; `None` for the first, and unless asked for.
        change: Option<Change>,
    },
    /// The second moments of update `step`, after they took in the gradient and before the weights move; told only to controllers
    /// that ask. What they decide counts for this very update.
    Moments {
        /// The update, from 0.
        step: u64,
        /// Learning rate of this update; with parameter groups that of the rest of the model.
        rate: f64,
        /// Mean of the bias-corrected second moment over all elements that have one.
        second: f64,
    },
}

/// How far two consecutive updates lie apart, as Euclidean norms over all trainable parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// `|g_k - g_(k-1)|`.
    pub gradient: f64,
    /// `|x_k - x_(k-1)|`.
    pub parameters: f64,
}

/// What a controller wants to be told besides losses and evaluations; each costs the host work in every update.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asks {
    /// [`Observation::Gradient`].
    pub gradient: bool,
    /// Its `change` too: the host keeps the previous gradient and parameters.
    pub change: bool,
    /// [`Observation::Moments`].
    pub moments: bool,
}

impl Asks {
    /// What one of the two wants.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            gradient: self.gradient || other.gradient,
            change: self.change || other.change,
            moments: self.moments || other.moments,
        }
    }
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

    /// What it wants to be told besides losses and evaluations.
    fn asks(&self) -> Asks {
        Asks::default()
    }

    /// What follows from the values that the other controllers decided for the same update: hyperparameters that are a function
    /// of others. Only [`crate::Together`] asks, after everybody has decided; it keeps no state.
    fn follow(&self, _decided: &Hyperparameters) -> Hyperparameters {
        Hyperparameters::new()
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
    /// What becomes of the run by it, where its actions do not say that: whoever reads it asks [`Decision::turn`].
    pub turn: Option<Turn>,
    /// Why, when something changed or was decided; a turn always has one.
    pub reason: Option<Reason>,
}

impl Decision {
    /// What becomes of the run by it, if anything does: the field, and without one the largest turn of its actions.
    pub fn turn(&self) -> Option<Turn> {
        self.turn.or_else(|| self.actions.iter().filter_map(Turn::of).max())
    }

    /// The same, and says this too.
    pub(crate) fn warning(mut self, warning: Option<String>) -> Self {
        if let Some(warning) = warning {
            self.reason = Some(Reason(match self.reason {
                Some(Reason(reason)) => format!("{reason}; {warning}"),
                None => warning,
            }));
        }
        self
    }
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
    /// Keep a snapshot of everything that [`Action::Restore`] brings back: parameters, optimizer state, running statistics, the
    /// number of the next update and the position in the data. The one before is forgotten.
    Save,
    /// Bring back the last snapshot. The controller that asks keeps its own state: it has learnt something.
    Restore,
    /// Move parameters and optimizer state towards fresh ones.
    Reset(Reset),
    /// Evaluate on the validation split and tell; at once, unless the recipe had it evaluated after this same update.
    Evaluate,
    /// End the run.
    Stop(StopReason),
}

/// A return to freshly initialised parameters, in part or whole (soft reset, DESIGN.md section 3):
/// `theta <- (1 - tau) theta + tau theta_fresh`, moments `m <- (1 - tau alpha) m`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reset {
    /// Weight of the fresh parameters, 0 to 1.
    pub tau: f64,
    /// How strongly the optimizer's moments follow, 0 to 1.
    pub alpha: f64,
    /// Index of the draw of fresh parameters.
    pub draw: u64,
    /// What happens to running statistics.
    pub buffers: Buffers,
}

/// What a reset does to the running statistics of normalisation layers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Buffers {
    /// They go the parameters' way: the same combination with fresh ones.
    #[default]
    Follow,
    /// They stay, as in the thesis' program.
    Keep,
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
