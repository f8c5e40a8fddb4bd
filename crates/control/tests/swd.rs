//! Scheduled weight decay: the published factors, its two guards, and the optimizers it is for.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_control::optimizers::{Adam, Adamw, HeavyBall, Lamb, Lion};
use rheostat_control::{
    Asks, ControlError, Controller, ControllerMethod, ControllerSpec, DecayCoupling, Decision, Hyperparameter,
    Observation, OptimizerSpec, ScheduledWeightDecay, ScheduledWeightDecayController,
};

fn controller() -> ScheduledWeightDecayController {
    let mut controller = ScheduledWeightDecay::default().resolve().expect("resolves");
    controller.begin();
    controller
}

fn decay(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::WeightDecay).expect("a weight decay")
}

fn moments(step: u64, rate: f64, second: f64) -> Observation {
    Observation::Moments { step, rate, second }
}

#[test]
fn the_factor_on_the_weights_is_the_published_one_and_guarded_where_that_turns_negative() {
    let spec = ScheduledWeightDecay::default();
    let cases = [(1.0, 0.9999995), (0.1, 0.999995), (1e-2, 0.99995), (1e-4, 0.995), (1e-7, 0.9)];
    for (root, want) in cases {
        let factor = 1.0 - 1e-3 * spec.weight_decay(1e-3, root * root).unwrap();
        assert!((factor - want).abs() <= 1e-12, "{factor} is not {want} at {root}");
    }
}

#[test]
fn it_asks_for_second_moments_and_decides_nothing_but_the_weight_decay_of_that_update() {
    let mut controller = controller();
    assert_eq!(controller.asks(), Asks { moments: true, ..Asks::default() });
    let begun = controller.begin();
    assert_eq!(begun.hyperparameters.iter().collect::<Vec<_>>(), [(Hyperparameter::WeightDecay, 0.0)]);
    assert!((decay(&controller.observe(&moments(0, 1e-3, 1e-4))) - 0.05).abs() <= 1e-15);
    let after = controller.observe(&Observation::Step { step: 0, loss: 1.0 });
    assert!((decay(&after) - 0.05).abs() <= 1e-15);
}

#[test]
fn without_second_moments_worth_the_name_there_is_no_decay() {
    let mut controller = controller();
    for (step, second) in [0.0, 9e-31, 1e-300].into_iter().enumerate() {
        assert_eq!(decay(&controller.observe(&moments(step as u64, 1e-3, second))), 0.0);
    }
}

#[test]
fn a_number_that_is_none_leaves_the_value_within_the_bound_of_the_new_rate() {
    let mut controller = controller();
    let known = decay(&controller.observe(&moments(0, 1e-3, 1e-10)));
    assert!((known - 50.0).abs() <= 1e-9);
    for second in [f64::NAN, f64::INFINITY, -1.0] {
        assert_eq!(decay(&controller.observe(&moments(1, 1e-3, second))), known);
    }
    assert!((decay(&controller.observe(&moments(2, 0.1, f64::NAN))) - 1.0).abs() <= 1e-12);
    assert_eq!(decay(&controller.observe(&moments(3, f64::NAN, 1.0))), 0.0);
}

#[test]
fn at_a_rate_of_zero_nothing_holds_the_value() {
    let spec = ScheduledWeightDecay::default();
    assert_eq!(spec.weight_decay(0.0, 1.0), Some(5e-4));
    assert_eq!(spec.weight_decay(0.0, 0.0), Some(0.0));
}

#[test]
fn it_says_why_when_a_guard_begins_or_ends_to_hold() {
    let mut controller = controller();
    let mut reason = |step, second| controller.observe(&moments(step, 1e-3, second)).reason.map(|reason| reason.0);
    assert_eq!(reason(0, 1e-4), None);
    let held = reason(1, 1e-14).unwrap();
    assert!(held.contains("update 1") && held.contains("1e-14") && held.contains("0.1"), "{held}");
    assert_eq!(reason(2, 1e-14), None);
    assert!(reason(3, 0.0).unwrap().contains("no weight decay"));
    assert!(reason(4, 1e-4).unwrap().contains("free again"));
}

