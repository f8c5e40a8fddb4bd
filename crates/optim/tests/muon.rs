//! Muon against reference values, and which tensors it takes.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use burn::module::{Module, Param, ParamId};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{DType, Device, Tensor, TensorData};
use common::{alone, rate};
use rheostat_control::optimizers::{Adamw, Muon, MuonAdamw, MuonScale};
use rheostat_control::{DecayCoupling, Direction, Hyperparameter, Hyperparameters, OptimizerSpec};
use rheostat_optim::{Gradients, OptimError, Optimizer, ParameterGroup, Searching, weights};

const FIXTURE: &str = include_str!("fixtures/modern.json");

fn fixture(name: &str) -> serde_json::Value {
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(FIXTURE).unwrap();
    all[name].clone()
}

type Rows = Vec<Vec<f64>>;

fn matrix(rows: &Rows) -> Tensor<2> {
    let data = TensorData::new(rows.concat(), [rows.len(), rows[0].len()]);
    Tensor::from_data(data, (&Device::flex().autodiff(), DType::F64))
}

fn transposed(rows: &Rows) -> Rows {
    (0..rows[0].len()).map(|column| rows.iter().map(|row| row[column]).collect()).collect()
}

#[derive(Module, Debug)]
struct Matrix {
    weight: Param<Tensor<2>>,
}

impl Matrix {
    fn new(rows: &Rows) -> Self {
        Self { weight: Param::initialized(ParamId::new(), matrix(rows).require_grad()) }
    }

    fn rows(&self) -> Rows {
        let [_, columns] = self.weight.dims();
        let values: Vec<f64> = self.weight.val().into_data().iter::<f64>().collect();
        values.chunks(columns).map(<[f64]>::to_vec).collect()
    }

    fn step(self, optimizer: &mut Optimizer, gradient: &Rows, eta: f64) -> Self {
        let loss = (self.weight.val() * matrix(gradient)).sum();
        let gradients = Gradients::of(&self, loss.backward()).unwrap();
        optimizer.step(self, gradients, &[rate(eta)]).unwrap()
    }
}

/// How far one step from the origin goes, at rate 1.
fn direction(spec: &Muon, gradient: &Rows) -> Rows {
    let zeros = gradient.iter().map(|row| vec![0.0; row.len()]).collect();
    let model = Matrix::new(&zeros);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Muon(spec.clone()), &model, &[]).unwrap();
    let rows = model.step(&mut optimizer, gradient, 1.0).rows();
    rows.into_iter().map(|row| row.into_iter().map(|value| -value).collect()).collect()
}

fn close(got: &Rows, wanted: &Rows, what: &str) {
    for (got, wanted) in got.concat().iter().zip(wanted.concat()) {
        assert!((got - wanted).abs() <= 1e-12, "{what}: {got} instead of {wanted}");
    }
}

/// The reference keeps weights as (outputs, inputs), Burn as (inputs, outputs).
#[test]
fn muon_agrees() {
    let start = vec![vec![1.0, 2.0, -1.0], vec![0.5, -1.5, 2.0]];
    let gradients = [
        vec![vec![0.2, -0.1, 0.0], vec![0.3, 0.1, 0.0]],
        vec![vec![0.1, 0.3, 0.7], vec![-0.4, 0.2, 0.25]],
        vec![vec![-0.5, 0.2, 0.1], vec![0.0, 0.6, -0.3]],
    ];
    let wanted: BTreeMap<usize, Rows> = serde_json::from_value(fixture("muon_f64(W0,G,.1,wd=.1)")).unwrap();
    let spec = OptimizerSpec::Muon(Muon { weight_decay: Some(0.1), ..Muon::default() });
    let mut model = Matrix::new(&transposed(&start));
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    for (index, gradient) in gradients.iter().enumerate() {
        model = model.step(&mut optimizer, &transposed(gradient), 0.1);
        close(&transposed(&model.rows()), &wanted[&(index + 1)], "W");
    }
}

