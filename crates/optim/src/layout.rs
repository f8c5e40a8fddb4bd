use std::collections::BTreeMap;

use burn::module::{Module, Param, ParamId};
use burn::tensor::{DType, Device, Tensor};

use crate::OptimError;
use crate::walk::{self, FloatVisitor};

/// The float tensors of a model in visiting order.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) tensors: Vec<TensorInfo>,
}

#[derive(Debug, Clone)]
pub(crate) struct TensorInfo {
    pub(crate) path: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: DType,
    pub(crate) device: Device,
    /// Whether it asked for a gradient; running statistics and frozen parameters do not.
    pub(crate) trainable: bool,
}

impl Layout {
    pub(crate) fn of<M: Module>(model: &M) -> Result<Self, OptimError> {
        let collector = walk::visit(model, Collector::default());
        if let Some(error) = collector.error {
            return Err(error);
        }
        Ok(Self { tensors: collector.tensors })
    }

    /// Paths of the tensors that ask for gradients.
    pub(crate) fn trainable(&self) -> Vec<&str> {
        self.tensors.iter().filter(|tensor| tensor.trainable).map(|tensor| tensor.path.as_str()).collect()
    }

    /// Checks that other tensors have the same paths.
    pub(crate) fn check<'a>(
        &self,
        what: &'static str,
        paths: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<(), OptimError> {
        if paths.len() != self.tensors.len() {
            let why = format!("{} float tensors instead of {}", paths.len(), self.tensors.len());
            return Err(OptimError::OtherModel { what, why });
        }
        for (path, tensor) in paths.zip(&self.tensors) {
            if path != tensor.path {
                return Err(OptimError::OtherModel { what, why: format!("{path} instead of {}", tensor.path) });
            }
        }
        Ok(())
    }

    /// Checks that another model has the same tensors, of the same sizes.
    pub(crate) fn same_sizes(&self, what: &'static str, other: &Self) -> Result<(), OptimError> {
        self.check(what, other.tensors.iter().map(|tensor| tensor.path.as_str()))?;
        let differs = self.tensors.iter().zip(&other.tensors).find(|(own, other)| own.shape != other.shape);
        differs.map_or(Ok(()), |(own, other)| {
            let why = format!("{} is {:?} instead of {:?}", own.path, other.shape, own.shape);
            Err(OptimError::OtherModel { what, why })
        })
    }
}

#[derive(Default)]
struct Collector {
    tensors: Vec<TensorInfo>,
    seen: BTreeMap<ParamId, usize>,
    error: Option<OptimError>,
}

impl FloatVisitor for Collector {
    fn float<const D: usize>(&mut self, path: &str, parameter: &Param<Tensor<D>>) {
        let path = path.to_owned();
        let value = parameter.base();
        let dtype = value.dtype();
        if let Some(first) = self.seen.insert(parameter.id, self.tensors.len()) {
            let first = self.tensors[first].path.clone();
            self.error.get_or_insert(OptimError::TiedParameters { first, second: path.clone() });
        }
        if !matches!(dtype, DType::F16 | DType::BF16 | DType::F32 | DType::F64) {
            self.error.get_or_insert(OptimError::UnsupportedType { path: path.clone(), dtype });
        }
        self.tensors.push(TensorInfo {
            path,
            shape: value.shape().to_vec(),
            dtype,
            device: value.device().inner(),
            trainable: parameter.is_require_grad(),
        });
    }
}