#[test]
fn it_is_refused_for_optimizers_without_second_moments_or_with_another_coupling() {
    let spec: ControllerSpec = toml::from_str("method = \"swd\"\nstrength = 1e-3\n").unwrap();
    let refused = |optimizer: OptimizerSpec| spec.check_optimizer(&optimizer).unwrap_err().to_string();
    assert_eq!(spec.check_optimizer(&OptimizerSpec::Adamw(Adamw::default())), Ok(()));
    let coupled = Adam { decay: DecayCoupling::LrCoupled, ..Adam::default() };
    assert_eq!(spec.check_optimizer(&OptimizerSpec::Adam(coupled)), Ok(()));
    assert!(refused(OptimizerSpec::HeavyBall(HeavyBall::default())).contains("heavy_ball does not have"));
    // A beta2, but of its momentum; a decay that is not times the rate alone.
    assert!(refused(OptimizerSpec::Lion(Lion::default())).contains("lion does not have"));
    assert!(refused(OptimizerSpec::Lamb(Lamb::default())).contains("lr_coupled"));
    for decay in [DecayCoupling::L2, DecayCoupling::Independent, DecayCoupling::ScheduleMultiplier] {
        assert!(refused(OptimizerSpec::Adam(Adam { decay, ..Adam::default() })).contains("lr_coupled"));
    }
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force_and_what_is_out_of_range_is_refused_by_name() {
    let declared: String = ScheduledWeightDecay::METHOD
        .parameters
        .iter()
        .map(|parameter| format!("{} = {}\n", parameter.name, parameter.default.expect("a default")))
        .collect();
    assert_eq!(toml::from_str::<ScheduledWeightDecay>(&declared).unwrap(), ScheduledWeightDecay::default());
    assert_eq!(ScheduledWeightDecay::default().check(), Ok(()));
    let errors = ScheduledWeightDecay { strength: -1.0, max_decay: 1.0 }.check().unwrap_err();
    assert_eq!(errors.iter().map(ControlError::field).collect::<Vec<_>>(), ["strength", "max_decay"]);
    assert!(ScheduledWeightDecay { strength: f64::NAN, max_decay: 0.0 }.resolve().is_err());
    assert!(toml::from_str::<ScheduledWeightDecay>("decay = 0.1").unwrap_err().to_string().contains("decay"));
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 1e-20..1.0_f64,
        1 => Just(0.0),
        1 => Just(1e300),
        1 => Just(1e-310),
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1.0),
    ]
}

proptest! {
    #[test]
    fn no_update_takes_more_than_the_largest_share_of_the_weights(
        told in prop::collection::vec((any_number(), any_number()), 1..60),
        strength in 0.0..10.0_f64,
        max_decay in 1e-6..0.99_f64,
    ) {
        let mut controller = ScheduledWeightDecay { strength, max_decay }.resolve().unwrap();
        controller.begin();
        for (step, (rate, second)) in told.into_iter().enumerate() {
            let value = decay(&controller.observe(&moments(step as u64, rate, second)));
            prop_assert!(value.is_finite() && value >= 0.0);
            if rate.is_finite() && rate >= 0.0 {
                prop_assert!(rate * value <= max_decay * (1.0 + 1e-12), "{rate} times {value}");
            }
        }
    }

    #[test]
    fn larger_gradients_mean_weaker_decay(rate in 1e-6..1.0_f64, one in 1e-28..1.0_f64, more in 1.0..1e6_f64) {
        let spec = ScheduledWeightDecay::default();
        prop_assert!(spec.weight_decay(rate, one * more) <= spec.weight_decay(rate, one));
    }
}
