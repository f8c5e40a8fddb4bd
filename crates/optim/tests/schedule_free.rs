//! Schedule-Free against reference values, and what it evaluates.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use burn::module::{Module, Param, ParamId};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Device, Tensor};
use common::{CURVATURE, START, Vector, rate};
use rheostat_control::optimizers::{Adamw, ScheduleFree, ScheduleFreeForm};
use rheostat_control::{Buffers, Hyperparameter, Hyperparameters, OptimizerSpec};
use rheostat_optim::{Gradients, OptimError, Optimizer, reset_weights, weights};

const FIXTURE: &str = include_str!("fixtures/modern.json");

type Points = BTreeMap<String, Vec<f64>>;

/// The reference's points by name after each number of updates.
fn fixture(name: &str) -> BTreeMap<usize, Points> {
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(FIXTURE).unwrap();
    serde_json::from_value(all[name].clone()).unwrap()
}

fn released() -> ScheduleFree {
    ScheduleFree { weight_decay: Some(0.05), ..ScheduleFree::default() }
}

/// The quadratic problem with three updates of warm-up.
struct Run {
    model: Vector,
    optimizer: Optimizer,
}

impl Run {
    fn new(spec: ScheduleFree) -> Self {
        let model = Vector::new(&START);
        let optimizer = Optimizer::new(&OptimizerSpec::ScheduleFree(spec), &model, &[]).unwrap();
        Self { model, optimizer }
    }

    fn step(&mut self, values: Hyperparameters) {
        let gradient: Vec<_> = self.model.values().iter().zip(CURVATURE).map(|(theta, a)| a * theta).collect();
        let gradients = self.model.gradients(&gradient);
        self.model = self.optimizer.step(self.model.clone(), gradients, &[values]).unwrap();
    }

    fn warmed(step: usize) -> Hyperparameters {
        rate(0.1 * ((step + 1) as f64 / 3.0).min(1.0))
    }

    /// The average.
    fn x(&self) -> Vec<f64> {
        self.optimizer.evaluation_weights(&self.model).unwrap().unwrap().values()
    }
}

fn close(got: &[f64], wanted: &[f64], what: &str) {
    for (got, wanted) in got.iter().zip(wanted) {
        assert!((got - wanted).abs() <= 1e-12, "{what}: {got} instead of {wanted}");
    }
}

fn agrees(name: &str, spec: &ScheduleFree) {
    let wanted = fixture(name);
    let mut run = Run::new(spec.clone());
    for step in 0..10 {
        run.step(Run::warmed(step));
        if let Some(points) = wanted.get(&(step + 1)) {
            close(&run.x(), &points["x"], name);
            if let Some(y) = points.get("y") {
                close(&run.model.values(), y, name);
            }
        }
    }
}

#[test]
fn the_released_form_agrees() {
    agrees("schedule_free_adamw(.1,wd=.05,warm=3)", &released());
}

#[test]
fn the_form_of_algoperf_agrees() {
    let spec = ScheduleFree { form: ScheduleFreeForm::Algoperf2024, beta2: Some(0.999), ..released() };
    agrees("schedule_free_algoperf(.1,wd=.05,warm=3,r=.75)", &spec);
}

/// Ten updates with beta1 moving, from the formulas: `y`, and `x` kept instead of recovered.
#[test]
fn the_average_is_exact_while_beta1_moves() {
    let beta1 = |step: usize| 0.95 - 0.03 * step as f64;
    let mut run = Run::new(released());
    let (mut x, mut y, mut z) = (START, START, START);
    let (mut second, mut sum) = ([0.0; 3], 0.0);
    for step in 0..10 {
        run.step(rate(0.1).with(Hyperparameter::Momentum, beta1(step)));
        sum += 0.1 * 0.1;
        let share = 0.1 * 0.1 / sum;
        let mass = 1.0 - 0.999_f64.powi(step as i32 + 1);
        for index in 0..3 {
            let gradient = CURVATURE[index] * y[index];
            second[index] = 0.999 * second[index] + 0.001 * gradient * gradient;
            z[index] -= 0.1 * (0.05 * y[index] + gradient / ((second[index] / mass).sqrt() + 1e-8));
            x[index] = (1.0 - share) * x[index] + share * z[index];
            y[index] = beta1(step) * x[index] + (1.0 - beta1(step)) * z[index];
        }
        close(&run.x(), &x, "x");
        close(&run.model.values(), &y, "y");
    }
}

#[test]
fn an_update_at_rate_0_changes_nothing() {
    let mut run = Run::new(released());
    for step in 0..5 {
        run.step(Run::warmed(step));
    }
    let before = (run.model.values(), run.x(), run.optimizer.save().unwrap());
    run.step(rate(0.0));
    assert_eq!((run.model.values(), run.x(), run.optimizer.save().unwrap()), before);
}

const FRESH: [f64; 3] = [0.5, -0.5, 0.5];

impl Run {
    /// After five updates and a reset.
    fn reset(tau: f64, alpha: f64) -> Self {
        let mut run = Self::new(released());
        for step in 0..5 {
            run.step(Self::warmed(step));
        }
        let fresh = Vector::new(&FRESH);
        run.model = reset_weights(run.model, &fresh, tau, Buffers::Follow).unwrap();
        run.optimizer.reset_copies(&fresh, tau).unwrap();
        run.optimizer.scale_state(1.0 - tau * alpha).unwrap();
        run
    }
}

