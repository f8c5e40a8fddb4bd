use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use rheostat_control::Change;

use crate::layout::Layout;
use crate::store::{self, Stored};
use crate::walk::{self, FloatVisitor};
use crate::{Buffer, Gradients, OptimError};

const WHAT: &str = "the previous update";
const PARTS: [&str; 2] = ["gradient", "weight"];
const FORMAT: &str = "{\"format\":\"rheostat-motion\",\"version\":1}";

/// How far gradient and parameters move from update to update; keeps a copy of both.
///
/// Tensors without a gradient in one of two consecutive updates count in neither norm.
#[derive(Debug, Default)]
pub struct Motion {
    /// Gradient and values of each tensor in the model's order; nothing where the last update had no gradient.
    previous: Vec<Option<[Buffer; 2]>>,
}

impl Motion {
    /// Takes in the gradient at the model's weights; how far both are from the last ones, but for the first.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn observe<M: Module>(&mut self, model: &M, gradients: &Gradients) -> Result<Option<Change>, OptimError> {
        let weights = walk::visit(model, Weights(Vec::new())).0;
        let pairs = gradients.tensors.iter().zip(weights);
        let pair = |((_, gradient), weight): (&(String, Option<Buffer>), _)| match gradient {
            Some(gradient) => Ok(Some([gradient.clone(), weight?])),
            None => Ok(None),
        };
        let now = pairs.map(pair).collect::<Result<Vec<_>, OptimError>>()?;
        let before = std::mem::replace(&mut self.previous, now);
        if before.is_empty() {
            return Ok(None);
        }
        let (mut gradient, mut parameters) = (0.0, 0.0);
        for pair in before.iter().zip(&self.previous) {
            if let (Some([old_gradient, old_weight]), Some([new_gradient, new_weight])) = pair {
                gradient += new_gradient.squared_distance(old_gradient)?;
                parameters += new_weight.squared_distance(old_weight)?;
            }
        }
        Ok(Some(Change { gradient: gradient.sqrt(), parameters: parameters.sqrt() }))
    }

    /// Forgets the last update: the weights were moved by something else.
    pub fn forget(&mut self) {
        self.previous.clear();
    }

    /// The copies as safetensors bytes.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn save(&self) -> Result<Vec<u8>, OptimError> {
        let mut tensors = Vec::new();
        for (index, buffers) in self.previous.iter().enumerate() {
            for (name, buffer) in PARTS.into_iter().zip(buffers.iter().flatten()) {
                let (bytes, _, dtype) = buffer.to_data()?.into_parts();
                let data = TensorData::try_from_bytes(bytes, [buffer.len()], dtype).map_err(OptimError::storage)?;
                tensors.push((format!("{index}/{name}"), data));
            }
        }
        store::write(WHAT, FORMAT.to_owned(), &tensors)
    }

    /// Takes over what [`Motion::save`] wrote for such a model.
    ///
    /// # Errors
    /// [`OptimError::BadBytes`] if the bytes are damaged or of another model; nothing has changed then.
    pub fn load<M: Module>(&mut self, model: &M, bytes: &[u8]) -> Result<(), OptimError> {
        let stored = Stored::parse(WHAT, bytes)?;
        if stored.metadata != FORMAT {
            return Err(OptimError::BadBytes { what: WHAT, why: format!("unknown format {}", stored.metadata) });
        }
        let layout = Layout::of(model)?;
        let names = stored.names();
        let mut previous = Vec::new();
        for (index, tensor) in layout.tensors.iter().enumerate() {
            let length: usize = tensor.shape.iter().product();
            let read = |part: &str| {
                let data = stored.tensor(&format!("{index}/{part}"), &[length], tensor.dtype)?;
                Ok::<_, OptimError>(Buffer::from_data(data, &tensor.device))
            };
            let there = names.contains(&format!("{index}/{}", PARTS[0]).as_str());
            previous.push(if there { Some([read(PARTS[0])?, read(PARTS[1])?]) } else { None });
        }
        if names.len() != 2 * previous.iter().flatten().count() {
            let why = "they hold tensors that the model does not have".to_owned();
            return Err(OptimError::BadBytes { what: WHAT, why });
        }
        // Nothing was kept yet, or it was forgotten.
        self.previous = if names.is_empty() { Vec::new() } else { previous };
        Ok(())
    }
}

/// Every float tensor as values.
struct Weights(Vec<Result<Buffer, OptimError>>);

impl FloatVisitor for Weights {
    fn float<const D: usize>(&mut self, _path: &str, parameter: &Param<Tensor<D>>) {
        self.0.push(Buffer::from_tensor(parameter.base().inner()));
    }
}
