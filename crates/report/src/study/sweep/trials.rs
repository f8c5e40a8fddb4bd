//! Trials at their places on the axis, and what became of them.

use rheostat_record::Direction;
use rheostat_score::TrialRow;

use super::axis;
use crate::number::median;
use crate::study::field::{Field, Workload};

/// A best evaluation before this share of the budget is none of a training that went well.
const EARLY: f64 = 0.25;
/// How much of the range between the worst and the best still counts as the best.
const NEAR: f64 = 0.1;
/// More values than this are a search, not a grid.
const MOST: usize = 24;

/// The submissions that were swept along one axis on one workload.
pub(super) struct Sweep<'a> {
    pub(super) workload: Workload<'a>,
    /// `learning rate`, or the key of another coordinate.
    pub(super) axis: String,
    /// Whether outcomes are metrics on the test split; without any of those, the best validation metric stands for them.
    pub(super) tested: bool,
    /// Best first, as everywhere in the report.
    pub(super) submissions: Vec<Swept<'a>>,
}

/// One submission along its axis.
pub(super) struct Swept<'a> {
    pub(super) submission: &'a str,
    pub(super) key: &'a str,
    /// Ascending.
    pub(super) places: Vec<Place<'a>>,
    /// Other coordinates that differ between the trials of one place.
    pub(super) others: Vec<&'a str>,
}

/// The trials of a submission at one value: of all studies, seeds and other coordinates.
///
/// What a place came to is the median over its trials; one without a number is worse than all that have one.
pub(super) struct Place<'a> {
    pub(super) x: f64,
    pub(super) trials: Vec<Attempt<'a>>,
    direction: Direction,
    tested: bool,
}

/// One trial.
pub(super) struct Attempt<'a> {
    pub(super) row: &'a TrialRow,
    /// The best validation metric, if it is a number.
    pub(super) best: Option<f64>,
    /// The metric on the test split, if it is a number.
    pub(super) test: Option<f64>,
    /// The share of the budget at which the best evaluation came.
    pub(super) share: Option<f64>,
    pub(super) group: Group,
}

/// What became of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    /// Its best validation metric is, of the range between the worst and the best of all trials swept on the workload, within
    /// a tenth of the best.
    Converged,
    /// Neither of the others.
    UnderFit,
    /// It ended as diverged or failed, or came to no number, or lost what it had: its best evaluation came before a quarter of the
    /// budget, and its last is worse by more than a tenth of that range. One that hardly learns has nothing to lose.
    Diverged,
}

impl Group {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::UnderFit => "under-fit",
            Self::Diverged => "diverged",
        }
    }
}

impl<'a> Sweep<'a> {
    /// All sweeps of a field, workload by workload; none of those whose trials have no points.
    pub(super) fn all(field: &Field<'a>) -> Vec<Self> {
        field.workloads.iter().flat_map(|workload| Self::of(field, workload)).collect()
    }

    fn of(field: &Field<'a>, workload: &Workload<'a>) -> Vec<Self> {
        let taking = |submission: &&'a str| {
            let mut rows: Vec<&TrialRow> = field.trials(submission, workload.name).collect();
            let key = axis::key(&rows)?;
            rows.retain(|row| axis::value(row, key).is_some());
            Some((*submission, key, rows))
        };
        let taking: Vec<_> = field.submissions.iter().filter_map(taking).collect();
        let metrics = taking.iter().flat_map(|(_, _, rows)| rows).filter_map(|row| number(row.best_metric));
        let bounds = Bounds::of(metrics, workload.direction);
        let mut axes: Vec<String> = Vec::new();
        for (_, key, _) in &taking {
            if !axes.contains(&axis::name(key)) {
                axes.push(axis::name(key));
            }
        }
        let sweep = |axis: String| {
            let own = || taking.iter().filter(|(_, key, _)| axis::name(key) == axis);
            let tested = own().flat_map(|(_, _, rows)| rows).any(|row| number(row.test_metric).is_some());
            let swept = |(submission, key, rows): &(&'a str, &'a str, Vec<&'a TrialRow>)| Swept {
                submission,
                key,
                places: places(rows, key, bounds, workload.direction, tested),
                others: axis::others(rows, key),
            };
            let submissions = own().map(swept).collect();
            Self { workload: workload.clone(), axis, tested, submissions }
        };
        axes.into_iter().map(sweep).collect()
    }

    /// All values at which there are trials, ascending.
    pub(super) fn values(&self) -> Vec<f64> {
        let mut values: Vec<f64> =
            self.submissions.iter().flat_map(|swept| swept.places.iter().map(|place| place.x)).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    }

    /// Whether the values are few enough to stand side by side.
    pub(super) fn is_grid(&self) -> bool {
        self.submissions.iter().all(|swept| swept.places.len() <= MOST)
    }

    /// What comes out of a trial: its test metric, or where no trial has any its best validation metric.
    pub(super) fn outcome(&self, trial: &Attempt<'_>) -> Option<f64> {
        if self.tested { trial.test } else { trial.best }
    }
}

