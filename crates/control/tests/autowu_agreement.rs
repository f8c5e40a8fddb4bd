//! The three ways of choosing the points that stand for the losses come to the same decision.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rheostat_control::autowu::{NonFinite, Subset};
use rheostat_control::{AutoWarmUp, Controller, Observation};
use rheostat_schedule::{Frame, Span};

/// Updates between two tests, and of the longest warm-up.
const INTERVAL: u64 = 50;
const LONGEST: u64 = 600;

/// What the losses of a warm-up do.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    /// Fall, and turn up at a knee.
    Knee,
    Flat,
    Fall,
}

/// Uniform numbers between two.
struct Draws(ChaCha8Rng);

impl Draws {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.between(0.0, 1.0)).ln()).sqrt() * (TAU * self.between(0.0, 1.0)).cos()
    }
}

/// Losses with normal noise of a drawn width: a fall of 0.5 to 2, 5 to 50 times the noise; a rise as large within a third to a half of
/// the longest warm-up after the knee.
fn losses(shape: Shape, seed: u64) -> Vec<f64> {
    let mut draws = Draws(ChaCha8Rng::seed_from_u64(seed));
    let (level, fall) = (draws.between(-1.0, 3.0), draws.between(0.5, 2.0));
    let (speed, noise) = (draws.between(2.0, 6.0), fall * draws.between(0.02, 0.2));
    let (knee, width) = (draws.between(0.25, 0.45), draws.between(0.33, 0.5));
    let mut loss = |u: f64| {
        let mean = match shape {
            Shape::Flat => 0.0,
            Shape::Fall => fall * (-speed * u).exp(),
            Shape::Knee => fall * (-speed * u).exp() + fall * ((u - knee).max(0.0) / width).powi(2),
        };
        level + mean + noise * draws.normal()
    };
    (0..LONGEST).map(|step| loss(step as f64 / LONGEST as f64)).collect()
}

/// Where the warm-up ended, if it did before its longest, and the rate that the decay starts from.
fn switched(subset: Subset, losses: &[f64]) -> Option<(u64, f64)> {
    let spec = AutoWarmUp {
        subset,
        max_warmup: Span::Steps(LONGEST),
        test_every: Span::Steps(INTERVAL),
        predict_points: 200,
        grid_points: 200,
        on_non_finite: NonFinite::Mask,
        ..AutoWarmUp::default()
    };
    let mut controller = spec.resolve(&Frame::steps(2 * LONGEST), 11).expect("resolves");
    controller.begin();
    for (step, &loss) in (0..LONGEST - 1).zip(losses) {
        controller.observe(&Observation::Step { step, loss });
        if !controller.is_warming_up() {
            return Some((step + 1, controller.last_test().expect("a test").rate));
        }
    }
    None
}

/// Binned means, a stride and five random draws.
fn found(losses: &[f64]) -> [Option<(u64, f64)>; 3] {
    [Subset::BinMean, Subset::Stride, Subset::Random].map(|subset| switched(subset, losses))
}

#[test]
fn a_knee_is_found_within_two_tests_of_each_other_and_at_rates_no_farther_apart_than_one_test() {
    // What the rate grows by between two tests: the finest that a test can tell where a curve turns up.
    let growth = (AutoWarmUp::default().high / AutoWarmUp::default().low).powf(INTERVAL as f64 / LONGEST as f64);
    for seed in 0..24 {
        let found = found(&losses(Shape::Knee, seed));
        let [Some(one), Some(two), Some(three)] = found else { panic!("curve {seed}: {found:?}") };
        let (steps, rates) = ([one.0, two.0, three.0], [one.1, two.1, three.1]);
        let span =
            |values: [f64; 3]| values.into_iter().fold(0.0, f64::max) / values.into_iter().fold(f64::MAX, f64::min);
        assert!(steps.iter().max().unwrap() - steps.iter().min().unwrap() <= 2 * INTERVAL, "curve {seed}: {found:?}");
        assert!(span(rates) <= growth, "curve {seed}: {found:?}");
    }
}

#[test]
fn no_form_finds_a_minimum_in_noise_that_is_flat_or_falls() {
    for shape in [Shape::Flat, Shape::Fall] {
        for seed in 0..12 {
            assert_eq!(found(&losses(shape, seed)), [None; 3], "{shape:?} {seed}");
        }
    }
}
