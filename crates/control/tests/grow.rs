//! The growing batch: published values, and what stays the same whatever it does.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_control::{
    ControlError, ControllerMethod, GrowingBatch, Hyperparameter, MetricDirection, Setting, noise_scale,
};
use rheostat_schedule::{BatchGrowth, BatchPiece, Frame, Schedule, ScheduleSpec, Span};

fn published() -> GrowingBatch {
    GrowingBatch { quantum: 32, ..GrowingBatch::new(128, 5120) }
}

/// The batch sizes of so many epochs as pieces of a run, one an epoch.
fn pieces(spec: &GrowingBatch, reference: &Schedule, samples: u64, epochs: usize) -> Vec<BatchPiece> {
    let mut first_step = 0;
    let piece = |batch| {
        let piece = BatchPiece { first_step, batch, steps_per_epoch: samples / batch };
        first_step += piece.steps_per_epoch;
        piece
    };
    spec.sizes(reference, samples / spec.start).take(epochs).map(piece).collect()
}

fn steps(pieces: &[BatchPiece]) -> u64 {
    pieces.iter().map(|piece| piece.steps_per_epoch).sum()
}

fn sizes(spec: &GrowingBatch, reference: &Schedule, per_epoch: u64, epochs: usize) -> Vec<u64> {
    spec.sizes(reference, per_epoch).take(epochs).collect()
}

#[test]
fn batch_and_rate_are_the_published_ones() {
    for (reference, batch, rate) in [(0.1, 128, 0.1), (0.02, 640, 0.1), (0.004, 3200, 0.1), (0.0008, 5120, 0.032)] {
        assert_eq!(published().batch(reference, 0.1), batch);
        assert!((published().rate(reference, batch) - rate).abs() <= 1e-12 * rate);
    }
}

#[test]
fn with_the_square_root_the_batch_grows_with_the_square_of_the_fall() {
    let spec = GrowingBatch { exponent: 0.5, ..GrowingBatch::new(16, 100_000) };
    assert_eq!(spec.batch(0.01, 0.1), 1600);
    assert!((spec.rate(0.01, 1600) - 0.1).abs() <= 1e-15);
}

#[test]
fn a_reference_rate_of_zero_means_the_largest_batch_and_no_rate() {
    assert_eq!(published().batch(0.0, 0.1), 5120);
    assert_eq!(published().rate(0.0, 5120), 0.0);
}

#[test]
fn a_rate_that_is_not_below_the_peak_lets_nothing_grow() {
    for (rate, peak) in [(0.1, 0.1), (0.2, 0.1), (0.0, 0.0), (f64::NAN, 0.1), (0.1, f64::NAN)] {
        assert_eq!(published().batch(rate, peak), 128, "{rate} {peak}");
    }
}

#[test]
fn a_warm_up_leaves_the_batch_as_it_is() {
    for first in [0, 1] {
        let reference = ScheduleSpec::step(0.4, 0.5, Span::Steps(30))
            .warmup(Span::Steps(40))
            .warmup_first(first)
            .resolve(&Frame::steps(130));
        let spec = GrowingBatch::new(10, 80);
        assert_eq!(sizes(&spec, &reference.unwrap(), 10, 13), [10, 10, 10, 10, 10, 10, 10, 20, 20, 20, 40, 40, 40]);
    }
}

#[test]
fn a_peak_between_two_epochs_beginnings_is_not_overlooked() {
    let reference = ScheduleSpec::cyclic(0.1, 0.4, Span::Steps(5)).resolve(&Frame::steps(40)).unwrap();
    assert_eq!(sizes(&GrowingBatch::new(10, 1000), &reference, 10, 3), [10, 40, 40]);
}

#[test]
fn where_the_reference_rises_again_the_batch_shrinks_again() {
    let reference = ScheduleSpec::warm_restarts(1.0, Span::Steps(40)).floor(0.1).resolve(&Frame::steps(80)).unwrap();
    let sizes = sizes(&GrowingBatch::new(10, 1000), &reference, 20, 4);
    assert!(sizes[0] == 10 && sizes[1] > 10 && sizes[2..] == sizes[..2], "{sizes:?}");
}

