//! Read-outs made up for tests.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some")]

use rheostat_score::{ReadOutRow, TradeoffMode, TradeoffOptions};

/// Updates at the points.
pub const POINTS: [u64; 3] = [16, 64, 256];

pub fn options() -> TradeoffOptions {
    TradeoffOptions::default()
}

pub fn near(value: f64, expected: f64) {
    assert!((value - expected).abs() < 1e-9 * expected.abs().max(1.0), "{value} is not {expected}");
}

/// One read-out of an accuracy, at a cost of as many updates as the point has.
pub fn row(submission: &str, mode: TradeoffMode, seed: u64, point: u64, step: u64, value: f64) -> ReadOutRow {
    ReadOutRow {
        submission: submission.to_owned(),
        workload: "digits".to_owned(),
        seed,
        mode,
        point,
        step,
        spent: step,
        forwards: step,
        backwards: step,
        train_s: step as f64,
        metric: "accuracy".to_owned(),
        direction: "increasing".to_owned(),
        end_metric: Some(value),
        budget_steps: step,
        ..ReadOutRow::default()
    }
}

/// Read-outs at the first points.
pub fn curve(submission: &str, mode: TradeoffMode, seed: u64, values: &[f64]) -> Vec<ReadOutRow> {
    let at = |(point, (step, value)): (usize, (&u64, &f64))| row(submission, mode, seed, point as u64, *step, *value);
    POINTS.iter().zip(values).enumerate().map(at).collect()
}

/// A whole study: cyclic runs with the budget of the last point, and a standard run a point.
pub fn study(submissions: &[&str], seeds: &[u64]) -> Vec<ReadOutRow> {
    let mut rows = Vec::new();
    for submission in submissions {
        for seed in seeds {
            for mode in TradeoffMode::ALL {
                rows.extend(curve(submission, mode, *seed, &[0.5, 0.6, 0.7]));
            }
        }
    }
    rows.iter_mut().filter(|row| row.mode == TradeoffMode::Cyclic).for_each(|row| row.budget_steps = POINTS[2]);
    rows
}
