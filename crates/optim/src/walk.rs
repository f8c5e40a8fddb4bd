//! Visiting the float tensors of a module with their paths. Parameter ids are random, so paths are the names of things here.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Sees every float tensor, running statistics of normalisation included, in the module's own order.
pub(crate) trait FloatVisitor {
    fn float<const D: usize>(&mut self, path: &str, parameter: &Param<Tensor<D>>);
}

/// Replaces float tensors.
pub(crate) trait FloatMapper {
    fn float<const D: usize>(&mut self, path: &str, parameter: Param<Tensor<D>>) -> Param<Tensor<D>>;
}

pub(crate) fn visit<M: Module, V: FloatVisitor>(model: &M, visitor: V) -> V {
    let mut walker = Walker { path: Vec::new(), inner: visitor };
    model.visit(&mut walker);
    walker.inner
}

pub(crate) fn map<M: Module, V: FloatMapper>(model: M, mapper: &mut V) -> M {
    model.map(&mut Walker { path: Vec::new(), inner: mapper })
}

struct Walker<V> {
    path: Vec<String>,
    inner: V,
}

impl<V: FloatVisitor> ModuleVisitor for Walker<V> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        self.inner.float(&self.path.join("."), parameter);
    }
}

impl<V: FloatMapper> ModuleMapper for Walker<&mut V> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.inner.float(&self.path.join("."), parameter)
    }
}

/// What an autodiff tensor carries besides its values, so that a new value can stand in its place.
pub(crate) struct Role {
    autodiff: bool,
    require_grad: bool,
    checkpointing: Option<burn::tensor::GradientCheckpointingStrategy>,
}

impl Role {
    pub(crate) fn of<const D: usize>(tensor: &Tensor<D>) -> Self {
        Self {
            autodiff: tensor.is_autodiff(),
            require_grad: tensor.is_require_grad(),
            checkpointing: tensor.gradient_checkpointing_strategy(),
        }
    }

    pub(crate) fn is_autodiff(&self) -> bool {
        self.autodiff
    }

    pub(crate) fn give<const D: usize>(self, value: Tensor<D>) -> Tensor<D> {
        if !self.autodiff {
            return value;
        }
        let mut value = Tensor::from_inner(value);
        if let Some(strategy) = self.checkpointing {
            value = value.with_gradient_checkpointing_strategy(strategy);
        }
        if self.require_grad { value.require_grad() } else { value }
    }
}
