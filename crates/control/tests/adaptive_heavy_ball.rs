//! Adaptive heavy-ball momentum on problems whose answer is known, and on what no training should show it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_control::adaptive_heavy_ball::Inner;
use rheostat_control::{
    AdaptiveHeavyBall, AdaptiveHeavyBallController, Asks, Change, ControlError, Controller, ControllerMethod, Decision,
    Hyperparameter, Observation,
};

fn controller(spec: &AdaptiveHeavyBall) -> AdaptiveHeavyBallController {
    spec.resolve().expect("resolves")
}

fn momentum(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::Momentum).expect("a momentum")
}

fn gradient(step: u64, rate: f64, change: Option<Change>) -> Observation {
    Observation::Gradient { step, rate, norm: 1.0, change }
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// The momentum that each update of the heavy ball on `sum a_i x_i^2 / 2` uses, and where it ends.
fn descend(spec: &AdaptiveHeavyBall, curvature: &[f64], rate: f64, updates: u64) -> (Vec<f64>, Vec<f64>) {
    let mut controller = controller(spec);
    controller.begin();
    let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>();
    let slope = |x: &[f64]| curvature.iter().zip(x).map(|(a, x)| a * x).collect::<Vec<_>>();
    let mut used = Vec::new();
    let mut x = vec![1.0; curvature.len()];
    let mut before = x.clone();
    for step in 0..updates {
        let now = slope(&x);
        let change = (step > 0).then(|| Change {
            gradient: length(&difference(&now, &slope(&before))),
            parameters: length(&difference(&x, &before)),
        });
        let beta = momentum(&controller.observe(&gradient(step, rate, change)));
        used.push(beta);
        let moved = difference(&x, &before);
        let next = x.iter().zip(&now).zip(&moved).map(|((x, slope), moved)| x - rate * slope + beta * moved).collect();
        before = std::mem::replace(&mut x, next);
        controller.observe(&Observation::Step { step, loss: 1.0 });
    }
    (used, x)
}

fn assert_near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-12, "{got} is not {want}");
    }
}

#[test]
fn without_lag_it_follows_the_reference_trace_on_a_quadratic() {
    let (used, x) = descend(&AdaptiveHeavyBall { lag: 0, ..AdaptiveHeavyBall::default() }, &[1.0, 10.0], 0.05, 6);
    let want =
        [0.0, 0.08680824307519022, 0.08895416769458889, 0.10010622453936756, 0.15366839769302895, 0.29846608821548914];
    assert_near(&used, &want);
    assert_near(&x, &[0.70208008594726, -0.0037412240602663228]);
}

#[test]
fn with_the_printed_index_it_follows_the_reference_trace_one_update_later() {
    let (used, x) = descend(&AdaptiveHeavyBall::default(), &[1.0, 10.0], 0.05, 6);
    let want = [0.0, 0.0, 0.08680824307519022, 0.08944371110501574, 0.09692447738179553, 0.13189477013428877];
    assert_near(&used, &want);
    assert_near(&x, &[0.7173289489433539, 0.0031241259657672402]);
}

#[test]
fn in_one_dimension_it_is_the_best_momentum_for_the_curvature_from_the_second_update_on() {
    let (used, _) = descend(&AdaptiveHeavyBall { lag: 0, ..AdaptiveHeavyBall::default() }, &[1.0], 0.25, 4);
    assert_near(&used, &[0.0, 0.25, 0.25, 0.25]);
}

#[test]
fn at_a_curvature_too_large_for_the_rate_the_clamp_gives_none_and_the_printed_form_the_most() {
    let change = Change { gradient: 4.0, parameters: 1.0 };
    assert_eq!(AdaptiveHeavyBall::default().momentum(1.0, change), Some(0.0));
    let literal = AdaptiveHeavyBall { inner: Inner::Literal, ..AdaptiveHeavyBall::default() };
    assert_eq!(literal.momentum(1.0, change), Some(0.999));
}

#[test]
fn it_asks_for_the_gradient_and_its_change_and_decides_nothing_but_the_momentum() {
    let mut controller = controller(&AdaptiveHeavyBall { start: 0.5, ..AdaptiveHeavyBall::default() });
    assert_eq!(controller.asks(), Asks { gradient: true, change: true, moments: false });
    let begun = controller.begin();
    assert_eq!(begun.hyperparameters.iter().collect::<Vec<_>>(), [(Hyperparameter::Momentum, 0.5)]);
    assert_eq!((begun.actions, begun.reason), (Vec::new(), None));
}

