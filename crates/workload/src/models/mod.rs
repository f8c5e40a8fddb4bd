//! The models: plain Burn modules, usable without the workloads.
//!
//! None holds a dropout layer. The probability is an argument of `forward`, so that it can move from update to update; it has
//! an effect on autodiff devices only.

mod gpt;
mod mlp;
mod resnet;
mod transformer;
mod vit;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::Linear;
use burn::tensor::Tensor;

pub use gpt::{Gpt, GptConfig};
pub use mlp::{Mlp, MlpConfig};
pub use resnet::{ResNet, ResNetConfig, Shortcut};
pub use vit::{Readout, Vit, VitConfig};

/// A model that sorts its inputs of rank `D` into classes.
pub trait Classifier<const D: usize>: Module {
    /// Logits `[batch, classes]`.
    fn forward(&self, input: Tensor<D>, dropout: f64) -> Tensor<2>;

    /// The same with the first layers out of the backward pass, so many as their share `frozen` says: their parameters have no
    /// gradient. A model whose layers do not freeze learns as a whole.
    fn forward_frozen(&self, input: Tensor<D>, dropout: f64, _frozen: f64) -> Tensor<2> {
        self.forward(input, dropout)
    }
}

/// The layer's function of the last axis.
fn linear<const D: usize>(layer: &Linear, input: Tensor<D>) -> Tensor<D> {
    rheostat_kernels::linear(input, layer.weight.val(), layer.bias.as_ref().map(Param::val))
}

/// Draws every parameter now, in the order of the fields. Burn would otherwise draw each at its first use, in the middle of a
/// training step and after that step's dropout masks.
pub(crate) fn initialised<M: Module>(model: M) -> M {
    struct Draw;
    impl ModuleVisitor for Draw {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let _ = param.val();
        }
    }
    model.visit(&mut Draw);
    model
}