/// From the formulas: `x`, `y` and `z` mixed alike, the second moment scaled, and two updates with what is left of the weights.
#[test]
fn a_soft_reset_moves_both_points_and_the_average_towards_the_same_fresh_weights() {
    let (tau, alpha) = (0.25, 0.5);
    let mut run = Run::new(released());
    let (mut x, mut y, mut z) = (START, START, START);
    let (mut second, mut mass, mut sum) = ([0.0; 3], 0.0, 0.0);
    for step in 0..7 {
        if step == 5 {
            for point in [&mut x, &mut y, &mut z] {
                point.iter_mut().zip(FRESH).for_each(|(value, fresh)| *value = (1.0 - tau) * *value + tau * fresh);
            }
            second.iter_mut().for_each(|moment| *moment *= 1.0 - tau * alpha);
            mass *= 1.0 - tau * alpha;
            sum *= 1.0 - tau;
            run = Run::reset(tau, alpha);
            close(&run.x(), &x, "x after the reset");
            close(&run.model.values(), &y, "y after the reset");
        }
        run.step(Run::warmed(step));
        let eta = 0.1 * ((step + 1) as f64 / 3.0).min(1.0);
        sum += eta * eta;
        let share = eta * eta / sum;
        mass = 0.999 * mass + 0.001;
        for index in 0..3 {
            let gradient = CURVATURE[index] * y[index];
            second[index] = 0.999 * second[index] + 0.001 * gradient * gradient;
            z[index] -= eta * (0.05 * y[index] + gradient / ((second[index] / mass).sqrt() + 1e-8));
            x[index] = (1.0 - share) * x[index] + share * z[index];
            y[index] = 0.9 * x[index] + 0.1 * z[index];
        }
    }
    close(&run.x(), &x, "x");
    close(&run.model.values(), &y, "y");
}

#[test]
fn a_soft_reset_by_nothing_changes_no_bit_and_one_by_everything_is_a_hard_one() {
    let mut plain = Run::new(released());
    (0..5).for_each(|step| plain.step(Run::warmed(step)));
    let nothing = Run::reset(0.0, 0.5);
    assert_eq!(nothing.optimizer.save().unwrap(), plain.optimizer.save().unwrap());
    assert_eq!((nothing.x(), nothing.model.values()), (plain.x(), plain.model.values()));

    let mut everything = Run::reset(1.0, 1.0);
    assert!(everything.optimizer.evaluation_weights(&everything.model).unwrap().is_none(), "the model's own count");
    let model = Vector::new(&FRESH);
    let optimizer = Optimizer::new(&OptimizerSpec::ScheduleFree(released()), &model, &[]).unwrap();
    let mut new = Run { model, optimizer };
    for run in [&mut everything, &mut new] {
        run.step(rate(0.1));
    }
    assert_eq!((everything.x(), everything.model.values()), (new.x(), new.model.values()));
}

#[test]
fn a_reset_of_the_weights_alone_begins_the_average_anew() {
    let mut run = Run::reset(1.0, 0.0);
    close(&run.x(), &FRESH, "the average is at the fresh weights");
    run.step(rate(0.1));
    close(&run.x(), &run.model.values(), "after one update the average is the weights");
    assert!(run.model.values() != FRESH);
    let refused = run.optimizer.reset_copies(&Vector::new(&FRESH), 1.5);
    assert!(matches!(refused, Err(OptimError::OutOfRange { field: "tau", .. })));
}

#[test]
fn a_beta1_of_0_is_refused_because_the_average_could_not_be_recovered() {
    let spec = OptimizerSpec::ScheduleFree(ScheduleFree { momentum: Some(0.0), ..ScheduleFree::default() });
    assert!(Optimizer::new(&spec, &Vector::new(&START), &[]).is_err());

    let mut run = Run::new(released());
    run.step(rate(0.1));
    let before = run.optimizer.save().unwrap();
    let gradients = run.model.gradients(&[1.0; 3]);
    let values = rate(0.1).with(Hyperparameter::Momentum, 0.0);
    let error = run.optimizer.step(run.model.clone(), gradients, &[values]).unwrap_err();
    assert_eq!(error.to_string(), "group 0: momentum = 0 is out of range: more than 0 and less than 1");
    assert_eq!(run.optimizer.save().unwrap(), before);
}

#[test]
fn other_rules_have_no_weights_but_the_models() {
    let model = Vector::new(&START);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adamw(Adamw::default()), &model, &[]).unwrap();
    let gradients = model.gradients(&[1.0; 3]);
    let model = optimizer.step(model, gradients, &[rate(0.1)]).unwrap();
    assert!(optimizer.evaluation_weights(&model).unwrap().is_none());
}

#[derive(Module, Debug)]
struct Normed {
    weight: Param<Tensor<2>>,
    norm: BatchNorm,
}

impl Normed {
    fn loss(&self, input: Tensor<2>) -> Tensor<1> {
        self.norm.forward(input.matmul(self.weight.val())).powi_scalar(3).mean()
    }
}

#[test]
fn the_copy_that_is_evaluated_shares_no_running_statistics() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let weight = Tensor::random([3, 2], burn::tensor::Distribution::Default, &device).require_grad();
    let model =
        Normed { weight: Param::initialized(ParamId::new(), weight), norm: BatchNormConfig::new(2).init(&device) };
    let input = Tensor::<2>::random([8, 3], burn::tensor::Distribution::Default, &device);
    let mut optimizer = Optimizer::new(&OptimizerSpec::ScheduleFree(released()), &model, &[]).unwrap();
    let gradients = Gradients::of(&model, model.loss(input.clone()).backward()).unwrap();
    let model = optimizer.step(model, gradients, &[rate(0.1)]).unwrap();

    let before = weights(&model).unwrap();
    let copy = optimizer.evaluation_weights(&model).unwrap().unwrap();
    let of_copy = weights(&copy).unwrap();
    copy.loss(input + 5.0).backward();
    assert_ne!(weights(&copy).unwrap(), of_copy, "a forward pass moves the copy's statistics");
    assert_eq!(weights(&model).unwrap(), before, "and not the model's");
}
