use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ReadOut, number};

/// What training has cost so far, what was taken back included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Updates made.
    pub spent: u64,
    /// Forward passes.
    pub forwards: u64,
    /// Backward passes.
    pub backwards: u64,
}

/// One line of `events.jsonl`: a flat object with the key `event`.
///
/// In [`Event::Step`] and in what is told of such an update ([`Event::Change`], [`Event::Moments`], [`Event::Search`]) `step` is the
/// 0-based update; everywhere else it is the number of updates done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// An update was made.
    Step {
        /// The update, from 0.
        step: u64,
        /// Mean training loss of its batch, before the update.
        #[serde(with = "number")]
        loss: f64,
        /// Euclidean norm of the gradient before clipping.
        #[serde(with = "number")]
        gradient_norm: f64,
        /// Training seconds since the run began, this update included.
        train_seconds: f64,
        /// Every hyperparameter that this run sets, as used by this update, under its own name; `group.<i>.<name>` for the
        /// overrides of the recipe's parameter groups, counted from 1.
        #[serde(flatten, with = "number::map")]
        hyperparameters: BTreeMap<String, f64>,
    },
    /// The model was evaluated on the validation split.
    Evaluation {
        /// Updates done.
        step: u64,
        /// Mean validation loss.
        #[serde(with = "number")]
        val_loss: f64,
        /// The workload's metric on the validation split.
        #[serde(with = "number")]
        val_metric: f64,
        /// Training seconds so far.
        train_seconds: f64,
        /// What training had cost so far besides; absent in records of earlier versions.
        #[serde(flatten)]
        cost: Option<Cost>,
    },
    /// The model was evaluated once on the test split, at the end.
    Test {
        /// Updates done to the weights it was evaluated with.
        step: u64,
        /// Mean test loss.
        #[serde(with = "number")]
        test_loss: f64,
        /// The workload's metric on the test split.
        #[serde(with = "number")]
        test_metric: f64,
    },
    /// The run came to one of the recipe's read-out points.
    ReadOut(ReadOut),
    /// A controller decided something and said why.
    Decision {
        /// Updates done.
        step: u64,
        /// What became of the run by it, the name of a [`Turn`](rheostat_control::Turn): `reduce`, `switch`, `reset`, `restore` or
        /// `stop`. Where it took no turn, what the controller asked for (`save`, `evaluate`, or `save, evaluate`), and where it asked
        /// for nothing, `note`.
        decision: String,
        /// Why.
        reason: String,
    },
    /// Parameters and optimizer state were moved towards fresh ones.
    Reset {
        /// Updates done.
        step: u64,
        /// Weight of the fresh parameters.
        tau: f64,
        /// How strongly the moments followed.
        alpha: f64,
    },
    /// How far gradient and parameters moved since the update before: recorded if a controller asks for it, before the line of
    /// its update. Without the two numbers where there is nothing to compare with, as in the first update.
    Change {
        /// The update, from 0.
        step: u64,
        /// The learning rate that the controller was told.
        #[serde(with = "number")]
        rate: f64,
        /// Euclidean norm of the change of the gradient.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
        gradient_change: Option<f64>,
        /// Euclidean norm of the change of the parameters.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
        parameter_change: Option<f64>,
    },
    /// The optimizer's second moments within an update: recorded if a controller asks for them, before the line of that update.
    Moments {
        /// The update, from 0.
        step: u64,
        /// The learning rate that the controller was told.
        #[serde(with = "number")]
        rate: f64,
        /// Mean of the bias-corrected second moment over all elements that have one; absent if none has.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
        second_moment: Option<f64>,
    },
    /// A line search settled the size of an update; its line comes before that of the update.
    Search {
        /// The update, from 0.
        step: u64,
        /// How: the name of an [`Outcome`](rheostat_control::Outcome).
        outcome: String,
        /// The size, 0 if no step was taken.
        #[serde(with = "number")]
        step_size: f64,
        /// How fast the batch's loss fell along the direction searched; NaN if nothing was searched.
        #[serde(with = "number")]
        decrease: f64,
        /// Losses evaluated at trial points.
        trials: u64,
        /// Losses evaluated besides, to measure a slope or to see whether they repeat.
        probes: u64,
        /// The batch's loss at the new weights; NaN if it was not measured there.
        #[serde(with = "number")]
        loss_after: f64,
    },
    /// A controller had its snapshot brought back: updates beyond it were made, and billed, but do not stand.
    Restore {
        /// Updates done that stand.
        step: u64,
    },
    /// Loss or gradient of an update were not finite: it changed nothing, and comes once more with the next batch.
    Skip {
        /// Updates done.
        step: u64,
        /// Mean training loss of its batch.
        #[serde(with = "number")]
        loss: f64,
        /// Euclidean norm of the gradient.
        #[serde(with = "number")]
        gradient_norm: f64,
    },
    /// A checkpoint was written.
    Checkpoint {
        /// Updates done.
        step: u64,
        /// Updates made, those included that do not stand: unique in a run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spent: Option<u64>,
    },
    /// The run goes on from a checkpoint: lines after it no longer count.
    Resume {
        /// Updates done.
        step: u64,
        /// Updates made at the checkpoint; 0 without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        spent: Option<u64>,
    },
    /// The run ended.
    Stop {
        /// Updates done.
        step: u64,
        /// Why.
        status: Status,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The whole budget was used.
    Finished,
    /// The target was met and the recipe says to stop then.
    TargetMet,
    /// The loss or a gradient was not finite.
    Diverged,
    /// The recipe's time limit ended it.
    TimeLimit,
    /// The bound on spent updates ended it.
    SpentLimit,
    /// A person or the system asked it to stop; it can be resumed.
    Interrupted,
}

