use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::{Bootstrap, Profile, Rules, Times, Trial};

/// The submissions of one ruleset, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaderboard {
    /// Which.
    pub ruleset: String,
    /// Best first; of equal scores in the order of the names.
    pub entries: Vec<Entry>,
    /// What the scores are made of.
    pub times: Times,
}

/// A submission's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The ruleset.
    pub ruleset: String,
    /// The training algorithm.
    pub submission: String,
    /// From 1; equal scores share the better rank.
    pub rank: usize,
    /// From 0 to 1: the mean share of workloads within a ratio of the fastest, over the ratios that count.
    pub score: f64,
    /// Ends of the bootstrap interval.
    pub low: f64,
    /// Ends of the bootstrap interval.
    pub high: f64,
    /// How often it comes first when studies are drawn again.
    pub first: f64,
    /// Base workloads on which the target was met in the median.
    pub reached: usize,
    /// Base workloads.
    pub workloads: usize,
}

impl Leaderboard {
    /// A leaderboard for each ruleset, in the order of their names, with the default bootstrap.
    pub fn all(trials: &[Trial], rules: &Rules) -> Vec<Self> {
        Self::all_with(trials, rules, &Bootstrap::default())
    }

    /// A leaderboard for each ruleset, in the order of their names. Those without a base workload are left out.
    pub fn all_with(trials: &[Trial], rules: &Rules, bootstrap: &Bootstrap) -> Vec<Self> {
        let rulesets: BTreeSet<&str> = trials.iter().map(|trial| trial.ruleset.as_str()).collect();
        let boards = rulesets.into_iter().map(|ruleset| {
            let field = Field::new(trials.iter().filter(|trial| trial.ruleset == ruleset), rules);
            Self::new(ruleset, &field, rules, bootstrap)
        });
        boards.filter(|board| !board.times.workloads().is_empty()).collect()
    }

    fn new(ruleset: &str, field: &Field, rules: &Rules, bootstrap: &Bootstrap) -> Self {
        let times = Times::new(field, rules);
        let profile = Profile::new(&times);
        let spread = bootstrap.spread(field, rules);
        let mut entries: Vec<Entry> = times
            .submissions()
            .iter()
            .zip(spread)
            .enumerate()
            .map(|(index, (submission, spread))| Entry {
                ruleset: ruleset.to_owned(),
                submission: submission.clone(),
                rank: 0,
                score: profile.score(index, rules.largest_ratio, rules.integral),
                low: spread.low,
                high: spread.high,
                first: spread.first,
                reached: times.of(index).iter().filter(|time| time.is_finite()).count(),
                workloads: times.workloads().len(),
            })
            .collect();
        entries.sort_by(|a, b| b.score.total_cmp(&a.score));
        for index in 0..entries.len() {
            let tied = index > 0 && entries[index].score == entries[index - 1].score;
            entries[index].rank = if tied { entries[index - 1].rank } else { index + 1 };
        }
        Self { ruleset: ruleset.to_owned(), entries, times }
    }
}
