use burn::tensor::{Device, Tensor};
use rheostat_control::optimizers::{Adam, Adamw, HeavyBall, Nesterov, Sgd};
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
        OptimizerSpec::Nesterov(Nesterov::default()),
        OptimizerSpec::Adam(raw),
        OptimizerSpec::Adamw(Adamw::default()),
    ] {
        let rule = rule_of(&spec);
        let read = || Err(OptimError::storage("no rule here reads its parameter"));
        let parameter = Parameter { path: "weight", shape: &[LENGTH], read: &read };
        let values = RuleValues { momentum: 0.9, beta2: 0.99, rate: 0.1, weight_decay: 0.01 };
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
