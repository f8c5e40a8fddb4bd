//! Rates and moments at other batch sizes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_control::optimizers::{Adam, Muon, Prodigy, ScheduleFree, Sgd};
use rheostat_control::{
    AutoLrs, AutoWarmUp, BatchScaling, ControllerSpec, Cycles, Hyperparameter, InverseMomentum, OptimizerSpec, Plateau,
    ScalingRule,
};
use rheostat_schedule::ScheduleSpec;
use serde_json::Value;

/// Computed with NumPy.
fn oracle(key: &str) -> Value {
    let text = include_str!("fixtures/batch_scaling.json");
    serde_json::from_str::<Value>(text).expect("reads")[key].clone()
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} {want}");
}

#[test]
fn the_published_rates_come_out() {
    for (key, rule, base) in
        [("sqrt_scale .001*sqrt(B/256)", ScalingRule::Sqrt, 0.001), ("linear_scale .1*B/256", ScalingRule::Linear, 0.1)]
    {
        let rates = oracle(key);
        for (batch, want) in rates.as_object().expect("a table") {
            let scaling = BatchScaling::new(rule);
            close(base * scaling.rate_factor(batch.parse().expect("a number")), want.as_f64().expect("a number"));
        }
    }
}

#[test]
fn adam_sde_moves_the_rate_both_moments_and_epsilon() {
    let scaling = BatchScaling::new(ScalingRule::AdamSde);
    let adam = OptimizerSpec::Adam(Adam { epsilon: 1e-8, ..Adam::default() });
    let OptimizerSpec::Adam(scaled) = scaling.optimizer(1024, &adam).expect("Adam") else { panic!("another") };
    let got = [
        1e-3 * scaling.rate_factor(1024),
        scaling.beta(1024, Hyperparameter::Momentum, 0.9).expect("in range"),
        scaling.beta(1024, Hyperparameter::Beta2, 0.999).expect("in range"),
        scaled.epsilon,
    ];
    let want = oracle("adam_sde_scale(k=4,b1=.9,b2=.999,eps=1e-8,eta=1e-3)");
    for (got, want) in got.into_iter().zip(want.as_array().expect("a list")) {
        close(got, want.as_f64().expect("a number"));
    }
}

#[test]
fn adam_sde_ends_where_an_average_would_be_of_only_one_gradient() {
    let scaling = BatchScaling { reference: 100, ..BatchScaling::new(ScalingRule::AdamSde) };
    assert!(scaling.beta(100 * 3, Hyperparameter::Momentum, 0.75).is_ok());
    for batch in [400, 500] {
        let error = scaling.beta(batch, Hyperparameter::Momentum, 0.75).expect_err("too large");
        assert_eq!(error.field(), "momentum");
        assert!(error.to_string().contains("to be less than 1"), "{error}");
    }
    assert!(
        BatchScaling::new(ScalingRule::AdamSde).beta(2560, Hyperparameter::Momentum, 0.9).is_err(),
        "but for rounding"
    );
    let sgd = OptimizerSpec::Sgd(Sgd::default());
    for other in [
        sgd.clone(),
        OptimizerSpec::Muon(Muon::default()),
        OptimizerSpec::Prodigy(Prodigy::default()),
        OptimizerSpec::ScheduleFree(ScheduleFree::default()),
    ] {
        assert_eq!(scaling.optimizer(200, &other).expect_err("not Adam").field(), "rule");
    }
    let linear = BatchScaling::new(ScalingRule::Linear);
    assert_eq!(linear.optimizer(200, &sgd), Ok(sgd));
    assert_eq!(linear.beta(1 << 40, Hyperparameter::Momentum, 0.9), Ok(0.9));
}

#[test]
fn a_maximum_bounds_the_peak_and_keeps_the_shape() {
    let scaling = BatchScaling { maximum: Some(1.0), ..BatchScaling::new(ScalingRule::Linear) };
    assert_eq!(scaling.capped_rate_factor(1024, 0.1), 4.0);
    assert_eq!(scaling.capped_rate_factor(8192, 0.1), 10.0);
    assert_eq!(scaling.capped_rate_factor(8192, 0.0), 32.0);
}

