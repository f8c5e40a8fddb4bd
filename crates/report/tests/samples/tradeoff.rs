//! Read-outs shaped like those of arXiv:2206.00832: methods over points that double, in both modes, with three seeds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rheostat_record::{Direction, Event, Manifest, Run};
use rheostat_score::{ReadOutRow, TradeoffMode};

use super::Noise;

pub const POINTS: [u64; 6] = [16, 32, 64, 128, 256, 512];
/// Updates of an epoch.
pub const EPOCH: u64 = 10;

/// Four methods on `resnet`: what each adds to the baseline at the first and at the last point.
pub fn article() -> Vec<ReadOutRow> {
    let methods = [
        ("baseline", 0.0, 0.0, -0.0008),
        ("blurpool", 0.020, 0.001, 0.0007),
        ("label smoothing", 0.002, 0.007, -0.0005),
        ("mixup", -0.012, 0.009, -0.0030),
    ];
    let mut rows = Vec::new();
    for (index, (submission, early, late, gap)) in methods.into_iter().enumerate() {
        for seed in 1..=3 {
            // Mixed, as neighbours in a linear sequence would go side by side.
            let mixed = (seed * 4 + index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mut noise = Noise((mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9));
            let mut shift = 0.0;
            for mode in [TradeoffMode::Cyclic, TradeoffMode::Standard] {
                for (point, epochs) in POINTS.into_iter().enumerate() {
                    let along = point as f64 / (POINTS.len() - 1) as f64;
                    let base = 0.783 - 0.085 * (-2.6 * along).exp() - 0.003 * (along - 0.6).max(0.0);
                    let gap = if mode == TradeoffMode::Cyclic { gap } else { 0.0 };
                    shift = if point == 0 { noise.next() * 0.001 } else { shift };
                    let metric = base + early + (late - early) * along + gap + shift + noise.next() * 0.0012;
                    rows.push(row(submission, "resnet", mode, seed, point as u64, epochs * EPOCH, metric));
                }
            }
        }
    }
    rows
}

/// One read-out; its best is a little better, its test metric a little worse.
pub fn row(
    submission: &str,
    workload: &str,
    mode: TradeoffMode,
    seed: u64,
    point: u64,
    step: u64,
    metric: f64,
) -> ReadOutRow {
    ReadOutRow {
        submission: submission.to_owned(),
        workload: workload.to_owned(),
        study: seed - 1,
        trial: if mode == TradeoffMode::Cyclic { 0 } else { point + 1 },
        seed,
        mode,
        point,
        step,
        spent: step,
        forwards: step,
        backwards: step,
        train_s: step as f64 * 0.9,
        metric: "accuracy".to_owned(),
        direction: "increasing".to_owned(),
        end_metric: Some(metric),
        best_metric: Some(metric + 0.0005),
        best_step: Some(step - 2),
        test_metric: Some(metric - 0.004),
        budget_steps: if mode == TradeoffMode::Cyclic { 512 * EPOCH } else { step },
        samples: 20_480,
        threads: 2,
        processor: "made up".to_owned(),
        program: "rheostat 0.1.0".to_owned(),
        recipe_hash: hash(mode),
    }
}

fn hash(mode: TradeoffMode) -> String {
    mode.name().chars().take(1).collect::<String>().repeat(64)
}

/// The baseline's cyclic run of seed 1: its rate begins anew after every point, and its accuracy falls then.
pub fn cyclic_run(manifest: Manifest) -> (String, Run) {
    let manifest = Manifest {
        workload: "resnet".to_owned(),
        recipe_hash: hash(TradeoffMode::Cyclic),
        seed: 1,
        metric: "accuracy".to_owned(),
        direction: Direction::Increasing,
        ..manifest
    };
    let rows = article();
    let own =
        rows.iter().filter(|row| row.submission == "baseline" && row.seed == 1 && row.mode == TradeoffMode::Cyclic);
    let mut events = Vec::new();
    let (mut begin, mut noise) = (8 * EPOCH, Noise(5));
    for step in 0..begin {
        events.push(event(step, 2.048 * step as f64 / begin as f64));
    }
    for row in own {
        let length = (row.step - begin) as f64;
        let top = row.end_metric.unwrap_or_default();
        for step in begin..row.step {
            let along = (step - begin) as f64 / length;
            events.push(event(step, 1.024 * (1.0 + (std::f64::consts::PI * along).cos())));
            if (step + 1) % (2 * EPOCH) == 0 {
                let fallen = 0.22 * (1.0 - along).powf(0.8) * if step + 1 == row.step { 0.0 } else { 1.0 };
                let val_metric = top - fallen + noise.next() * 0.01 * (1.0 - along);
                let (step, train_seconds) = (step + 1, step as f64 * 0.9);
                events.push(Event::Evaluation {
                    step,
                    val_loss: 1.0 - val_metric,
                    val_metric,
                    train_seconds,
                    cost: None,
                });
            }
        }
        begin = row.step;
    }
    ("baseline".to_owned(), Run { path: PathBuf::from("runs/cyclic"), manifest, events, result: None })
}

fn event(step: u64, rate: f64) -> Event {
    Event::Step {
        step,
        loss: 1.0,
        gradient_norm: 1.0,
        train_seconds: step as f64 * 0.9,
        hyperparameters: BTreeMap::from([("learning_rate".to_owned(), rate)]),
    }
}
