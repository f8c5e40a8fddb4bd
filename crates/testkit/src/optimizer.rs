//! What every optimizer must do, whatever its rule.
//!
//! [`contract`] puts one specification under the whole suite: a saved state goes on bit for bit in a fresh value, every
//! hyperparameter moves per step, scaling by 1 does nothing, a missing gradient skips its tensor whole, groups take their
//! own values, a direction repeats, a step of size 0 leaves the weights, a direction without momentum is that of momentum 0,
//! and bad input is refused by name.
#![allow(clippy::unwrap_used, reason = "a test suite: a failure is a panic")]

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use rheostat_control::{DecayCoupling, Direction, Hyperparameter, Hyperparameters, OptimizerSpec};
use rheostat_optim::{Gradients, OptimError, Optimizer, ParameterGroup, Searching, load_weights, weights};

/// A small model with a normalisation, and a layer that no forward pass uses.
#[derive(Module, Debug)]
struct Net {
    first: Linear,
    norm: BatchNorm,
    second: Linear,
    unused: Linear,
}

impl Net {
    fn new(seed: u64) -> Self {
        Self::of_width(seed, 6)
    }

    fn of_width(seed: u64, width: usize) -> Self {
        let device = Device::flex().autodiff();
        device.seed(seed);
        let net = Self {
            first: LinearConfig::new(4, width).init(&device),
            norm: BatchNormConfig::new(width).init(&device),
            second: LinearConfig::new(width, 2).init(&device),
            unused: LinearConfig::new(2, 2).init(&device),
        };
        // Parameters draw their values when first looked at; all draws belong to this seed.
        weights(&net).unwrap();
        net
    }

    /// Gradients of a made-up loss on batch `index`, a function of the index alone.
    fn gradients(&self, index: usize) -> Gradients {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..32).map(|at| ((at * 37 + index * 101) % 97) as f32 / 48.0 - 1.0).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([8, 4]);
        let hidden = self.norm.forward(self.first.forward(input)).tanh();
        let output = self.second.forward(hidden);
        let loss = (output - 0.25).powi_scalar(2).mean();
        Gradients::of(self, loss.backward()).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        weights(self).unwrap()
    }

    /// A copy that shares nothing.
    fn isolated(&self) -> Self {
        load_weights(self.clone(), &self.bytes()).unwrap()
    }
}

/// A model and its optimizer on the way.
struct Run {
    net: Net,
    optimizer: Optimizer,
}

impl Run {
    fn new(spec: &OptimizerSpec) -> Self {
        let net = Net::new(3);
        let optimizer = fresh(spec, &net);
        Self { net, optimizer }
    }

    /// Another one in the same place, through bytes.
    fn resumed(&self, spec: &OptimizerSpec) -> Self {
        let net = self.net.isolated();
        let mut optimizer = fresh(spec, &net);
        optimizer.load(&self.optimizer.save().unwrap()).unwrap();
        Self { net, optimizer }
    }

    fn step(&mut self, index: usize, values: Hyperparameters) {
        let gradients = self.net.gradients(index);
        self.net = self.optimizer.step(self.net.clone(), gradients, &[values]).unwrap();
    }

    fn warm(spec: &OptimizerSpec) -> Self {
        let mut run = Self::new(spec);
        for index in 0..5 {
            run.step(index, moving(spec, index));
        }
        run
    }

    /// Model and optimizer state, for comparing.
    fn state(&self) -> (Vec<u8>, Vec<u8>) {
        (self.net.bytes(), self.optimizer.save().unwrap())
    }
}

fn fresh(spec: &OptimizerSpec, net: &Net) -> Optimizer {
    let optimizer = Optimizer::new(spec, net, &[]).unwrap();
    optimizer.with_base_rates(&[0.1]).unwrap()
}

fn rate(rate: f64) -> Hyperparameters {
    Hyperparameters::new().with(Hyperparameter::LearningRate, rate)
}

