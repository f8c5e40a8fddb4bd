use serde::{Deserialize, Serialize};

use crate::ScoreError;

/// How trials become scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Which trial of a study counts.
    pub best_trial: BestTrial,
    /// How the profile is integrated.
    pub integral: Integral,
    /// The largest ratio to the fastest submission that still counts.
    pub largest_ratio: f64,
    /// Whether held-out variants gate the scores of their base workloads.
    pub held_out: bool,
}

/// Which trial of a study counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BestTrial {
    /// The fastest to the target: what the rules of AlgoPerf say.
    Fastest,
    /// The one that met the target at the earliest evaluation, and of several the fastest: what its published code does.
    EarliestEvaluation,
}

/// How the profile is integrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integral {
    /// The integral of the step function.
    Exact,
    /// The trapezoid rule over so many points, ends included: AlgoPerf's published code takes 100.
    Grid(u32),
}

/// The editions by name, each with what it is.
pub const RULES: &[(&str, Rules, &str)] = &[
    ("rheostat", TEXT, "ours: the fastest trial, the exact integral, no held-out workloads"),
    (
        "algoperf-0.5",
        Rules { best_trial: BestTrial::EarliestEvaluation, integral: Integral::Grid(100), held_out: true, ..TEXT },
        "the first AlgoPerf competition as its code scored it",
    ),
    ("algoperf-0.5-text", Rules { held_out: true, ..TEXT }, "the first AlgoPerf competition as its rules say"),
    (
        "algoperf-0.6",
        Rules { best_trial: BestTrial::EarliestEvaluation, integral: Integral::Grid(100), ..TEXT },
        "AlgoPerf's rolling leaderboard as its code scores it",
    ),
    ("algoperf-0.6-text", TEXT, "AlgoPerf's rolling leaderboard as its rules say"),
];

const TEXT: Rules =
    Rules { best_trial: BestTrial::Fastest, integral: Integral::Exact, largest_ratio: 4.0, held_out: false };

impl Default for Rules {
    fn default() -> Self {
        TEXT
    }
}

impl Rules {
    /// The edition of this name.
    ///
    /// # Errors
    /// [`ScoreError::Unknown`] with the nearest name if there is none.
    pub fn named(name: &str) -> Result<Self, ScoreError> {
        let found = RULES.iter().find(|(known, ..)| *known == name);
        let unknown = || ScoreError::unknown("set of rules", name, RULES.iter().map(|(known, ..)| *known));
        found.map(|(_, rules, _)| *rules).ok_or_else(unknown)
    }
}
