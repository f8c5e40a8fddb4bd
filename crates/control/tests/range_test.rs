//! The learning-rate range test: its rates, its curve, its end, its suggestions.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_control::autowu::Growth;
use rheostat_control::{
    Action, ControlError, Controller, Decision, Hyperparameter, Observation, RangeCurve, RangeTest, StopReason,
    Suggestions, replay,
};

/// Every point is read.
fn whole(low: f64, high: f64, steps: u64) -> RangeTest {
    RangeTest { low, high, steps, skip_start: Some(0), skip_end: 0, ..RangeTest::default() }
}

fn rates(test: &RangeTest) -> Vec<f64> {
    let rising = test.rising().expect("in range");
    (0..test.steps).map(|step| rising.at(step)).collect()
}

fn read(test: &RangeTest, losses: &[f64]) -> Result<RangeCurve, ControlError> {
    test.read(&rates(test), losses)
}

fn suggested(test: &RangeTest, losses: &[f64]) -> Suggestions {
    read(test, losses).expect("enough points").suggestions
}

fn rate(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::LearningRate).expect("it owns the rate")
}

/// Plain gradient descent on `a / 2 x^2` from x = 1, one update at each rate; the loss before the update.
fn descent(a: f64, rates: &[f64]) -> Vec<f64> {
    let mut x = 1.0_f64;
    let step = |rate: &f64| {
        let loss = a / 2.0 * x * x;
        x -= rate * a * x;
        loss
    };
    rates.iter().map(step).collect()
}

#[test]
fn the_exponential_grid_uses_both_ends() {
    let rates = rates(&RangeTest::default());
    let expected = [(0, 1e-7), (1, 1.204_503_540_258_782_2e-7), (50, 1.097_498_765_493_056_7e-3), (99, 10.0)];
    for (index, want) in expected {
        assert!((rates[index] / want - 1.0).abs() < 1e-12, "{index}: {} {want}", rates[index]);
    }
    assert_eq!((rates.len(), rates[0]), (100, 1e-7));
}

#[test]
fn the_linear_grid_rises_by_the_same_amount() {
    let test = RangeTest { growth: Growth::Linear, ..whole(0.1, 1.0, 10) };
    for (index, got) in rates(&test).into_iter().enumerate() {
        assert!((got - 0.1 * (index + 1) as f64).abs() < 1e-15, "{index}: {got}");
    }
    assert_eq!(rates(&test)[9], 1.0);
}

#[test]
fn losses_are_smoothed_with_bias_correction() {
    let mut losses = vec![2.0, 1.0, 1.0];
    losses.resize(12, 1.0);
    let smoothed =
        |smoothing| read(&RangeTest { smoothing, ..whole(1e-3, 1.0, 12) }, &losses).expect("enough").smoothed;
    let expected = [2.0, 1.494_949_494_949_493_3, 1.326_622_228_268_262];
    for (got, want) in smoothed(0.98).iter().zip(expected) {
        assert!((got - want).abs() < 1e-12, "{got} {want}");
    }
    assert_eq!(smoothed(0.0), losses);
}

#[test]
fn on_a_quadratic_the_loss_falls_to_1_over_a_and_diverges_after_2_over_a() {
    for (a, steps) in [(4.0, 200), (0.5, 400), (100.0, 1000)] {
        let test = RangeTest { high: 100.0 / a, steps, ..RangeTest::default() };
        let curve = read(&test, &descent(a, &rates(&test))).expect("enough points");
        let Suggestions { steepest, lower, upper, valley, .. } = curve.suggestions;
        let (steepest, lower, upper) = (steepest.unwrap(), lower.unwrap(), upper.unwrap());
        assert!(steepest < 1.0 / a, "a = {a}: {:?}", curve.suggestions);
        assert!(valley.unwrap() < 1.0 / a, "a = {a}: {:?}", curve.suggestions);
        assert!(lower < steepest && upper > 1.0 / a, "a = {a}: {:?}", curve.suggestions);
        // What was measured, without the lag of the average.
        let bare = read(&RangeTest { smoothing: 0.0, ..test }, &curve.losses).expect("enough points");
        let best = bare.losses.iter().copied().fold(f64::INFINITY, f64::min);
        let lowest = bare.rates[bare.losses.iter().position(|loss| *loss == best).unwrap()];
        assert!(lowest > 2.0 / a && lowest < 2.2 / a, "a = {a}: lowest at {lowest}");
    }
}

