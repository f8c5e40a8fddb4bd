//! The average of a model's weights.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};
use common::Vector;
use rheostat_control::Averaging;
use rheostat_optim::{OptimError, WeightAverage, weights};

fn ema() -> WeightAverage {
    WeightAverage::new(Averaging::Ema { decay: 0.5, decay_warmup: false, from: 0 })
}

fn every() -> WeightAverage {
    WeightAverage::new(Averaging::SwaEvery { from: 2, every: 2 })
}

fn averaged(average: &WeightAverage, model: &Vector) -> Option<Vec<f64>> {
    average.evaluation_weights(model, 100).unwrap().map(|model| model.values())
}

#[test]
fn there_is_no_average_before_weights_have_joined() {
    let (model, mut average) = (Vector::new(&[1.0, 2.0]), every());
    assert_eq!(averaged(&average, &model), None);
    average.observe(&model, 1).unwrap();
    assert_eq!(averaged(&average, &model), None);
    average.observe(&model, 2).unwrap();
    assert_eq!(averaged(&average, &model), Some(vec![1.0, 2.0]));
}

#[test]
fn the_mean_of_a_tail_begins_anew_in_every_cycle_and_stands_there_alone() {
    let mut average = WeightAverage::new(Averaging::Tail { windows: vec![(2, 3), (6, 7)], every: 1 });
    let model = Vector::new(&[9.0]);
    let mut seen = Vec::new();
    for (updates, value) in (1..).zip([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]) {
        average.observe(&Vector::new(&[value]), updates).unwrap();
        let copy = average.evaluation_weights(&model, updates).unwrap();
        seen.push(copy.map(|model| model.values()[0]));
    }
    assert_eq!(seen, [None, Some(2.0), Some(3.0), None, None, Some(32.0), Some(48.0)]);
}

#[test]
fn an_exponential_average_forgets_and_a_mean_does_not() {
    let (mut forgetting, mut mean) = (ema(), every());
    let values = [4.0, 8.0, 16.0, 2.0];
    for (index, value) in values.into_iter().enumerate() {
        let model = Vector::new(&[value]);
        forgetting.observe(&model, index as u64 + 1).unwrap();
        mean.observe(&model, index as u64 + 1).unwrap();
    }
    let model = Vector::new(&[0.0]);
    let wanted = 0.5 * (0.5 * (0.5 * 4.0 + 0.5 * 8.0) + 0.5 * 16.0) + 0.5 * 2.0;
    assert_eq!(averaged(&forgetting, &model), Some(vec![wanted]));
    assert_eq!(averaged(&mean, &model), Some(vec![5.0]), "after updates 2 and 4");
    assert_eq!(model.values(), [0.0], "the model is not touched");
}

#[test]
fn a_saved_average_goes_on_bit_for_bit() {
    let model = Vector::new(&[0.1, 0.2, 0.3]);
    for make in [ema, every] {
        let mut one = make();
        for updates in 0..4 {
            let mut other = make();
            other.load(&model, &one.save().unwrap()).unwrap();
            let next = Vector::new(&[0.7, 1.0 / 3.0, updates as f64]);
            one.observe(&next, updates).unwrap();
            other.observe(&next, updates).unwrap();
            assert_eq!(one.save().unwrap(), other.save().unwrap());
            assert_eq!(averaged(&one, &model), averaged(&other, &model));
        }
    }
}

#[test]
fn bad_bytes_are_refused_and_change_nothing() {
    let model = Vector::new(&[1.0, 2.0]);
    let mut average = ema();
    average.observe(&model, 1).unwrap();
    let saved = average.save().unwrap();
    let longer = Vector::new(&[1.0, 2.0, 3.0]);
    let mut of_longer = ema();
    of_longer.observe(&longer, 1).unwrap();
    for bytes in [&saved[..saved.len() / 2], &[], &weights(&model).unwrap(), &of_longer.save().unwrap()] {
        assert!(matches!(average.load(&model, bytes), Err(OptimError::BadBytes { .. })));
    }
    assert_eq!(average.save().unwrap(), saved);
}

#[test]
fn a_soft_reset_moves_the_average_and_a_hard_one_begins_it_anew() {
    let (model, fresh) = (Vector::new(&[4.0]), Vector::new(&[0.0]));
    let mut average = ema();
    average.observe(&model, 1).unwrap();
    average.reset(&fresh, 0.0).unwrap();
    assert_eq!(averaged(&average, &model), Some(vec![4.0]));
    average.reset(&fresh, 0.25).unwrap();
    assert_eq!(averaged(&average, &model), Some(vec![3.0]));
    average.reset(&fresh, 1.0).unwrap();
    assert_eq!(averaged(&average, &model), None);
    for tau in [-0.1, 1.5, f64::NAN] {
        assert!(matches!(average.reset(&fresh, tau), Err(OptimError::OutOfRange { field: "tau", .. })));
    }
}

#[derive(Module, Debug)]
struct Normed {
    norm: BatchNorm,
    frozen: Param<Tensor<1>>,
}

#[test]
fn what_is_not_trained_is_the_models_of_the_moment() {
    let device = Device::flex().autodiff();
    let frozen = Param::from_tensor(Tensor::<1>::ones([2], &device)).set_require_grad(false);
    let model = Normed { norm: BatchNormConfig::new(2).init(&device), frozen };
    let input = Tensor::<2>::random([8, 2], burn::tensor::Distribution::Default, &device) + 3.0;
    let mut average = ema();
    average.observe(&model, 1).unwrap();
    let statistics =
        |model: &Normed| model.norm.running_mean.value_sync().into_data().iter::<f32>().collect::<Vec<_>>();

    model.norm.forward(input.clone()).sum().backward();
    let before = weights(&model).unwrap();
    let copy = average.evaluation_weights(&model, 1).unwrap().unwrap();
    assert_eq!(statistics(&copy), statistics(&model));
    assert!(statistics(&copy).iter().all(|mean| *mean > 0.1), "the statistics have moved: {:?}", statistics(&copy));
    copy.norm.forward(input * 2.0).sum().backward();
    assert_eq!(weights(&model).unwrap(), before, "a forward pass of the copy leaves the model's");
}