#[test]
fn the_rate_in_force_is_known_before_the_run_with_its_turning_points() {
    let spec = GrowingBatch::new(10, 500);
    let frame = Frame::steps(400);
    let reference = ScheduleSpec::step(0.5, 0.1, Span::Steps(150)).warmup(Span::Steps(50)).resolve(&frame).unwrap();
    let pieces = pieces(&spec, &reference, 1000, 4);
    assert_eq!(pieces.iter().map(|piece| piece.batch).collect::<Vec<_>>(), [10, 10, 100, 100]);
    let rate = spec.grown(reference, 1000, pieces, 220).unwrap();
    for (step, want) in [(0, 0.01), (50, 0.5), (199, 0.5), (200, 0.5), (214, 0.5), (215, 0.05), (219, 0.05)] {
        assert!((rate.at(step) - want).abs() <= 1e-12, "{} at {step}", rate.at(step));
    }
    assert!(rate.total() == Some(220) && (rate.peak() - 0.5).abs() <= 1e-12);
    assert!([50, 200, 215].iter().all(|mark| rate.breakpoints().contains(mark)), "{:?}", rate.breakpoints());
}

#[test]
fn the_noise_of_sgd_is_the_published_one() {
    let noise = |momentum| noise_scale(0.1, 50_000, 128, momentum).unwrap();
    assert!((noise(0.0) - 39.0625).abs() <= 1e-12);
    assert!((noise(0.0) - 0.1 - 38.9625).abs() <= 1e-12, "the exact value for plain SGD");
    assert!((noise(0.9) - 390.625).abs() <= 1e-9);
}

