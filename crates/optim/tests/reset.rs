//! Resets: weights towards fresh ones, moments and their correction with them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use common::{Vector, rate};
use rheostat_control::optimizers::{Adam, ScheduleFree};
use rheostat_control::{BiasCorrection, Buffers, OptimizerSpec};
use rheostat_optim::{Gradients, OptimError, Optimizer, reset_weights, weights};

#[derive(Module, Debug)]
struct Net {
    layer: Linear,
    norm: BatchNorm,
}

fn net() -> Net {
    let device = Device::flex().autodiff();
    Net { layer: LinearConfig::new(3, 4).init(&device), norm: BatchNormConfig::new(4).init(&device) }
}

fn trained() -> Net {
    let net = net();
    let input = Tensor::<2>::random([8, 3], Distribution::Normal(1.0, 2.0), &Device::flex().autodiff());
    net.norm.forward::<2>(net.layer.forward(input));
    net
}

fn running_mean(net: &Net) -> Vec<f32> {
    net.norm.running_mean.value_sync().inner().into_data().iter::<f32>().collect()
}

#[test]
fn weights_are_the_combination_that_tau_says() {
    let model = reset_weights(Vector::new(&[1.0, -2.0, 3.0]), &Vector::new(&[0.5, 0.5, -0.5]), 0.25, Buffers::Follow);
    assert_eq!(model.unwrap().values(), [0.875, -1.375, 2.125]);
}

#[test]
fn a_reset_by_nothing_changes_no_bit_and_one_by_everything_is_the_fresh_model() {
    let (model, fresh) = (trained(), net());
    let before = weights(&model).unwrap();
    let kept = reset_weights(model, &fresh, 0.0, Buffers::Follow).unwrap();
    assert_eq!(weights(&kept).unwrap(), before);
    let reset = reset_weights(kept, &fresh, 1.0, Buffers::Follow).unwrap();
    assert_eq!(weights(&reset).unwrap(), weights(&fresh).unwrap());
}

#[test]
fn running_statistics_follow_or_stay_and_what_is_trained_stays_trained() {
    let (model, fresh) = (trained(), net());
    let before = running_mean(&model);
    let halved: Vec<f32> = before.iter().map(|mean| 0.5 * mean).collect();
    let clone = model.clone();
    let followed = reset_weights(model.clone(), &fresh, 0.5, Buffers::Follow).unwrap();
    assert_eq!(running_mean(&followed), halved);
    assert_eq!(running_mean(&clone), before, "a clone made before keeps its own");
    let stayed = reset_weights(model, &fresh, 0.5, Buffers::Keep).unwrap();
    assert_eq!(running_mean(&stayed), before);
    assert!(stayed.layer.weight.is_require_grad());
}

#[test]
fn a_share_out_of_range_is_refused() {
    for tau in [-0.1, 1.1, f64::NAN] {
        let refused = reset_weights(net(), &net(), tau, Buffers::Follow);
        assert!(matches!(refused, Err(OptimError::OutOfRange { field: "tau", .. })));
    }
}

/// As many vectors as there are lengths.
fn vectors(lengths: &[usize]) -> Vec<Vector> {
    lengths.iter().map(|length| Vector::new(&vec![1.0; *length])).collect()
}

/// Fewer vectors than those of lengths 3 and 2, more of them, and one of another length.
const OTHERS: [&[usize]; 3] = [&[3], &[3, 2, 1], &[3, 1]];

#[test]
fn fresh_weights_of_another_model_are_refused() {
    for lengths in OTHERS {
        for tau in [0.5, 1.0] {
            let refused = reset_weights(vectors(&[3, 2]), &vectors(lengths), tau, Buffers::Follow);
            let why = refused.unwrap_err();
            assert!(matches!(why, OptimError::OtherModel { what: "the fresh model", .. }), "{lengths:?}, {tau}: {why}");
        }
    }
}

#[test]
fn copies_of_the_weights_do_not_move_towards_those_of_another_model() {
    let model = vectors(&[3, 2]);
    let spec = OptimizerSpec::ScheduleFree(ScheduleFree::default());
    // There are copies from the first update on.
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let loss = model[0].theta.val().sum() + model[1].theta.val().sum();
    let gradients = Gradients::of(&model, loss.backward()).unwrap();
    optimizer.direction(&model, gradients, &[rate(0.1)]).unwrap();
    for lengths in OTHERS {
        let refused = optimizer.reset_copies(&vectors(lengths), 0.5);
        assert!(matches!(refused, Err(OptimError::OtherModel { .. })), "{lengths:?}: {refused:?}");
    }
}