/// Hyperparameters that all move from step to step, those that the rule has.
fn moving(spec: &OptimizerSpec, index: usize) -> Hyperparameters {
    let at = index as f64;
    let mut values = rate(0.02 / (1.0 + at));
    for (which, value) in [
        (Hyperparameter::Momentum, 0.85 + 0.01 * at),
        (Hyperparameter::Beta2, 0.99 + 0.0005 * at),
        (Hyperparameter::WeightDecay, 0.01 + 0.001 * at),
    ] {
        if spec.default_of(which).is_some() {
            values.set(which, value);
        }
    }
    values
}

/// Runs the whole suite.
///
/// # Panics
/// If the optimizer breaks any part of the contract; the message says which.
pub fn contract(spec: &OptimizerSpec) {
    a_saved_state_goes_on_bit_for_bit(spec);
    every_hyperparameter_moves_per_step(spec);
    scaling_by_one_is_the_identity(spec);
    scaling_by_zero_is_a_reset(spec);
    a_missing_gradient_skips_its_tensor(spec);
    a_zero_gradient_is_not_missing(spec);
    groups_take_their_own_values(spec);
    a_direction_repeats_and_leaves_the_weights(spec);
    a_step_is_a_direction_applied(spec);
    a_step_of_zero_leaves_the_weights(spec);
    leaving_out_the_momentum_is_a_momentum_of_zero(spec);
    a_soft_reset_goes_on(spec);
    bad_input_is_refused(spec);
    bad_bytes_are_refused(spec);
}

fn a_saved_state_goes_on_bit_for_bit(spec: &OptimizerSpec) {
    let mut run = Run::warm(spec);
    let mut resumed = run.resumed(spec);
    assert_eq!(run.state(), resumed.state(), "{}: a loaded state is the saved one", spec.name());
    for index in 5..10 {
        run.step(index, moving(spec, index));
        resumed.step(index, moving(spec, index));
    }
    assert_eq!(run.state(), resumed.state(), "{}: a loaded state goes on as the saved one", spec.name());
}

fn every_hyperparameter_moves_per_step(spec: &OptimizerSpec) {
    let run = Run::warm(spec);
    let base = rate(0.01);
    let step = |values| {
        let mut run = run.resumed(spec);
        // Against the momentum, so that the sign of their sum may tip.
        let mut gradients = run.net.gradients(5);
        gradients.scale(-1.0).unwrap();
        run.net = run.optimizer.step(run.net.clone(), gradients, &[values]).unwrap();
        run.state()
    };
    let unmoved = step(base);
    let mut moves = vec![(Hyperparameter::LearningRate, 0.02)];
    for (which, value) in
        [(Hyperparameter::Momentum, 0.5), (Hyperparameter::Beta2, 0.8), (Hyperparameter::WeightDecay, 0.3)]
    {
        if spec.default_of(which).is_some() {
            moves.push((which, value));
        }
    }
    for (which, value) in moves {
        assert_ne!(step(base.with(which, value)), unmoved, "{}: {which} moves per step", spec.name());
        let default = spec.default_of(which).unwrap_or(0.01);
        assert_eq!(step(base.with(which, default)), unmoved, "{}: an open {which} is the default", spec.name());
    }
}

fn scaling_by_one_is_the_identity(spec: &OptimizerSpec) {
    let mut run = Run::warm(spec);
    let before = run.optimizer.save().unwrap();
    run.optimizer.scale_state(1.0).unwrap();
    assert_eq!(run.optimizer.save().unwrap(), before, "{}: scaling the state by 1", spec.name());
}

fn scaling_by_zero_is_a_reset(spec: &OptimizerSpec) {
    let (mut scaled, mut reset) = (Run::warm(spec), Run::warm(spec));
    scaled.optimizer.scale_state(0.0).unwrap();
    reset.optimizer.reset();
    assert_eq!(scaled.optimizer.save().unwrap(), reset.optimizer.save().unwrap(), "{}: scaling by 0", spec.name());
    let before = reset.net.bytes();
    reset.optimizer.reset();
    assert_eq!(reset.net.bytes(), before, "{}: a reset of the state leaves the weights", spec.name());
}

fn a_missing_gradient_skips_its_tensor(spec: &OptimizerSpec) {
    let mut run = Run::new(spec);
    let before = tensors(&run.net, "unused");
    for index in 0..3 {
        run.step(index, rate(0.1).with(Hyperparameter::WeightDecay, 0.5));
    }
    assert_eq!(tensors(&run.net, "unused"), before, "{}: a tensor without gradient stays", spec.name());
    let state = String::from_utf8_lossy(&run.optimizer.save().unwrap()).into_owned();
    assert!(!state.contains("unused"), "{}: a tensor without gradient has no state", spec.name());
}