#[test]
fn a_noise_without_a_batch_or_with_a_momentum_of_one_is_refused_by_name() {
    let field = |error: Result<f64, ControlError>| error.unwrap_err().field().to_owned();
    assert_eq!(field(noise_scale(0.1, 100, 0, 0.0)), "batch_size");
    assert_eq!(field(noise_scale(0.1, 100, 10, 1.0)), "momentum");
    assert_eq!(field(noise_scale(f64::NAN, 100, 10, 0.0)), "learning_rate");
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    let declared: String = GrowingBatch::METHOD
        .parameters
        .iter()
        .map(|parameter| format!("{} = {}\n", parameter.name, parameter.default.unwrap_or("64")))
        .collect();
    assert_eq!(toml::from_str::<GrowingBatch>(&declared).unwrap(), GrowingBatch::new(64, 64));
    assert_eq!(toml::from_str::<GrowingBatch>("start = 8\nmaximum = 9").unwrap(), GrowingBatch::new(8, 9));
    assert!(toml::from_str::<GrowingBatch>("start = 8").unwrap_err().to_string().contains("maximum"));
    assert!(toml::from_str::<GrowingBatch>("start = 8\nmaximum = 9\nmin = 1").is_err());
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let fields = |spec: GrowingBatch| {
        let errors = spec.check().unwrap_err();
        errors.iter().map(|error| error.field().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(published().check(), Ok(()));
    assert_eq!(
        fields(GrowingBatch { start: 0, maximum: 0, quantum: 0, exponent: 0.0 }),
        ["start", "maximum", "quantum", "exponent"]
    );
    assert_eq!(fields(GrowingBatch::new(128, 64)), ["maximum"]);
    assert_eq!(fields(GrowingBatch { quantum: 32, ..GrowingBatch::new(100, 200) }), ["start"]);
    for exponent in [1.5, -1.0, f64::NAN] {
        assert_eq!(fields(GrowingBatch { exponent, ..published() }), ["exponent"]);
    }
}

#[test]
fn on_its_own_it_is_no_controller_of_the_batch_size() {
    let setting = Setting {
        frame: Frame::steps(100),
        evaluate_every: 10,
        target: 0.9,
        direction: MetricDirection::Increasing,
        seed: 0,
    };
    let errors = published().resolve(Hyperparameter::BatchSize, &setting).err().expect("refused");
    assert!(errors[0].to_string().contains("learning rate"), "{}", errors[0]);
}

fn reference() -> impl Strategy<Value = Schedule> {
    let frame = Frame::steps(200);
    let curve = prop_oneof![
        Just(ScheduleSpec::from(ScheduleSpec::cosine(0.3))),
        Just(ScheduleSpec::step(0.3, 0.2, Span::Steps(45)).into()),
        Just(ScheduleSpec::cyclic(0.0, 0.3, Span::Steps(25)).into()),
        Just(ScheduleSpec::one_cycle(0.3).into()),
        Just(ScheduleSpec::linear(0.0, 0.3).into()),
    ];
    (curve, 0_u64..60)
        .prop_map(move |(curve, warmup)| curve.warmup(Span::Steps(warmup)).resolve(&frame).expect("resolves"))
}

proptest! {
    #[test]
    fn in_every_update_the_rate_over_the_power_of_the_batch_is_that_of_the_reference(
        reference in reference(),
        start in 1_u64..6,
        quantum in 1_u64..9,
        more in 0_u64..300,
        exponent in 0.2..=1.0_f64,
        beyond in 0_u64..400,
    ) {
        let start = start * quantum;
        let spec = GrowingBatch { start, maximum: start + more, quantum, exponent };
        let samples = start + more + beyond;
        let pieces = pieces(&spec, &reference, samples, 12);
        let total_steps = steps(&pieces);
        let rate = spec.grown(reference.clone(), samples, pieces.clone(), total_steps).unwrap();
        let growth = BatchGrowth { start, samples, exponent, pieces: pieces.clone(), total_steps };
        for step in 0..steps(&pieces) {
            let piece = pieces.iter().rev().find(|piece| piece.first_step <= step).unwrap();
            let of_reference = reference.at(growth.reference_step(step)) / (start as f64).powf(exponent);
            let now = rate.at(step) / (piece.batch as f64).powf(exponent);
            prop_assert!((now - of_reference).abs() <= 1e-12 * of_reference.max(1e-3), "{now} is not {of_reference}");
            prop_assert!(Hyperparameter::LearningRate.check(rate.at(step)).is_ok());
        }
    }

    #[test]
    fn a_batch_is_between_start_and_maximum_and_a_multiple_below_it(
        rate in prop_oneof![4 => 0.0..1.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(1e-310)],
        peak in 0.0..1.0_f64,
        start in 1_u64..6,
        quantum in 1_u64..50,
        more in 0_u64..1000,
        exponent in 0.01..=1.0_f64,
    ) {
        let start = start * quantum;
        let spec = GrowingBatch { start, maximum: start + more, quantum, exponent };
        let batch = spec.batch(rate, peak);
        prop_assert!((start..=start + more).contains(&batch), "{batch}");
        prop_assert!(batch == spec.maximum || batch.is_multiple_of(quantum));
    }

    #[test]
    fn an_epoch_sees_all_samples_but_a_remainder_and_never_passes_the_end_of_its_reference(
        reference in reference(),
        start in 1_u64..20,
        more in 0_u64..200,
        beyond in 0_u64..400,
    ) {
        let (spec, samples) = (GrowingBatch::new(start, start + more), start + more + beyond);
        let pieces = pieces(&spec, &reference, samples, 8);
        let growth = BatchGrowth { start, samples, exponent: 1.0, pieces: pieces.clone(), total_steps: steps(&pieces) };
        for (epoch, piece) in (0_u64..).zip(&pieces) {
            let seen = piece.steps_per_epoch * piece.batch;
            prop_assert!(seen <= samples && samples - seen < piece.batch);
            let reference = |step| growth.reference_step(piece.first_step + step);
            prop_assert_eq!(reference(0), epoch * (samples / start));
            prop_assert!(reference(piece.steps_per_epoch - 1) < (epoch + 1) * (samples / start));
        }
    }
}