/// A diagonal gradient shows what becomes of its singular values: `s` for a norm of 1.
#[test]
fn singular_values_go_through_the_polynomial_of_the_reference() {
    let wanted: BTreeMap<String, f64> = serde_json::from_value(fixture("muon_ns5_scalar")).unwrap();
    for (value, wanted) in wanted {
        let value: f64 = value.parse().unwrap();
        let other = (1.0 - value * value).max(0.0).sqrt();
        let got = direction(&Muon::default(), &vec![vec![value, 0.0], vec![0.0, other]]);
        // The reference does not divide by the norm; adding 1e-7 to it moves the result by as much times its slope of 3.4^5.
        assert!((got[0][0] - wanted).abs() < 1e-4, "{value}: {} instead of {wanted}", got[0][0]);
        assert!(got[0][1].abs() < 1e-12);
    }
}

#[test]
fn each_scale_multiplies_by_its_factor() {
    let gradient: Rows =
        vec![vec![0.3, -0.2, 0.5, 0.1, 0.4, -0.3, 0.2, 0.6], vec![0.1, 0.5, -0.4, 0.2, 0.0, 0.3, 0.7, -0.1]];
    let of = |scale, gradient: &Rows| direction(&Muon { scale, ..Muon::default() }, gradient);
    let (wide, tall) = (gradient.clone(), transposed(&gradient));
    // From 2 inputs to 8 outputs, and from 8 to 2.
    for (gradient, original, spectral) in [(&wide, 2.0, 2.0), (&tall, 1.0, 0.5)] {
        let plain: Rows =
            of(MuonScale::Original, gradient).iter().map(|row| row.iter().map(|x| x / original).collect()).collect();
        let times = |factor: f64| plain.iter().map(|row| row.iter().map(|x| x * factor).collect()).collect::<Rows>();
        close(&of(MuonScale::SpectralUnclamped, gradient), &times(spectral), "spectral");
        close(&of(MuonScale::MatchRmsAdamw, gradient), &times(0.2 * 8.0_f64.sqrt()), "rms");
    }
    close(&transposed(&of(MuonScale::MatchRmsAdamw, &wide)), &of(MuonScale::MatchRmsAdamw, &tall), "transposed");
}

#[derive(Module, Debug)]
struct Net {
    convolution: Conv2d,
    embedding: Linear,
    hidden: Linear,
    head: Linear,
}

impl Net {
    fn new() -> Self {
        let device = Device::flex().autodiff();
        let _turn = alone();
        device.seed(5);
        let net = Self {
            convolution: Conv2dConfig::new([2, 3], [2, 2]).init(&device),
            embedding: LinearConfig::new(3, 4).init(&device),
            hidden: LinearConfig::new(4, 4).init(&device),
            head: LinearConfig::new(4, 2).init(&device),
        };
        weights(&net).unwrap();
        net
    }

    fn gradients(&self) -> Gradients {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..4 * 2 * 3 * 3).map(|at| ((at * 29) % 31) as f32 / 15.0 - 1.0).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([4, 2, 3, 3]);
        let pooled = self.convolution.forward(input).tanh().mean_dim(3).mean_dim(2).reshape([4, 3]);
        let output = self.head.forward(self.hidden.forward(self.embedding.forward(pooled)).tanh());
        Gradients::of(self, (output - 0.5).powi_scalar(2).mean().backward()).unwrap()
    }

    fn tensors(&self) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let bytes = weights(self).unwrap();
        let stored = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let read = |data: &[u8]| data.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
        stored.tensors().into_iter().map(|(name, view)| (name, (view.shape().to_vec(), read(view.data())))).collect()
    }
}

/// One update of a new network from the same gradients.
fn updated(spec: &OptimizerSpec, eta: f64, weight_decay: f64) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let net = Net::new();
    let mut optimizer = Optimizer::new(spec, &net, &[]).unwrap();
    let gradients = net.gradients();
    let values = rate(eta).with(Hyperparameter::WeightDecay, weight_decay);
    optimizer.step(net, gradients, &[values]).unwrap().tensors()
}

#[test]
fn heads_embeddings_and_vectors_follow_adamw_at_a_share_of_the_rate() {
    let muon = MuonAdamw::default();
    let adamw =
        Adamw { momentum: Some(muon.momentum), beta2: Some(muon.beta2), epsilon: muon.epsilon, ..Adamw::default() };
    let got = updated(&OptimizerSpec::Muon(Muon::default()), 0.02, 0.1);
    let wanted = updated(&OptimizerSpec::Adamw(adamw), 0.02 * muon.rate_ratio, 0.1);
    for (path, (_, values)) in &got {
        let by_adamw = values.iter().zip(&wanted[path].1).all(|(got, wanted)| (got - wanted).abs() < 1e-6);
        let moves_by_muon = ["convolution.weight", "hidden.weight"].contains(&path.as_str());
        assert_eq!(by_adamw, !moves_by_muon, "{path}");
    }
}

