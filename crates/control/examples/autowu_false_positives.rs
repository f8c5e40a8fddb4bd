//! How often AutoWU's test sees a minimum in noise that has none: the published fit beside ours.
//!
//! `cargo run --release -p rheostat-control --example autowu_false_positives`
#![allow(clippy::print_stdout, reason = "it prints its result")]

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rheostat_control::autowu::{Fit, MinimumTest, NonFinite};
use rheostat_control::gaussian_process::{GaussianProcessError, Points};
use rheostat_control::{AutoWarmUp, ControlError, Controller, Observation};
use rheostat_schedule::Frame;

const CURVES: u64 = 100;
const CONFIDENCE: f64 = 0.95;
const NOISES: [f64; 3] = [0.05, 0.1, 0.3];

/// A loss by the share of training done.
type Curve = fn(f64) -> f64;

const CURVE: [(&str, Curve); 3] =
    [("straight", |u| 2.3 - 1.2 * u), ("levelling", |u| 1.1 + 1.2 * (-4.0 * u).exp()), ("flat", |_| 2.3)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("One test of {CURVES} curves of 100 losses without a minimum: share above {CONFIDENCE}");
    println!(
        "{:<10}{:>7}{:>22}{:>10}{:>8}{:>24}",
        "curve", "noise", "adam100 (published)", "profile", "grid", "profile, standardized"
    );
    for (name, curve) in CURVE {
        for noise in NOISES {
            let published = alone(curve, noise, Fit::Adam100, false)?;
            let profile = alone(curve, noise, Fit::Profile, false)?;
            let grid = alone(curve, noise, Fit::Grid, false)?;
            let scaled = alone(curve, noise, Fit::Profile, true)?;
            println!("{name:<10}{noise:>7}{published:>22.2}{profile:>10.2}{grid:>8.2}{scaled:>24.2}");
        }
    }
    println!("\nWhole warm-ups of 10 epochs of 50 updates: share that ends early, patience 3");
    println!("{:<10}{:>7}{:>22}{:>10}", "curve", "noise", "published", "default");
    for (name, curve) in CURVE {
        for noise in NOISES {
            let published = whole(curve, noise, &AutoWarmUp::published())?;
            let default = whole(curve, noise, &AutoWarmUp { on_non_finite: NonFinite::Mask, ..AutoWarmUp::default() })?;
            println!("{name:<10}{noise:>7}{published:>22.2}{default:>10.2}");
        }
    }
    Ok(())
}

/// Share of the curves on which one test says yes.
fn alone(curve: Curve, noise: f64, fit: Fit, standardize: bool) -> Result<f64, GaussianProcessError> {
    let test = MinimumTest { fit, grid_points: 101, ..MinimumTest::default() };
    let mut positive = 0;
    for seed in 0..CURVES {
        let mut points =
            Points { x: (0..100).map(|at| f64::from(at) / 100.0).collect(), y: losses(curve, noise, 100, seed) };
        if standardize {
            let (mean, variance) = points.moments();
            points.y.iter_mut().for_each(|loss| *loss = (*loss - mean) / variance.sqrt());
        }
        positive += u32::from(test.run(&points)?.is_some_and(|found| found.probability > CONFIDENCE));
    }
    Ok(f64::from(positive) / CURVES as f64)
}

/// Share of the curves on which the warm-up ends before its longest.
fn whole(curve: Curve, noise: f64, spec: &AutoWarmUp) -> Result<f64, ControlError> {
    let frame = Frame::steps(1000).steps_per_epoch(50);
    let mut ended = 0;
    for seed in 0..CURVES {
        let mut controller = spec.resolve(&frame, seed).map_err(|mut errors| errors.remove(0))?;
        controller.begin();
        for (step, loss) in (0..499).zip(losses(curve, noise, 500, seed)) {
            controller.observe(&Observation::Step { step, loss });
        }
        ended += u32::from(!controller.is_warming_up());
    }
    Ok(f64::from(ended) / CURVES as f64)
}

/// The curve with normal noise of that standard deviation.
fn losses(curve: Curve, noise: f64, count: u32, seed: u64) -> Vec<f64> {
    let mut stream = ChaCha8Rng::seed_from_u64(seed);
    let mut uniform = || (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    let mut normal = || (-2.0 * (1.0 - uniform()).ln()).sqrt() * (TAU * uniform()).cos();
    (0..count).map(|at| curve(f64::from(at) / f64::from(count)) + noise * normal()).collect()
}