impl Event {
    /// The number of updates done that this line presupposes: what a resume compares with.
    fn updates(&self) -> u64 {
        match self {
            Self::Step { step, .. }
            | Self::Change { step, .. }
            | Self::Moments { step, .. }
            | Self::Search { step, .. } => step.saturating_add(1),
            Self::Evaluation { step, .. }
            | Self::Test { step, .. }
            | Self::Decision { step, .. }
            | Self::Reset { step, .. }
            | Self::Restore { step }
            | Self::Skip { step, .. }
            | Self::Checkpoint { step, .. }
            | Self::Resume { step, .. }
            | Self::Stop { step, .. }
            | Self::ReadOut(ReadOut { step, .. }) => *step,
        }
    }

    /// The lines that stand: without those that a resume took back ([`Event::after_resumes`]), and without the updates and
    /// evaluations that a restore took back. What explains the run (decisions, resets, restores) stays.
    pub fn effective(lines: Vec<Self>) -> Vec<Self> {
        let mut kept: Vec<Self> = Vec::with_capacity(lines.len());
        for line in Self::after_resumes(lines) {
            if let Self::Restore { step } = line {
                let work = |old: &Self| {
                    use Event::{Change, Evaluation, Moments, ReadOut, Search, Skip, Step};
                    matches!(
                        old,
                        Step { .. }
                            | Change { .. }
                            | Moments { .. }
                            | Search { .. }
                            | Evaluation { .. }
                            | ReadOut(_)
                            | Skip { .. }
                    )
                };
                kept.retain(|old| old.updates() <= step || !work(old));
            }
            kept.push(line);
        }
        kept
    }

    /// What happened, as an uninterrupted run would tell it: a resume takes back what came after its checkpoint, and one without a
    /// checkpoint everything.
    pub fn after_resumes(lines: Vec<Self>) -> Vec<Self> {
        let mut kept: Vec<Self> = Vec::with_capacity(lines.len());
        for line in lines {
            if let Self::Resume { step, spent } = line {
                let of_checkpoint = |old: &Self| matches!(old, Self::Checkpoint { spent: at, .. } if *at == spent);
                match (spent, kept.iter().rposition(of_checkpoint)) {
                    (Some(_), Some(last)) => kept.truncate(last + 1),
                    (Some(0), None) => kept.clear(),
                    // The crash came between the checkpoint and its line, which would have been the last.
                    (Some(_), None) => {}
                    // Lines of an older program.
                    (None, _) => {
                        let ending = |old: &Self| matches!(old, Self::Test { .. } | Self::Stop { .. });
                        kept.retain(|old| step > 0 && old.updates() <= step && !ending(old));
                    }
                }
            }
            kept.push(line);
        }
        kept
    }
}
