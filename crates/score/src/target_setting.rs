use std::cmp::Ordering;
use std::collections::BTreeMap;

use rheostat_record::Direction;
use serde::{Deserialize, Serialize};

use crate::{ScoreError, TrialRow};

/// A workload's target, set as AlgoPerf sets its own (arXiv:2306.07179, section 4.3): after a search, the best setting is run again
/// with many seeds, and the median of what it reaches is the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetSetting {
    /// The workload.
    pub workload: String,
    /// Its metric.
    pub metric: String,
    /// The submission of the best setting.
    pub submission: String,
    /// What was drawn for it; empty if nothing was.
    pub point: String,
    /// Trials of that setting.
    pub repeats: usize,
    /// The validation target: the median over them of the best evaluation. Of an even number the one of the middle two that is easier
    /// to reach, so that half of them reach it.
    pub validation: f64,
    /// The test target: the worst test metric of those that reach the validation target.
    pub test: Option<f64>,
    /// Settings that were repeated often enough to be considered.
    pub settings: usize,
}

impl TargetSetting {
    /// The target of every workload: from the setting with the best median, among those with at least `least` trials. A trial that
    /// failed or diverged counts as worse than any number.
    ///
    /// # Errors
    /// A trial was stopped at a target, and so does not say what it would have reached; a workload has no setting with so many
    /// trials; a direction is none.
    pub fn all(rows: &[TrialRow], least: usize) -> Result<Vec<Self>, ScoreError> {
        let mut settings: BTreeMap<(&str, &str, &str), Vec<&TrialRow>> = BTreeMap::new();
        for row in rows {
            if row.status == "target_met" {
                return Err(ScoreError::Stopped { submission: row.submission.clone(), workload: row.workload.clone() });
            }
            settings.entry((&row.workload, &row.submission, &row.point)).or_default().push(row);
        }
        let mut best: BTreeMap<&str, Self> = BTreeMap::new();
        for ((workload, ..), trials) in &settings {
            if trials.len() < least.max(1) {
                continue;
            }
            let (found, direction) = Self::of(trials)?;
            match best.get_mut(workload) {
                Some(old) => {
                    let settings = old.settings + 1;
                    if direction.better(found.validation, old.validation) {
                        *old = found;
                    }
                    old.settings = settings;
                }
                None => drop(best.insert(workload, found)),
            }
        }
        match settings.keys().find(|(workload, ..)| !best.contains_key(workload)) {
            Some((workload, ..)) => Err(ScoreError::Repeats { workload: (*workload).to_owned(), least: least.max(1) }),
            None => Ok(best.into_values().collect()),
        }
    }

    fn of(trials: &[&TrialRow]) -> Result<(Self, Direction), ScoreError> {
        let row = trials[0];
        let wrong = || ScoreError::Direction { workload: row.workload.clone(), direction: row.direction.clone() };
        let direction = Direction::from_name(&row.direction).ok_or_else(wrong)?;
        let reached = |row: &TrialRow| row.best_metric.filter(|_| row.status != "failed" && row.status != "diverged");
        let mut metrics: Vec<f64> = trials.iter().map(|row| reached(row).unwrap_or(f64::NAN)).collect();
        // Best first, those without a number last.
        metrics.sort_by(|a, b| match (direction.better(*a, *b), direction.better(*b, *a)) {
            (true, _) => Ordering::Less,
            (_, true) => Ordering::Greater,
            _ => Ordering::Equal,
        });
        let validation = metrics[metrics.len() / 2];
        let hit = trials.iter().filter(|row| reached(row).is_some_and(|metric| !direction.better(validation, metric)));
        let test = hit.filter_map(|row| row.test_metric).reduce(|a, b| if direction.better(a, b) { b } else { a });
        let setting = Self {
            workload: row.workload.clone(),
            metric: row.metric.clone(),
            submission: row.submission.clone(),
            point: row.point.clone(),
            repeats: trials.len(),
            validation,
            test,
            settings: 1,
        };
        Ok((setting, direction))
    }
}