fn places<'a>(
    rows: &[&'a TrialRow],
    key: &str,
    bounds: Option<Bounds>,
    direction: Direction,
    tested: bool,
) -> Vec<Place<'a>> {
    // Adding 0 makes one zero of the two.
    let at = |row: &&'a TrialRow| Some((axis::value(row, key)? + 0.0, Attempt::new(row, bounds)));
    let mut all: Vec<(f64, Attempt<'a>)> = rows.iter().filter_map(at).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<Place<'a>> = Vec::new();
    for (x, attempt) in all {
        match places.last_mut().filter(|place| place.x == x) {
            Some(place) => place.trials.push(attempt),
            None => places.push(Place { x, trials: vec![attempt], direction, tested }),
        }
    }
    places
}

impl<'a> Swept<'a> {
    pub(super) fn at(&self, x: f64) -> Option<&Place<'a>> {
        self.places.iter().find(|place| place.x == x)
    }

    /// The place with the best validation metric, of those that did not diverge if there are any. Never chosen by the test
    /// metric, which would then no longer be one.
    pub(super) fn best(&self) -> Option<&Place<'a>> {
        let first = |diverged: bool| {
            let own = self.places.iter().filter(|place| (place.group() == Group::Diverged) == diverged);
            let numbers = own.filter_map(|place| Some((place, place.metric()?)));
            numbers.reduce(|best, new| if best.0.direction.better(new.1, best.1) { new } else { best })
        };
        first(false).or_else(|| first(true)).map(|(place, _)| place)
    }

    /// The stretches of neighbouring values at which it converged: their first and last.
    pub(super) fn converged(&self) -> Vec<(f64, f64)> {
        let mut stretches: Vec<(f64, f64)> = Vec::new();
        let mut before = false;
        for place in &self.places {
            let now = place.group() == Group::Converged;
            match stretches.last_mut().filter(|_| before) {
                Some(stretch) if now => stretch.1 = place.x,
                None if now => stretches.push((place.x, place.x)),
                _ => {}
            }
            before = now;
        }
        stretches
    }
}

impl Place<'_> {
    /// The best validation metric.
    pub(super) fn metric(&self) -> Option<f64> {
        self.median(|trial| trial.best)
    }

    /// The metric on the test split.
    pub(super) fn test(&self) -> Option<f64> {
        self.median(|trial| trial.test)
    }

    pub(super) fn outcome(&self) -> Option<f64> {
        if self.tested { self.test() } else { self.metric() }
    }

    /// The share of the budget at which the best evaluation came, of the trials that have one.
    pub(super) fn share(&self) -> Option<f64> {
        middle(self.trials.iter().filter_map(|trial| trial.share).collect())
    }

    pub(super) fn count(&self, group: Group) -> usize {
        self.trials.iter().filter(|trial| trial.group == group).count()
    }

    /// That of most of its trials; of two as frequent ones the worse.
    pub(super) fn group(&self) -> Group {
        let from_best = [Group::Converged, Group::UnderFit, Group::Diverged];
        from_best.into_iter().max_by_key(|group| self.count(*group)).unwrap_or(Group::Diverged)
    }

    fn median(&self, of: impl Fn(&Attempt<'_>) -> Option<f64>) -> Option<f64> {
        let worst = match self.direction {
            Direction::Increasing => f64::NEG_INFINITY,
            Direction::Decreasing => f64::INFINITY,
        };
        middle(self.trials.iter().map(|trial| of(trial).unwrap_or(worst)).collect())
    }
}

impl<'a> Attempt<'a> {
    fn new(row: &'a TrialRow, bounds: Option<Bounds>) -> Self {
        let best = number(row.best_metric);
        let share = row.best_step.filter(|_| row.budget_steps > 0).map(|step| step as f64 / row.budget_steps as f64);
        let early = share.is_some_and(|share| share < EARLY);
        // A trial without a last evaluation has nothing to show for what came after its best.
        let lost = |best: f64, bounds: Bounds| number(row.final_metric).is_none_or(|last| !bounds.near(best, last));
        let group = match best.zip(bounds) {
            _ if matches!(row.status.as_str(), "diverged" | "failed") => Group::Diverged,
            None => Group::Diverged,
            Some((best, bounds)) if early && lost(best, bounds) => Group::Diverged,
            Some((best, bounds)) if bounds.near(bounds.best, best) => Group::Converged,
            Some(_) => Group::UnderFit,
        };
        Self { row, best, test: number(row.test_metric), share, group }
    }
}

/// The best and the worst number of a workload.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    best: f64,
    worst: f64,
}

impl Bounds {
    fn of(metrics: impl Iterator<Item = f64>, direction: Direction) -> Option<Self> {
        let widen = |bounds: Option<Self>, metric: f64| {
            let Self { best, worst } = bounds.unwrap_or(Self { best: metric, worst: metric });
            Some(Self {
                best: if direction.better(metric, best) { metric } else { best },
                worst: if direction.better(worst, metric) { metric } else { worst },
            })
        };
        metrics.fold(None, widen)
    }

    /// Whether two metrics differ by at most a tenth of the range.
    fn near(self, one: f64, other: f64) -> bool {
        (one - other).abs() <= NEAR * (self.best - self.worst).abs()
    }
}

fn number(metric: Option<f64>) -> Option<f64> {
    metric.filter(|metric| metric.is_finite())
}

/// The median, if it is a number.
fn middle(values: Vec<f64>) -> Option<f64> {
    number(median(values))
}
