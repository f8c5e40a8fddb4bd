//! When a cycle should end before its time.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_control::cycles::{EarlySwitch, LossTrend, Switch};

/// That of the thesis' figures.
fn rule() -> EarlySwitch {
    EarlySwitch { smoothing: 0.7, ..EarlySwitch::default() }
}

fn played(rule: &EarlySwitch, losses: &[f64]) -> (LossTrend, Vec<Option<Switch>>) {
    let mut trend = LossTrend::default();
    let switches = losses.iter().map(|loss| trend.observe(rule, *loss)).collect();
    (trend, switches)
}

fn first(switches: &[Option<Switch>]) -> Option<(usize, Switch)> {
    switches.iter().enumerate().find_map(|(index, switch)| Some((index + 1, (*switch)?)))
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12, "{got:e} {want:e}");
}

#[test]
fn a_rising_loss_ends_a_cycle() {
    let losses = [1.0, 0.8, 0.7, 0.65, 0.645, 0.7, 0.75];
    let mut trend = LossTrend::default();
    for (loss, want) in losses.iter().zip([1.0, 0.86, 0.748, 0.6794, 0.65532, 0.686596, 0.7309788]) {
        trend.observe(&rule(), *loss);
        close(trend.smoothed().expect("seen"), want);
    }
    match first(&played(&rule(), &losses).1) {
        Some((6, Switch::Rising { rise })) => close(rise, 0.031276),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_loss_that_cannot_regain_its_minimum_ends_a_cycle() {
    let losses: Vec<f64> = [1.0, 0.8].into_iter().chain((0..13).map(|i| 0.6 + 0.004 * f64::from(i))).collect();
    let (trend, switches) = played(&rule(), &losses);
    let (minimum, at) = trend.minimum().expect("seen");
    close(minimum, 0.612438);
    assert_eq!(at, 6);
    match first(&switches) {
        Some((15, Switch::CannotRegain { age: 9, extrapolated, .. })) => {
            assert!((extrapolated - (0.6462857566 + 9.0 * 0.0039999012)).abs() < 1e-8, "{extrapolated}");
        }
        other => panic!("{other:?}"),
    }
    let near = EarlySwitch { horizon: Some(1), regain: 0.04, ..rule() };
    assert_eq!(first(&played(&near, &losses).1), None, "it looks one evaluation ahead only");
}

#[test]
fn a_loss_that_goes_up_and_down_a_little_goes_on() {
    let losses: Vec<f64> =
        [1.0, 0.8, 0.7, 0.65].into_iter().chain((0..20).map(|i| if i % 2 == 0 { 0.66 } else { 0.67 })).collect();
    assert_eq!(first(&played(&rule(), &losses).1), None);
}

#[test]
fn of_equal_minima_the_latest_counts() {
    let (trend, _) = played(&EarlySwitch { smoothing: 1.0, ..rule() }, &[1.0, 0.5, 0.5, 0.5]);
    assert_eq!(trend.minimum(), Some((0.5, 4)));
}

#[test]
fn a_first_evaluation_ends_nothing() {
    let rule = EarlySwitch { rise: -1e9, regain: -1e9, ..rule() };
    assert_eq!(LossTrend::default().observe(&rule, 5.0), None);
    assert_eq!((LossTrend::default().smoothed(), LossTrend::default().minimum()), (None, None));
}

#[test]
fn a_loss_that_is_not_finite_ends_a_cycle_at_once_and_leaves_no_trace() {
    for loss in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e200] {
        let (mut trend, _) = played(&rule(), &[1.0, 0.9]);
        let before = trend;
        assert!(matches!(trend.observe(&rule(), loss), Some(Switch::NotFinite { .. })), "{loss}");
        assert_eq!(trend, before);
    }
}

#[test]
fn thresholds_may_be_shares_of_the_minimum() {
    let (small, large) = ([1e-3, 0.9e-3, 0.95e-3], [1e3, 0.9e3, 0.95e3]);
    let relative = EarlySwitch { relative: true, ..rule() };
    assert_eq!(first(&played(&rule(), &small).1), None, "below the threshold in units of the loss");
    for losses in [small, large] {
        assert!(matches!(first(&played(&relative, &losses).1), Some((3, Switch::Rising { .. }))));
    }
}

proptest! {
    #[test]
    fn a_constant_added_to_all_losses_changes_nothing(
        losses in prop::collection::vec(0.0..2.0, 1..40), shift in -4_i32..4,
    ) {
        // Sixteenths add without rounding enough to cross a threshold that is none of them.
        let losses: Vec<f64> = losses.iter().map(|loss: &f64| (loss * 16.0).round() / 16.0).collect();
        let rule = EarlySwitch { smoothing: 0.5, rise: 0.0113, regain: 0.0171, recovery: 3, ..EarlySwitch::default() };
        let shifted: Vec<f64> = losses.iter().map(|loss| loss + f64::from(shift)).collect();
        let which = |losses: &[f64]| {
            let switches = played(&rule, losses).1;
            switches.into_iter().map(|switch| switch.map(|switch| std::mem::discriminant(&switch))).collect::<Vec<_>>()
        };
        prop_assert_eq!(which(&losses), which(&shifted));
    }

    #[test]
    fn a_falling_loss_never_ends_a_cycle(start in 1.0..10.0, falls in prop::collection::vec(0.0..0.1, 1..60)) {
        let mut loss: f64 = start;
        let losses: Vec<f64> = falls.iter().map(|fall: &f64| { loss -= fall; loss }).collect();
        prop_assert_eq!(first(&played(&EarlySwitch::default(), &losses).1), None);
    }

    #[test]
    fn the_smoothed_loss_stays_between_the_losses(losses in prop::collection::vec(-1e90..1e90, 1..40)) {
        let (trend, _) = played(&EarlySwitch::default(), &losses);
        let low = losses.iter().copied().fold(f64::INFINITY, f64::min);
        let high = losses.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smoothed = trend.smoothed().expect("seen");
        let slack = 1e-9 * (high - low);
        prop_assert!((low - slack..=high + slack).contains(&smoothed));
        prop_assert!(trend.minimum().expect("seen").0 <= smoothed);
    }
}
