//! Accumulation, global-norm clipping and the search for what is not finite.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use common::{Vector, rate};
use rheostat_control::OptimizerSpec;
use rheostat_control::optimizers::{Adam, Sgd};
use rheostat_optim::{Gradients, OptimError, Optimizer};

/// What an SGD step of size 1 takes from the origin: the gradient.
fn read(model: &Vector, gradients: Gradients) -> Vec<f64> {
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), model, &[]).unwrap();
    let before = model.values();
    let after = optimizer.step(model.clone(), gradients, &[rate(1.0)]).unwrap().values();
    before.iter().zip(after).map(|(before, after)| before - after).collect()
}

#[derive(Module, Debug)]
struct Two {
    used: Linear,
    spare: Linear,
}

fn two() -> Two {
    let device = Device::flex().autodiff();
    Two { used: LinearConfig::new(3, 2).init(&device), spare: LinearConfig::new(3, 2).init(&device) }
}

fn input() -> Tensor<2> {
    Tensor::ones([5, 3], &Device::flex().autodiff())
}

#[test]
fn the_global_norm_covers_every_tensor() {
    let model = Vector::new(&[0.0, 0.0]);
    assert_eq!(model.gradients(&[3.0, -4.0]).norm().unwrap(), 5.0);
    let model = two();
    let gradients = Gradients::of(&model, model.used.forward(input()).sum().backward()).unwrap();
    // The weight's gradient is 5 in each of 6 places, the bias's 5 in each of 2.
    assert!((gradients.norm().unwrap() - 200.0_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn clipping_scales_only_what_is_too_long() {
    let model = Vector::new(&[0.0, 0.0]);
    let mut gradients = model.gradients(&[3.0, -4.0]);
    assert_eq!(gradients.clip(10.0).unwrap(), 5.0);
    assert_eq!(read(&model, gradients.clone()), [3.0, -4.0]);
    assert_eq!(gradients.clip(1.0).unwrap(), 5.0);
    let factor = 1.0 / (5.0 + 1e-6);
    assert_eq!(read(&model, gradients), [3.0 * factor, -4.0 * factor]);
}

#[test]
fn the_norm_is_that_of_the_gradients_as_they_are() {
    let model = Vector::new(&[0.0, 0.0]);
    let mut gradients = model.gradients(&[3.0, -4.0]);
    assert_eq!(gradients.norm().unwrap(), 5.0);
    gradients.scale(2.0).unwrap();
    assert_eq!(gradients.norm().unwrap(), 10.0);
    gradients.add(model.gradients(&[-6.0, 0.0])).unwrap();
    assert_eq!(gradients.norm().unwrap(), 8.0);
    assert_eq!(gradients.clip(4.0).unwrap(), 8.0);
    assert!((gradients.norm().unwrap() - 4.0).abs() < 1e-6);
}

#[test]
fn what_was_finite_is_looked_at_again_after_it_changed() {
    let model = Vector::new(&[0.0, 0.0]);
    let mut gradients = model.gradients(&[3.0, -4.0]);
    assert!(gradients.norm().unwrap().is_finite() && gradients.is_finite().unwrap());
    let mut sum = gradients.clone();
    sum.add(model.gradients(&[f64::NAN, 0.0])).unwrap();
    assert!(!sum.is_finite().unwrap());
    gradients.scale(f64::MAX).unwrap();
    assert!(!gradients.is_finite().unwrap());
}

#[test]
fn clipping_refuses_a_bound_that_is_not_positive() {
    let mut gradients = Vector::new(&[0.0]).gradients(&[1.0]);
    for bound in [0.0, -1.0, f64::NAN] {
        assert!(matches!(gradients.clip(bound), Err(OptimError::OutOfRange { field: "clip_norm", .. })));
    }
    assert_eq!(gradients.clip(f64::INFINITY).unwrap(), 1.0);
}

#[test]
fn accumulated_micro_batches_are_their_sum() {
    let model = Vector::new(&[0.0, 0.0]);
    let mut sum = model.gradients(&[1.0, 2.0]);
    sum.add(model.gradients(&[10.0, 20.0])).unwrap();
    sum.scale(0.5).unwrap();
    assert_eq!(read(&model, sum), [5.5, 11.0]);
}

#[test]
fn a_gradient_that_one_micro_batch_lacks_is_the_other_ones() {
    let model = two();
    let used = || Gradients::of(&model, model.used.forward(input()).sum().backward()).unwrap();
    let spare = || Gradients::of(&model, model.spare.forward(input()).sum().backward()).unwrap();
    let mut sum = used();
    assert_eq!(sum.paths().collect::<Vec<_>>(), ["used.weight", "used.bias"]);
    sum.add(spare()).unwrap();
    assert_eq!(sum.paths().collect::<Vec<_>>(), ["used.weight", "used.bias", "spare.weight", "spare.bias"]);
    assert!((sum.norm().unwrap() - used().norm().unwrap() * 2.0_f64.sqrt()).abs() < 1e-12);
}

#[test]
fn gradients_of_another_model_are_refused() {
    let model = two();
    let mut gradients = Gradients::of(&model, model.used.forward(input()).sum().backward()).unwrap();
    let other = Vector::new(&[0.0]).gradients(&[1.0]);
    assert!(matches!(gradients.add(other.clone()), Err(OptimError::OtherModel { .. })));
    assert!(matches!(gradients.dot(&other), Err(OptimError::OtherModel { .. })));
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &model, &[]).unwrap();
    assert!(matches!(optimizer.step(model, other, &[rate(0.1)]), Err(OptimError::OtherModel { .. })));
}

#[test]
fn gradients_come_from_burns_own_container_too() {
    let model = two();
    let ours = Gradients::of(&model, model.used.forward(input()).sum().backward()).unwrap();
    let params = GradientsParams::from_grads(model.used.forward(input()).sum().backward(), &model);
    let theirs = Gradients::of_params(&model, params).unwrap();
    assert_eq!(theirs.paths().collect::<Vec<_>>(), ours.paths().collect::<Vec<_>>());
    assert_eq!(theirs.norm().unwrap().to_bits(), ours.norm().unwrap().to_bits());
}

#[test]
fn the_first_tensor_that_is_not_finite_is_named_and_counted() {
    let model = Vector::new(&[0.0; 4]);
    let gradients = model.gradients(&[1.0, f64::NAN, f64::INFINITY, 2.0]);
    assert!(!gradients.is_finite().unwrap());
    assert_eq!(gradients.first_non_finite().unwrap(), Some("theta"));
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &model, &[]).unwrap();
    let before = optimizer.save().unwrap();
    let error = optimizer.step(model, gradients.clone(), &[rate(0.1)]).unwrap_err();
    assert_eq!(error, OptimError::NonFiniteGradient { path: "theta".to_owned(), count: 2 });
    assert_eq!(optimizer.save().unwrap(), before);
    assert!(matches!(gradients.clone().clip(1.0), Err(OptimError::NonFiniteGradient { .. })));
}

#[test]
fn huge_but_finite_gradients_are_finite() {
    let gradients = Vector::new(&[0.0, 0.0]).gradients(&[1e200, -1e200]);
    assert!(gradients.is_finite().unwrap());
}

#[test]
fn zero_over_zero_is_an_error_and_not_a_nan() {
    let spec = OptimizerSpec::Adam(Adam { epsilon: 0.0, ..Adam::default() });
    let model = Vector::new(&[1.0, 1.0]);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let gradients = model.gradients(&[1.0, 0.0]);
    let error = optimizer.step(model, gradients, &[rate(0.1)]).unwrap_err();
    assert_eq!(error, OptimError::NonFiniteDirection { path: "theta".to_owned(), count: 1 });
}

#[test]
fn the_slope_of_an_update_is_the_product_with_the_gradient() {
    let model = Vector::new(&[0.0, 0.0]);
    let gradients = model.gradients(&[3.0, -4.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Sgd(Sgd::default()), &model, &[]).unwrap();
    let update = optimizer.direction(&model, gradients.clone(), &[rate(0.1)]).unwrap();
    assert_eq!(update.dot(&gradients).unwrap(), 25.0);
    assert_eq!(update.norm().unwrap(), 5.0);
}

proptest::proptest! {
    #[test]
    fn a_clipped_gradient_keeps_its_direction_and_the_bound(
        values in proptest::collection::vec(-1e3..1e3_f64, 1..40),
        bound in 1e-3..1e3_f64,
    ) {
        let model = Vector::new(&vec![0.0; values.len()]);
        let before = model.gradients(&values);
        let mut after = before.clone();
        let norm = after.clip(bound).unwrap();
        proptest::prop_assert!(after.norm().unwrap() <= bound * (1.0 + 1e-12));
        let cosine = after.dot(&before).unwrap() - after.norm().unwrap() * norm;
        proptest::prop_assert!(cosine.abs() <= 1e-9 * norm * norm.max(1.0));
        if norm + 1e-6 <= bound {
            proptest::prop_assert_eq!(read(&model, after), values);
        }
    }

    #[test]
    fn a_saved_moment_loads_to_the_same_bits(values in proptest::collection::vec(-1e30..1e30_f64, 1..40)) {
        let spec = OptimizerSpec::Adam(Adam::default());
        let model = Vector::new(&vec![0.0; values.len()]);
        let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
        optimizer.direction(&model, model.gradients(&values), &[rate(0.1)]).unwrap();
        let saved = optimizer.save().unwrap();
        let mut fresh = Optimizer::new(&spec, &model, &[]).unwrap();
        fresh.load(&saved).unwrap();
        proptest::prop_assert_eq!(fresh.save().unwrap(), saved);
    }
}
