use burn::tensor::{Device, Tensor};
use rheostat_control::optimizers::{
    Adam, Adamp, Adamw, HeavyBall, HeavyBallForm, Lamb, Lion, Nadamw, NadamwForm, Nesterov, Rmsprop, RmspropForm, Sgd,
};
use rheostat_control::{EpsilonPlacement, OptimizerSpec};

use super::*;

const LENGTH: usize = 300_000;

fn noise(seed: usize) -> Vec<f32> {
    (0..LENGTH).map(|index| ((index * 7 + seed * 13) % 1013) as f32 / 500.0 - 1.0).collect()
}

fn tensor(seed: usize) -> Tensor<1> {
    Tensor::from_floats(noise(seed).as_slice(), &Device::flex())
}

#[test]
fn a_fused_pass_gives_the_bits_of_tensor_operations() {
    let raw = Adam { epsilon_placement: EpsilonPlacement::Raw, epsilon: 1e-3, ..Adam::default() };
    for spec in [
        OptimizerSpec::Sgd(Sgd::default()),
        OptimizerSpec::HeavyBall(HeavyBall { dampening: 0.3, ..HeavyBall::default() }),
        OptimizerSpec::HeavyBall(HeavyBall { form: HeavyBallForm::Polyak, ..HeavyBall::default() }),
        OptimizerSpec::Nesterov(Nesterov::default()),
        OptimizerSpec::Adam(raw),
        OptimizerSpec::Adamw(Adamw::default()),
        OptimizerSpec::Nadamw(Nadamw::default()),
        OptimizerSpec::Nadamw(Nadamw { form: NadamwForm::Dozat, ..Nadamw::default() }),
        OptimizerSpec::Rmsprop(Rmsprop::default()),
        OptimizerSpec::Rmsprop(Rmsprop { form: RmspropForm::Tf, epsilon: Some(1e-10), ..Rmsprop::default() }),
        OptimizerSpec::Lion(Lion::default()),
    ] {
        let rule = rule_of(&spec);
        assert_eq!(rule.contains_rate(), spec.contains_rate(), "{}", spec.name());
        let read = || Err(OptimError::storage("no rule here reads its parameter"));
        let parameter = Parameter { path: "weight", shape: &[LENGTH], read: &read };
        let values = RuleValues { momentum: 0.9, beta2: 0.99, weight_decay: 0.0, rate: 0.1 };
        let (mut fused, mut plain) = (None, None);
        for seed in 0..3 {
            let gradient = Buffer::from_tensor(tensor(seed)).unwrap();
            let (one, state) = rule.direction(gradient, &parameter, fused, &values).unwrap();
            fused = Some(rule.scale(state, 0.75).unwrap());
            let gradient = Buffer::on_device(tensor(seed));
            let (other, state) = rule.direction(gradient, &parameter, plain, &values).unwrap();
            plain = Some(rule.scale(state, 0.75).unwrap());
            assert_eq!(one.to_data().unwrap(), other.to_data().unwrap(), "{}", spec.name());
        }
        for (one, other) in fused.unwrap().slots.iter().zip(&plain.unwrap().slots) {
            assert_eq!(one.to_data().unwrap(), other.to_data().unwrap(), "{}", spec.name());
        }
    }
}

/// Sums round in another order on a device, so norms and projections are not the same bits.
#[test]
fn reductions_agree_in_memory_and_by_tensor_operations() {
    let shape = [300, LENGTH / 300];
    for spec in [
        OptimizerSpec::Lamb(Lamb::default()),
        OptimizerSpec::Adamp(Adamp { delta: 100.0, ..Adamp::default() }),
        OptimizerSpec::Adamp(Adamp { delta: 1e-3, ..Adamp::default() }),
    ] {
        let rule = rule_of(&spec);
        let values = RuleValues { momentum: 0.9, beta2: 0.99, weight_decay: 0.1, rate: 0.1 };
        let (in_memory, on_device) = (|| Buffer::from_tensor(tensor(9)), || Ok(Buffer::on_device(tensor(9))));
        let fused = Parameter { path: "weight", shape: &shape, read: &in_memory };
        let plain = Parameter { path: "weight", shape: &shape, read: &on_device };
        let (one, state) = rule.direction(Buffer::from_tensor(tensor(1)).unwrap(), &fused, None, &values).unwrap();
        let (other, other_state) = rule.direction(Buffer::on_device(tensor(1)), &plain, None, &values).unwrap();
        assert_eq!(rule.decay_share(&state), rule.decay_share(&other_state), "{}", spec.name());
        let (one, other) = (one.to_data().unwrap(), other.to_data().unwrap());
        for (one, other) in one.iter::<f32>().zip(other.iter::<f32>()) {
            assert!((one - other).abs() <= 1e-5 * one.abs().max(1.0), "{}: {one} {other}", spec.name());
        }
    }
}

#[test]
fn sums_of_rows_do_not_depend_on_the_number_of_threads() {
    let (a, b) = (Buffer::from_tensor(tensor(1)).unwrap(), Buffer::from_tensor(tensor(2)).unwrap());
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    for rows in [1, 3, 300, LENGTH] {
        let one = pool(1).install(|| a.row_dots(&b, rows).unwrap());
        assert_eq!(one.len(), rows);
        assert_eq!(pool(3).install(|| a.row_dots(&b, rows).unwrap()), one);
        let row = LENGTH / rows;
        let exact: f64 = noise(1)[..row].iter().zip(&noise(2)[..row]).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
        assert!((one[0] - exact).abs() <= 1e-9 * exact.abs().max(1.0), "{} {exact}", one[0]);
    }
    for rows in [0, 7, LENGTH + 1] {
        assert!(matches!(a.row_dots(&b, rows), Err(OptimError::Storage { .. })), "{rows} rows");
    }
}

#[test]
fn weights_step_to_the_same_bits_both_ways() {
    for (keep, step) in [(1.0, 0.1), (0.99, 0.1), (0.5, 0.0)] {
        let direction = tensor(5);
        let fused = Buffer::from_tensor(tensor(4)).unwrap();
        let fused = fused.stepped(keep, &Buffer::from_tensor(direction.clone()).unwrap(), step).unwrap();
        let plain = Buffer::on_device(tensor(4)).stepped(keep, &Buffer::on_device(direction), step).unwrap();
        assert_eq!(fused.to_data().unwrap(), plain.to_data().unwrap());
    }
}

#[test]
fn a_dot_product_does_not_depend_on_the_number_of_threads() {
    let (a, b) = (Buffer::from_tensor(tensor(1)).unwrap(), Buffer::from_tensor(tensor(2)).unwrap());
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let one = pool(1).install(|| a.dot(&b).unwrap());
    for threads in 2..5 {
        assert_eq!(pool(threads).install(|| a.dot(&b).unwrap()).to_bits(), one.to_bits());
    }
    let exact: f64 = noise(1).iter().zip(&noise(2)).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum();
    assert!((one - exact).abs() <= 1e-9 * exact.abs().max(1.0), "{one} {exact}");
}
