use burn::module::{Initializer, Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use rheostat_kernels::{attention, dropout, gelu, layer_norm};

use super::linear;

/// Sizes and initialisers of a [`Block`].
#[derive(Debug, Clone)]
pub(super) struct BlockConfig {
    pub(super) width: usize,
    pub(super) heads: usize,
    pub(super) hidden: usize,
    /// Of the fused query, key and value projection.
    pub(super) attention: Initializer,
    /// Of the first layer of the perceptron.
    pub(super) expansion: Initializer,
    /// Of the two layers that write to the residual stream.
    pub(super) residual: Initializer,
}

/// What keeps a norm from dividing by zero: Burn's and PyTorch's default.
const EPSILON: f64 = 1e-5;

/// A transformer block with the norms first (Xiong et al. 2020): attention, then a perceptron with GELU, each added to the
/// stream. Dropout as in nanoGPT: on the attention weights and on what either branch adds.
#[derive(Module, Debug)]
pub(super) struct Block {
    attention_norm: LayerNorm,
    attention: Attention,
    perceptron_norm: LayerNorm,
    expansion: Linear,
    contraction: Linear,
}

#[derive(Module, Debug)]
struct Attention {
    /// Query, key and value side by side.
    inputs: Linear,
    output: Linear,
    heads: usize,
}

impl BlockConfig {
    /// Trainable parameters.
    pub(super) const fn parameters(width: usize, hidden: usize) -> usize {
        let norms = 4 * width;
        let attention = (width + 1) * 3 * width + (width + 1) * width;
        let perceptron = (width + 1) * hidden + (hidden + 1) * width;
        norms + attention + perceptron
    }

    pub(super) fn init(&self, device: &Device) -> Block {
        let Self { width, hidden, .. } = *self;
        Block {
            attention_norm: norm_config(width).init(device),
            attention: Attention {
                inputs: zero_biased(width, 3 * width, &self.attention, device),
                output: zero_biased(width, width, &self.residual, device),
                heads: self.heads,
            },
            perceptron_norm: norm_config(width).init(device),
            expansion: zero_biased(width, hidden, &self.expansion, device),
            contraction: zero_biased(hidden, width, &self.residual, device),
        }
    }
}

/// A layer normalisation with the epsilon that [`norm`] uses.
pub(super) fn norm_config(width: usize) -> LayerNormConfig {
    LayerNormConfig::new(width).with_epsilon(EPSILON)
}

/// A linear layer with zero bias.
pub(super) fn zero_biased(inputs: usize, outputs: usize, weights: &Initializer, device: &Device) -> Linear {
    let layer = LinearConfig::new(inputs, outputs).with_initializer(weights.clone()).init(device);
    let zeros: Param<Tensor<1>> = Initializer::Zeros.init([outputs], device);
    Linear { bias: Some(zeros), ..layer }
}

/// The layer's function of the last axis.
pub(super) fn norm(layer: &LayerNorm, input: Tensor<3>) -> Tensor<3> {
    match &layer.beta {
        Some(beta) => layer_norm(input, layer.gamma.val(), beta.val(), EPSILON),
        None => layer.forward(input),
    }
}

impl Block {
    /// With `causal`, a token sees itself and what is before it.
    pub(super) fn forward(&self, stream: Tensor<3>, causal: bool, probability: f64) -> Tensor<3> {
        let attended = self.attention.forward(norm(&self.attention_norm, stream.clone()), causal, probability);
        let stream = stream + dropout(attended, probability);
        let hidden = gelu(linear(&self.expansion, norm(&self.perceptron_norm, stream.clone())));
        stream + dropout(linear(&self.contraction, hidden), probability)
    }
}

impl Attention {
    fn forward(&self, input: Tensor<3>, causal: bool, probability: f64) -> Tensor<3> {
        let joint = linear(&self.inputs, input);
        linear(&self.output, attention(joint, self.heads, causal, probability))
    }
}
