//! Facts about the pinned Burn that this crate is built on. A failure here after an upgrade says which assumption fell.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Distribution, Tensor};
use common::alone;

fn batch_norm() -> BatchNorm {
    BatchNormConfig::new(3).init(&Device::flex().autodiff())
}

fn batch() -> Tensor<2> {
    let _turn = alone();
    Tensor::random([16, 3], Distribution::Normal(4.0, 1.0), &Device::flex().autodiff())
}

fn running_mean(norm: &BatchNorm) -> Vec<f64> {
    norm.running_mean.value_sync().inner().into_data().iter::<f64>().collect()
}

struct Doubled;

impl ModuleMapper for Doubled {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|tensor| tensor.mul_scalar(2.0))
    }
}

#[test]
fn a_clone_shares_running_statistics() {
    let norm = batch_norm();
    norm.clone().forward(batch());
    assert!(running_mean(&norm).iter().all(|mean| *mean > 0.1));
}

#[test]
fn mapping_a_clone_changes_the_running_statistics_of_the_original() {
    let norm = batch_norm();
    norm.forward(batch());
    let before = running_mean(&norm);
    let _mapped = norm.clone().map(&mut Doubled);
    let doubled: Vec<_> = before.iter().map(|mean| 2.0 * mean).collect();
    assert_eq!(running_mean(&norm), doubled);
}

#[test]
fn valid_then_train_has_running_statistics_of_its_own_and_the_same_ids() {
    let norm = batch_norm();
    let copy = norm.valid().train();
    copy.forward(batch());
    assert_eq!(running_mean(&norm), [0.0; 3]);
    assert_eq!(copy.gamma.id, norm.gamma.id);
    assert!(copy.gamma.val().is_require_grad());
}

#[test]
fn statistics_are_visible_to_a_visitor_only_after_they_were_merged() {
    let norm = batch_norm();
    norm.forward(batch());
    let pending = norm.running_mean.value().inner().into_data();
    let merged = norm.running_mean.value_sync().inner().into_data();
    assert_ne!(pending, merged);
    norm.forward(batch());
    assert_eq!(norm.valid().running_mean.value().into_data(), norm.running_mean.value_sync().inner().into_data());
}

#[test]
fn a_short_sum_repeats_to_the_bit() {
    let _turn = alone();
    let values = Tensor::<1>::random([1 << 20], Distribution::Default, &Device::flex());
    let first = values.clone().sum().into_data();
    for _ in 0..20 {
        assert_eq!(values.clone().sum().into_data(), first);
    }
}

#[test]
fn dropout_masks_repeat_after_the_device_is_seeded() {
    let _turn = alone();
    let device = Device::flex().autodiff();
    let draw = || {
        device.seed(7);
        Tensor::<1>::random([64], Distribution::Default, &device).inner().into_data()
    };
    assert_eq!(draw(), draw());
}

#[test]
fn the_values_of_a_lone_tensor_move_without_a_copy() {
    let data = burn::tensor::TensorData::new(vec![1.0_f32; 4096], [64, 64]);
    let address = data.bytes().as_ptr();
    let tensor = Tensor::<2>::from_data(data, &Device::flex());
    assert_eq!(tensor.into_data().bytes().as_ptr(), address);
}