fn a_zero_gradient_is_not_missing(spec: &OptimizerSpec) {
    let mut run = Run::warm(spec);
    let before = tensors(&run.net, "second.weight");
    let mut gradients = run.net.gradients(5);
    gradients.scale(0.0).unwrap();
    let values = rate(0.1).with(Hyperparameter::WeightDecay, 0.5);
    run.net = run.optimizer.step(run.net.clone(), gradients, &[values]).unwrap();
    assert_ne!(tensors(&run.net, "second.weight"), before, "{}: a zero gradient decays and coasts", spec.name());
}

fn groups_take_their_own_values(spec: &OptimizerSpec) {
    let net = Net::new(3);
    let groups = [ParameterGroup::matching("^first").unwrap(), ParameterGroup::matching("bias$").unwrap()];
    let mut optimizer = Optimizer::new(spec, &net, &groups).unwrap().with_base_rates(&[0.1; 3]).unwrap();
    assert_eq!(optimizer.groups(), 3);
    let group = |path: &str| optimizer.assignment().find(|(known, _)| *known == path).unwrap().1;
    assert_eq!((group("second.weight"), group("first.weight"), group("first.bias")), (0, 1, 2), "the later group wins");

    let still = rate(0.0).with(Hyperparameter::WeightDecay, 0.0);
    let gradients = net.gradients(0);
    let moved = optimizer.step(net.isolated(), gradients, &[rate(0.1), still, still]).unwrap();
    for (path, stays) in [("second.weight", false), ("first.weight", true), ("first.bias", true), ("second.bias", true)]
    {
        let same = tensors(&net, path) == tensors(&moved, path);
        assert_eq!(same, stays, "{}: {path} moves with its group", spec.name());
    }

    let nothing = Optimizer::new(spec, &net, &[ParameterGroup::matching("third").unwrap()]).unwrap_err();
    assert!(nothing.to_string().contains("first.weight"), "a group that matches nothing lists the paths: {nothing}");
    let shadowed = [ParameterGroup::matching("first").unwrap(), ParameterGroup::matching(".").unwrap()];
    assert!(matches!(Optimizer::new(spec, &net, &shadowed), Err(OptimError::EmptyGroup { .. })));
}

fn a_direction_repeats_and_leaves_the_weights(spec: &OptimizerSpec) {
    let run = Run::warm(spec);
    let values = [moving(spec, 5)];
    let before = run.net.bytes();
    let trial = |size: f64| {
        let mut run = run.resumed(spec);
        let update = run.optimizer.direction(&run.net, run.net.gradients(5), &values).unwrap();
        let norm = update.norm().unwrap();
        (run.optimizer.apply(run.net, &update, &[size]).unwrap().bytes(), norm.to_bits())
    };
    assert_eq!(trial(0.01), trial(0.01), "{}: a direction from the same state", spec.name());
    assert_eq!(run.net.bytes(), before, "{}: a direction leaves the weights", spec.name());
}

fn a_step_is_a_direction_applied(spec: &OptimizerSpec) {
    let mut stepped = Run::warm(spec);
    let mut halves = stepped.resumed(spec);
    let values = moving(spec, 5);
    stepped.step(5, values);
    let update = halves.optimizer.direction(&halves.net, halves.net.gradients(5), &[values]).unwrap();
    let size = values.get(Hyperparameter::LearningRate).unwrap();
    // Trials at other sizes in between leave no trace.
    let trial = halves.optimizer.apply(halves.net.isolated(), &update, &[7.0 * size]).unwrap();
    assert_ne!(trial.bytes(), halves.net.bytes());
    halves.net = halves.optimizer.apply(halves.net, &update, &[size]).unwrap();
    assert_eq!(stepped.state(), halves.state(), "{}: a step in two halves", spec.name());
}

