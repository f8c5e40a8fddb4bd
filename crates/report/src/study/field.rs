//! What one ruleset compares: its submissions, workloads and times.

use rheostat_record::Direction;
use rheostat_score::{BestTrial, TrialRow};

use super::Study;
use super::clock::Clock;
use crate::number::{plural, short, spoken};

/// The trials of one ruleset.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    pub(super) ruleset: &'a str,
    pub(super) rows: Vec<&'a TrialRow>,
    /// Best first.
    pub(super) submissions: Vec<&'a str>,
    /// Scored ones first.
    pub(super) workloads: Vec<Workload<'a>>,
    best_trial: BestTrial,
}

/// What is to be reached where.
#[derive(Debug, Clone)]
pub(super) struct Workload<'a> {
    pub(super) name: &'a str,
    pub(super) role: &'a str,
    pub(super) metric: String,
    pub(super) direction: Direction,
    /// `accuracy 0.95`; nothing if trials have several.
    pub(super) target: Option<String>,
}

/// The studies of one submission on one workload.
#[derive(Debug, Clone)]
pub(super) struct Times<'a> {
    /// Of each study the trial that counts, with its time: infinite if it missed.
    pub(super) counted: Vec<(&'a TrialRow, f64)>,
    pub(super) median: f64,
    /// Of those that reached the target.
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) reached: usize,
}

pub(super) fn all<'a>(study: &Study<'a>) -> Vec<Field<'a>> {
    let mut rulesets: Vec<&str> = study.rows.iter().map(|row| row.ruleset.as_str()).collect();
    rulesets.sort_unstable();
    rulesets.dedup();
    rulesets.into_iter().map(|ruleset| Field::new(study, ruleset)).collect()
}

impl<'a> Field<'a> {
    fn new(study: &Study<'a>, ruleset: &'a str) -> Self {
        let rows: Vec<&TrialRow> = study.rows.iter().filter(|row| row.ruleset == ruleset).collect();
        let mut submissions: Vec<&str> = rows.iter().map(|row| row.submission.as_str()).collect();
        submissions.sort_unstable();
        submissions.dedup();
        let mut workloads: Vec<Workload<'a>> = Vec::new();
        for row in &rows {
            if !workloads.iter().any(|known| known.name == row.workload) {
                workloads.push(Workload::new(&rows, &row.workload));
            }
        }
        let place = |role: &str| ["base", "held_out"].iter().position(|known| *known == role).unwrap_or(2);
        workloads.sort_by_key(|workload| (place(workload.role), workload.name));
        let mut field = Self { ruleset, rows, submissions, workloads, best_trial: study.rules.best_trial };
        field.sort(study);
        field
    }

