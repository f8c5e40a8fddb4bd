//! Momentum against the learning rate, whoever decides the rate.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_control::{
    AutoWarmUp, ControlError, Controller, ControllerMethod, ControllerSpec, Decision, Hyperparameter, InverseMomentum,
    InverseMomentumController, Observation, OpenLoop, Together,
};
use rheostat_schedule::{Frame, Schedule, ScheduleSpec, Span};

fn controller(low: f64, peak: f64) -> InverseMomentumController {
    InverseMomentum::default().over_rates(low, peak).resolve().expect("resolves")
}

fn value(decision: &Decision, which: Hyperparameter) -> f64 {
    decision.hyperparameters.get(which).expect("decided")
}

fn one_cycle() -> Schedule {
    ScheduleSpec::one_cycle(0.1).resolve(&Frame::steps(100)).expect("resolves")
}

fn together(first: bool) -> Together {
    let rate = one_cycle();
    let (low, peak) = rate.range();
    let schedules: Box<dyn Controller> = Box::new(OpenLoop::new([(Hyperparameter::LearningRate, rate)]));
    let momentum: Box<dyn Controller> = Box::new(controller(low, peak));
    Together::new(if first { [momentum, schedules] } else { [schedules, momentum] })
}

#[test]
fn it_is_high_at_the_low_rate_low_at_the_peak_and_stays_within_beyond() {
    let momentum = controller(0.1, 0.5);
    for (rate, want) in [(0.1, 0.95), (0.3, 0.90), (0.5, 0.85), (0.0, 0.95), (7.0, 0.85)] {
        assert!((momentum.momentum(rate) - want).abs() <= 1e-12, "{rate}");
    }
}

#[test]
fn it_follows_the_rate_of_the_same_update_wherever_it_stands_among_the_others() {
    let rate = one_cycle();
    let alone = controller(rate.range().0, rate.range().1);
    for first in [true, false] {
        let mut together = together(first);
        let mut decision = together.begin();
        for step in 0..100 {
            assert_eq!(value(&decision, Hyperparameter::LearningRate), rate.at(step));
            assert_eq!(value(&decision, Hyperparameter::Momentum), alone.momentum(rate.at(step)));
            decision = together.observe(&Observation::Step { step, loss: 1.0 });
        }
    }
}

#[test]
fn it_follows_a_controller_back_after_a_restore() {
    let frame = Frame::steps(150).steps_per_epoch(20);
    let warm_up = AutoWarmUp::default().resolve(&frame, 3).expect("resolves");
    let momentum = controller(1e-5, 1.0);
    let mut together = Together::new([Box::new(momentum.clone()) as Box<dyn Controller>, Box::new(warm_up)]);
    together.begin();
    for step in 0..30 {
        let loss = if step == 29 { f64::NAN } else { 2.0 - 0.01 * step as f64 };
        let decision = together.observe(&Observation::Step { step, loss });
        let rate = value(&decision, Hyperparameter::LearningRate);
        assert_eq!(value(&decision, Hyperparameter::Momentum), momentum.momentum(rate));
    }
}

#[test]
fn alone_it_decides_nothing() {
    let mut controller = controller(0.0, 1.0);
    assert_eq!(controller.begin(), Decision::default());
    assert_eq!(controller.observe(&Observation::Step { step: 0, loss: 1.0 }), Decision::default());
}

#[test]
fn the_range_of_a_schedule_fills_in_what_was_left_open_and_no_more() {
    let spec: ControllerSpec = toml::from_str("method = \"inverse\"\nrate_peak = 0.2\n").unwrap();
    let ControllerSpec::Inverse(spec) = spec.over_rates(0.01, 0.4) else { panic!("another method") };
    assert_eq!((spec.rate_low, spec.rate_peak), (Some(0.01), Some(0.2)));
}

#[test]
fn without_a_schedule_the_range_of_rates_is_required_by_name() {
    let fields = |spec: InverseMomentum| {
        let errors = spec.resolve().unwrap_err();
        errors.iter().map(|error| error.field().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fields(InverseMomentum::default()), ["rate_low", "rate_peak"]);
    assert_eq!(fields(InverseMomentum { rate_low: Some(0.1), ..InverseMomentum::default() }), ["rate_peak"]);
}

#[test]
fn ranges_that_do_not_rise_and_values_out_of_range_are_refused_by_name() {
    let fields = |spec: &InverseMomentum| {
        let errors = spec.check().unwrap_err();
        errors.iter().map(ControlError::field).map(str::to_owned).collect::<Vec<_>>()
    };
    let good = InverseMomentum::default();
    assert_eq!(
        fields(&InverseMomentum { high: 1.0, low: -0.1, rate_low: Some(-1.0), rate_peak: Some(0.0) }),
        ["high", "low", "rate_low", "rate_peak"]
    );
    assert_eq!(fields(&InverseMomentum { high: 0.8, ..good.clone() }), ["low"]);
    assert_eq!(fields(&good.clone().over_rates(0.1, 0.1)), ["rate_low"]);
    assert!(good.over_rates(0.1, 0.1).resolve().is_err(), "a constant rate has nothing to follow");
    assert!(toml::from_str::<InverseMomentum>("hihg = 0.9").unwrap_err().to_string().contains("hihg"));
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    let declared: String = InverseMomentum::METHOD
        .parameters
        .iter()
        .filter_map(|parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?)))
        .collect();
    assert_eq!(toml::from_str::<InverseMomentum>(&declared).unwrap(), InverseMomentum::default());
    assert_eq!(InverseMomentum::default().check(), Ok(()));
}

#[test]
fn among_others_it_goes_on_from_the_bytes_of_another() {
    let mut running = together(true);
    running.begin();
    (0..40).for_each(|step| drop(running.observe(&Observation::Step { step, loss: 1.0 })));
    let mut fresh = together(true);
    fresh.load(&running.save()).unwrap();
    let seen = Observation::Step { step: 40, loss: 1.0 };
    assert_eq!(fresh.observe(&seen), running.observe(&seen));
}

proptest! {
    #[test]
    fn whatever_the_rate_the_momentum_is_within_its_range_and_falls_with_it(
        low in 0.0..0.98_f64,
        gap in 1e-9..0.01_f64,
        rates in (0.0..1.0_f64, 1e-9..1e3_f64),
        one in prop_oneof![4 => 0.0..10.0_f64, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(-1e300)],
        more in 0.0..10.0_f64,
    ) {
        let spec = InverseMomentum { high: low + gap, low, rate_low: Some(rates.0), rate_peak: Some(rates.0 + rates.1) };
        let controller = spec.resolve().unwrap();
        let momentum = controller.momentum(one);
        prop_assert!((low..=low + gap).contains(&momentum), "{momentum}");
        prop_assert!(!one.is_finite() || controller.momentum(one + more) <= momentum);
    }

    #[test]
    fn the_rate_may_have_any_schedule(peak in 1e-6..10.0_f64, warmup in 0_u64..40, step in 0_u64..200) {
        let rate = ScheduleSpec::cosine(peak).warmup(Span::Steps(warmup)).resolve(&Frame::steps(100)).unwrap();
        let (low, high) = rate.range();
        let momentum = controller(low, high).momentum(rate.at(step));
        prop_assert!((0.85..=0.95).contains(&momentum));
    }
}