fn a_step_of_zero_leaves_the_weights(spec: &OptimizerSpec) {
    let mut run = Run::warm(spec);
    let values = [rate(0.0).with(Hyperparameter::WeightDecay, 0.1)];
    let before = run.net.bytes();
    let mut update = run.optimizer.direction(&run.net, run.net.gradients(5), &values).unwrap();
    let before_step = run.net.bytes();
    assert_eq!(before.len(), before_step.len());
    let after = run.optimizer.apply(run.net.isolated(), &update, &[0.0]).unwrap().bytes();
    if spec.contains_rate() {
        run.optimizer.set_weight_decay(&mut update, &[0.0]).unwrap();
        let at = |size| run.optimizer.apply(run.net.isolated(), &update, &[size]).unwrap().bytes();
        assert_eq!(at(0.0), at(0.5), "{}: a displacement is applied whole, whatever the step size", spec.name());
        return;
    }
    let stays = spec.decay() != DecayCoupling::Independent;
    assert_eq!(after == before_step, stays, "{}: a step of size 0", spec.name());
}

fn leaving_out_the_momentum_is_a_momentum_of_zero(spec: &OptimizerSpec) {
    // Dampening keeps a share of the gradient out of the velocity, which without momentum there is none of.
    let dampened = matches!(spec, OptimizerSpec::HeavyBall(spec) if spec.dampening != 0.0);
    if spec.default_of(Hyperparameter::Momentum).is_none() || dampened {
        return;
    }
    let mut searched = Run::warm(spec);
    let mut still = spec.clone();
    if let OptimizerSpec::Muon(spec) = &mut still {
        // That of the AdamW beside it, which no hyperparameter sets.
        spec.adamw.momentum = 0.0;
    }
    let mut run = searched.resumed(&still);
    let gradients = run.net.gradients(5);
    let values = rate(0.01).with(Hyperparameter::Momentum, 0.0);
    let values =
        values.with(Hyperparameter::WeightDecay, if spec.decay() == DecayCoupling::Inside { 0.1 } else { 0.0 });
    let along = Direction::WithoutMomentum;
    let searching = Searching { along, scales: &[1.0], clipping: 1.0, may_turn: false };
    let momentum = values.with(Hyperparameter::Momentum, 0.5);
    let line = searched.optimizer.line(&searched.net, searched.net.gradients(5), &[momentum], searching);
    if spec.contains_rate() {
        assert!(matches!(line, Err(OptimError::ContainsRate { .. })), "{}: no step to be searched", spec.name());
        return;
    }
    let line = line.unwrap();
    let update = run.optimizer.direction(&run.net, gradients.clone(), &[values]).unwrap();
    let close = |got: f64, wanted: f64| {
        assert!((got - wanted).abs() <= 1e-5 * wanted.abs(), "{}: {got} without momentum, {wanted} at 0", spec.name());
    };
    close(line.decrease(), update.dot(&gradients).unwrap());
    let trial = searched.optimizer.trial(&searched.net, &line, 0.01, true).unwrap().unwrap();
    let stepped = run.optimizer.apply(run.net.isolated(), &update, &[0.01]).unwrap();
    let weights = |net: &Net| tensors(net, "").concat();
    let (trial, stepped) = (weights(&trial), weights(&stepped));
    trial.iter().zip(&stepped).for_each(|(got, wanted)| close((*got).into(), (*wanted).into()));
}

fn a_soft_reset_goes_on(spec: &OptimizerSpec) {
    let mut run = Run::warm(spec);
    run.optimizer.scale_state(0.5).unwrap();
    let mut resumed = run.resumed(spec);
    for index in 5..8 {
        run.step(index, moving(spec, index));
        resumed.step(index, moving(spec, index));
    }
    assert_eq!(run.state(), resumed.state(), "{}: a scaled state is saved whole", spec.name());
    let finite = tensors(&run.net, "").iter().flatten().all(|weight| weight.is_finite());
    assert!(finite, "{}: weights after a soft reset", spec.name());
}

