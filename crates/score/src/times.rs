use std::collections::{BTreeMap, BTreeSet};

use crate::{BestTrial, Role, Rules, Trial};

/// Time to target of every submission on every base workload of one ruleset, held-out rules applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    submissions: Vec<String>,
    workloads: Vec<String>,
    /// One row a submission; infinite where the target counts as missed.
    times: Vec<Vec<f64>>,
}

/// The best time of each study of a submission on a workload.
pub(crate) type Studies = BTreeMap<(String, String), Vec<f64>>;

/// What one ruleset is scored on.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) submissions: Vec<String>,
    bases: Vec<String>,
    /// Variants with their bases.
    variants: Vec<(String, String)>,
    pub(crate) studies: Studies,
}

impl Field {
    /// The studies of trials that belong to one ruleset.
    pub(crate) fn new<'a>(trials: impl Iterator<Item = &'a Trial>, rules: &Rules) -> Self {
        let mut submissions = BTreeSet::new();
        let mut bases = BTreeSet::new();
        let mut variants = BTreeSet::new();
        let mut best: BTreeMap<(String, String), BTreeMap<u64, (u64, f64)>> = BTreeMap::new();
        for trial in trials {
            match &trial.role {
                Role::Extra => continue,
                Role::HeldOut(_) if !rules.held_out => continue,
                Role::HeldOut(base) => drop(variants.insert((trial.workload.clone(), base.clone()))),
                Role::Base => drop(bases.insert(trial.workload.clone())),
            }
            submissions.insert(trial.submission.clone());
            let studies = best.entry((trial.submission.clone(), trial.workload.clone())).or_default();
            let found = studies.entry(trial.study).or_insert((u64::MAX, f64::INFINITY));
            let rank = rank(trial, rules.best_trial);
            if rank.0 < found.0 || (rank.0 == found.0 && rank.1 < found.1) {
                *found = rank;
            }
        }
        Self {
            submissions: submissions.into_iter().collect(),
            bases: bases.into_iter().collect(),
            variants: variants.into_iter().collect(),
            studies: best
                .into_iter()
                .map(|(cell, studies)| (cell, studies.into_values().map(|(_, time)| time).collect()))
                .collect(),
        }
    }

    /// The times for these studies, which may be a resample of this field's.
    pub(crate) fn times(&self, studies: &Studies, rules: &Rules) -> Times {
        let columns: Vec<&String> = self.bases.iter().chain(self.variants.iter().map(|(variant, _)| variant)).collect();
        let mut times: Vec<Vec<f64>> = self
            .submissions
            .iter()
            .map(|submission| {
                let time = |workload: &&String| studies.get(&(submission.clone(), (*workload).clone()));
                columns.iter().map(|workload| time(workload).map_or(f64::INFINITY, |studies| median(studies))).collect()
            })
            .collect();
        if rules.held_out {
            self.gate(&mut times, rules.largest_ratio);
        }
        times.iter_mut().for_each(|row| row.truncate(self.bases.len()));
        Times { submissions: self.submissions.clone(), workloads: self.bases.clone(), times }
    }

    /// The held-out rule of AlgoPerf 0.5, in its order: a variant counts only for those who train its base; what is far behind the
    /// fastest is missed; who misses a variant misses its base.
    fn gate(&self, times: &mut [Vec<f64>], largest_ratio: f64) {
        let base_of: Vec<Option<usize>> =
            self.variants.iter().map(|(_, base)| self.bases.iter().position(|name| name == base)).collect();
        let first_variant = self.bases.len();
        for row in times.iter_mut() {
            for (variant, base) in base_of.iter().enumerate() {
                if base.is_none_or(|base| row[base].is_infinite()) {
                    row[first_variant + variant] = f64::INFINITY;
                }
            }
        }
        for column in 0..first_variant + base_of.len() {
            let fastest = times.iter().map(|row| row[column]).fold(f64::INFINITY, f64::min);
            for row in times.iter_mut() {
                if row[column] > largest_ratio * fastest {
                    row[column] = f64::INFINITY;
                }
            }
        }
        for row in times.iter_mut() {
            for (variant, base) in base_of.iter().enumerate() {
                if let (Some(base), true) = (*base, row[first_variant + variant].is_infinite()) {
                    row[base] = f64::INFINITY;
                }
            }
        }
    }
}

/// What makes one trial of a study better than another: first the smaller number, then the smaller time.
fn rank(trial: &Trial, best: BestTrial) -> (u64, f64) {
    let time = trial.time_to_target;
    if time.is_nan() || time == f64::INFINITY {
        return (u64::MAX, f64::INFINITY);
    }
    match best {
        BestTrial::Fastest => (0, time),
        BestTrial::EarliestEvaluation => (trial.evaluation.unwrap_or(0), time),
    }
}

/// The middle number, or the mean of the middle two, which is infinite if one of them is.
fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::INFINITY,
        odd if odd % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

impl Times {
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
}
