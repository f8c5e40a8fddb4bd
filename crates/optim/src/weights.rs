use std::cell::OnceCell;

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};

use crate::layout::Layout;
use crate::store::{self, Stored};
use crate::walk::{self, FloatMapper, FloatVisitor, Role};
use crate::{Buffer, OptimError};

const WHAT: &str = "weights";
const FORMAT: &str = "{\"format\":\"rheostat-weights\",\"version\":1}";

/// Every float tensor of a model by path, running statistics of normalisation included, as safetensors bytes.
///
/// Statistics that a forward pass has handed in but not yet merged are merged first, so that nothing pending is lost.
///
/// # Errors
/// [`OptimError::UnsupportedType`] for a float type that safetensors lacks, [`OptimError::Storage`] if values cannot be read.
pub fn weights<M: Module>(model: &M) -> Result<Vec<u8>, OptimError> {
    // Merges pending statistics in `model` itself; the copy is only handles.
    let settled = model.valid();
    let collected = walk::visit(&settled, Collector::default());
    if let Some(error) = collected.error {
        return Err(error);
    }
    store::write(WHAT, FORMAT.to_owned(), &collected.tensors)
}

/// The model with every float tensor replaced by the one that [`weights`] stored under its path, bit for bit.
///
/// The running statistics of the returned model are its own: clones made before keep theirs.
///
/// # Errors
/// [`OptimError::BadBytes`] if the bytes are damaged or of another model.
pub fn load_weights<M: Module>(model: M, bytes: &[u8]) -> Result<M, OptimError> {
    let stored = Stored::parse(WHAT, bytes)?;
    if stored.metadata != FORMAT {
        let why = format!("unknown format {}", stored.metadata);
        return Err(OptimError::BadBytes { what: WHAT, why });
    }
    let layout = Layout::of(&model)?;
    if let Some(unknown) =
        stored.names().into_iter().find(|name| layout.tensors.iter().all(|known| known.path != *name))
    {
        return Err(OptimError::BadBytes { what: WHAT, why: format!("the model has no {unknown}") });
    }
    let values = layout
        .tensors
        .iter()
        .map(|tensor| stored.tensor(&tensor.path, &tensor.shape, tensor.dtype))
        .collect::<Result<Vec<_>, _>>()?;
    let roles = walk::visit(&model, Roles(Vec::new())).0;
    Ok(walk::map(settled(model), &mut Loader { values: values.into_iter(), roles: roles.into_iter() }))
}

/// The same model with running statistics of its own, and nothing pending that would overwrite what is written next. Tensors
/// lose what they were to autodiff; see [`Role::give`].
pub(crate) fn settled<M: Module>(model: M) -> M {
    let autodiff = walk::visit(&model, Roles(Vec::new())).0.iter().any(Role::is_autodiff);
    if autodiff { model.valid().train() } else { model.valid() }
}

/// A copy of the model with these values in place of its own, one entry a float tensor; where there is none the model's stay. The
/// copy shares nothing with the model.
pub(crate) fn isolated_with<M: Module>(model: &M, values: Vec<Option<Buffer>>) -> M {
    let roles = walk::visit(model, Roles(Vec::new())).0;
    walk::map(settled(model.clone()), &mut Replacer { values: values.into_iter(), roles: roles.into_iter() })
}

struct Replacer<V, R> {
    values: V,
    roles: R,
}

impl<V: Iterator<Item = Option<Buffer>>, R: Iterator<Item = Role>> FloatMapper for Replacer<V, R> {
    fn float<const D: usize>(&mut self, _path: &str, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (Some(value), Some(role)) = (self.values.next(), self.roles.next()) else {
            return parameter;
        };
        let (id, tensor, mapper) = parameter.consume();
        let tensor = tensor.inner();
        let value = match value {
            Some(value) => value.into_tensor(tensor.dims(), &tensor.device()),
            None => tensor,
        };
        Param::from_mapped_value(id, role.give(value), mapper)
    }
}

/// The weights of a model, visited when a rule first asks for them.
pub(crate) struct Weights<'a, M> {
    model: &'a M,
    handles: OnceCell<Vec<Tensor<1>>>,
}

impl<'a, M: Module> Weights<'a, M> {
    pub(crate) fn of(model: &'a M) -> Self {
        Self { model, handles: OnceCell::new() }
    }

    pub(crate) fn read(&self, index: usize) -> Result<Buffer, OptimError> {
        let handles = self.handles.get_or_init(|| walk::visit(self.model, Handles(Vec::new())).0);
        let handle = handles.get(index).ok_or_else(|| OptimError::OtherModel {
            what: "the model",
            why: format!("{} float tensors only", handles.len()),
        })?;
        Buffer::from_tensor(handle.clone())
    }
}

/// Every float tensor, flat, without copying.
struct Handles(Vec<Tensor<1>>);

impl FloatVisitor for Handles {
    fn float<const D: usize>(&mut self, _path: &str, parameter: &Param<Tensor<D>>) {
        let tensor = parameter.base().inner();
        let length = tensor.shape().num_elements();
        self.0.push(tensor.reshape([length]));
    }
}

#[derive(Default)]
struct Collector {
    tensors: Vec<(String, TensorData)>,
    error: Option<OptimError>,
}

impl FloatVisitor for Collector {
    fn float<const D: usize>(&mut self, path: &str, parameter: &Param<Tensor<D>>) {
        match parameter.base().inner().try_into_data() {
            Ok(data) => self.tensors.push((path.to_owned(), data)),
            Err(error) => {
                self.error.get_or_insert(OptimError::storage(error));
            }
        }
    }
}

struct Roles(Vec<Role>);

impl FloatVisitor for Roles {
    fn float<const D: usize>(&mut self, _path: &str, parameter: &Param<Tensor<D>>) {
        self.0.push(Role::of(&parameter.base()));
    }
}

struct Loader<V, R> {
    values: V,
    roles: R,
}

impl<V: Iterator<Item = TensorData>, R: Iterator<Item = Role>> FloatMapper for Loader<V, R> {
    fn float<const D: usize>(&mut self, _path: &str, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (Some(data), Some(role)) = (self.values.next(), self.roles.next()) else {
            return parameter;
        };
        let (id, tensor, mapper) = parameter.consume();
        let dtype = data.dtype();
        let value = Tensor::from_data(data, (&tensor.device().inner(), dtype));
        Param::from_mapped_value(id, role.give(value), mapper)
    }
}
