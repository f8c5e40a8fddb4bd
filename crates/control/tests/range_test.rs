//! The learning-rate range test: its curve, its end, its suggestions.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::{Action, Controller, Hyperparameter, Observation, OpenLoop, RangeCurve, RangeTest, StopReason};
use rheostat_schedule::{Endpoint, Frame, ScheduleSpec};

fn rates(low: f64, high: f64, count: u64) -> Vec<f64> {
    let rising = ScheduleSpec::exponential(low, high).endpoint(Endpoint::Inclusive);
    let rising = rising.resolve(&Frame::steps(count)).expect("resolves");
    (0..count).map(|step| rising.at(step)).collect()
}

/// Plain gradient descent on `curvature / 2 x^2` from x = 1, one update at each rate; the loss before the update.
fn descent(curvature: f64, rates: &[f64]) -> Vec<f64> {
    let mut x = 1.0_f64;
    let step = |rate: &f64| {
        let loss = curvature / 2.0 * x * x;
        x -= rate * curvature * x;
        loss
    };
    rates.iter().map(step).collect()
}

#[test]
fn the_grid_uses_both_ends() {
    let rates = rates(1e-7, 10.0, 100);
    assert_eq!(rates[0], 1e-7);
    assert!((rates[1] / 1.204_503_540_258_782_2e-7 - 1.0).abs() < 1e-12);
    assert!((rates[50] / 1.097_498_765_493_056_7e-3 - 1.0).abs() < 1e-12);
    assert!((rates[99] - 10.0).abs() < 1e-11);
}

#[test]
fn losses_are_smoothed_with_bias_correction() {
    let mut losses = vec![2.0, 1.0, 1.0];
    losses.resize(12, 1.0);
    let curve = RangeCurve::new(&rates(1e-3, 1.0, 12), &losses).expect("enough points");
    let expected = [2.0, 1.494_949_494_949_493_3, 1.326_622_228_268_262];
    for (got, want) in curve.smoothed.iter().zip(expected) {
        assert!((got - want).abs() < 1e-12, "{got} {want}");
    }
}

#[test]
fn on_a_quadratic_every_suggestion_is_a_rate_that_converges() {
    // Descent converges below 2 / a, fastest at 1 / a.
    let (curvature, rates) = (4.0, rates(1e-5, 10.0, 200));
    let curve = RangeCurve::new(&rates, &descent(curvature, &rates)).expect("enough points");
    let found = curve.suggestions;
    for rate in [found.steepest, found.valley, found.minimum_over_10, found.lower] {
        let rate = rate.expect("the loss falls");
        assert!(rate > 1e-5 && rate < 2.0 / curvature, "{found:?}");
    }
    assert!(found.steepest < Some(1.0 / curvature), "{found:?}");
    assert!(found.lower < found.upper);
}

#[test]
fn a_curve_that_does_not_fall_suggests_nothing() {
    let rates = rates(1e-3, 1.0, 50);
    let losses: Vec<f64> = (0..50).map(|index| 1.0 + f64::from(index)).collect();
    let curve = RangeCurve::new(&rates, &losses).expect("enough points");
    assert_eq!(curve.suggestions, Default::default());
}

#[test]
fn a_loss_that_is_not_finite_from_the_start_is_an_error_that_says_what_to_do() {
    let rates = rates(1e-3, 1.0, 50);
    let mut losses = vec![1.0; 50];
    losses[9] = f64::NAN;
    let error = RangeCurve::new(&rates, &losses).expect_err("too few").to_string();
    assert!(error.contains("9 updates") && error.contains("lower --low"), "{error}");
}

#[test]
fn the_test_ends_once_the_smoothed_loss_has_blown_up() {
    let rate = ScheduleSpec::exponential(1e-5, 10.0).resolve(&Frame::steps(100)).expect("resolves");
    let mut test = RangeTest::new(OpenLoop::new([(Hyperparameter::LearningRate, rate)]));
    test.begin();
    let stops = |decision: rheostat_control::Decision| decision.actions.contains(&Action::Stop(StopReason::Finished));
    for step in 0..20 {
        assert!(!stops(test.observe(&Observation::Step { step, loss: 1.0 })));
    }
    assert!(stops(test.observe(&Observation::Step { step: 20, loss: 100.0 })));
}