#[test]
fn a_convolution_is_a_matrix_of_its_outputs() {
    let (before, after) = (Net::new().tensors(), updated(&OptimizerSpec::Muon(Muon::default()), 1.0, 0.0));
    let (shape, before) = &before["convolution.weight"];
    assert_eq!(shape, &[3, 2, 2, 2]);
    let moved: Vec<f64> =
        before.iter().zip(&after["convolution.weight"].1).map(|(one, other)| f64::from(one - other)).collect();
    // Three rows of eight, orthogonal and of equal length but for what the polynomial leaves.
    let dot = |a: usize, b: usize| (0..8).map(|at| moved[8 * a + at] * moved[8 * b + at]).sum::<f64>();
    for row in 0..3 {
        assert!((0.4..1.4).contains(&dot(row, row)), "{}", dot(row, row));
        assert!(dot(row, (row + 1) % 3).abs() < 0.4, "{}", dot(row, (row + 1) % 3));
    }
}

#[test]
fn a_decay_that_would_flip_only_what_follows_adamw_is_refused_before_anything_moves() {
    let adamw = MuonAdamw { rate_ratio: 2.0, ..MuonAdamw::default() };
    let spec = OptimizerSpec::Muon(Muon { adamw, weight_decay: Some(0.5), ..Muon::default() });
    let net = Net::new();
    let matrices = [ParameterGroup::matching(r"(convolution|hidden)\.weight").unwrap()];
    let mut optimizer = Optimizer::new(&spec, &net, &matrices).unwrap();
    let nothing = optimizer.save().unwrap();
    // Matrices keep 1 - 0.6, the others would keep 1 - 2 * 0.6.
    let step = |optimizer: &mut Optimizer, eta| optimizer.step(net.clone(), net.gradients(), &[rate(eta), rate(1.2)]);
    let error = step(&mut optimizer, 1.2).unwrap_err();
    let refused = |factor: f64| (factor + 0.2).abs() < 1e-12;
    assert!(matches!(error, OptimError::DecayFactor { group: 0, factor, .. } if refused(factor)), "{error}");
    assert_eq!(optimizer.save().unwrap(), nothing);
    let searching = Searching { along: Direction::Applied, scales: &[1.0, 1.0], clipping: 1.0, may_turn: false };
    let line = optimizer.line(&net, net.gradients(), &[Hyperparameters::new(); 2], searching).unwrap();
    assert!(optimizer.trial(&net, &line, 1.2, true).unwrap().is_none());
    assert!(optimizer.trial(&net, &line, 0.9, true).unwrap().is_some());
    step(&mut optimizer, 0.9).unwrap();
}

#[test]
fn under_independent_decay_all_tensors_decay_alike() {
    let spec = OptimizerSpec::Muon(Muon { decay: DecayCoupling::Independent, ..Muon::default() });
    let (before, after) = (Net::new().tensors(), updated(&spec, 0.0, 0.25));
    for (path, (_, values)) in &after {
        for (got, was) in values.iter().zip(&before[path].1) {
            assert!((got - 0.75 * was).abs() <= 1e-6, "{path}");
        }
    }
}

#[test]
fn a_choice_without_matrices_is_refused_with_those_there_are() {
    let refused = |paths: &str| {
        let adamw = MuonAdamw { paths: Some(paths.to_owned()), ..MuonAdamw::default() };
        Optimizer::new(&OptimizerSpec::Muon(Muon { adamw, ..Muon::default() }), &Net::new(), &[]).unwrap_err()
    };
    let matrices = "convolution.weight, embedding.weight, hidden.weight, head.weight";
    for (paths, why) in [("bias$", "selects no matrix"), (".", "leaves no matrix to Muon")] {
        assert_eq!(refused(paths).to_string(), format!("adamw.paths = {paths:?} {why}; the matrices are: {matrices}"));
    }
    assert!(matches!(refused("(("), OptimError::BadPattern { .. }));
}
