use std::collections::BTreeSet;

use crate::{BestTrial, Role, Rules, Trial};

/// What one ruleset is scored on.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Sorted by name.
    pub(crate) submissions: Vec<String>,
    /// Base workloads, sorted by name.
    pub(crate) bases: Vec<String>,
    /// The base of each held-out variant, if anybody trained it.
    base_of: Vec<Option<usize>>,
    /// Submission by submission: base workloads, then variants.
    cells: Vec<Cell>,
}

/// The studies of one submission on one workload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    /// Numbers of studies, ascending, with their best times.
    pub(crate) studies: Vec<(u64, f64)>,
    /// The best times, ascending.
    times: Vec<f64>,
}

impl Field {
    /// The studies of trials that belong to one ruleset.
    pub(crate) fn new<'a>(trials: impl Iterator<Item = &'a Trial>, rules: &Rules) -> Self {
        let mut counted: Vec<&Trial> = Vec::new();
        let (mut submissions, mut bases, mut variants) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for trial in trials {
            let workload = trial.workload.as_str();
            match &trial.role {
                Role::Base => drop(bases.insert(workload)),
                Role::HeldOut(base) if rules.held_out => drop(variants.insert((workload, base.as_str()))),
                Role::HeldOut(_) | Role::Extra => continue,
            }
            submissions.insert(trial.submission.as_str());
            counted.push(trial);
        }
        let submissions: Vec<&str> = submissions.into_iter().collect();
        let bases: Vec<&str> = bases.into_iter().collect();
        let variants: Vec<(&str, &str)> = variants.into_iter().collect();
        let columns = bases.len() + variants.len();
        // The place of a trial's cell; every name is there.
        let place = |trial: &Trial| {
            let workload = trial.workload.as_str();
            let column = match &trial.role {
                Role::HeldOut(base) => variants.binary_search(&(workload, base)).map(|variant| bases.len() + variant),
                Role::Base | Role::Extra => bases.binary_search(&workload),
            };
            let submission = submissions.binary_search(&trial.submission.as_str());
            submission.unwrap_or_default() * columns + column.unwrap_or_default()
        };

        // The best trial of a study comes first of its study.
        let mut ranked: Vec<(usize, u64, u64, f64)> = counted
            .into_iter()
            .map(|trial| {
                let (evaluation, time) = rank(trial, rules.best_trial);
                (place(trial), trial.study, evaluation, time)
            })
            .collect();
        ranked.sort_unstable_by(|a, b| (a.0, a.1, a.2).cmp(&(b.0, b.1, b.2)).then(a.3.total_cmp(&b.3)));
        ranked.dedup_by_key(|&mut (cell, study, ..)| (cell, study));
        let mut cells = vec![Cell::default(); submissions.len() * columns];
        for (cell, study, _, time) in ranked {
            cells[cell].studies.push((study, time));
        }
        for cell in &mut cells {
            cell.times = cell.studies.iter().map(|&(_, time)| time).collect();
            cell.times.sort_unstable_by(f64::total_cmp);
        }
        Self {
            base_of: variants.iter().map(|(_, base)| bases.binary_search(base).ok()).collect(),
            submissions: submissions.into_iter().map(str::to_owned).collect(),
            bases: bases.into_iter().map(str::to_owned).collect(),
            cells,
        }
    }

    /// The studies of a submission on a base workload.
    pub(crate) fn cell(&self, submission: usize, base: usize) -> &Cell {
        &self.cells[submission * (self.bases.len() + self.base_of.len()) + base]
    }

    /// A row of times for each submission, one a base workload, held-out rule applied; `time` says what a cell's studies amount to.
    pub(crate) fn times(&self, rules: &Rules, time: impl FnMut(&Cell) -> f64) -> Vec<Vec<f64>> {
        let columns = self.bases.len() + self.base_of.len();
        let all: Vec<f64> = self.cells.iter().map(time).collect();
        // No columns, no submissions: only a trial of a base or a variant brings one in.
        let mut rows: Vec<Vec<f64>> = all.chunks(columns.max(1)).map(<[f64]>::to_vec).collect();
        if rules.held_out {
            self.gate(&mut rows, rules.largest_ratio);
            rows.iter_mut().for_each(|row| row.truncate(self.bases.len()));
        }
        rows
    }

    /// The held-out rule of AlgoPerf 0.5, in its order: a variant counts only for those who train its base; what is far behind the
    /// fastest is missed; who misses a variant misses its base.
    fn gate(&self, rows: &mut [Vec<f64>], largest_ratio: f64) {
        let first_variant = self.bases.len();
        for row in rows.iter_mut() {
            for (variant, base) in self.base_of.iter().enumerate() {
                if base.is_some_and(|base| row[base].is_infinite()) {
                    row[first_variant + variant] = f64::INFINITY;
                }
            }
        }
        for column in 0..first_variant + self.base_of.len() {
            let fastest = rows.iter().map(|row| row[column]).fold(f64::INFINITY, f64::min);
            for row in rows.iter_mut() {
                if row[column] > largest_ratio * fastest {
                    row[column] = f64::INFINITY;
                }
            }
        }
        for row in rows.iter_mut() {
            for (variant, base) in self.base_of.iter().enumerate() {
                if let (Some(base), true) = (*base, row[first_variant + variant].is_infinite()) {
                    row[base] = f64::INFINITY;
                }
            }
        }
    }
}

impl Cell {
    /// The middle time, or the mean of the middle two, which is infinite if one of them is; infinite without studies.
    pub(crate) fn median(&self) -> f64 {
        let count = self.times.len();
        if count == 0 { f64::INFINITY } else { self.middle((count - 1) / 2, count / 2) }
    }

    /// The median of as many times drawn with replacement: `draw` gives a number below its argument.
    ///
    /// The times are sorted already, so that places are drawn and counted instead of times being copied and sorted.
    pub(crate) fn drawn_median(&self, mut draw: impl FnMut(usize) -> usize, counts: &mut Vec<u32>) -> f64 {
        let count = self.times.len();
        if count < 2 {
            return self.median();
        }
        counts.clear();
        counts.resize(count, 0);
        for _ in 0..count {
            counts[draw(count)] += 1;
        }
        // The places of the middle two of the drawn.
        let (mut low, mut below) = (0, counts[0] as usize);
        while below <= (count - 1) / 2 {
            low += 1;
            below += counts[low] as usize;
        }
        let mut high = low;
        while below <= count / 2 {
            high += 1;
            below += counts[high] as usize;
        }
        self.middle(low, high)
    }

    fn middle(&self, low: usize, high: usize) -> f64 {
        if low == high { self.times[low] } else { (self.times[low] + self.times[high]) / 2.0 }
    }
}

/// What makes one trial of a study better than another: first the smaller number, then the smaller time.
fn rank(trial: &Trial, best: BestTrial) -> (u64, f64) {
    let time = trial.time_to_target;
    if !time.is_finite() {
        return (u64::MAX, f64::INFINITY);
    }
    match best {
        BestTrial::Fastest => (0, time),
        BestTrial::EarliestEvaluation => (trial.evaluation.unwrap_or(0), time),
    }
}
