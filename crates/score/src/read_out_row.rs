use serde::{Deserialize, Serialize};

use crate::ScoreError;
use crate::rows_csv::TableRow;

/// One row of a study's `readouts.csv`: what a run was worth at one of its read-out points.
///
/// A tradeoff study has one cyclic run that is read out at every point, and one standard run for each point, read out at its end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReadOutRow {
    /// The training algorithm.
    pub submission: String,
    /// What was trained.
    pub workload: String,
    /// The study, from 0: a repetition with another seed.
    pub study: u64,
    /// The trial within its study, from 0.
    pub trial: u64,
    /// The run's seed.
    pub seed: u64,
    /// `cyclic` or `standard`.
    pub mode: TradeoffMode,
    /// Number of the point, from 0.
    pub point: u64,
    /// Updates that stood at the point: what the recipe says the point is.
    pub step: u64,
    /// Updates made until then, those that were taken back included.
    pub spent: u64,
    /// Forward passes of training until then.
    pub forwards: u64,
    /// Backward passes of training until then.
    pub backwards: u64,
    /// Training seconds until then.
    pub train_s: f64,
    /// The workload's metric.
    pub metric: String,
    /// `increasing` or `decreasing`: which way it improves.
    pub direction: String,
    /// The validation metric at the point; absent where it is not finite.
    pub end_metric: Option<f64>,
    /// The best validation metric of the cycle that ends at the point, the point itself included.
    pub best_metric: Option<f64>,
    /// Updates done at that best evaluation.
    pub best_step: Option<u64>,
    /// The metric on the test split at the point, with the weights that the recipe's `test` names: those of the point, or those
    /// of the best evaluation of its cycle.
    pub test_metric: Option<f64>,
    /// Updates of the run's whole budget.
    pub budget_steps: u64,
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
}

/// How the points of a tradeoff curve are trained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TradeoffMode {
    /// One run whose schedules begin anew after every point.
    #[default]
    Cyclic,
    /// One run for each point, whose schedules come to their end there.
    Standard,
}

impl TradeoffMode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Cyclic, Self::Standard];

    /// As studies and tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cyclic => "cyclic",
            Self::Standard => "standard",
        }
    }
}

impl TableRow for ReadOutRow {
    fn check(&self) -> Result<(), ScoreError> {
        Ok(())
    }
}