    /// By the leaderboard; where it does not tell submissions apart, or there is one workload, by their times.
    fn sort(&mut self, study: &Study<'_>) {
        let clock = study.clock();
        let board = study.board(clock, self.ruleset);
        let rank = |name: &str| {
            let entry = board.and_then(|board| board.entries.iter().find(|entry| entry.submission == name));
            entry.map_or(usize::MAX, |entry| entry.rank)
        };
        let key = |name: &str| {
            let medians =
                self.workloads.iter().filter_map(|workload| Some(self.times(name, workload.name, clock)?.median));
            let medians: Vec<f64> = medians.collect();
            let missed = medians.iter().filter(|median| median.is_infinite()).count();
            let sum: f64 = medians.iter().filter(|median| median.is_finite()).sum();
            // Where that is nothing either, whoever came closest.
            let best = match self.workloads.as_slice() {
                [one] => self.best(one, self.trials(name, one.name)).map(|best| match one.direction {
                    Direction::Increasing => -best,
                    Direction::Decreasing => best,
                }),
                _ => None,
            };
            (rank(name), missed, [sum, best.unwrap_or(f64::INFINITY)])
        };
        let mut keyed: Vec<_> = self.submissions.iter().map(|name| (key(name), *name)).collect();
        let order = |a: &[f64; 2], b: &[f64; 2]| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1]));
        keyed.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0).then(a.1.cmp(&b.1)).then(order(&a.2, &b.2)));
        self.submissions = keyed.into_iter().map(|(_, name)| name).collect();
    }

    /// The workloads that are scored.
    pub(super) fn bases(&self) -> impl Iterator<Item = &Workload<'a>> {
        self.workloads.iter().filter(|workload| workload.role == "base")
    }

    /// All trials of a submission on a workload.
    pub(super) fn trials(&self, submission: &str, workload: &str) -> impl Iterator<Item = &'a TrialRow> {
        let of = move |row: &&&TrialRow| row.submission == submission && row.workload == workload;
        self.rows.iter().filter(of).copied()
    }

    /// What a submission needed on a workload; nothing if it was not trained there.
    pub(super) fn times(&self, submission: &str, workload: &str, clock: Clock) -> Option<Times<'a>> {
        let mut rows: Vec<&TrialRow> = self.trials(submission, workload).collect();
        let rank = |row: &TrialRow| match self.best_trial {
            BestTrial::EarliestEvaluation if clock.time(row).is_finite() => row.eval_index.unwrap_or(0),
            BestTrial::EarliestEvaluation => u64::MAX,
            BestTrial::Fastest => 0,
        };
        rows.sort_by(|a, b| {
            let times = clock.time(a).total_cmp(&clock.time(b));
            a.study.cmp(&b.study).then(rank(a).cmp(&rank(b))).then(times).then(a.trial.cmp(&b.trial))
        });
        rows.dedup_by_key(|row| row.study);
        let counted: Vec<(&TrialRow, f64)> = rows.into_iter().map(|row| (row, clock.time(row))).collect();
        let mut times: Vec<f64> = counted.iter().map(|(_, time)| *time).collect();
        times.sort_by(f64::total_cmp);
        let middle = times.len() / 2;
        let upper = *times.get(middle)?;
        let median = if times.len() % 2 == 1 { upper } else { (times[middle - 1] + upper) / 2.0 };
        let reached = times.iter().filter(|time| time.is_finite()).count();
        let high = reached.checked_sub(1).and_then(|last| times.get(last)).copied().unwrap_or(f64::INFINITY);
        Some(Times { counted, median, low: times[0], high, reached })
    }

    /// The least median of a workload; infinite if every submission missed.
    pub(super) fn fastest(&self, workload: &str, clock: Clock) -> f64 {
        let medians = self.submissions.iter().filter_map(|name| Some(self.times(name, workload, clock)?.median));
        medians.fold(f64::INFINITY, f64::min)
    }

    /// The best metric that any of these trials got to.
    pub(super) fn best<'r>(&self, workload: &Workload<'_>, rows: impl Iterator<Item = &'r TrialRow>) -> Option<f64> {
        let metrics = rows.filter_map(|row| row.best_metric).filter(|metric| !metric.is_nan());
        metrics.reduce(|best, metric| if workload.direction.better(metric, best) { metric } else { best })
    }

    /// Whether every time comes from one study alone.
    pub(super) fn single(&self) -> bool {
        self.rows.windows(2).all(|pair| pair[0].study == pair[1].study)
    }
}

impl<'a> Workload<'a> {
    fn new(rows: &[&'a TrialRow], name: &'a str) -> Self {
        let own: Vec<&&TrialRow> = rows.iter().filter(|row| row.workload == name).collect();
        let first = own.first();
        let same = own
            .windows(2)
            .all(|pair| pair[0].metric == pair[1].metric && pair[0].target.total_cmp(&pair[1].target).is_eq());
        let metric = first.map(|row| spoken(&row.metric)).unwrap_or_default();
        Self {
            name,
            role: first.map_or("", |row| row.role.as_str()),
            direction: match first.map(|row| row.direction.as_str()) {
                Some("decreasing") => Direction::Decreasing,
                _ => Direction::Increasing,
            },
            target: first.filter(|_| same).map(|row| format!("{metric} {}", short(row.target))),
            metric,
        }
    }

    /// Its target in words.
    pub(super) fn goal(&self) -> String {
        self.target.clone().unwrap_or_else(|| "its target".to_owned())
    }
}

impl Times<'_> {
    /// `3 studies`, `1 of 3 studies`.
    pub(super) fn studies(&self) -> String {
        let all = plural(self.counted.len() as u64, "study").replace("studys", "studies");
        if self.reached == self.counted.len() { all } else { format!("{} of {all}", self.reached) }
    }
}
