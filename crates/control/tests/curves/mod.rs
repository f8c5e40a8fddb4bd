//! Loss curves that several tests look at.
#![allow(dead_code, reason = "no test needs all of them")]

use rheostat_control::gaussian_process::Points;

/// Uniform numbers in 0..1 of the generator that the fixture was made with.
pub(crate) fn uniform() -> impl Iterator<Item = f64> {
    let mut state = 12_345_u64;
    std::iter::repeat_with(move || {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32);
        state as f64 / 4_294_967_296.0
    })
}

/// Falls exponentially, turns up quadratically at `knee`, with uniform noise of that width.
pub(crate) fn losses(count: usize, width: f64, knee: f64) -> Vec<f64> {
    let loss = |(step, z): (usize, f64)| {
        let u = step as f64 / count as f64;
        2.3 - 1.2 * (1.0 - (-4.0 * u).exp()) + 6.0 * (u - knee).max(0.0).powi(2) + width * (z - 0.5)
    };
    (0..count).zip(uniform()).map(loss).collect()
}

/// The curve of the oracles.
pub(crate) fn short() -> Vec<f64> {
    losses(400, 0.1, 0.7)
}

/// The curve of the detection traces.
pub(crate) fn long() -> Vec<f64> {
    losses(1000, 0.3, 0.6)
}

/// At most `most` of these losses, evenly spread, at x = index / count.
pub(crate) fn stride(losses: &[f64], most: usize) -> Points {
    let count = losses.len();
    let chosen: Vec<usize> = if count <= most {
        (0..count).collect()
    } else {
        (0..most).map(|at| (at as f64 * (count - 1) as f64 / (most - 1) as f64).round() as usize).collect()
    };
    Points {
        x: chosen.iter().map(|&at| at as f64 / count as f64).collect(),
        y: chosen.iter().map(|&at| losses[at]).collect(),
    }
}

pub(crate) fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

pub(crate) fn fixture() -> serde_json::Value {
    serde_json::from_str(include_str!("../fixtures/autowu.json")).unwrap_or_default()
}
