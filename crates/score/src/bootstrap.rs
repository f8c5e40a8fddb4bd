use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::field::Field;
use crate::{Profile, Rules};

/// How uncertain scores are: studies are drawn again with replacement, each submission and workload on its own, and scored again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Times that it is done; without any the intervals are not numbers.
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
        let mut random = self.random();
        let count = field.submissions.len();
        let mut scores = vec![Vec::new(); count];
        let mut first = vec![0.0; count];
        let mut counts = Vec::new();
        for _ in 0..self.resamples {
            let times = field.times(rules, |cell| cell.drawn_median(|below| draw(&mut random, below), &mut counts));
            let profile = Profile::of_rows(&times);
            let drawn: Vec<f64> =
                (0..count).map(|submission| profile.score(submission, rules.largest_ratio, rules.integral)).collect();
            let best = drawn.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let winners = drawn.iter().filter(|&&score| score == best).count() as f64;
            for (submission, &score) in drawn.iter().enumerate() {
                scores[submission].push(score);
                if score == best {
                    first[submission] += 1.0 / winners;
                }
            }
        }
        let spread = scores.into_iter().zip(first).map(|(scores, first)| {
            let (low, high) = self.interval(scores);
            Spread { low, high, first: first / f64::from(self.resamples.max(1)) }
        });
        spread.collect()
    }

    pub(crate) fn random(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// The ends between which the share `confidence` of these numbers lies, as much left out on either side; not numbers if there
    /// are none.
    pub(crate) fn interval(&self, mut numbers: Vec<f64>) -> (f64, f64) {
        numbers.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0;
        (quantile(&numbers, tail), quantile(&numbers, 1.0 - tail))
    }
}

/// A number below `below`, each as likely as the others but for one part in 2^32 / `below`.
pub(crate) fn draw(random: &mut ChaCha8Rng, below: usize) -> usize {
    ((u64::from(random.next_u32()) * below as u64) >> 32) as usize
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