#[test]
fn on_a_noisy_quadratic_the_smoothed_loss_stops_falling_near_1_over_a() {
    // Each batch has a minimum of its own: the loss cannot go below the noise, and grows with the rate near 2 / a.
    let (a, test) = (4.0, RangeTest { low: 1e-3, high: 1.0, steps: 600, ..RangeTest::default() });
    let mut x = 10.0_f64;
    let mut noise = 0.0_f64;
    let losses: Vec<f64> = rates(&test)
        .iter()
        .map(|rate| {
            noise = (noise * 137.0 + 0.123).rem_euclid(1.0);
            let away = x - (noise - 0.5);
            x -= rate * a * away;
            a / 2.0 * away * away
        })
        .collect();
    let controller = &mut test.controller().expect("in range");
    let seen = losses.iter().zip(0..).map(|(loss, step)| Observation::Step { step, loss: *loss });
    let end = replay(controller, seen).into_iter().find(|row| !row.decision.actions.is_empty()).expect("it blows up");
    let ended_at = end.used.get(Hyperparameter::LearningRate).unwrap();
    assert!(ended_at > 2.0 / a && ended_at < 4.0 / a, "{ended_at}");
    let found = suggested(&test, &losses[..end.updates as usize]);
    let upper = found.upper.expect("it stops falling");
    assert!(upper > 0.1 / a && upper < 2.0 / a, "{found:?}");
    assert!(found.steepest.unwrap() < 1.0 / a && found.lower < found.upper, "{found:?}");
}

/// 40 points, one a rate from 1 to 1e39 so that a point is its power of ten; what is read is what was measured.
fn points(losses: &[f64]) -> Suggestions {
    let test = RangeTest { smoothing: 0.0, ..whole(1.0, 10_f64.powi(losses.len() as i32 - 1), losses.len() as u64) };
    suggested(&test, losses)
}

fn index(rate: Option<f64>) -> Option<i32> {
    rate.map(|rate| rate.log10().round() as i32)
}

#[test]
fn the_valley_is_counted_as_fastai_counts_it() {
    // A descent from 1 to 13 within flat ends: 13 points that end at 13, 13 - 13 + 4 + 2.
    let mut losses = vec![5.0; 2];
    losses.extend((0..12).map(|i| 4.9 - 0.1 * f64::from(i)));
    losses.extend([10.0; 6]);
    assert_eq!(index(points(&losses).valley), Some(6));
    // Points in between that do not fall do not break a subsequence: 0, 2, 4, 6, 8, 10: 10 - 6 + 2 + 1.
    let zigzag = [9.0, 20.0, 8.0, 20.0, 7.0, 20.0, 6.0, 20.0, 5.0, 20.0, 4.0, 20.0];
    assert_eq!(index(points(&zigzag).valley), Some(7));
    // A descent over the whole curve would begin before it: -1 + 4 + 2.
    let straight: Vec<f64> = (0..12).map(|i| 12.0 - f64::from(i)).collect();
    assert_eq!(index(points(&straight).valley), Some(5));
}

