use serde::{Deserialize, Serialize};

/// One run, as far as scoring is concerned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Submissions are compared within a ruleset.
    pub ruleset: String,
    /// The training algorithm.
    pub submission: String,
    /// What was trained.
    pub workload: String,
    /// What the workload counts for.
    pub role: Role,
    /// The study that the trial belongs to.
    pub study: u64,
    /// Time until the validation target was first met, in any unit that is the same for all: seconds, updates. Infinite if it was
    /// missed; not a number counts as missed.
    pub time_to_target: f64,
    /// Index of the evaluation that met it, if known.
    pub evaluation: Option<u64>,
}

/// What a workload counts for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It is scored.
    Base,
    /// A variant of this base workload, which was drawn after submissions were final: missing its target costs the base's score.
    HeldOut(String),
    /// It is not scored.
    Extra,
}
