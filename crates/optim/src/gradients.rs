use std::sync::OnceLock;

use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::walk::{self, FloatVisitor};
use crate::{Buffer, OptimError};

/// The gradients of a model, by path, in the order in which the model is visited.
///
/// A tensor that took no part in the loss has no gradient, which is not the same as a gradient of zeros: an optimizer skips
/// it whole.
#[derive(Debug, Clone)]
pub struct Gradients {
    pub(crate) tensors: Vec<(String, Option<Buffer>)>,
    known_finite: bool,
    /// The norm once it was asked for, until the gradients change.
    norm: OnceLock<f64>,
}

impl Gradients {
    /// Takes the gradients of a model out of what `backward` returned.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if they cannot be read.
    pub fn of<M: Module>(model: &M, gradients: burn::tensor::Gradients) -> Result<Self, OptimError> {
        Self::collect(model, FromBackward(gradients))
    }

    /// The same from the container that Burn's own training steps pass on.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if they cannot be read.
    pub fn of_params<M: Module>(model: &M, gradients: GradientsParams) -> Result<Self, OptimError> {
        Self::collect(model, gradients)
    }

    fn collect<M: Module>(model: &M, source: impl Source) -> Result<Self, OptimError> {
        let collected = walk::visit(model, Collector { source, tensors: Vec::new(), error: None });
        match collected.error {
            Some(error) => Err(error),
            None => Ok(Self { tensors: collected.tensors, known_finite: false, norm: OnceLock::new() }),
        }
    }

    /// Finite tensors, as the gradients of a model.
    pub(crate) fn finite(tensors: Vec<(String, Option<Buffer>)>) -> Self {
        Self { tensors, known_finite: true, norm: OnceLock::new() }
    }