/// The first and second moments of the vector, as they are saved.
fn moments(optimizer: &Optimizer) -> [Vec<f64>; 2] {
    let bytes = optimizer.save().unwrap();
    let stored = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    ["theta/moment_1", "theta/moment_2"].map(|name| {
        let moment = stored.tensor(name).unwrap();
        moment.data().chunks(8).map(|eight| f64::from_le_bytes(eight.try_into().unwrap())).collect()
    })
}

#[test]
fn moments_are_scaled_by_what_tau_and_alpha_leave_of_them() {
    let (tau, alpha) = (0.25, 0.5);
    let spec = OptimizerSpec::Adam(Adam { beta2: Some(0.99), ..Adam::default() });
    let model = Vector::new(&[1.0, -2.0, 3.0]);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let agrees = |optimizer: &Optimizer, wanted: [[f64; 3]; 2]| {
        for (got, wanted) in moments(optimizer).into_iter().zip(wanted) {
            let close = got.iter().zip(wanted).all(|(got, wanted)| (got - wanted).abs() <= 1e-15);
            assert!(close && got.len() == 3, "{got:?} instead of {wanted:?}");
        }
    };
    // One gradient leaves a tenth of itself, and a hundredth of its square.
    optimizer.direction(&model, model.gradients(&[1.0, -2.0, 3.0]), &[rate(1.0)]).unwrap();
    agrees(&optimizer, [[0.1, -0.2, 0.3], [0.01, 0.04, 0.09]]);
    optimizer.scale_state(1.0 - tau * alpha).unwrap();
    agrees(&optimizer, [[0.0875, -0.175, 0.2625], [0.00875, 0.035, 0.07875]]);
}

/// The corrected moments' ratio after 1000 gradients of 1, a reset that scales the moments, and one gradient of -1.
fn ratio(bias_correction: BiasCorrection, factor: f64) -> f64 {
    let spec = OptimizerSpec::Adam(Adam { epsilon: 0.0, bias_correction, ..Adam::default() });
    let model = Vector::new(&[0.0]);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    for _ in 0..1000 {
        optimizer.direction(&model, model.gradients(&[1.0]), &[rate(1.0)]).unwrap();
    }
    optimizer.scale_state(factor).unwrap();
    let update = optimizer.direction(&model, model.gradients(&[-1.0]), &[rate(1.0)]).unwrap();
    -optimizer.apply(model, &update, &[1.0]).unwrap().values()[0]
}

#[test]
fn the_bias_correction_across_a_reset_is_that_of_the_method_notes() {
    let expected = [
        (BiasCorrection::Mass, [0.8, 0.636_363_636_363_636_6, -0.052_631_578_947_368_57, -1.0]),
        (BiasCorrection::Keep, [0.8, 0.494_584_032_099_749_8, -0.031_400_225_293_277_82, -2.515_297_737_155_199]),
        (
            BiasCorrection::Restart,
            [0.318_053_798_634_908_24, 0.196_630_412_691_868_5, -0.012_483_701_165_648_668, -1.0],
        ),
    ];
    for (correction, expected) in expected {
        for (factor, expected) in [1.0, 0.5, 0.1, 0.0].into_iter().zip(expected) {
            // A factor of 1 is no reset to any of them: the counters go on.
            if correction == BiasCorrection::Restart && factor == 1.0 {
                continue;
            }
            let found = ratio(correction, factor);
            assert!(
                (found - expected).abs() < 1e-9,
                "{correction:?} scaled by {factor}: {found} instead of {expected}"
            );
        }
    }
}

#[test]
fn the_mean_second_moment_is_corrected_and_over_all_elements() {
    let spec = OptimizerSpec::Adam(Adam::default());
    let model = Vector::new(&[0.0, 0.0]);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    for _ in 0..3 {
        let update = optimizer.direction(&model, model.gradients(&[1.0, 3.0]), &[rate(1.0)]).unwrap();
        let mean = optimizer.mean_second_moment(&update).unwrap().unwrap();
        assert!((mean - 5.0).abs() < 1e-12, "{mean}");
    }
}
