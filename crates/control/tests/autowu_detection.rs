//! When the minimum is found: the traces of the fixture, and what a change of units must not change.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod curves;

use rheostat_control::autowu::{AutoWarmUpController, Fit, FloorUnit, MinimumTest, NonFinite, Subset, TestResult};
use rheostat_control::gaussian_process::{AdamFit, Points};
use rheostat_control::{AutoWarmUp, Controller, Observation};
use rheostat_schedule::{Frame, Span};

/// Epochs of 100 updates, 12 of which may be warm-up.
fn frame() -> Frame {
    Frame::steps(3000).steps_per_epoch(100)
}

fn spec(fit: Fit) -> AutoWarmUp {
    AutoWarmUp { fit, max_warmup: Span::Steps(1200), on_non_finite: NonFinite::Mask, ..AutoWarmUp::default() }
}

/// As the traces were made: single losses as they are, a fresh fit each time.
fn literal(fit: Fit) -> AutoWarmUp {
    AutoWarmUp {
        subset: Subset::Stride,
        standardize: false,
        floor_unit: FloorUnit::Absolute,
        warm_start: false,
        ..spec(fit)
    }
}

/// Every test of a run on these losses, and the updates after which it decayed.
fn run(spec: &AutoWarmUp, losses: &[f64]) -> (Vec<TestResult>, Option<u64>) {
    let mut controller = spec.resolve(&frame(), 7).expect("resolves");
    controller.begin();
    let (mut tests, mut switched): (Vec<TestResult>, _) = (Vec::new(), None);
    for (step, &loss) in (0_u64..).zip(losses) {
        controller.observe(&Observation::Step { step, loss });
        if let Some(test) = controller.last_test()
            && tests.last().is_none_or(|last| last.updates != test.updates)
        {
            tests.push(test);
        }
        if switched.is_none() && !controller.is_warming_up() {
            switched = Some(step + 1);
        }
    }
    (tests, switched)
}

fn place(controller: &AutoWarmUpController, test: &TestResult) -> f64 {
    let (low, current) = (controller.warm_up_rate(0), controller.warm_up_rate(test.updates - 1));
    (test.rate / low).ln() / (current / low).ln()
}

#[test]
fn every_epoch_finds_what_numpy_finds() {
    let losses = curves::long();
    for (name, fit, switched) in [("adam", Fit::Adam100, 900), ("profile", Fit::Profile, 1000)] {
        let spec = literal(fit);
        let (tests, when) = run(&spec, &losses);
        let controller = spec.resolve(&frame(), 7).expect("resolves");
        let trace = &curves::fixture()["detection_trace"][name];
        for (row, test) in trace.as_array().expect("rows").iter().zip(&tests) {
            let number = |at: usize| row[at].as_f64().expect("a number");
            assert_eq!(test.updates as f64, 100.0 * number(0));
            assert!((test.probability - number(1)).abs() < 1e-6, "{name}: {test:?} {row}");
            assert!((place(&controller, test) - number(2)).abs() < 1e-4, "{name}: {test:?} {row}");
        }
        assert_eq!(tests.len() as u64, switched / 100);
        assert_eq!(when, Some(switched), "{name}");
    }
}

#[test]
fn the_test_alone_finds_what_the_controller_finds() {
    let losses = curves::long();
    let test = MinimumTest { fit: Fit::Adam100, ..MinimumTest::default() };
    let mean = curves::mean(&losses);
    let process = test.fitted(&curves::stride(&losses, 100), mean, &mut AdamFit::default()).unwrap().unwrap();
    let found = test.look(&process, &curves::stride(&losses, 500)).unwrap();
    assert!((found.place - 0.6353).abs() < 1e-4 && found.probability == 1.0, "{found:?}");
}

#[test]
fn binned_losses_find_the_minimum_as_early_and_at_the_same_place() {
    for fit in [Fit::Profile, Fit::Adam100, Fit::Grid] {
        let (tests, switched) = run(&spec(fit), &curves::long());
        assert!(switched.is_some_and(|updates| (900..=1000).contains(&updates)), "{fit:?} {switched:?}");
        let controller = spec(fit).resolve(&frame(), 7).expect("resolves");
        let last = place(&controller, tests.last().expect("tests"));
        let true_place = 0.63 * 1000.0 / switched.expect("switched") as f64;
        assert!((last - true_place).abs() < 0.06, "{fit:?}: {last} {true_place}");
    }
}

#[test]
fn random_draws_vote_and_find_it_too() {
    let spec = AutoWarmUp { max_warmup: Span::Steps(1200), ..AutoWarmUp::published() };
    let (_, switched) = run(&spec, &curves::long());
    assert!(switched.is_some_and(|updates| updates <= 1000), "{switched:?}");
    let even = AutoWarmUp { tests: 4, ..spec };
    assert!(run(&even, &curves::long()).1.is_some());
}