#[test]
fn it_stays_where_it_was_when_nothing_moved_or_a_number_is_not_finite() {
    let mut controller = controller(&AdaptiveHeavyBall { lag: 0, ..AdaptiveHeavyBall::default() });
    controller.begin();
    let known = momentum(&controller.observe(&gradient(1, 0.25, Some(Change { gradient: 1.0, parameters: 1.0 }))));
    assert_eq!(known, 0.25);
    let telling = [
        (0.25, Some(Change { gradient: 1.0, parameters: 0.0 })),
        (0.25, Some(Change { gradient: 0.0, parameters: 0.0 })),
        (0.25, Some(Change { gradient: f64::NAN, parameters: 1.0 })),
        (0.25, Some(Change { gradient: f64::INFINITY, parameters: 1.0 })),
        (0.25, Some(Change { gradient: 1.0, parameters: f64::NAN })),
        (f64::NAN, Some(Change { gradient: 1.0, parameters: 1.0 })),
        (-1.0, Some(Change { gradient: 1.0, parameters: 1.0 })),
        (0.25, None),
    ];
    for (step, (rate, change)) in telling.into_iter().enumerate() {
        assert_eq!(momentum(&controller.observe(&gradient(step as u64 + 2, rate, change))), known, "{rate} {change:?}");
    }
}

#[test]
fn a_refused_update_leaves_no_trace() {
    for lag in [0, 1] {
        let spec = AdaptiveHeavyBall { lag, ..AdaptiveHeavyBall::default() };
        let (mut straight, mut refused) = (controller(&spec), controller(&spec));
        let change = |gradient| Some(Change { gradient, parameters: 1.0 });
        for controller in [&mut straight, &mut refused] {
            controller.begin();
            controller.observe(&gradient(1, 0.25, change(1.0)));
            controller.observe(&Observation::Step { step: 1, loss: 1.0 });
        }
        refused.observe(&gradient(2, 0.25, change(0.01)));
        let again = refused.observe(&Observation::Step { step: 2, loss: f64::NAN });
        assert_eq!(momentum(&again), 0.25);
        for step in 2..5 {
            let seen = gradient(step, 0.25, change(1.0 + step as f64 / 10.0));
            assert_eq!(refused.observe(&seen), straight.observe(&seen));
            let seen = Observation::Step { step, loss: 1.0 };
            assert_eq!(refused.observe(&seen), straight.observe(&seen));
        }
    }
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    let declared: String = AdaptiveHeavyBall::METHOD
        .parameters
        .iter()
        .map(|parameter| format!("{} = {}\n", parameter.name, parameter.default.expect("a default")))
        .collect();
    assert_eq!(toml::from_str::<AdaptiveHeavyBall>(&declared).unwrap(), AdaptiveHeavyBall::default());
    assert_eq!(toml::from_str::<AdaptiveHeavyBall>("").unwrap(), AdaptiveHeavyBall::default());
    assert_eq!(AdaptiveHeavyBall::default().check(), Ok(()));
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let spec = AdaptiveHeavyBall { delta: 1.0, lag: 2, start: 1.0, ..AdaptiveHeavyBall::default() };
    let errors = spec.check().unwrap_err();
    assert_eq!(errors.iter().map(ControlError::field).collect::<Vec<_>>(), ["delta", "lag", "start"]);
    for delta in [0.0, -0.1, 1e-17, f64::NAN] {
        assert!(AdaptiveHeavyBall { delta, ..AdaptiveHeavyBall::default() }.resolve().is_err(), "{delta}");
    }
    let errors = AdaptiveHeavyBall { delta: 0.2, start: 0.9, ..AdaptiveHeavyBall::default() }.check().unwrap_err();
    assert!(errors[0].field() == "start" && errors[0].to_string().contains("1 - `delta` = 0.8"), "{}", errors[0]);
    assert!(toml::from_str::<AdaptiveHeavyBall>("lagg = 0").unwrap_err().to_string().contains("lagg"));
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..10.0_f64,
        1 => Just(0.0),
        1 => Just(1e300),
        1 => Just(1e-300),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1.0),
    ]
}

proptest! {
    #[test]
    fn whatever_is_told_the_momentum_is_between_0_and_1_minus_delta(
        told in prop::collection::vec((any_number(), any_number(), any_number(), any_number(), 0_u64..2), 1..60),
        lag in 0_u64..2,
        literal in any::<bool>(),
        delta in 1e-6..0.5_f64,
    ) {
        let inner = if literal { Inner::Literal } else { Inner::Clamp };
        let mut controller = controller(&AdaptiveHeavyBall { delta, lag, inner, start: 0.0 });
        controller.begin();
        let mut step = 0;
        for (rate, slope, moved, loss, on) in told {
            let change = Some(Change { gradient: slope, parameters: moved });
            for seen in [gradient(step, rate, change), Observation::Step { step, loss }] {
                let value = momentum(&controller.observe(&seen));
                prop_assert!((0.0..=1.0 - delta).contains(&value), "{value}");
            }
            step += on;
        }
    }

    #[test]
    fn the_momentum_depends_on_the_product_of_rate_and_curvature_alone(
        rate in 1e-3..1.0_f64,
        slope in 1e-3..1.0_f64,
        moved in 1e-3..1.0_f64,
        unit in 1e-3..1e3_f64,
    ) {
        let spec = AdaptiveHeavyBall::default();
        let one = spec.momentum(rate, Change { gradient: slope, parameters: moved }).unwrap();
        let other = spec.momentum(rate / unit, Change { gradient: slope * unit, parameters: moved }).unwrap();
        prop_assert!((one - other).abs() <= 1e-12);
    }
}
