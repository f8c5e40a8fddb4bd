//! The quadratic problem of the reference values: `f = 1/2 sum a theta^2`, full gradient, double precision.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "shared by tests; one that cannot set up must fail")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::{Module, Param, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rheostat_control::{Hyperparameter, Hyperparameters, OptimizerSpec};
use rheostat_optim::{Gradients, Optimizer};

/// The generator of weights and dropout masks is one per process: tests that draw the same twice take turns.
pub fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}

pub const CURVATURE: [f64; 3] = [1.0, 10.0, 0.1];
pub const START: [f64; 3] = [1.0, -2.0, 3.0];

/// A model of one vector.
#[derive(Module, Debug)]
pub struct Vector {
    pub theta: Param<Tensor<1>>,
}

impl Vector {
    pub fn new(values: &[f64]) -> Self {
        Self { theta: Param::initialized(ParamId::new(), tensor(values).require_grad()) }
    }

    pub fn values(&self) -> Vec<f64> {
        self.theta.val().into_data().iter::<f64>().collect()
    }

    /// The gradients of `sum gradient theta`, which are `gradient` exactly.
    pub fn gradients(&self, gradient: &[f64]) -> Gradients {
        let loss = (self.theta.val() * tensor(gradient)).sum();
        Gradients::of(self, loss.backward()).unwrap()
    }
}

/// A model of one matrix.
#[derive(Module, Debug)]
pub struct Matrix {
    pub theta: Param<Tensor<2>>,
}

impl Matrix {
    pub fn new<const C: usize>(rows: &[[f64; C]]) -> Self {
        Self { theta: Param::initialized(ParamId::new(), matrix(rows).require_grad()) }
    }

    pub fn values(&self) -> Vec<f64> {
        self.theta.val().into_data().iter::<f64>().collect()
    }

    /// The gradients of `sum gradient theta`, which are `gradient` exactly.
    pub fn gradients<const C: usize>(&self, gradient: &[[f64; C]]) -> Gradients {
        let loss = (self.theta.val() * matrix(gradient)).sum();
        Gradients::of(self, loss.backward()).unwrap()
    }
}

fn matrix<const C: usize>(rows: &[[f64; C]]) -> Tensor<2> {
    tensor(rows.as_flattened()).reshape([rows.len(), C])
}

pub fn tensor(values: &[f64]) -> Tensor<1> {
    let data = TensorData::new(values.to_vec(), [values.len()]);
    Tensor::from_data(data, (&Device::flex().autodiff(), DType::F64))
}

pub fn rate(rate: f64) -> Hyperparameters {
    Hyperparameters::new().with(Hyperparameter::LearningRate, rate)
}

/// The weights after each of ten updates.
pub fn ten_updates(
    spec: &OptimizerSpec,
    base_rate: Option<f64>,
    values: impl Fn(usize) -> Hyperparameters,
) -> Vec<Vec<f64>> {
    let mut model = Vector::new(&START);
    let mut optimizer = Optimizer::new(spec, &model, &[]).unwrap();
    if let Some(base_rate) = base_rate {
        optimizer = optimizer.with_base_rates(&[base_rate]).unwrap();
    }
    (0..10)
        .map(|step| {
            let gradient: Vec<_> = model.values().iter().zip(CURVATURE).map(|(theta, a)| a * theta).collect();
            let gradients = model.gradients(&gradient);
            model = optimizer.step(model.clone(), gradients, &[values(step)]).unwrap();
            model.values()
        })
        .collect()
}