#[test]
fn draws_depend_on_the_seed_of_the_run_and_on_nothing_else() {
    let spec = AutoWarmUp { subset: Subset::Random, fit_points: 20, predict_points: 30, ..spec(Fit::Profile) };
    let last = |seed| {
        let mut controller = spec.resolve(&frame(), seed).expect("resolves");
        controller.begin();
        for (step, loss) in (0..100).zip(curves::long()) {
            controller.observe(&Observation::Step { step, loss });
        }
        controller.last_test()
    };
    assert_eq!(last(1), last(1));
    assert_ne!(last(1), last(2));
}

#[test]
fn the_unit_of_the_loss_decides_nothing() {
    let losses = curves::long();
    for fit in [Fit::Profile, Fit::Adam100, Fit::Grid] {
        for subset in [Subset::BinMean, Subset::Stride] {
            let spec = AutoWarmUp { subset, predict_points: 100, ..spec(fit) };
            let (before, switched) = run(&spec, &losses);
            for (scale, shift) in [(1e3, 50.0), (2e-4, -3.0)] {
                let changed: Vec<f64> = losses.iter().map(|loss| scale * loss + shift).collect();
                let (after, also) = run(&spec, &changed);
                assert_eq!(switched, also, "{fit:?} {subset:?} {scale} {shift}");
                for (before, after) in before.iter().zip(&after) {
                    assert!((before.probability - after.probability).abs() < 1e-6, "{before:?} {after:?}");
                    assert!((before.rate / after.rate - 1.0).abs() < 1e-9, "{before:?} {after:?}");
                }
            }
        }
    }
}

#[test]
fn a_constant_added_decides_nothing_even_where_losses_stay_as_they_are() {
    let losses = curves::long();
    let moved: Vec<f64> = losses.iter().map(|loss| loss + 10.0).collect();
    for fit in [Fit::Profile, Fit::Adam100] {
        let ((before, switched), (after, also)) = (run(&literal(fit), &losses), run(&literal(fit), &moved));
        assert_eq!(switched, also);
        for (before, after) in before.iter().zip(&after) {
            assert!((before.probability - after.probability).abs() < 1e-6, "{before:?} {after:?}");
        }
    }
}

#[test]
fn losses_that_only_fall_never_end_the_warm_up_early() {
    let falling: [fn(f64) -> f64; 4] = [|u| 2.0 - u, |u| (-5.0 * u).exp(), |u| 1.0 / (1.0 + 50.0 * u), |u| -u * u];
    for curve in falling {
        let losses: Vec<f64> = (0..1199).map(|step| curve(f64::from(step) / 1199.0)).collect();
        for fit in [Fit::Profile, Fit::Adam100, Fit::Grid] {
            let (tests, switched) = run(&spec(fit), &losses);
            assert_eq!(switched, None, "{fit:?}");
            assert!(tests.iter().all(|test| !test.positive), "{tests:?}");
        }
    }
}

#[test]
fn constant_losses_are_no_minimum() {
    for fit in [Fit::Profile, Fit::Adam100, Fit::Grid] {
        for loss in [0.0, 0.1, -7.0, 1e99] {
            let (tests, switched) = run(&spec(fit), &[loss; 1100]);
            assert_eq!((tests.len(), switched), (0, None), "{fit:?}");
        }
    }
}

#[test]
fn three_false_alarms_that_are_not_in_a_row_end_nothing() {
    // An epoch of fall to a new low, an epoch of rise, again and again: every second test is a false alarm.
    let wave = |step: u32| {
        let (cycle, at) = (f64::from(step / 200), f64::from(step % 200) / 100.0);
        -2.5 * cycle - if at < 1.0 { 4.0 * at } else { 4.0 - 1.5 * (at - 1.0) }
    };
    let losses: Vec<f64> = (0..1199).map(wave).collect();
    let (tests, switched) = run(&AutoWarmUp { patience: 2, ..spec(Fit::Profile) }, &losses);
    assert!(tests.iter().filter(|test| test.positive).count() >= 3, "{tests:?}");
    assert_eq!(switched, None, "{tests:?}");
}

#[test]
fn points_at_one_place_or_of_one_value_are_survived() {
    let test = MinimumTest::default();
    let flat = Points { x: vec![0.0, 0.5], y: vec![1.5, 1.5] };
    assert_eq!(test.run(&flat), Ok(None));
    let one_place = Points { x: vec![0.5; 12], y: (0..12).map(f64::from).collect() };
    assert!(test.run(&one_place).unwrap().unwrap().probability <= 0.5 + 1e-9);
}