#[test]
fn the_longest_descent_is_found_as_by_trying_all() {
    let tried = |losses: &[f64]| {
        let mut lengths = vec![1_usize; losses.len()];
        let mut end = 0;
        for i in 1..losses.len() {
            let before = (0..i).filter(|j| losses[*j] > losses[i]).map(|j| lengths[j] + 1).max();
            lengths[i] = before.unwrap_or(1);
            if lengths[i] > lengths[end] {
                end = i;
            }
        }
        (end as i64 - lengths[end] as i64 + (lengths[end] / 3) as i64 + (lengths[end] / 6) as i64).max(0) as i32
    };
    proptest!(|(losses in prop::collection::vec((0_u8..30).prop_map(f64::from), 10..60))| {
        let found = points(&losses);
        prop_assume!(found != Suggestions::default());
        prop_assert_eq!(index(found.valley), Some(tried(&losses)));
    });
}

#[test]
fn steepest_and_minimum_are_read_off_the_points() {
    let losses = [5.0, 5.0, 4.5, 4.0, 2.0, 1.5, 1.0, 3.0, 9.0, 20.0];
    let found = points(&losses);
    assert_eq!((index(found.steepest), index(found.minimum_over_10)), (Some(3), Some(5)));
}

#[test]
fn the_slide_goes_down_from_the_blow_up_as_long_as_slopes_differ() {
    // Flat, then from point 30 on rising by 1 a point: slopes are 0 up to 29, 0.5 at 30, 1 after it.
    let mut losses: Vec<f64> = (0..40).map(|i| if i <= 30 { 2.0 } else { f64::from(i) - 28.0 }).collect();
    losses[0] = 2.002;
    // 30 - 15 still differs from 30, 29 - 15 no longer from 29.
    assert_eq!(index(points(&losses).slide), Some(15));
    assert_eq!(points(&[3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]).slide, None, "the window does not fit");
}

#[test]
fn the_bounds_are_where_the_fall_begins_and_where_it_stops() {
    // It falls by 10 in all, 0.3 at point 5, 1 at point 6; the minimum at 20 is the first, that at 35 the lowest.
    let mut losses = vec![12.0; 40];
    losses[5] = 11.7;
    for (index, loss) in losses.iter_mut().enumerate().skip(6) {
        *loss = match index {
            ..=20 => 11.0 - 0.5 * (index - 6) as f64,
            21..=27 => 4.0 + 0.5 * (index - 20) as f64,
            28..=35 => 7.5 - 0.6875 * (index - 27) as f64,
            _ => 30.0,
        };
    }
    let found = points(&losses);
    assert_eq!((index(found.lower), index(found.upper), index(found.minimum_over_10)), (Some(6), Some(20), Some(34)));
    // A wiggle of one point on the way down is no end of it.
    losses[12] -= 0.6;
    assert_eq!(index(points(&losses).upper), Some(20));
    let falling: Vec<f64> = (0..20).map(|index| 20.0 - f64::from(index)).collect();
    assert_eq!(points(&falling).upper, None, "it falls to the end");
}

#[test]
fn points_at_the_ends_are_left_out() {
    let mut losses: Vec<f64> = (0..40).map(|i| 10.0 - 0.1 * f64::from(i)).collect();
    (losses[1], losses[38]) = (0.1, 0.2);
    let whole = RangeTest { smoothing: 0.0, ..whole(1.0, 1e39, 40) };
    let found = |skip_start, skip_end| suggested(&RangeTest { skip_start, skip_end, ..whole.clone() }, &losses);
    assert_eq!(index(found(Some(0), 0).minimum_over_10), Some(0));
    assert_eq!(index(found(Some(2), 0).minimum_over_10), Some(37));
    assert_eq!(index(found(None, 5).minimum_over_10), Some(33), "a tenth and 5");
}

#[test]
fn a_curve_that_does_not_fall_suggests_nothing() {
    let losses: Vec<f64> = (0..50).map(|index| 1.0 + f64::from(index)).collect();
    assert_eq!(suggested(&whole(1e-3, 1.0, 50), &losses), Suggestions::default());
    assert_eq!(suggested(&whole(1e-3, 1.0, 50), &[1.0; 50]), Suggestions::default());
}

