use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::bootstrap::draw;
use crate::field::Field;
use crate::sign_test::sign_test;
use crate::{Bootstrap, Rules, ScoreError, Trial};

/// Two submissions of one ruleset side by side, study by study.
///
/// A score depends on everybody who takes part; this does not. A pair is a base workload and the number of a study that both
/// submissions have; its times are those of the studies' best trials. Where a study means the same seeds for both, what the seeds
/// do is in both times and falls out of their ratio. The held-out rule is about medians over studies and plays no part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The ruleset.
    pub ruleset: String,
    /// A submission.
    pub a: String,
    /// Another.
    pub b: String,
    /// By workload, then by study.
    pub pairs: Vec<Pair>,
    /// Pairs in which `a` took less time, among them those that `b` missed.
    pub wins: usize,
    /// Pairs with equal times, among them those that both missed.
    pub ties: usize,
    /// Pairs in which `b` took less time, among them those that `a` missed.
    pub losses: usize,
    /// How much time `a` takes in proportion to `b` where both reach the target; nothing where they never do.
    pub ratio: Option<MeanRatio>,
    /// Two-sided p-value of the exact sign test on wins and losses, without ties. It takes pairs for independent, which studies of
    /// one workload are only as far as the workload itself does not favour one of the two.
    pub p_value: f64,
}

/// A study of a base workload that both submissions have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The base workload.
    pub workload: String,
    /// The study's number.
    pub study: u64,
    /// Time of the best trial of `a`; infinite if none reached the target.
    pub time_a: f64,
    /// Time of the best trial of `b`; infinite if none reached the target.
    pub time_b: f64,
}

/// The geometric mean of ratios of times: exp of the mean of ln(time of `a` / time of `b`). Below 1 `a` is the faster.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanRatio {
    /// Over the pairs in which both reached the target, each counting the same.
    pub mean: f64,
    /// Ends of the bootstrap interval: the pairs of each workload are drawn again with replacement, the workloads are not.
    pub low: f64,
    /// Ends of the bootstrap interval.
    pub high: f64,
    /// How many pairs it is of.
    pub pairs: usize,
}

impl Pair {
    /// ln(time of `a` / time of `b`), if both reached the target in some time.
    pub fn log_ratio(&self) -> Option<f64> {
        let counts = |time: f64| time.is_finite() && time > 0.0;
        (counts(self.time_a) && counts(self.time_b)).then(|| (self.time_a / self.time_b).ln())
    }
}

impl Comparison {
    /// Compares two submissions of a ruleset. Of the rules only [`Rules::best_trial`] matters.
    ///
    /// # Errors
    /// No trial is of the ruleset or of a submission, or the two have no study of a base workload in common.
    pub fn new(
        trials: &[Trial],
        ruleset: &str,
        a: &str,
        b: &str,
        rules: &Rules,
        bootstrap: &Bootstrap,
    ) -> Result<Self, ScoreError> {
        let rulesets: BTreeSet<&str> = trials.iter().map(|trial| trial.ruleset.as_str()).collect();
        if rulesets.is_empty() {
            return Err(ScoreError::Nothing);
        }
        place("ruleset", ruleset, &rulesets.into_iter().collect::<Vec<_>>())?;
        let field =
            Field::new(trials.iter().filter(|trial| trial.ruleset == ruleset), &Rules { held_out: false, ..*rules });
        if field.bases.is_empty() {
            return Err(ScoreError::Nothing);
        }
        let names: Vec<&str> = field.submissions.iter().map(String::as_str).collect();
        let pairs = pairs(&field, place("submission", a, &names)?, place("submission", b, &names)?);
        if pairs.is_empty() {
            return Err(ScoreError::NoPair { a: a.to_owned(), b: b.to_owned() });
        }
        let count = |order| pairs.iter().filter(|pair| pair.time_a.partial_cmp(&pair.time_b) == Some(order)).count();
        let (wins, losses) = (count(Ordering::Less), count(Ordering::Greater));
        Ok(Self {
            ruleset: ruleset.to_owned(),
            a: a.to_owned(),
            b: b.to_owned(),
            wins,
            ties: count(Ordering::Equal),
            losses,
            ratio: mean_ratio(&pairs, bootstrap),
            p_value: sign_test(wins, losses),
            pairs,
        })
    }
}

fn place(what: &'static str, name: &str, known: &[&str]) -> Result<usize, ScoreError> {
    known.iter().position(|known| *known == name).ok_or_else(|| ScoreError::unknown(what, name, known.iter().copied()))
}

/// The studies that both have.
fn pairs(field: &Field, a: usize, b: usize) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (base, workload) in field.bases.iter().enumerate() {
        let theirs = &field.cell(b, base).studies;
        for &(study, time_a) in &field.cell(a, base).studies {
            if let Ok(place) = theirs.binary_search_by_key(&study, |&(study, _)| study) {
                pairs.push(Pair { workload: workload.clone(), study, time_a, time_b: theirs[place].1 });
            }
        }
    }
    pairs
}

fn mean_ratio(pairs: &[Pair], bootstrap: &Bootstrap) -> Option<MeanRatio> {
    // Workload by workload, as the pairs are.
    let groups: Vec<Vec<f64>> = pairs
        .chunk_by(|one, next| one.workload == next.workload)
        .map(|group| group.iter().filter_map(Pair::log_ratio).collect())
        .collect();
    let count: usize = groups.iter().map(Vec::len).sum();
    if count == 0 {
        return None;
    }
    let mut random = bootstrap.random();
    let mut redrawn = || {
        let mut sum = 0.0;
        for group in &groups {
            sum += group.iter().map(|_| group[draw(&mut random, group.len())]).sum::<f64>();
        }
        sum / count as f64
    };
    let means: Vec<f64> = (0..bootstrap.resamples).map(|_| redrawn()).collect();
    let (low, high) = bootstrap.interval(means);
    let mean = groups.iter().flatten().sum::<f64>() / count as f64;
    Some(MeanRatio { mean: mean.exp(), low: low.exp(), high: high.exp(), pairs: count })
}
