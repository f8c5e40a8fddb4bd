use burn::module::{Initializer, Module};
use burn::nn::{Embedding, EmbeddingConfig, LayerNorm};
use burn::tensor::{Device, Int, Tensor};
use rheostat_kernels::{dropout, embedding, linear};

use super::transformer::{Block, BlockConfig, norm, norm_config};

/// Shape of a [`Gpt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GptConfig {
    /// Different tokens.
    pub vocabulary: usize,
    /// Longest sequence.
    pub context: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Attention heads; divides `width`.
    pub heads: usize,
}

/// A decoder of the GPT-2 family as in nanoGPT: norms first, learned positions, output weights tied to the token embedding.
#[derive(Module, Debug)]
pub struct Gpt {
    tokens: Embedding,
    positions: Embedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl GptConfig {
    /// The smallest GPT-2 (Radford et al. 2019), 124 million parameters.
    pub const GPT2: Self = Self { vocabulary: 50257, context: 1024, width: 768, layers: 12, heads: 12 };

    /// Trainable parameters; the tied weights count once.
    pub const fn parameters(&self) -> usize {
        let embeddings = (self.vocabulary + self.context) * self.width;
        embeddings + self.layers * BlockConfig::parameters(self.width, 4 * self.width) + 2 * self.width
    }

    /// A model initialised as nanoGPT: weights of standard deviation 0.02, divided by the root of the number of branches where
    /// they add to the residual stream, and zero biases.
    pub fn init(&self, device: &Device) -> Gpt {
        let normal = Initializer::Normal { mean: 0.0, std: 0.02 };
        let branches = (2 * self.layers) as f64;
        let block = BlockConfig {
            width: self.width,
            heads: self.heads,
            hidden: 4 * self.width,
            attention: normal.clone(),
            expansion: normal.clone(),
            residual: Initializer::Normal { mean: 0.0, std: 0.02 / branches.sqrt() },
        };
        let table = |count| EmbeddingConfig::new(count, self.width).with_initializer(normal.clone()).init(device);
        Gpt {
            tokens: table(self.vocabulary),
            positions: table(self.context),
            blocks: (0..self.layers).map(|_| block.init(device)).collect(),
            norm: norm_config(self.width).init(device),
        }
    }
}

impl Gpt {
    /// Logits `[batch * tokens, vocabulary]` of the token that follows each token of `[batch, tokens]`.
    pub fn forward(&self, tokens: Tensor<2, Int>, probability: f64) -> Tensor<2> {
        let [batch, length] = tokens.dims();
        let table = self.tokens.weight.val();
        let positions = self.positions.weight.val().narrow(0, 0, length).unsqueeze::<3>();
        let mut stream = dropout(embedding(table.clone(), tokens) + positions, probability);
        for block in &self.blocks {
            stream = block.forward(stream, true, probability);
        }
        let stream = norm(&self.norm, stream);
        let [_, _, width] = stream.dims();
        linear(stream.reshape([batch * length, width]), table.transpose(), None)
    }
}
