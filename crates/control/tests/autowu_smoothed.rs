//! The curve that a test of the automated warm-up looks at.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod curves;

use proptest::prelude::*;
use rheostat_control::autowu::{Fit, FloorUnit, NonFinite, SmoothedLoss, Subset};
use rheostat_control::gaussian_process::{GaussianProcess, Kernel, Points};
use rheostat_control::{AutoWarmUp, AutoWarmUpController, Controller, Observation, replay_traced};
use rheostat_schedule::Frame;

fn frame() -> Frame {
    Frame::steps(2000).steps_per_epoch(100)
}

/// Every curve of a run on these losses, and the controller at its end.
fn curves_of(spec: &AutoWarmUp, losses: &[f64]) -> (Vec<SmoothedLoss>, AutoWarmUpController) {
    let mut controller = spec.resolve(&frame(), 7).expect("resolves");
    let mut found = Vec::new();
    let seen = (0..).zip(losses).map(|(step, &loss)| Observation::Step { step, loss });
    replay_traced(&mut controller, seen, |controller, seen| found.extend(controller.smoothed(seen)));
    (found, controller)
}

#[test]
fn the_curve_belongs_to_the_test_that_the_loss_brings_about() {
    let forms = [
        AutoWarmUp::default(),
        AutoWarmUp { fit_points: 40, predict_points: 60, ..AutoWarmUp::published() },
        AutoWarmUp { fit: Fit::Adam100, bins: 16, ..AutoWarmUp::default() },
        AutoWarmUp { subset: Subset::Random, predict_points: 50, ..AutoWarmUp::default() },
        AutoWarmUp { subset: Subset::Stride, standardize: false, ..AutoWarmUp::default() },
    ];
    for form in forms {
        let mut controller = form.resolve(&frame(), 7).expect("resolves");
        controller.begin();
        let mut tests = 0;
        for (step, &loss) in (0..).zip(&curves::long()) {
            let seen = Observation::Step { step, loss };
            let before = controller.save();
            let curve = controller.smoothed(&seen);
            assert_eq!(controller.save(), before, "looking changes nothing");
            let was = controller.last_test();
            controller.observe(&seen);
            let test = controller.last_test().filter(|test| Some(*test) != was);
            assert_eq!(curve.map(|curve| curve.test), test, "{form:?} at {step}");
            tests += u32::from(test.is_some());
        }
        assert!(tests >= 8, "{tests}");
    }
}

#[test]
fn the_deciding_curve_follows_the_losses_and_is_lowest_where_the_decay_begins() {
    let losses = curves::long();
    let (found, controller) = curves_of(&AutoWarmUp::default(), &losses);
    assert!(!controller.is_warming_up());
    let last = found.last().expect("a curve");
    assert!(last.test.positive && last.test.probability > 0.95);
    assert_eq!(last.updates.len(), 500);
    assert_eq!((last.updates[0], last.updates[499]), (0.0, last.test.updates as f64));
    let lowest = last.updates[last.lowest];
    assert!((lowest - 635.3).abs() < 20.0, "{lowest}");
    // The noise has a standard deviation of 0.087; what is left of it in the mean is small.
    for (at, (mean, deviation)) in last.updates.iter().zip(last.mean.iter().zip(&last.deviation)) {
        let u = at / 1000.0;
        let truth = 2.3 - 1.2 * (1.0 - (-4.0 * u).exp()) + 6.0 * (u - 0.6).max(0.0).powi(2);
        assert!((mean - truth).abs() < 0.08, "{at}: {mean} {truth}");
        assert!((1e-4..0.08).contains(deviation), "{at}: {deviation}");
    }
    let highest = last.probability.iter().copied().fold(0.0, f64::max);
    assert_eq!(highest, last.test.probability);
    assert_eq!(last.probability[499], 0.5);
    let rate = controller.warm_up_rate(0) * (1e5_f64.ln() * lowest / 1000.0).exp();
    assert!((last.test.rate / rate).ln().abs() < 0.02, "{} {rate}", last.test.rate);
}

