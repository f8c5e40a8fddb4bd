use serde::{Deserialize, Serialize};

use crate::rows_csv::TableRow;
use crate::{Clock, Role, ScoreError, Trial};

/// One row of a study's `trials.csv`: everything that stays of a trial when its run directory is gone.
///
/// The columns that AlgoPerf's published results have bear the same names, so that [`crate::read_results`] reads both.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialRow {
    /// `self_tuning` or `external_tuning`: submissions are compared within it.
    pub ruleset: String,
    /// The training algorithm.
    pub submission: String,
    /// What was trained.
    pub workload: String,
    /// `base`, `held_out` or `extra`.
    pub role: String,
    /// The base workload of a held-out one; empty otherwise.
    pub base: String,
    /// The study, from 0.
    pub study: u64,
    /// The trial within its study, from 0.
    pub trial: u64,
    /// The run's seed.
    pub seed: u64,
    /// How it ended: as in `result.json`, or `failed` if it did not come to a result.
    pub status: String,
    /// Why it failed; empty otherwise.
    pub why: String,
    /// The workload's metric.
    pub metric: String,
    /// `increasing` or `decreasing`: which way it improves.
    pub direction: String,
    /// The value to be reached.
    pub target: f64,
    /// Whether an evaluation met the target.
    pub reached: bool,
    /// Index of the evaluation that met it, from 0; the one before the first update counts.
    pub eval_index: Option<u64>,
    /// Updates made until then.
    pub steps_to_target: Option<u64>,
    /// Training seconds until then; infinite if it was missed.
    pub time_to_target_s: f64,
    /// Forward passes until then.
    pub forwards_to_target: Option<u64>,
    /// Backward passes until then.
    pub backwards_to_target: Option<u64>,
    /// Evaluations made.
    pub n_evals: u64,
    /// The best evaluation's metric.
    pub best_metric: Option<f64>,
    /// Its updates.
    pub best_step: Option<u64>,
    /// Its loss; absent in tables of earlier versions.
    pub best_loss: Option<f64>,
    /// The last evaluation's metric.
    pub final_metric: Option<f64>,
    /// Its loss; absent in tables of earlier versions.
    pub final_loss: Option<f64>,
    /// The metric on the test split, with the final weights, or with those of the best evaluation if the recipe says so.
    pub test_metric: Option<f64>,
    /// Updates made in all.
    pub steps: u64,
    /// Forward passes of training in all, those of line searches included; absent in tables of earlier versions.
    pub forwards: Option<u64>,
    /// Backward passes of training in all; absent in tables of earlier versions.
    pub backwards: Option<u64>,
    /// Updates of the whole budget.
    pub budget_steps: u64,
    /// Seconds of training.
    pub train_s: f64,
    /// Seconds of evaluations.
    pub eval_s: f64,
    /// Seconds of recording.
    pub record_s: f64,
    /// Training samples really present.
    pub samples: u64,
    /// Compute threads.
    pub threads: usize,
    /// The processor's name: times of different ones do not compare.
    pub processor: String,
    /// Program and version.
    pub program: String,
    /// SHA-256 of the resolved recipe.
    pub recipe_hash: String,
    /// What was drawn for this trial, as `key = value` joined by `; `; empty if nothing was.
    pub point: String,
}

impl TrialRow {
    /// Forward and backward passes of training in all; nothing if the table does not say.
    pub fn passes(&self) -> Option<u64> {
        Some(self.forwards?.saturating_add(self.backwards?))
    }

    /// What scoring needs of it, with the time to target by this clock: infinite where it is missing, not a number or
    /// negative.
    ///
    /// # Errors
    /// The role is none that there is, or the row is held out and names no base.
    pub fn trial(&self, clock: Clock) -> Result<Trial, ScoreError> {
        let role = match (self.role.as_str(), self.base.as_str()) {
            ("base", _) => Role::Base,
            ("extra", _) => Role::Extra,
            ("held_out", "") => return Err(ScoreError::Base { workload: self.workload.clone() }),
            ("held_out", base) => Role::HeldOut(base.to_owned()),
            _ => return Err(ScoreError::Role { workload: self.workload.clone(), role: self.role.clone() }),
        };
        let time = match clock {
            Clock::Seconds => Some(self.time_to_target_s),
            Clock::Steps => self.steps_to_target.map(|steps| steps as f64),
            Clock::Passes => self
                .forwards_to_target
                .zip(self.backwards_to_target)
                .map(|(forwards, backwards)| forwards as f64 + backwards as f64),
        };
        Ok(Trial {
            ruleset: self.ruleset.clone(),
            submission: self.submission.clone(),
            workload: self.workload.clone(),
            role,
            study: self.study,
            time_to_target: time.filter(|time| *time >= 0.0).unwrap_or(f64::INFINITY),
            evaluation: self.eval_index,
        })
    }
}

impl TableRow for TrialRow {
    const ADDED: &[&str] = &["best_loss", "final_loss", "forwards", "backwards"];

    /// Whoever has a row can have its trial.
    fn check(&self) -> Result<(), ScoreError> {
        self.trial(Clock::default()).map(|_| ())
    }
}
