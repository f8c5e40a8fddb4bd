use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::times::{Field, Studies};
use crate::{Profile, Rules};

/// How uncertain scores are: studies are drawn again with replacement, each submission and workload on its own, and scored again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Times that it is done.
    pub resamples: u32,
    /// Share of the resampled scores within the interval.
    pub confidence: f64,
    /// Which resamples are drawn.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 1000 resamples, 90 % intervals.
    fn default() -> Self {
        Self { resamples: 1000, confidence: 0.9, seed: 0 }
    }
}

/// What the resamples say of a submission.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Share of the resamples in which no submission scored more; shared where several scored the same.
    pub(crate) first: f64,
}

impl Bootstrap {
    /// Of every submission of the field.
    pub(crate) fn spread(&self, field: &Field, rules: &Rules) -> Vec<Spread> {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let count = field.submissions.len();
        let mut scores = vec![Vec::with_capacity(self.resamples as usize); count];
        let mut first = vec![0.0; count];
        for _ in 0..self.resamples {
            let profile = Profile::new(&field.times(&resample(&field.studies, &mut random), rules));
            let drawn: Vec<f64> =
                (0..count).map(|submission| profile.score(submission, rules.largest_ratio, rules.integral)).collect();
            let best = drawn.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let winners = drawn.iter().filter(|&&score| score == best).count() as f64;
            for (submission, &score) in drawn.iter().enumerate() {
                scores[submission].push(score);
                if score == best {
                    first[submission] += 1.0 / (winners * f64::from(self.resamples));
                }
            }
        }
        let tail = (1.0 - self.confidence) / 2.0;
        scores
            .into_iter()
            .zip(first)
            .map(|(mut scores, first)| {
                scores.sort_by(f64::total_cmp);
                Spread { low: quantile(&scores, tail), high: quantile(&scores, 1.0 - tail), first }
            })
            .collect()
    }
}

/// As many studies for each submission and workload as there are, drawn with replacement.
fn resample(studies: &Studies, random: &mut ChaCha8Rng) -> Studies {
    let mut draw = |times: &Vec<f64>| {
        times.iter().map(|_| times[(random.next_u64() % times.len() as u64) as usize]).collect::<Vec<f64>>()
    };
    studies.iter().map(|(cell, times)| (cell.clone(), draw(times))).collect()
}

/// The quantile of sorted numbers, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len().saturating_sub(1)) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(low), Some(high)) => low + (high - low) * (place - below as f64),
        _ => f64::NAN,
    }
}