    /// Paths of the tensors that have a gradient.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().filter(|(_, gradient)| gradient.is_some()).map(|(path, _)| path.as_str())
    }

    /// Adds the gradients of another micro-batch. What only one of them has stays as it is.
    ///
    /// # Errors
    /// [`OptimError::OtherModel`] if they are of another model.
    pub fn add(&mut self, other: Self) -> Result<(), OptimError> {
        self.check_same_model(&other)?;
        self.changes(false);
        for ((_, sum), (_, term)) in self.tensors.iter_mut().zip(other.tensors) {
            *sum = match (sum.take(), term) {
                (Some(sum), Some(term)) => Some(sum.add_scaled(term, 1.0)?),
                (sum, term) => sum.or(term),
            };
        }
        Ok(())
    }

    /// Multiplies every gradient, as for the mean of accumulated micro-batches.
    ///
    /// # Errors
    /// [`OptimError::OutOfRange`] if the factor is not finite.
    pub fn scale(&mut self, factor: f64) -> Result<(), OptimError> {
        if !factor.is_finite() {
            return Err(OptimError::OutOfRange { field: "factor", value: factor, range: "finite" });
        }
        if factor == 1.0 {
            return Ok(());
        }
        self.changes(self.is_known_finite() && factor.abs() <= 1.0);
        for (_, gradient) in &mut self.tensors {
            *gradient = gradient.take().map(|gradient| gradient.scaled(factor)).transpose()?;
        }
        Ok(())
    }

    /// The Euclidean norm over all tensors, `sqrt(sum g^2)`, the same for every number of threads. It is computed
    /// once, until the gradients change.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn norm(&self) -> Result<f64, OptimError> {
        if let Some(&norm) = self.norm.get() {
            return Ok(norm);
        }
        let norm = self.dot(self)?.sqrt();
        Ok(*self.norm.get_or_init(|| norm))
    }

    /// `sum a b` over all tensors that both have.
    ///
    /// # Errors
    /// [`OptimError::OtherModel`] if they are of another model.
    pub fn dot(&self, other: &Self) -> Result<f64, OptimError> {
        self.check_same_model(other)?;
        let mut sum = 0.0;
        for ((_, mine), (_, theirs)) in self.tensors.iter().zip(&other.tensors) {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                sum += mine.dot(theirs)?;
            }
        }
        Ok(sum)
    }

    /// Scales all gradients so that their global norm is at most `max_norm`, by `min(1, max_norm / (norm + 1e-6))` as torch
    /// does, and returns the norm before.
    ///
    /// # Errors
    /// [`OptimError::NonFiniteGradient`] if the norm is not finite, [`OptimError::OutOfRange`] if `max_norm` is not above 0.
    pub fn clip(&mut self, max_norm: f64) -> Result<f64, OptimError> {
        if max_norm.is_nan() || max_norm <= 0.0 {
            return Err(OptimError::OutOfRange { field: "clip_norm", value: max_norm, range: "greater than 0" });
        }
        let norm = self.norm()?;
        if !norm.is_finite() {
            self.check_finite()?;
        }
        self.known_finite = true;
        let factor = max_norm / (norm + 1e-6);
        if factor < 1.0 {
            self.scale(factor)?;
        }
        Ok(norm)
    }

    /// The path of the first tensor with an infinite or NaN gradient.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn first_non_finite(&self) -> Result<Option<&str>, OptimError> {
        Ok(self.find_non_finite()?.map(|(path, _)| path))
    }

    /// Whether every gradient is finite.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn is_finite(&self) -> Result<bool, OptimError> {
        Ok(self.find_non_finite()?.is_none())
    }

    fn check_same_model(&self, other: &Self) -> Result<(), OptimError> {
        let same = self.tensors.len() == other.tensors.len()
            && self.tensors.iter().zip(&other.tensors).all(|((mine, _), (theirs, _))| mine == theirs);
        if same {
            return Ok(());
        }
        let why = "their tensors have other paths".to_owned();
        Err(OptimError::OtherModel { what: "one set of gradients", why })
    }

    /// Refuses non-finite gradients; free if they are known to be finite.
    pub(crate) fn check_finite(&self) -> Result<(), OptimError> {
        match self.find_non_finite()? {
            Some((path, count)) => Err(OptimError::NonFiniteGradient { path: path.to_owned(), count }),
            None => Ok(()),
        }
    }

    /// Whether that was seen before. A sum of squares is finite only if every term is.
    fn is_known_finite(&self) -> bool {
        self.known_finite || self.norm.get().is_some_and(|norm| norm.is_finite())
    }

    /// Forgets what was known before the gradients change.
    fn changes(&mut self, stays_finite: bool) {
        self.known_finite = stays_finite;
        self.norm = OnceLock::new();
    }

    fn find_non_finite(&self) -> Result<Option<(&str, usize)>, OptimError> {
        if self.is_known_finite() {
            return Ok(None);
        }
        for (path, gradient) in &self.tensors {
            if let Some(gradient) = gradient {
                let count = gradient.count_non_finite()?;
                if count > 0 {
                    return Ok(Some((path, count)));
                }
            }
        }
        Ok(None)
    }
}

/// Where the gradients of parameters come from.
trait Source {
    fn take<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) -> Option<Tensor<D>>;
}

struct FromBackward(burn::tensor::Gradients);

impl Source for FromBackward {
    fn take<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) -> Option<Tensor<D>> {
        parameter.base().grad_remove(&mut self.0)
    }
}

impl Source for GradientsParams {
    fn take<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) -> Option<Tensor<D>> {
        self.remove(parameter.id)
    }
}

struct Collector<S> {
    source: S,
    tensors: Vec<(String, Option<Buffer>)>,
    error: Option<OptimError>,
}

impl<S: Source> FloatVisitor for Collector<S> {
    fn float<const D: usize>(&mut self, path: &str, parameter: &Param<Tensor<D>>) {
        let gradient = match self.source.take(parameter).map(Buffer::from_tensor).transpose() {
            Ok(gradient) => gradient,
            Err(error) => {
                self.error.get_or_insert(error);
                None
            }
        };
        self.tensors.push((path.to_owned(), gradient));
    }
}
