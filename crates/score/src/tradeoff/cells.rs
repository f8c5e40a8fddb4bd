use std::collections::{BTreeMap, BTreeSet};

use rheostat_record::Direction;

use super::TradeoffOptions;
use crate::{Clock, ReadOutRow, ScoreError, TradeoffMode};

/// The read-outs of one workload, each at its place.
#[derive(Debug)]
pub(crate) struct Cells<'a> {
    pub(crate) workload: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) direction: Direction,
    /// In the order of the rows.
    pub(crate) submissions: Vec<&'a str>,
    /// Ascending.
    pub(crate) seeds: Vec<u64>,
    /// The numbers of the points that some run came to.
    pub(crate) points: BTreeSet<u64>,
    /// Updates at a submission's points: with other batches the same epoch is another update.
    steps: BTreeMap<(&'a str, u64), u64>,
    /// The largest budget of a submission's cyclic runs: where their last point is.
    budgets: BTreeMap<&'a str, u64>,
    rows: BTreeMap<(&'a str, TradeoffMode, u64, u64), &'a ReadOutRow>,
}

impl<'a> Cells<'a> {
    /// All workloads, in the order of the rows.
    pub(crate) fn all(rows: &'a [ReadOutRow]) -> Result<Vec<Self>, ScoreError> {
        let mut all: Vec<Self> = Vec::new();
        for row in rows {
            match all.iter_mut().find(|cells| cells.workload == row.workload) {
                Some(cells) => cells.take(row)?,
                None => {
                    let mut cells = Self::new(row)?;
                    cells.take(row)?;
                    all.push(cells);
                }
            }
        }
        all.iter_mut().for_each(|cells| cells.seeds.sort_unstable());
        Ok(all)
    }

    fn new(row: &'a ReadOutRow) -> Result<Self, ScoreError> {
        let wrong = || ScoreError::Direction { workload: row.workload.clone(), direction: row.direction.clone() };
        Ok(Self {
            workload: &row.workload,
            metric: &row.metric,
            direction: Direction::from_name(&row.direction).ok_or_else(wrong)?,
            submissions: Vec::new(),
            seeds: Vec::new(),
            points: BTreeSet::new(),
            steps: BTreeMap::new(),
            budgets: BTreeMap::new(),
            rows: BTreeMap::new(),
        })
    }

    fn take(&mut self, row: &'a ReadOutRow) -> Result<(), ScoreError> {
        if row.metric != self.metric || Direction::from_name(&row.direction) != Some(self.direction) {
            return Err(ScoreError::Metrics {
                workload: row.workload.clone(),
                one: format!("{} ({})", self.metric, self.direction.name()),
                other: format!("{} ({})", row.metric, row.direction),
            });
        }
        if !self.submissions.contains(&row.submission.as_str()) {
            self.submissions.push(&row.submission);
        }
        if !self.seeds.contains(&row.seed) {
            self.seeds.push(row.seed);
        }
        self.points.insert(row.point);
        let step = *self.steps.entry((&row.submission, row.point)).or_insert(row.step);
        if step != row.step {
            return Err(ScoreError::Points {
                submission: row.submission.clone(),
                workload: row.workload.clone(),
                point: row.point,
                one: step,
                other: row.step,
            });
        }
        if row.mode == TradeoffMode::Cyclic {
            let budget = self.budgets.entry(&row.submission).or_default();
            *budget = (*budget).max(row.budget_steps);
        }
        match self.rows.insert((&row.submission, row.mode, row.seed, row.point), row) {
            None => Ok(()),
            Some(_) => Err(ScoreError::Twice {
                submission: row.submission.clone(),
                workload: row.workload.clone(),
                mode: row.mode.name(),
                seed: row.seed,
                step: row.step,
            }),
        }
    }

    pub(crate) fn row(&self, submission: &str, mode: TradeoffMode, seed: u64, point: u64) -> Option<&'a ReadOutRow> {
        self.rows.get(&(submission, mode, seed, point)).copied()
    }

    /// Updates of a submission at a point; those of another one if it has not come there itself.
    pub(crate) fn step(&self, submission: &str, point: u64) -> Option<u64> {
        let other = || self.submissions.iter().find_map(|other| self.steps.get(&(*other, point)));
        self.steps.get(&(submission, point)).or_else(other).copied()
    }

    /// Updates at all points of a submission, if every number up to the last is known and the last is where its cyclic runs end.
    pub(crate) fn whole(&self, submission: &str) -> Option<Vec<f64>> {
        let counted = self.points.iter().copied().eq(0..self.points.len() as u64);
        let steps: Option<Vec<u64>> = self.points.iter().map(|point| self.step(submission, *point)).collect();
        let steps = steps.filter(|_| counted)?;
        let budget = self.budgets.get(submission).copied().unwrap_or(0);
        steps.last().is_some_and(|last| *last >= budget).then(|| steps.into_iter().map(|step| step as f64).collect())
    }
}

/// What a run had spent at a read-out; none if that is no positive number, which has no place on a log axis.
pub(crate) fn cost(row: &ReadOutRow, clock: Clock) -> Option<f64> {
    let cost = match clock {
        Clock::Seconds => row.train_s,
        Clock::Steps => row.spent as f64,
        Clock::Passes => row.forwards as f64 + row.backwards as f64,
    };
    Some(cost).filter(|cost| cost.is_finite() && *cost > 0.0)
}

/// The baseline's name, checked against all submissions of all workloads.
pub(crate) fn baseline<'a>(all: &[Cells<'a>], options: &TradeoffOptions) -> Result<Option<&'a str>, ScoreError> {
    let Some(name) = options.baseline.as_deref() else { return Ok(None) };
    let mut known: Vec<&'a str> = all.iter().flat_map(|cells| cells.submissions.iter().copied()).collect();
    known.sort_unstable();
    known.dedup();
    let found = known.iter().copied().find(|known| *known == name);
    found.map(Some).ok_or_else(|| ScoreError::unknown("submission", name, known))
}
