//! Weights through bytes: bit for bit, running statistics included, into a model that shares nothing.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use burn::module::{Module, ParamGroup};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use common::Vector;
use rheostat_optim::{OptimError, load_weights, weights};

#[derive(Module, Debug)]
struct Net {
    layers: Vec<Linear>,
    norm: BatchNorm,
}

fn net() -> Net {
    let device = Device::flex().autodiff();
    Net {
        layers: vec![LinearConfig::new(3, 4).init(&device), LinearConfig::new(4, 4).init(&device)],
        norm: BatchNormConfig::new(4).init(&device),
    }
}

fn forward(net: &Net) -> Tensor<2> {
    let input = Tensor::random([8, 3], Distribution::Normal(1.0, 2.0), &Device::flex().autodiff());
    let hidden = net.layers.iter().fold(input, |hidden, layer| layer.forward(hidden));
    net.norm.forward(hidden)
}

fn running_mean(net: &Net) -> Vec<f32> {
    net.norm.running_mean.value_sync().inner().into_data().iter::<f32>().collect()
}

#[test]
fn weights_go_through_bytes_bit_for_bit() {
    let trained = net();
    forward(&trained);
    forward(&trained);
    let bytes = weights(&trained).unwrap();
    let loaded = load_weights(net(), &bytes).unwrap();
    assert_eq!(weights(&loaded).unwrap(), bytes);
    assert_eq!(running_mean(&loaded), running_mean(&trained));
    assert_ne!(running_mean(&loaded), [0.0; 4]);
}

#[test]
fn statistics_of_the_last_forward_pass_are_in_the_bytes() {
    let trained = net();
    forward(&trained);
    let bytes = weights(&trained).unwrap();
    assert_eq!(running_mean(&load_weights(net(), &bytes).unwrap()), running_mean(&trained));
}

#[test]
fn statistics_pending_in_the_target_do_not_overwrite_what_is_loaded() {
    let fresh = net();
    let bytes = weights(&fresh).unwrap();
    let target = net();
    forward(&target);
    forward(&target);
    assert_eq!(running_mean(&load_weights(target, &bytes).unwrap()), running_mean(&fresh));
}

#[test]
fn loading_leaves_clones_of_the_target_alone() {
    let bytes = weights(&net()).unwrap();
    let target = net();
    forward(&target);
    let clone = target.clone();
    let before = weights(&clone).unwrap();
    let loaded = load_weights(target, &bytes).unwrap();
    forward(&loaded);
    assert_eq!(weights(&clone).unwrap(), before);
}

#[test]
fn a_loaded_model_trains_what_was_trained_and_keeps_frozen_what_was_frozen() {
    let target = net().freeze_group(ParamGroup::from_path("layers.0.weight"));
    let loaded = load_weights(target, &weights(&net()).unwrap()).unwrap();
    assert!(!loaded.layers[0].weight.is_require_grad());
    assert!(loaded.layers[1].weight.is_require_grad());
    assert!(loaded.norm.training.is_enabled());
    let valid = load_weights(net().valid(), &weights(&net()).unwrap()).unwrap();
    assert!(!valid.layers[1].weight.val().is_autodiff());
    assert!(!valid.norm.training.is_enabled());
}

#[test]
fn double_precision_stays_double() {
    let model = Vector::new(&[0.1, 1.0 / 3.0]);
    let loaded = load_weights(Vector::new(&[0.0, 0.0]), &weights(&model).unwrap()).unwrap();
    assert_eq!(loaded.values(), [0.1, 1.0 / 3.0]);
}

#[test]
fn bytes_of_another_model_or_damaged_ones_are_refused_with_the_tensor() {
    let bytes = weights(&net()).unwrap();
    let refused = |bytes: &[u8]| load_weights(net(), bytes).unwrap_err();
    for torn in [&bytes[..10], &bytes[..bytes.len() - 1], &[]] {
        assert!(matches!(refused(torn), OptimError::BadBytes { .. }));
    }
    let other = weights(&Vector::new(&[0.0])).unwrap();
    assert_eq!(refused(&other).to_string(), "saved weights cannot be read: the model has no theta");
    let error = load_weights(Vector::new(&[0.0, 0.0]), &other).unwrap_err();
    assert!(error.to_string().contains("theta is F64 [1]"), "{error}");
}