#[test]
fn wrong_numbers_are_named() {
    let power = |exponent| BatchScaling { exponent, ..BatchScaling::new(ScalingRule::Power) };
    let wrong = [
        ("exponent", power(None)),
        ("exponent", power(Some(1.01))),
        ("exponent", power(Some(-0.01))),
        ("exponent", power(Some(f64::NAN))),
        ("exponent", BatchScaling { exponent: Some(0.5), ..BatchScaling::new(ScalingRule::Sqrt) }),
        ("reference", BatchScaling { reference: 0, ..BatchScaling::new(ScalingRule::Sqrt) }),
        ("maximum", BatchScaling { maximum: Some(0.0), ..BatchScaling::new(ScalingRule::Sqrt) }),
    ];
    for (field, wrong) in wrong {
        let errors = wrong.check().expect_err(field);
        assert_eq!((errors.len(), errors[0].field()), (1, field));
    }
    for exponent in [0.0, 0.5, 1.0] {
        assert_eq!(power(Some(exponent)).check(), Ok(()));
    }
}

#[test]
fn every_rate_of_a_controller_is_scaled_and_nothing_else() {
    use Hyperparameter::{LearningRate, Momentum};
    let twice = |which, spec: ControllerSpec| spec.with_rates_times(which, 2.0);
    let read = |text: &str| toml::from_str::<ControllerSpec>(text).expect("reads");
    let lrs = AutoLrs { low: 1e-3, high: 0.1, warmup_peak: Some(0.05), ..AutoLrs::default() };
    let lrs_twice = AutoLrs { low: 2e-3, high: 0.2, warmup_peak: Some(0.1), ..AutoLrs::default() };
    assert_eq!(twice(LearningRate, ControllerSpec::Autolrs(lrs)), ControllerSpec::Autolrs(lrs_twice));
    let warm_up = |low, high| ControllerSpec::Autowu(AutoWarmUp { low, high, ..AutoWarmUp::default() });
    assert_eq!(twice(LearningRate, warm_up(1e-4, 0.5)), warm_up(2e-4, 1.0));
    let cycles = |peak, floor| {
        let tables =
            format!("peak = {peak}\n[[cycle]]\n[[cycle]]\npeak = {peak}\nfloor = {floor}\n[[queue]]\npeak = {peak}\n");
        ControllerSpec::Cycles(toml::from_str::<Cycles>(&tables).expect("reads"))
    };
    assert_eq!(twice(LearningRate, cycles(0.5, 0.25)), cycles(1.0, 0.5));
    let plateau = |peak: f64, floor| ControllerSpec::Plateau(Plateau { floor, ..Plateau::from_peak(peak) });
    assert_eq!(twice(LearningRate, plateau(0.5, 0.25)), plateau(1.0, 0.5));
    assert_eq!(twice(Momentum, plateau(0.5, 0.25)), plateau(0.5, 0.25), "it is no rate there");
    let on = ControllerSpec::Plateau(Plateau::over(ScheduleSpec::cosine(0.1)));
    let on_twice = ControllerSpec::Plateau(Plateau::over(ScheduleSpec::product(ScheduleSpec::cosine(0.1), 2.0)));
    assert_eq!(twice(LearningRate, on), on_twice);
    let inverse =
        |low, peak| ControllerSpec::Inverse(InverseMomentum { rate_low: low, rate_peak: peak, ..Default::default() });
    assert_eq!(twice(Momentum, inverse(None, Some(0.1))), inverse(None, Some(0.2)));
    let swd = read("method = \"swd\"\nstrength = 0.1\n");
    assert_eq!(twice(Hyperparameter::WeightDecay, swd.clone()), swd);
}

proptest! {
    #[test]
    fn there_and_back_is_where_it_was(batch in 1_u64..100_000, reference in 1_u64..100_000, exponent in 0.0..=1.0) {
        let to = |reference, batch| {
            let rule = BatchScaling { reference, exponent: Some(exponent), ..BatchScaling::new(ScalingRule::Power) };
            rule.rate_factor(batch)
        };
        prop_assert!((to(reference, batch) * to(batch, reference) - 1.0).abs() < 1e-12);
        prop_assert_eq!(to(batch, batch), 1.0);
    }
}
