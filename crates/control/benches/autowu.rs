//! Time of one AutoWU test after 100000 losses, and of one loss without a test: a JSON line each.
#![allow(missing_docs, clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::Instant;

use rheostat_control::autowu::{NonFinite, Subset};
use rheostat_control::{AutoWarmUp, AutoWarmUpController, Controller, Observation};
use rheostat_schedule::{Frame, Span};

const LOSSES: u64 = 100_000;

fn loss(step: u64) -> f64 {
    let u = step as f64 / LOSSES as f64;
    2.3 - 1.2 * (1.0 - (-4.0 * u).exp())
        + 6.0 * (u - 0.7).max(0.0).powi(2)
        + 0.1 * ((step * 7919) % 1009) as f64 / 1009.0
}

/// A controller that tests after the next loss.
fn before_a_test(spec: &AutoWarmUp) -> AutoWarmUpController {
    let spec =
        AutoWarmUp { test_every: Span::Steps(LOSSES), patience: 2, on_non_finite: NonFinite::Mask, ..spec.clone() };
    let mut controller = spec.resolve(&Frame::steps(8 * LOSSES), 0).unwrap();
    controller.begin();
    for step in 0..LOSSES - 1 {
        controller.observe(&Observation::Step { step, loss: loss(step) });
    }
    controller
}

fn milliseconds(controller: &AutoWarmUpController, step: u64, repeats: usize) -> f64 {
    let mut times: Vec<f64> = (0..repeats)
        .map(|_| {
            let mut controller = controller.clone();
            let start = Instant::now();
            black_box(controller.observe(&Observation::Step { step, loss: loss(step) }));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[repeats / 2]
}

fn main() {
    let forms = [
        ("default", AutoWarmUp::default(), 200),
        ("stride", AutoWarmUp { subset: Subset::Stride, ..AutoWarmUp::default() }, 10),
        ("published", AutoWarmUp::published(), 5),
    ];
    for (name, spec, repeats) in forms {
        let controller = before_a_test(&spec);
        let test = milliseconds(&controller, LOSSES - 1, repeats);
        println!(
            "{{\"benchmark\":\"autowu\",\"form\":\"{name}\",\"losses\":{LOSSES},\"milliseconds_of_a_test\":{test}}}"
        );
    }
    let mut controller = before_a_test(&AutoWarmUp::default());
    controller.observe(&Observation::Step { step: LOSSES - 1, loss: 2.0 });
    let start = Instant::now();
    for step in LOSSES..2 * LOSSES - 1 {
        black_box(controller.observe(&Observation::Step { step, loss: loss(step) }));
    }
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / (LOSSES - 1) as f64;
    println!("{{\"benchmark\":\"autowu\",\"form\":\"default\",\"nanoseconds_of_a_loss\":{nanoseconds}}}");
}