fn bad_input_is_refused(spec: &OptimizerSpec) {
    let mut run = Run::warm(spec);
    let before = run.optimizer.save().unwrap();
    let net = run.net.clone();
    let mut refuse = |values: &[Hyperparameters]| {
        let gradients = net.gradients(5);
        run.optimizer.step(net.clone(), gradients, values).unwrap_err()
    };
    assert!(matches!(refuse(&[]), OptimError::GroupCount { got: 0, groups: 1, .. }));
    assert!(matches!(refuse(&[Hyperparameters::new()]), OptimError::MissingRate { group: 0 }));
    for value in [f64::NAN, f64::INFINITY, -0.1] {
        assert!(matches!(refuse(&[rate(value)]), OptimError::Hyperparameter { group: 0, .. }));
        let decay = rate(0.1).with(Hyperparameter::WeightDecay, value);
        assert!(matches!(refuse(&[decay]), OptimError::Hyperparameter { group: 0, .. }));
    }
    for which in [Hyperparameter::Momentum, Hyperparameter::Beta2] {
        let value = if spec.default_of(which).is_some() { 1.0 } else { 0.5 };
        let error = refuse(&[rate(0.1).with(which, value)]);
        assert!(error.to_string().contains(which.name()), "{}: {error}", spec.name());
    }
    let poisoned = net.clone().map(&mut Poison);
    let error = run.optimizer.step(net.clone(), poisoned.gradients(5), &[rate(0.1)]).unwrap_err();
    assert!(matches!(error, OptimError::NonFiniteGradient { .. }), "{}: {error}", spec.name());
    assert_eq!(run.optimizer.save().unwrap(), before, "{}: a refused step moves nothing", spec.name());

    if !matches!(spec.decay(), DecayCoupling::L2 | DecayCoupling::Inside) {
        let heavy = rate(1.0).with(Hyperparameter::WeightDecay, 2.0);
        let gradients = net.gradients(5);
        let error = run.optimizer.step(net, gradients, &[heavy]).unwrap_err();
        assert!(matches!(error, OptimError::DecayFactor { group: 0, .. }), "{}: {error}", spec.name());
    }
}

fn bad_bytes_are_refused(spec: &OptimizerSpec) {
    let run = Run::warm(spec);
    let saved = run.optimizer.save().unwrap();
    let mut optimizer = run.resumed(spec).optimizer;
    for bytes in [&saved[..saved.len() / 2], &saved[..4], &[]] {
        assert!(matches!(optimizer.load(bytes), Err(OptimError::BadBytes { .. })), "{}: torn bytes", spec.name());
    }
    assert!(matches!(optimizer.load(&run.net.bytes()), Err(OptimError::BadBytes { .. })), "weights are no state");
    assert_eq!(optimizer.save().unwrap(), saved, "{}: refused bytes change nothing", spec.name());
    let device = Device::flex().autodiff();
    let other = LinearConfig::new(4, 6).init(&device);
    if !saved.windows(5).any(|bytes| bytes == b"first") {
        return; // No state, so it is nobody's.
    }
    let mut foreign = Optimizer::new(spec, &other, &[]).unwrap();
    assert!(matches!(foreign.load(&saved), Err(OptimError::BadBytes { .. })), "{}: another model's", spec.name());
    let error = fresh(spec, &Net::of_width(3, 7)).load(&saved).unwrap_err();
    let shapes = "F32 [4, 6], the model has F32 [4, 7]";
    assert!(error.to_string().ends_with(shapes), "{}: the same paths, another width: {error}", spec.name());
}

/// The values of the tensors whose path starts so.
fn tensors(net: &Net, prefix: &str) -> Vec<Vec<f32>> {
    struct Collector<'a> {
        prefix: &'a str,
        path: Vec<String>,
        found: Vec<Vec<f32>>,
    }
    impl burn::module::ModuleVisitor for Collector<'_> {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
            if self.path.join(".").starts_with(self.prefix) {
                self.found.push(parameter.val().inner().into_data().iter::<f32>().collect());
            }
        }
    }
    let mut collector = Collector { prefix, path: Vec::new(), found: Vec::new() };
    net.visit(&mut collector);
    collector.found
}

/// Puts a NaN into every trainable tensor.
struct Poison;

impl ModuleMapper for Poison {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !parameter.is_require_grad() {
            return parameter;
        }
        parameter.map(|tensor| Tensor::from_inner(tensor.inner().mul_scalar(f64::NAN)).require_grad())
    }
}
