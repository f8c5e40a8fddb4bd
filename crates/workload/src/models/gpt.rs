use burn::module::{Initializer, Module};
use burn::nn::{Embedding, EmbeddingConfig, LayerNorm, LayerNormConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::dropout;
use super::transformer::{Block, BlockConfig};

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
        let embedding = |count| EmbeddingConfig::new(count, self.width).with_initializer(normal.clone()).init(device);
        Gpt {
            tokens: embedding(self.vocabulary),
            positions: embedding(self.context),
            blocks: (0..self.layers).map(|_| block.init(device)).collect(),
            norm: LayerNormConfig::new(self.width).init(device),
        }
    }
}

impl Gpt {
    /// Logits `[batch * tokens, vocabulary]` of the token that follows each token of `[batch, tokens]`.
    pub fn forward(&self, tokens: Tensor<2, Int>, probability: f64) -> Tensor<2> {
        let [batch, length] = tokens.dims();
        let device = tokens.device();
        let positions = self.positions.weight.val().narrow(0, 0, length).unsqueeze::<3>();
        let mut stream = dropout(self.tokens.forward(tokens) + positions, probability);
        let mask = causal_mask(length, &device);
        for block in &self.blocks {
            stream = block.forward(stream, Some(&mask), probability);
        }
        let stream = self.norm.forward(stream);
        let [_, _, width] = stream.dims();
        stream.reshape([batch * length, width]).matmul(self.tokens.weight.val().transpose())
    }
}

/// What is added to the attention scores: minus infinity where a token would see a later one.
fn causal_mask(length: usize, device: &Device) -> Tensor<4> {
    let values: Vec<f32> = (0..length)
        .flat_map(|to| (0..length).map(move |from| if from <= to { 0.0 } else { f32::NEG_INFINITY }))
        .collect();
    Tensor::from_data(TensorData::new(values, [1, 1, length, length]), device)
}
