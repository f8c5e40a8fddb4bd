use burn::module::{Initializer, Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Device, Tensor};
use rheostat_kernels::dropout;

use super::transformer::{Block, BlockConfig, norm, norm_config, zero_biased};
use super::{Classifier, linear};

/// What the head of a [`Vit`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readout {
    /// A learned token beside the patches (Dosovitskiy et al. 2020).
    ClassToken,
    /// The mean of the patches (Beyer et al. 2022).
    Mean,
}

/// Shape of a [`Vit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VitConfig {
    /// Rows and columns of the image.
    pub side: usize,
    /// Rows and columns of a patch; divides `side`.
    pub patch: usize,
    /// Width of the residual stream.
    pub width: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Attention heads; divides `width`.
    pub heads: usize,
    /// Hidden units of the perceptrons.
    pub hidden: usize,
    /// What the head reads.
    pub readout: Readout,
    /// Output classes.
    pub classes: usize,
}

/// A vision transformer with learned positions.
#[derive(Module, Debug)]
pub struct Vit {
    embedding: Linear,
    class_token: Option<Param<Tensor<3>>>,
    positions: Param<Tensor<3>>,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
    patch: usize,
}

const COLOURS: usize = 3;

impl VitConfig {
    const fn tokens(&self) -> usize {
        let patches = (self.side / self.patch) * (self.side / self.patch);
        match self.readout {
            Readout::ClassToken => patches + 1,
            Readout::Mean => patches,
        }
    }

    /// Trainable parameters.
    pub const fn parameters(&self) -> usize {
        let token = match self.readout {
            Readout::ClassToken => self.width,
            Readout::Mean => 0,
        };
        let embedding = (COLOURS * self.patch * self.patch + 1) * self.width;
        let blocks = self.layers * BlockConfig::parameters(self.width, self.hidden);
        embedding + token + self.tokens() * self.width + blocks + 2 * self.width + (self.width + 1) * self.classes
    }

    /// A model initialised as in Dosovitskiy et al.: Glorot's uniform weights and zero biases in the layers, positions of
    /// standard deviation 0.02, a class token and a head of zeros.
    pub fn init(&self, device: &Device) -> Vit {
        let glorot = Initializer::XavierUniform { gain: 1.0 };
        let block = BlockConfig {
            width: self.width,
            heads: self.heads,
            hidden: self.hidden,
            // Three square matrices side by side: the gain makes up for the threefold outputs that Glorot's rule sees.
            attention: Initializer::XavierUniform { gain: std::f64::consts::SQRT_2 },
            expansion: glorot.clone(),
            residual: glorot.clone(),
        };
        let class_token =
            (self.readout == Readout::ClassToken).then(|| Initializer::Zeros.init([1, 1, self.width], device));
        Vit {
            embedding: zero_biased(COLOURS * self.patch * self.patch, self.width, &glorot, device),
            class_token,
            positions: Initializer::Normal { mean: 0.0, std: 0.02 }.init([1, self.tokens(), self.width], device),
            blocks: (0..self.layers).map(|_| block.init(device)).collect(),
            norm: norm_config(self.width).init(device),
            head: zero_biased(self.width, self.classes, &Initializer::Zeros, device),
            patch: self.patch,
        }
    }
}

impl Classifier<4> for Vit {
    fn forward(&self, input: Tensor<4>, probability: f64) -> Tensor<2> {
        let mut stream = linear(&self.embedding, patches(input, self.patch));
        if let Some(token) = &self.class_token {
            let [images, _, width] = stream.dims();
            stream = Tensor::cat(vec![token.val().expand([images, 1, width]), stream], 1);
        }
        stream = dropout(stream + self.positions.val(), probability);
        for block in &self.blocks {
            stream = block.forward(stream, false, probability);
        }
        let stream = norm(&self.norm, stream);
        let read = match self.class_token {
            Some(_) => stream.narrow(1, 0, 1),
            None => stream.mean_dim(1),
        };
        linear(&self.head, read.squeeze_dim::<2>(1))
    }
}

/// Images `[images, channels, rows, columns]` as patches `[images, patches, channels * patch * patch]`.
fn patches(images: Tensor<4>, patch: usize) -> Tensor<3> {
    let [count, channels, rows, columns] = images.dims();
    let (down, across) = (rows / patch, columns / patch);
    images.reshape([count, channels, down, patch, across, patch]).permute([0, 2, 4, 1, 3, 5]).reshape([
        count,
        down * across,
        channels * patch * patch,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::TensorData;

    #[test]
    fn a_patch_holds_neighbouring_pixels_channel_by_channel() {
        let device = Device::flex();
        let numbers: Vec<f32> = (0..32).map(|number| number as f32).collect();
        let images = Tensor::<4>::from_data(TensorData::new(numbers, [1, 2, 4, 4]), &device);
        let cut = patches(images, 2).into_data();
        let first: Vec<f32> = cut.iter::<f32>().take(8).collect();
        let second: Vec<f32> = cut.iter::<f32>().skip(8).take(8).collect();
        assert_eq!(first, [0.0, 1.0, 4.0, 5.0, 16.0, 17.0, 20.0, 21.0]);
        assert_eq!(second, [2.0, 3.0, 6.0, 7.0, 18.0, 19.0, 22.0, 23.0]);
    }
}
