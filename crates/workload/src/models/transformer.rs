use burn::module::{Initializer, Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Tensor};

use super::dropout;

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
            attention_norm: LayerNormConfig::new(width).init(device),
            attention: Attention {
                inputs: linear(width, 3 * width, &self.attention, device),
                output: linear(width, width, &self.residual, device),
                heads: self.heads,
            },
            perceptron_norm: LayerNormConfig::new(width).init(device),
            expansion: linear(width, hidden, &self.expansion, device),
            contraction: linear(hidden, width, &self.residual, device),
        }
    }
}

/// A linear layer with zero bias.
pub(super) fn linear(inputs: usize, outputs: usize, weights: &Initializer, device: &Device) -> Linear {
    let layer = LinearConfig::new(inputs, outputs).with_initializer(weights.clone()).init(device);
    let zeros: Param<Tensor<1>> = Initializer::Zeros.init([outputs], device);
    Linear { bias: Some(zeros), ..layer }
}

impl Block {
    /// `mask` is added to the attention scores `[batch, heads, to, from]`.
    pub(super) fn forward(&self, stream: Tensor<3>, mask: Option<&Tensor<4>>, probability: f64) -> Tensor<3> {
        let attended = self.attention.forward(self.attention_norm.forward(stream.clone()), mask, probability);
        let stream = stream + dropout(attended, probability);
        let hidden = gelu(self.expansion.forward(self.perceptron_norm.forward(stream.clone())));
        stream + dropout(self.contraction.forward(hidden), probability)
    }
}

impl Attention {
    fn forward(&self, input: Tensor<3>, mask: Option<&Tensor<4>>, probability: f64) -> Tensor<3> {
        let [batch, tokens, width] = input.dims();
        let head_width = width / self.heads;
        let joint = self.inputs.forward(input);
        let part = |index: usize| {
            joint
                .clone()
                .narrow(2, index * width, width)
                .reshape([batch, tokens, self.heads, head_width])
                .swap_dims(1, 2)
        };
        let query = part(0).div_scalar((head_width as f64).sqrt());
        let scores = query.matmul(part(1).transpose());
        let scores = match mask {
            Some(mask) => scores + mask.clone(),
            None => scores,
        };
        let weights = dropout(softmax(scores, 3), probability);
        let mixed = weights.matmul(part(2)).swap_dims(1, 2).reshape([batch, tokens, width]);
        self.output.forward(mixed)
    }
}