#[test]
fn a_loss_that_is_not_finite_from_the_start_is_not_the_rates_fault() {
    let error = read(&whole(1e-3, 1.0, 50), &[f64::NAN; 50]).expect_err("no loss");
    assert_eq!(error.field(), "loss");
    assert!(error.to_string().contains("the data or the model"), "{error}");
}

#[test]
fn a_test_that_ends_too_early_had_too_large_a_low_rate() {
    let test = RangeTest { low: 1.0, ..RangeTest::default() };
    let losses = vec![1.0; 100];
    let mut damaged = losses.clone();
    damaged[9] = f64::NAN;
    // A tenth of the 100 rates and 5 points are left out: 17 leave two to read.
    for losses in [&damaged[..], &losses[..16], &[]] {
        let error = read(&test, losses).expect_err("too few");
        assert_eq!(error.field(), "low");
        assert!(error.to_string().contains("1 is too large"), "{error}");
    }
    assert!(read(&test, &losses[..17]).is_ok());
}

#[test]
fn wrong_numbers_are_named() {
    let test = RangeTest::default();
    let wrong = [
        ("low", RangeTest { low: 0.0, ..test.clone() }),
        ("low", RangeTest { low: 10.0, ..test.clone() }),
        ("high", RangeTest { high: f64::NAN, ..test.clone() }),
        ("steps", RangeTest { steps: 9, ..test.clone() }),
        ("smoothing", RangeTest { smoothing: 1.0, ..test.clone() }),
        ("divergence", RangeTest { divergence: 1.0, ..test.clone() }),
        ("skip_start", RangeTest { skip_start: Some(94), ..test.clone() }),
        ("skip_start", RangeTest { skip_end: u64::MAX, ..test.clone() }),
    ];
    for (field, wrong) in wrong {
        assert_eq!(wrong.check().expect_err(field)[0].field(), field);
        assert_eq!(wrong.controller().expect_err(field).field(), field);
        assert_eq!(wrong.read(&[], &[]).expect_err(field).field(), field);
    }
    assert_eq!(test.check(), Ok(()));
}

fn ends(test: &RangeTest, losses: &[f64]) -> Option<(u64, String)> {
    let mut controller = test.controller().expect("in range");
    controller.begin();
    losses.iter().zip(0..).find_map(|(loss, step)| {
        let decision = controller.observe(&Observation::Step { step, loss: *loss });
        let stops = decision.actions.contains(&Action::Stop(StopReason::Finished));
        stops.then(|| (step, decision.reason.expect("a stop has a reason").0))
    })
}

#[test]
fn the_test_ends_once_the_loss_has_blown_up_or_all_rates_were_tried() {
    let test = RangeTest { steps: 30, ..RangeTest::default() };
    let (step, why) = ends(&test, &[1.0; 40]).expect("ends");
    assert_eq!((step, why.as_str()), (29, "all 30 rates were tried"));
    for (loss, told) in [(100.0, "exceeds 4 times its best"), (f64::NAN, "is NaN"), (f64::INFINITY, "is inf")] {
        let mut losses = vec![1.0; 20];
        losses.push(loss);
        let (step, why) = ends(&test, &losses).expect("ends");
        assert!(step == 20 && why.contains(told), "{step}: {why}");
    }
    let patient = RangeTest { divergence: 1e3, ..test };
    assert_eq!(ends(&patient, &[&[1.0; 20][..], &[100.0]].concat()), None);
}

#[test]
fn every_update_has_the_rate_of_its_place() {
    let test = whole(1e-3, 1.0, 20);
    let mut controller = test.controller().expect("in range");
    let mut decision = controller.begin();
    for (step, want) in (0..).zip(rates(&test)) {
        assert_eq!(rate(&decision), want);
        let within = controller.observe(&Observation::Gradient { step, rate: want, norm: 1.0, change: None });
        assert_eq!(rate(&within), want, "of this very update");
        decision = controller.observe(&Observation::Step { step, loss: 1.0 });
    }
}
