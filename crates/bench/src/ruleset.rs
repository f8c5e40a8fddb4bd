/// How many trials a submission gets, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ruleset {
    /// `self_tuning` or `external_tuning`: submissions are compared within it.
    pub name: &'static str,
    /// Whose numbers.
    pub edition: &'static str,
    /// Studies: repetitions, of which the median counts.
    pub studies: u64,
    /// Trials of a study, of which the best counts.
    pub trials: u64,
    /// What a workload's time limit is multiplied by.
    pub time_factor: f64,
}

/// Self-tuning: a submission has no hyperparameters to be tuned, one trial is a study.
pub(crate) const SELF_TUNING: &str = "self_tuning";

/// External tuning: a study is a few trials, each with a point of the submission's search space.
pub(crate) const EXTERNAL_TUNING: &str = "external_tuning";

const fn ruleset(name: &'static str, edition: &'static str, numbers: (u64, u64), time_factor: f64) -> Ruleset {
    Ruleset { name, edition, studies: numbers.0, trials: numbers.1, time_factor }
}

/// Every ruleset. AlgoPerf's numbers are those of its rules, versions 0.5.0 and 0.6.0; ours are for one small machine.
pub const RULESETS: &[Ruleset] = &[
    ruleset(SELF_TUNING, "rheostat", (3, 1), 1.0),
    ruleset(EXTERNAL_TUNING, "rheostat", (3, 5), 1.0),
    ruleset(SELF_TUNING, "algoperf-0.5", (5, 1), 3.0),
    ruleset(EXTERNAL_TUNING, "algoperf-0.5", (5, 5), 1.0),
    ruleset(SELF_TUNING, "algoperf-0.6", (3, 1), 1.5),
    ruleset(EXTERNAL_TUNING, "algoperf-0.6", (3, 5), 1.0),
];
