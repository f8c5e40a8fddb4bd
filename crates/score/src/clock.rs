use serde::{Deserialize, Serialize};

use crate::ScoreError;

/// What the time to a target is counted in. Times of different clocks never compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Seconds of training: what AlgoPerf counts. They compare on one machine only.
    #[default]
    Seconds,
    /// Updates made, those that were taken back included.
    Steps,
    /// Forward passes plus backward passes: work, whatever it was done for.
    Passes,
}

impl Clock {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Seconds, Self::Steps, Self::Passes];

    /// The name by which [`named`](Clock::named) finds it, which is also that of the unit.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Steps => "steps",
            Self::Passes => "passes",
        }
    }

    /// The clock of this name.
    ///
    /// # Errors
    /// [`ScoreError::Unknown`] with the nearest name if there is none.
    pub fn named(name: &str) -> Result<Self, ScoreError> {
        let found = Self::ALL.into_iter().find(|clock| clock.name() == name);
        found.ok_or_else(|| ScoreError::unknown("clock", name, Self::ALL.map(Self::name)))
    }
}
