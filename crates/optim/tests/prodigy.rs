//! Prodigy against reference values, and what it does for the whole model at once.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use burn::module::{Module, Param, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use common::{CURVATURE, START, Vector, rate, tensor};
use rheostat_control::optimizers::Prodigy;
use rheostat_control::{Hyperparameter, OptimizerSpec};
use rheostat_optim::{Gradients, OptimError, Optimizer, ParameterGroup};

const FIXTURE: &str = include_str!("fixtures/modern.json");

fn fixture<T: serde::de::DeserializeOwned>(name: &str) -> BTreeMap<usize, T> {
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(FIXTURE).unwrap();
    serde_json::from_value(all[name].clone()).unwrap()
}

fn spec(prodigy: Prodigy) -> OptimizerSpec {
    OptimizerSpec::Prodigy(prodigy)
}

fn gradient(model: &Vector) -> Gradients {
    let gradient: Vec<_> = model.values().iter().zip(CURVATURE).map(|(theta, a)| a * theta).collect();
    model.gradients(&gradient)
}

/// The estimate that a saved state holds.
fn distance(optimizer: &Optimizer, tensor: &str) -> f64 {
    let bytes = optimizer.save().unwrap();
    let stored = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let counters = stored.tensor(&format!("{tensor}/counters")).unwrap();
    f64::from_le_bytes(counters.data()[..8].try_into().unwrap())
}

#[test]
fn prodigy_agrees_over_200_updates() {
    let wanted: BTreeMap<usize, Vec<f64>> = fixture("prodigy_theta");
    let estimates: BTreeMap<usize, f64> = fixture("prodigy_d");
    let mut model = Vector::new(&START);
    let mut optimizer = Optimizer::new(&spec(Prodigy::default()), &model, &[]).unwrap();
    for step in 1..=200 {
        let gradients = gradient(&model);
        model = optimizer.step(model, gradients, &[rate(1.0)]).unwrap();
        if let Some(wanted) = wanted.get(&step) {
            for (got, wanted) in model.values().iter().zip(wanted) {
                assert!((got - wanted).abs() <= 1e-12, "after {step}: {got} instead of {wanted}");
            }
            let (got, wanted) = (distance(&optimizer, "theta"), estimates[&step]);
            assert!((got - wanted).abs() <= 1e-12, "d after {step}: {got} instead of {wanted}");
        }
    }
}

/// The same weights in two tensors.
#[derive(Module, Debug)]
struct Split {
    left: Param<Tensor<1>>,
    right: Param<Tensor<1>>,
}

impl Split {
    fn new() -> Self {
        let part = |values: &[f64]| Param::initialized(ParamId::new(), tensor(values).require_grad());
        Self { left: part(&START[..1]), right: part(&START[1..]) }
    }

    fn values(&self) -> Vec<f64> {
        let of = |part: &Param<Tensor<1>>| part.val().into_data().iter::<f64>().collect::<Vec<_>>();
        [of(&self.left), of(&self.right)].concat()
    }

    fn gradients(&self, with_left: bool) -> Gradients {
        let theta = self.values();
        let part = |range: std::ops::Range<usize>| {
            let gradient: Vec<_> = range.map(|index| CURVATURE[index] * theta[index]).collect();
            let data = TensorData::new(gradient.clone(), [gradient.len()]);
            Tensor::<1>::from_data(data, (&Device::flex().autodiff(), DType::F64))
        };
        let right = (self.right.val() * part(1..3)).sum();
        let loss = if with_left { right + (self.left.val() * part(0..1)).sum() } else { right };
        Gradients::of(self, loss.backward()).unwrap()
    }
}

