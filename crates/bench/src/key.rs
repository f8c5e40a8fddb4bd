use std::fmt;
use std::path::PathBuf;

use rheostat_score::TrialRow;

/// Which trial of a study: its place in the table of results and in the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrialKey {
    /// The submission.
    pub submission: String,
    /// The workload.
    pub workload: String,
    /// The study, from 0.
    pub study: u64,
    /// The trial within the study, from 0.
    pub trial: u64,
}

impl TrialKey {
    /// The trial that a row tells of.
    pub fn of(row: &TrialRow) -> Self {
        Self { submission: row.submission.clone(), workload: row.workload.clone(), study: row.study, trial: row.trial }
    }

    /// Its folder below that of the study.
    pub fn folder(&self) -> PathBuf {
        let numbers = [format!("study-{}", self.study), format!("trial-{}", self.trial)];
        ["trials", &self.submission, &self.workload, &numbers[0], &numbers[1]].iter().collect()
    }
}

impl fmt::Display for TrialKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/study-{}/trial-{}", self.submission, self.workload, self.study, self.trial)
    }
}
