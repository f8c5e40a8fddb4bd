use crate::Rules;
use crate::field::{Cell, Field};

/// Time to target of every submission on every base workload of one ruleset, held-out rules applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    submissions: Vec<String>,
    workloads: Vec<String>,
    /// One row a submission; infinite where the target counts as missed.
    times: Vec<Vec<f64>>,
}

impl Times {
    /// The medians over studies.
    pub(crate) fn new(field: &Field, rules: &Rules) -> Self {
        let times = field.times(rules, Cell::median);
        Self { submissions: field.submissions.clone(), workloads: field.bases.clone(), times }
    }

    /// The submissions, sorted by name.
    pub fn submissions(&self) -> &[String] {
        &self.submissions
    }

    /// The base workloads, sorted by name.
    pub fn workloads(&self) -> &[String] {
        &self.workloads
    }

    /// The times of a submission, counted as in [`submissions`](Times::submissions), workload by workload; infinite where the
    /// target was missed, or counts as missed by the held-out rule.
    pub fn of(&self, submission: usize) -> &[f64] {
        &self.times[submission]
    }

    pub(crate) fn rows(&self) -> &[Vec<f64>] {
        &self.times
    }
}
