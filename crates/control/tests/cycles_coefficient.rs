//! How much a soft reset resets: its formulas, and what is expected of the metric on the way.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_control::MetricDirection::{self, Decreasing, Increasing};
use rheostat_control::cycles::Coefficient::{self, RatioToCurrent, RatioToTarget, Reference};
use rheostat_control::cycles::{Progress, ProgressCurve};
use rheostat_schedule::{Frame, Span};

fn close(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-3), "{got:e} {want:e}");
}

#[test]
fn an_increasing_metric_resets_by_its_distance_from_the_target() {
    let tau = |metric| Reference.tau(Increasing, metric, 0.28098, 0.0);
    close(tau(0.0), 1.0);
    close(tau(0.037), 0.8683180297530073);
    close(tau(0.14), 0.5017438963627304);
    close(tau(0.277), 0.014164709231973747);
    assert_eq!((tau(0.28098), tau(0.3), tau(-0.5)), (0.0, 0.0, 1.0));
    close(tau(0.27704628), 0.014);
    close(tau(0.03708936), 0.868);
    close(Reference.tau(Increasing, 29.9853252, 30.8491, 0.0), 0.028);
    close(Reference.tau(Increasing, 30.1087216, 30.8491, 0.0), 0.024);
}

#[test]
fn a_decreasing_metric_resets_by_its_distance_from_target_to_reference() {
    let tau = |metric| Reference.tau(Decreasing, metric, 0.22569, 0.999);
    close(tau(0.999), 1.0);
    close(tau(0.6), 0.4840361562633355);
    close(tau(0.4), 0.22540766316225064);
    close(tau(0.25), 0.031436293336436875);
    assert_eq!((tau(0.22569), tau(0.2), tau(1.5)), (0.0, 0.0, 1.0));
    assert!(tau(0.22569).is_sign_positive(), "never a negative zero");
}

#[test]
fn a_ratio_needs_no_reference() {
    let current = |metric| RatioToCurrent.tau(Decreasing, metric, 0.22569, 0.0);
    close(current(0.999), 0.7740840840840841);
    close(current(0.6), 0.62385);
    close(current(0.4), 0.435775);
    close(current(0.25), 0.09724);
    assert_eq!((current(0.22569), current(0.2)), (0.0, 0.0));
    let target = |metric| RatioToTarget.tau(Decreasing, metric, 0.2, 0.0);
    close(target(0.25), 0.25);
    assert_eq!((target(0.4), target(5.0), target(0.1)), (1.0, 1.0, 0.0));
}

#[test]
fn where_nothing_is_expected_yet_nothing_is_reset() {
    assert_eq!(Reference.tau(Increasing, 0.1, 0.5, 0.5), 0.0);
    assert_eq!(Reference.tau(Increasing, 0.1, 0.5 + 1e-14, 0.5), 0.0);
    assert_eq!(Reference.tau(Increasing, 0.1, 0.4, 0.5), 0.0, "the reference is better than what is expected");
}

#[test]
fn a_metric_that_is_not_finite_resets_everything() {
    for form in [Reference, RatioToCurrent, RatioToTarget] {
        for metric in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
            assert_eq!(form.tau(Decreasing, metric, 0.2, 0.9), 1.0, "{form:?} {metric}");
        }
    }
}

fn resolved(progress: &Progress, direction: MetricDirection, target: f64) -> ProgressCurve {
    progress.resolve(&Frame::steps(80_000), direction, target).expect("resolves")
}

#[test]
fn expectations_may_rise_with_the_run() {
    let rises = Progress::SaturatingExp { start: 0.0, end: None, timescale: Span::percent(25.0) };
    let curve = resolved(&rises, Increasing, 0.28098);
    for (updates, want) in
        [(0, 0.0), (10_000, 0.11055701523394426), (20_000, 0.17761323461964815), (80_000, 0.2758336717850435)]
    {
        close(curve.at(updates, f64::NAN), want);
    }
    close(Reference.tau(Increasing, 0.15, curve.at(20_000, 0.0), 0.0), 0.15546833927539705);
}

#[test]
fn expectations_may_follow_a_power_a_table_or_the_best_so_far() {
    let power = resolved(&Progress::PowerLaw { end: Some(0.2), scale: 0.8, power: 0.5 }, Decreasing, f64::NAN);
    close(power.at(0, 0.0), 1.0);
    close(power.at(99, 0.0), 0.2 + 0.08);
    let at = vec![Span::Steps(100), Span::Steps(200), Span::Steps(400)];
    let table = resolved(&Progress::Table { at, values: vec![0.1, 0.5, 0.6] }, Increasing, f64::NAN);
    for (updates, want) in [(0, 0.1), (100, 0.1), (150, 0.3), (200, 0.5), (300, 0.55), (400, 0.6), (u64::MAX, 0.6)] {
        close(table.at(updates, 0.0), want);
    }
    assert_eq!(resolved(&Progress::Constant { value: 0.7 }, Increasing, f64::NAN).at(5, 0.0), 0.7);
    assert_eq!(resolved(&Progress::BestSoFar {}, Increasing, f64::NAN).at(5, 0.33), 0.33);
}

