//! Named tensors and one line of metadata as safetensors bytes: bit-exact, the same bytes for the same content.

use std::collections::HashMap;

use burn::tensor::{DType, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::OptimError;

/// The metadata key; one key only, because the container does not order them.
const KEY: &str = "rheostat";

pub(crate) fn write(
    what: &'static str,
    metadata: String,
    tensors: &[(String, TensorData)],
) -> Result<Vec<u8>, OptimError> {
    let bad = |why: String| OptimError::BadBytes { what, why };
    let mut views = Vec::with_capacity(tensors.len());
    for (name, data) in tensors {
        let Some(dtype) = stored(data.dtype()) else {
            return Err(OptimError::UnsupportedType { path: name.clone(), dtype: data.dtype() });
        };
        let view =
            TensorView::new(dtype, data.shape().to_vec(), data.bytes()).map_err(|error| bad(error.to_string()))?;
        views.push((name.as_str(), view));
    }
    let metadata = HashMap::from([(KEY.to_owned(), metadata)]);
    safetensors::serialize(views, Some(metadata)).map_err(|error| bad(error.to_string()))
}

/// A parsed file.
pub(crate) struct Stored<'a> {
    what: &'static str,
    pub(crate) metadata: String,
    tensors: SafeTensors<'a>,
}

impl<'a> Stored<'a> {
    pub(crate) fn parse(what: &'static str, bytes: &'a [u8]) -> Result<Self, OptimError> {
        let bad = |error: safetensors::SafeTensorError| OptimError::BadBytes { what, why: error.to_string() };
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(bad)?;
        let metadata = header.metadata().as_ref().and_then(|map| map.get(KEY)).cloned();
        let Some(metadata) = metadata else {
            let why = "they were not written by rheostat".to_owned();
            return Err(OptimError::BadBytes { what, why });
        };
        Ok(Self { what, metadata, tensors: SafeTensors::deserialize(bytes).map_err(bad)? })
    }

    /// Names of all tensors, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = self.tensors.names();
        names.sort_unstable();
        names
    }

    /// One tensor, checked.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize], dtype: DType) -> Result<TensorData, OptimError> {
        let bad = |why: String| OptimError::BadBytes { what: self.what, why };
        let view = self.tensors.tensor(name).map_err(|_| bad(format!("{name} is missing")))?;
        if view.shape() != shape || stored(dtype) != Some(view.dtype()) {
            let (found, wanted) = (view.shape(), view.dtype());
            return Err(bad(format!("{name} is {wanted:?} {found:?}, the model has {dtype:?} {shape:?}")));
        }
        TensorData::try_from_bytes_vec(view.data().to_vec(), shape.to_vec(), dtype)
            .map_err(|error| bad(format!("{name}: {error}")))
    }
}

fn stored(dtype: DType) -> Option<Dtype> {
    match dtype {
        DType::F16 => Some(Dtype::F16),
        DType::BF16 => Some(Dtype::BF16),
        DType::F32 => Some(Dtype::F32),
        DType::F64 => Some(Dtype::F64),
        _ => None,
    }
}