#[test]
fn the_curve_is_in_the_units_of_the_loss() {
    let losses = curves::long();
    let other: Vec<f64> = losses.iter().map(|loss| 40.0 * loss - 7.0).collect();
    let ((one, _), (two, _)) = (curves_of(&AutoWarmUp::default(), &losses), curves_of(&AutoWarmUp::default(), &other));
    let (one, two) = (one.last().unwrap(), two.last().unwrap());
    for at in 0..one.mean.len() {
        assert!((40.0 * one.mean[at] - 7.0 - two.mean[at]).abs() < 1e-6);
        assert!((40.0 * one.deviation[at] - two.deviation[at]).abs() < 1e-6);
        assert!((one.probability[at] - two.probability[at]).abs() < 1e-6);
    }
    // Without scaling the losses first, the fit is in their units already.
    let literal = AutoWarmUp {
        standardize: false,
        floor_unit: FloorUnit::Absolute,
        subset: Subset::Stride,
        ..AutoWarmUp::default()
    };
    let (plain, _) = curves_of(&literal, &losses);
    let plain = plain.last().unwrap();
    assert!((plain.mean[250] - one.mean[250]).abs() < 0.1);
}

#[test]
fn a_loss_that_ends_the_warm_up_has_a_curve_and_later_ones_have_none() {
    let mut losses = curves::long();
    losses[450] = f64::NAN;
    let (found, _) = curves_of(&AutoWarmUp::default(), &losses);
    assert_eq!(found.iter().map(|curve| curve.test.updates).collect::<Vec<_>>(), [100, 200, 300, 400, 451]);
    let masked = AutoWarmUp { on_non_finite: NonFinite::Mask, ..AutoWarmUp::default() };
    let (found, _) = curves_of(&masked, &losses);
    assert!(found.iter().all(|curve| curve.test.updates % 100 == 0));
}

#[test]
fn where_no_test_is_made_there_is_no_curve() {
    let mut controller = AutoWarmUp::default().resolve(&frame(), 7).expect("resolves");
    controller.begin();
    for step in 0..99 {
        controller.observe(&Observation::Step { step, loss: 1.0 });
    }
    let step = |step, loss| Observation::Step { step, loss };
    assert_eq!(controller.smoothed(&step(99, 1.0)), None, "all losses are the same");
    assert!(controller.smoothed(&step(99, 2.0)).is_some());
    assert_eq!(controller.smoothed(&step(98, 2.0)), None, "told already");
    assert_eq!(controller.smoothed(&step(100, 2.0)), None, "no test is due");
    assert_eq!(controller.smoothed(&Observation::Evaluation { updates: 99, loss: 1.0, metric: 1.0 }), None);
}

#[test]
fn a_curve_is_known_where_it_was_seen_and_unknown_far_away() {
    let process = GaussianProcess { mean: 1.0, scale: 2.0, noise: 0.5, length_scale: 0.1, kernel: Kernel::default() };
    let points = Points { x: vec![0.5], y: vec![3.0] };
    let variances = process.variances(&points, &[0.5, 50.0]).unwrap();
    // s - s^2 / (s + sigma^2)
    assert!((variances[0] - (2.0 - 4.0 / 2.5)).abs() < 1e-12 && (variances[1] - 2.0).abs() < 1e-12, "{variances:?}");
    let prediction = process.predict(&points, &[0.5, 0.7, 50.0]).unwrap();
    let probabilities = prediction.probabilities(1e-4);
    assert_eq!(probabilities.len(), 3);
    let highest = probabilities[..2].iter().copied().fold(0.0, f64::max);
    assert!((highest - prediction.probability(1e-4)).abs() < 1e-15);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_losses_a_curve_is_finite_and_its_probabilities_are_such(
        losses in prop::collection::vec(prop_oneof![6 => 0.0..5.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN)], 100..420),
        masked in any::<bool>(),
    ) {
        let mut spec = AutoWarmUp::default();
        if masked {
            spec.on_non_finite = NonFinite::Mask;
        }
        for curve in curves_of(&spec, &losses).0 {
            prop_assert!(curve.lowest < curve.mean.len() && curve.updates.is_sorted());
            prop_assert!(curve.mean.iter().all(|mean| mean.is_finite()));
            prop_assert!(curve.deviation.iter().all(|deviation| deviation.is_finite() && *deviation >= 0.0));
            prop_assert!(curve.probability.iter().all(|probability| (0.0..=1.0).contains(probability)));
        }
    }
}
