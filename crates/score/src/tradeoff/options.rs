use serde::{Deserialize, Serialize};

use crate::{Clock, ReadOutRow, ScoreError};

/// Which number of a read-out is the quality at its point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// The validation metric at the end of the cycle, with the weights that stood there.
    #[default]
    End,
    /// The best validation metric of the cycle: what arXiv:2206.00832's figures plot. The maximum of several noisy evaluations,
    /// so it flatters whoever is evaluated more often within a cycle.
    Best,
    /// The metric on the test split.
    Test,
}

impl Quality {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::End, Self::Best, Self::Test];

    /// The name by which [`named`](Quality::named) finds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Best => "best",
            Self::Test => "test",
        }
    }

    /// The quality of this name.
    ///
    /// # Errors
    /// [`ScoreError::Unknown`] with the nearest name if there is none.
    pub fn named(name: &str) -> Result<Self, ScoreError> {
        let found = Self::ALL.into_iter().find(|quality| quality.name() == name);
        found.ok_or_else(|| ScoreError::unknown("quality", name, Self::ALL.map(Self::name)))
    }

    pub(crate) fn of(self, row: &ReadOutRow) -> Option<f64> {
        let value = match self {
            Self::End => row.end_metric,
            Self::Best => row.best_metric,
            Self::Test => row.test_metric,
        };
        value.filter(|value| value.is_finite())
    }
}

/// How tradeoff curves are made of read-outs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TradeoffOptions {
    /// What cost is counted in.
    pub clock: Clock,
    /// Which number of a read-out is the quality.
    pub quality: Quality,
    /// How often intervals hold the true mean: above 0, below 1.
    pub confidence: f64,
    /// The submission that others are compared with; without one it is the first of the rows.
    pub baseline: Option<String>,
}

impl Default for TradeoffOptions {
    /// Updates, the end of the cycle, 95 % intervals, the first submission as the baseline.
    fn default() -> Self {
        Self { clock: Clock::Steps, quality: Quality::End, confidence: 0.95, baseline: None }
    }
}