#[test]
fn one_estimate_serves_all_tensors() {
    let (mut whole, mut split) = (Vector::new(&START), Split::new());
    let spec = spec(Prodigy { weight_decay: Some(0.1), use_bias_correction: true, ..Prodigy::default() });
    let mut of_whole = Optimizer::new(&spec, &whole, &[]).unwrap();
    let mut of_split = Optimizer::new(&spec, &split, &[]).unwrap();
    for _ in 0..50 {
        let gradients = gradient(&whole);
        whole = of_whole.step(whole, gradients, &[rate(1.0)]).unwrap();
        let gradients = split.gradients(true);
        split = of_split.step(split, gradients, &[rate(1.0)]).unwrap();
    }
    for (one, other) in whole.values().iter().zip(split.values()) {
        assert!((one - other).abs() <= 1e-12, "{one} {other}");
    }
    assert!(distance(&of_split, "left") > 1e-3, "the estimate has grown");
}

#[test]
fn a_tensor_that_comes_later_starts_with_the_estimate_so_far() {
    let mut model = Split::new();
    let mut optimizer = Optimizer::new(&spec(Prodigy::default()), &model, &[]).unwrap();
    for step in 0..40 {
        let gradients = model.gradients(step >= 20);
        let before = model.values()[0];
        model = optimizer.step(model, gradients, &[rate(1.0)]).unwrap();
        let moved = (model.values()[0] - before).abs();
        match step {
            0..20 => assert_eq!(moved, 0.0),
            20 => assert!(moved > 1e-4, "not the 1e-6 of a first update: {moved}"),
            _ => assert_eq!(distance(&optimizer, "left"), distance(&optimizer, "right")),
        }
    }
}

#[test]
fn groups_may_stand_still_but_not_have_a_rate_of_their_own() {
    let model = Split::new();
    let group = || [ParameterGroup::matching("left").unwrap()];
    let mut optimizer = Optimizer::new(&spec(Prodigy::default()), &model, &group()).unwrap();
    let gradients = model.gradients(true);
    let error = optimizer.step(model.clone(), gradients, &[rate(1.0), rate(0.5)]).unwrap_err();
    assert_eq!(error, OptimError::DifferentRates { group: 1, rate: 0.5, first: 1.0 });

    let gradients = model.gradients(true);
    let moved = optimizer.step(model.clone(), gradients, &[rate(1.0), rate(0.0)]).unwrap();
    assert_eq!(moved.values()[0], START[0]);
    assert_ne!(moved.values()[1], START[1]);
}

#[test]
fn a_soft_reset_leaves_the_estimate_and_a_hard_one_does_not() {
    let mut model = Vector::new(&START);
    let mut optimizer = Optimizer::new(&spec(Prodigy::default()), &model, &[]).unwrap();
    for _ in 0..30 {
        let gradients = gradient(&model);
        model = optimizer.step(model, gradients, &[rate(1.0)]).unwrap();
    }
    let estimate = distance(&optimizer, "theta");
    optimizer.scale_state(0.25).unwrap();
    assert_eq!(distance(&optimizer, "theta"), estimate);
    optimizer.reset();
    let gradients = gradient(&model);
    optimizer.step(model, gradients, &[rate(1.0)]).unwrap();
    assert!(distance(&optimizer, "theta") < 1e-5);
}

#[test]
fn the_estimate_grows_no_faster_than_permitted() {
    let mut model = Vector::new(&START);
    let mut optimizer =
        Optimizer::new(&spec(Prodigy { growth_rate: Some(1.02), ..Prodigy::default() }), &model, &[]).unwrap();
    let mut last = None;
    for step in 0..100 {
        let gradients = gradient(&model);
        let values = rate(1.0).with(Hyperparameter::WeightDecay, 0.0);
        model = optimizer.step(model, gradients, &[values]).unwrap();
        let now = distance(&optimizer, "theta");
        if let Some(last) = last.filter(|last| *last > 1e-6) {
            assert!(now <= last * 1.02 * (1.0 + 1e-12), "update {step}: {last} to {now}");
        }
        last = Some(now);
    }
    assert!(last.unwrap() > 2e-6);
}
