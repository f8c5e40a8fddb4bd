use std::sync::Arc;

use burn::tensor::{Device, Tensor};
use rheostat_control::DecayCoupling;
use rheostat_control::optimizers::{self, MuonAdamw, MuonScale};

use super::adam::Adam;
use super::slots;
use crate::layout::{Layout, TensorInfo};
use crate::{Buffer, Formula, OptimError, Parameter, ParameterGroup, RuleValues, State, UpdateRule, Value};

/// Coefficients and number of the Newton-Schulz steps. The polynomial is steep at 0 and does not converge: singular values above
/// a hundredth of the norm end between 0.68 and 1.14.
const COEFFICIENTS: (f64, f64, f64) = (3.4445, -4.7750, 2.0315);
const STEPS: usize = 5;

/// Muon for one matrix: `M <- mu M + (1 - mu) g`, the direction is the orthogonalised `M`, or `(1 - mu) g + mu M`, times a factor
/// that depends on the shape.
#[derive(Debug)]
struct Matrix {
    sizes: [usize; 2],
    device: Device,
    nesterov: bool,
    factor: f64,
}

/// Gives Muon's rule to every matrix that is not AdamW's.
pub(super) fn take_matrices(
    spec: &optimizers::Muon,
    layout: &Layout,
    rules: &mut [Arc<dyn UpdateRule>],
) -> Result<(), OptimError> {
    let pattern = spec.adamw.paths.as_deref().unwrap_or(MuonAdamw::PATHS);
    let beside = ParameterGroup::matching(pattern)?;
    let matrices: Vec<_> =
        layout.tensors.iter().enumerate().filter(|(_, tensor)| tensor.trainable && tensor.shape.len() >= 2).collect();
    let selected = matrices.iter().filter(|(_, tensor)| beside.selects(&tensor.path)).count();
    let refused = |why| {
        let matrices: Vec<_> = matrices.iter().map(|(_, tensor)| tensor.path.as_str()).collect();
        Err(OptimError::Matrices { pattern: pattern.to_owned(), why, matrices: matrices.join(", ") })
    };
    if selected == matrices.len() {
        return refused("leaves no matrix to Muon");
    }
    if selected == 0 && spec.adamw.paths.is_some() {
        return refused("selects no matrix");
    }
    for (index, tensor) in matrices {
        if !beside.selects(&tensor.path) {
            rules[index] = Arc::new(Matrix::new(spec, tensor));
        }
    }
    Ok(())
}

impl Matrix {
    fn new(spec: &optimizers::Muon, tensor: &TensorInfo) -> Self {
        let first = tensor.shape.first().copied().unwrap_or(1);
        let rest = tensor.shape.iter().skip(1).product();
        // Linear layers keep (inputs, outputs), convolutions (outputs, inputs and places).
        let (inputs, outputs) = if tensor.shape.len() == 2 { (first, rest) } else { (rest, first) };
        let shape = outputs as f64 / inputs as f64;
        let factor = match spec.scale {
            MuonScale::Original => shape.max(1.0).sqrt(),
            MuonScale::MatchRmsAdamw => 0.2 * (inputs.max(outputs) as f64).sqrt(),
            MuonScale::SpectralUnclamped => shape.sqrt(),
        };
        Self { sizes: [first, rest], device: tensor.device.clone(), nesterov: spec.nesterov, factor }
    }

    fn orthogonalised(&self, momentum: Buffer) -> Result<Buffer, OptimError> {
        let norm = momentum.dot(&momentum)?.sqrt();
        let matrix: Tensor<2> = momentum.into_tensor(self.sizes, &self.device).div_scalar(norm + 1e-7);
        let tall = self.sizes[0] > self.sizes[1];
        let mut matrix = if tall { matrix.transpose() } else { matrix };
        let (a, b, c) = COEFFICIENTS;
        for _ in 0..STEPS {
            let square = matrix.clone().matmul(matrix.clone().transpose());
            let polynomial = square.clone().mul_scalar(b) + square.clone().matmul(square).mul_scalar(c);
            matrix = matrix.clone().mul_scalar(a) + polynomial.matmul(matrix);
        }
        let matrix = if tall { matrix.transpose() } else { matrix };
        Buffer::from_tensor(matrix.mul_scalar(self.factor))
    }
}

impl UpdateRule for Matrix {
    fn slots(&self) -> &'static [&'static str] {
        &["velocity"]
    }

    fn counters(&self) -> &'static [&'static str] {
        &[]
    }

    fn direction(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let mut state = state.unwrap_or_else(|| State { slots: vec![gradient.zeros()], counters: Vec::new() });
        let momentum = Average { momentum: values.momentum, nesterov: self.nesterov };
        let momentum = gradient.apply(momentum, slots(&mut state)?)?;
        Ok((self.orthogonalised(momentum)?, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        _state: &State,
        _values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        self.orthogonalised(gradient)
    }
}

#[derive(Clone, Copy)]
struct Average {
    momentum: f64,
    nesterov: bool,
}

impl Formula<1> for Average {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [velocity]: [V; 1]) -> (V, [V; 1]) {
        let part = gradient.scale(1.0 - self.momentum);
        let velocity = velocity.scale(self.momentum).plus(part.clone());
        let ahead = if self.nesterov { velocity.clone().scale(self.momentum).plus(part) } else { velocity.clone() };
        (ahead, [velocity])
    }
}

/// AdamW beside Muon, with constants of its own and a rate in proportion to Muon's.
#[derive(Debug)]
pub(super) struct Beside {
    adam: Adam,
    momentum: f64,
    beta2: f64,
    rate_ratio: f64,
    decay_share: f64,
}

impl Beside {
    pub(super) fn new(spec: &optimizers::Muon) -> Self {
        let MuonAdamw { rate_ratio, momentum, beta2, epsilon, .. } = spec.adamw;
        // The other couplings do not know the rate itself.
        let decay_share = if spec.decay == DecayCoupling::LrCoupled { rate_ratio } else { 1.0 };
        Self { adam: Adam::with_epsilon(epsilon), momentum, beta2, rate_ratio, decay_share }
    }

    fn own(&self, values: &RuleValues) -> RuleValues {
        RuleValues { momentum: self.momentum, beta2: self.beta2, ..*values }
    }
}

impl UpdateRule for Beside {
    fn slots(&self) -> &'static [&'static str] {
        self.adam.slots()
    }

    fn counters(&self) -> &'static [&'static str] {
        self.adam.counters()
    }

    fn direction(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let (direction, state) = self.adam.direction(gradient, parameter, state, &self.own(values))?;
        Ok((direction.scaled(self.rate_ratio)?, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: &State,
        values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        self.adam.without_momentum(gradient, parameter, state, &self.own(values))?.scaled(self.rate_ratio)
    }

    fn largest_decay_share(&self) -> f64 {
        self.decay_share
    }

    fn scale(&self, state: State, factor: f64) -> Result<State, OptimError> {
        self.adam.scale(state, factor)
    }

    fn reset(&self, state: State) -> Option<State> {
        self.adam.reset(state)
    }
}