#[test]
fn expectations_that_move_away_from_the_target_are_refused_by_name() {
    let refused = |progress: Progress, direction| {
        let error = progress.resolve(&Frame::steps(1000), direction, 0.5).expect_err("refused");
        (error.field().to_owned(), error.to_string())
    };
    let falls = Progress::SaturatingExp { start: 0.9, end: None, timescale: Span::Steps(10) };
    let (field, why) = refused(falls, Increasing);
    assert!(field == "reset.progress.end" && why.contains("0.9") && why.contains("increasing"), "{why}");
    let grows = Progress::PowerLaw { end: None, scale: -0.1, power: 1.0 };
    assert_eq!(refused(grows, Decreasing).0, "reset.progress.scale");
    let points = |steps: [u64; 3], values: [f64; 3]| Progress::Table {
        at: steps.map(Span::Steps).to_vec(),
        values: values.to_vec(),
    };
    assert_eq!(refused(points([1, 2, 3], [0.1, 0.3, 0.2]), Increasing).0, "reset.progress.values");
    assert_eq!(refused(points([1, 3, 3], [0.1, 0.2, 0.3]), Increasing).0, "reset.progress.at");
    let epochs = Progress::SaturatingExp { start: 0.0, end: None, timescale: Span::Epochs(2.0) };
    let (field, why) = refused(epochs, Increasing);
    assert!(field == "reset.progress.timescale" && why.contains("steps per epoch"), "{why}");
}

fn forms() -> impl Strategy<Value = Coefficient> {
    prop_oneof![Just(Reference), Just(RatioToCurrent), Just(RatioToTarget)]
}

fn directions() -> impl Strategy<Value = MetricDirection> {
    prop_oneof![Just(Increasing), Just(Decreasing)]
}

proptest! {
    #[test]
    fn the_coefficient_is_a_share_whatever_the_numbers(
        form in forms(), direction in directions(), metric: f64, expected: f64, reference: f64,
    ) {
        let tau = form.tau(direction, metric, expected, reference);
        prop_assert!((0.0..=1.0).contains(&tau), "{}", tau);
    }

    #[test]
    fn a_worse_metric_never_resets_less(
        form in forms(), direction in directions(), metrics in (-10.0..10.0, -10.0..10.0), expected in 0.1..5.0, gap in 0.1..5.0,
    ) {
        let sign = if direction == Increasing { 1.0 } else { -1.0 };
        prop_assume!(form == Reference || direction == Decreasing);
        let (one, two): (f64, f64) = metrics;
        let (worse, better) = if direction.better(one, two) { (two, one) } else { (one, two) };
        let tau = |metric| form.tau(direction, metric, expected, expected - sign * gap);
        prop_assert!(tau(worse) >= tau(better));
    }

    #[test]
    fn the_unit_of_the_metric_does_not_matter(
        metric in -2.0..2.0, expected in -2.0..2.0, gap in 0.01..2.0, scale in 0.1..100.0_f64, shift in -50.0..50.0, mirror: bool,
    ) {
        let reference = expected - gap;
        let plain = Reference.tau(Increasing, metric, expected, reference);
        let (scale, direction) = if mirror { (-scale, Decreasing) } else { (scale, Increasing) };
        let unit = |value: f64| scale * value + shift;
        let other = Reference.tau(direction, unit(metric), unit(expected), unit(reference));
        prop_assert!((plain - other).abs() < 1e-9, "{} {}", plain, other);
    }

    #[test]
    fn expectations_never_move_away_from_the_target(
        start in -1.0..1.0, rise in 0.0..2.0_f64, timescale in 1_u64..5000, power in 0.01..3.0, steps in (0_u64..10_000, 0_u64..10_000),
    ) {
        let (early, late) = (steps.0.min(steps.1), steps.0.max(steps.1));
        let end = Some(start + rise);
        for progress in [
            Progress::SaturatingExp { start, end, timescale: Span::Steps(timescale) },
            Progress::PowerLaw { end, scale: -rise, power },
        ] {
            let curve = resolved(&progress, Increasing, f64::NAN);
            prop_assert!(curve.at(early, 0.0) <= curve.at(late, 0.0) + 1e-12);
            prop_assert!(curve.at(late, 0.0) <= start + rise + 1e-12);
        }
    }
}
