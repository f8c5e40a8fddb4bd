use burn::tensor::{DType, Device, Tensor};
use rheostat_control::optimizers::{
    Adam, Adamp, Adamw, HeavyBall, HeavyBallForm, Lamb, Lion, Muon, MuonScale, Nadamw, NadamwForm, Nesterov, Prodigy,
    Rmsprop, RmspropForm, ScheduleFree, ScheduleFreeForm, Sgd,
};
use rheostat_control::{EpsilonPlacement, OptimizerSpec};

use super::*;
use crate::layout::TensorInfo;

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
        // What it has beside matrices.
        OptimizerSpec::Muon(Muon::default()),
        OptimizerSpec::ScheduleFree(ScheduleFree::default()),
        OptimizerSpec::ScheduleFree(ScheduleFree { form: ScheduleFreeForm::Algoperf2024, ..ScheduleFree::default() }),
    ] {
        let rule = rule_of(&spec);
        assert_eq!(rule.contains_rate(), spec.contains_rate(), "{}", spec.name());
        let (in_memory, on_device) = (|| Buffer::from_tensor(tensor(9)), || Ok(Buffer::on_device(tensor(9))));
        let parameter = Parameter { path: "weight", shape: &[LENGTH], read: &in_memory };
        let on_device = Parameter { path: "weight", shape: &[LENGTH], read: &on_device };
        let values = RuleValues { momentum: 0.9, beta2: 0.99, weight_decay: 0.1, rate: 0.1 };
        let (mut fused, mut plain) = (None, None);
        for seed in 0..3 {
            let gradient = Buffer::from_tensor(tensor(seed)).unwrap();
            let (one, state) = rule.direction(gradient, &parameter, fused, &values).unwrap();
            fused = Some(rule.scale(state, 0.75).unwrap());
            let gradient = Buffer::on_device(tensor(seed));
            let (other, state) = rule.direction(gradient, &on_device, plain, &values).unwrap();
            plain = Some(rule.scale(state, 0.75).unwrap());
            assert_eq!(one.to_data().unwrap(), other.to_data().unwrap(), "{}", spec.name());
        }
        let (fused, plain) = (fused.unwrap(), plain.unwrap());
        assert_eq!(fused.counters, plain.counters, "{}", spec.name());
        for (one, other) in fused.slots.iter().zip(&plain.slots) {
            assert_eq!(one.to_data().unwrap(), other.to_data().unwrap(), "{}", spec.name());
        }
    }
}

/// Within 1e-5 of the size that values have.
fn close(one: &Buffer, other: &Buffer, what: &str) {
    let (one, other) = (one.to_data().unwrap(), other.to_data().unwrap());
    let squares: f64 = one.iter::<f64>().map(|value| value * value).sum();
    let size = (squares / LENGTH as f64).sqrt();
    assert!(size > 0.0, "{what}: nothing but zeros");
    for (one, other) in one.iter::<f64>().zip(other.iter::<f64>()) {
        assert!((one - other).abs() <= 1e-5 * one.abs().max(size), "{what}: {one} {other}");
    }
}

#[test]
fn the_orthogonal_matrices_of_muon_agree_in_memory_and_by_tensor_operations() {
    for (scale, shape) in [
        (MuonScale::Original, [300, LENGTH / 300]),
        (MuonScale::MatchRmsAdamw, [LENGTH / 300, 300]),
        (MuonScale::SpectralUnclamped, [500, LENGTH / 500]),
    ] {
        let info = TensorInfo {
            path: "weight".to_owned(),
            shape: shape.to_vec(),
            dtype: DType::F32,
            device: Device::flex(),
            trainable: true,
        };
        let spec = OptimizerSpec::Muon(Muon { scale, ..Muon::default() });
        let rule = rules_of(&spec, &Layout { tensors: vec![info] }).unwrap().remove(0);
        assert_eq!(rule.slots(), ["velocity"], "the rule of matrices");
        let read = || Err(OptimError::storage("Muon reads no parameter"));
        let parameter = Parameter { path: "weight", shape: &shape, read: &read };
        let values = RuleValues { momentum: 0.95, beta2: 0.99, weight_decay: 0.1, rate: 0.1 };
        let (mut fused, mut plain) = (None, None);
        for seed in 0..3 {
            let gradient = Buffer::from_tensor(tensor(seed)).unwrap();
            let (one, state) = rule.direction(gradient, &parameter, fused, &values).unwrap();
            fused = Some(state);
            let (other, state) = rule.direction(Buffer::on_device(tensor(seed)), &parameter, plain, &values).unwrap();
            plain = Some(state);
            close(&one, &other, &format!("{scale:?} {seed}"));
        }
        let (fused, plain) = (fused.unwrap(), plain.unwrap());
        assert_eq!(fused.slots[0].to_data().unwrap(), plain.slots[0].to_data().unwrap());
    }
}

#[test]
fn the_distance_that_prodigy_estimates_agrees_in_memory_and_by_tensor_operations() {
    let rule = rule_of(&OptimizerSpec::Prodigy(Prodigy::default()));
    let values = RuleValues { momentum: 0.9, beta2: 0.999, weight_decay: 0.1, rate: 1.0 };
    /// An update of these weights: what moves them, and the estimate.
    fn update(
        rule: &dyn UpdateRule,
        gradient: Buffer,
        weights: &Buffer,
        state: &mut Option<State>,
        values: RuleValues,
    ) -> Buffer {
        let read = || Ok(weights.clone());
        let parameter = || Parameter { path: "weight", shape: &[LENGTH], read: &read };
        let (direction, next) = rule.direction(gradient, &parameter(), state.take(), &values).unwrap();
        *state = Some(next);
        let mut direction = Some(direction);
        let whole = rule.whole_model().expect("it sees the whole model");
        whole.complete(&mut [Underway { parameter: parameter(), direction: &mut direction, state, values }]).unwrap();
        direction.unwrap()
    }
    let by_operations = |buffer: &Buffer| Buffer::on_device(buffer.clone().into_tensor([LENGTH], &Device::flex()));
    let mut weights = Buffer::from_tensor(tensor(9)).unwrap();
    let mut state: Option<State> = None;
    let mut distances = Vec::new();
    for step in 0..12 {
        // Each update from the same state: the estimate grows by powers, and differences with it.
        let mut plain = state.as_ref().map(|state| State {
            slots: state.slots.iter().map(by_operations).collect(),
            counters: state.counters.clone(),
        });
        let one = update(&*rule, Buffer::from_tensor(tensor(1)).unwrap(), &weights, &mut state, values);
        let other = update(&*rule, Buffer::on_device(tensor(1)), &by_operations(&weights), &mut plain, values);
        close(&one, &other, &format!("update {step}"));
        let (ours, theirs) = (state.as_ref().unwrap(), plain.unwrap());
        for (one, other) in ours.counters.iter().zip(&theirs.counters) {
            // A device adds up each of its chunks in single precision.
            assert!((one - other).abs() <= 1e-4 * one.abs(), "{step}: {one} {other}");
        }
        for (slot, (one, other)) in ours.slots.iter().zip(&theirs.slots).enumerate() {
            close(one, other, rule.slots()[slot]);
        }
        distances.push(ours.counters[0]);
        weights = weights.stepped(1.0, &one, 1.0).unwrap();
    }
    assert!(distances[11] > distances[0], "the estimate was to grow: {distances:?}");
}

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
