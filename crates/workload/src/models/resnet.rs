use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use rheostat_kernels::{batch_norm, batch_norm_add_relu, batch_norm_relu, blur, conv2d, mean_pool, subsample};

use super::{Classifier, linear};

/// How a block that halves the image and widens it passes its input on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// Every second pixel, the new channels zero (option A of He et al. 2016): no parameters.
    Padded,
    /// A 1x1 convolution and a batch norm (option B).
    Projected,
}

/// Shape of a [`ResNet`] for small images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResNetConfig {
    /// Channels of each stage; every stage but the first halves the image.
    pub widths: &'static [usize],
    /// Blocks of two convolutions in each stage.
    pub blocks: usize,
    /// The shortcut where the shape changes.
    pub shortcut: Shortcut,
    /// Start with the last scale of every block at zero, so that each block is the identity (Goyal et al. 2017).
    pub zero_last_scale: bool,
    /// Blur what a block with a stride sees, so that results shift with the image (Zhang 2019, arXiv:1904.11486).
    pub blurpool: bool,
    /// Output classes.
    pub classes: usize,
}

/// A residual network with a 3x3 stem and no pooling but the last (He et al. 2016, section 4.2).
#[derive(Module, Debug)]
pub struct ResNet {
    stem: Conv2d,
    norm: BatchNorm,
    blocks: Vec<ResidualBlock>,
    head: Linear,
    blurpool: bool,
}

#[derive(Module, Debug)]
struct ResidualBlock {
    first: Conv2d,
    first_norm: BatchNorm,
    second: Conv2d,
    second_norm: BatchNorm,
    projection: Option<Projection>,
    stride: usize,
}

#[derive(Module, Debug)]
struct Projection {
    conv: Conv2d,
    norm: BatchNorm,
}

const COLOURS: usize = 3;

impl ResNetConfig {
    /// Trainable parameters.
    pub const fn parameters(&self) -> usize {
        let mut inputs = self.widths[0];
        let mut count = COLOURS * 9 * inputs + 2 * inputs;
        let mut stage = 0;
        while stage < self.widths.len() {
            let width = self.widths[stage];
            let later_blocks = (self.blocks - 1) * (18 * width * width + 4 * width);
            count += 9 * inputs * width + 9 * width * width + 4 * width + later_blocks;
            if inputs != width && matches!(self.shortcut, Shortcut::Projected) {
                count += inputs * width + 2 * width;
            }
            inputs = width;
            stage += 1;
        }
        count + (inputs + 1) * self.classes
    }

    /// A model with He's normal initialisation over the outputs in the convolutions, as in torchvision, and Burn's default,
    /// which is PyTorch's, in the head.
    pub fn init(&self, device: &Device) -> ResNet {
        let stem = self.widths[0];
        let mut blocks = Vec::with_capacity(self.widths.len() * self.blocks);
        let mut inputs = stem;
        for (stage, &width) in self.widths.iter().enumerate() {
            for block in 0..self.blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                blocks.push(self.block(inputs, width, stride, device));
                inputs = width;
            }
        }
        ResNet {
            stem: convolution(COLOURS, stem, 3, 1, device),
            norm: BatchNormConfig::new(stem).init(device),
            blocks,
            head: LinearConfig::new(inputs, self.classes).init(device),
            blurpool: self.blurpool,
        }
    }

    fn block(&self, inputs: usize, width: usize, stride: usize, device: &Device) -> ResidualBlock {
        let norm = || BatchNormConfig::new(width).init(device);
        let mut second_norm = norm();
        if self.zero_last_scale {
            second_norm.gamma = Initializer::Zeros.init([width], device);
        }
        let projected = inputs != width && self.shortcut == Shortcut::Projected;
        ResidualBlock {
            first: convolution(inputs, width, 3, stride, device),
            first_norm: norm(),
            second: convolution(width, width, 3, 1, device),
            second_norm,
            projection: projected
                .then(|| Projection { conv: convolution(inputs, width, 1, stride, device), norm: norm() }),
            stride,
        }
    }
}

fn convolution(inputs: usize, outputs: usize, size: usize, stride: usize, device: &Device) -> Conv2d {
    let border = border(size);
    Conv2dConfig::new([inputs, outputs], [size, size])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(border, border, border, border))
        .with_bias(false)
        .with_initializer(Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: true })
        .init(device)
}

/// What a layer of [`convolution`] does.
fn convolve(layer: &Conv2d, images: Tensor<4>) -> Tensor<4> {
    conv2d(images, layer.weight.val(), layer.stride, layer.kernel_size.map(border))
}

/// Zeros around an image that keep its size at stride 1.
fn border(size: usize) -> usize {
    size / 2
}

impl Classifier<4> for ResNet {
    /// Residual networks have no dropout: the probability is ignored.
    fn forward(&self, input: Tensor<4>, dropout: f64) -> Tensor<2> {
        self.forward_frozen(input, dropout, 0.0)
    }

    /// The layers are the stem and the blocks; the head never freezes. Frozen batch norms go on measuring the batch.
    fn forward_frozen(&self, input: Tensor<4>, _dropout: f64, frozen: f64) -> Tensor<2> {
        let layers = 1 + self.blocks.len();
        let frozen = (frozen * layers as f64).floor() as usize;
        // A clone shares weights and running statistics. Without gradients nothing of its pass is kept for a backward pass.
        let still = (frozen > 0).then(|| self.clone().no_grad());
        let mut hidden = input;
        for layer in 0..layers {
            let model = still.as_ref().filter(|_| layer < frozen).unwrap_or(self);
            hidden = model.layer(layer, hidden);
        }
        linear(&self.head, mean_pool(hidden))
    }
}

impl ResNet {
    /// The stem, then the blocks.
    fn layer(&self, layer: usize, input: Tensor<4>) -> Tensor<4> {
        match layer.checked_sub(1) {
            None => batch_norm_relu(&self.norm, convolve(&self.stem, input)),
            Some(block) => {
                let block = &self.blocks[block];
                // Once for the convolution and the shortcut, which have the same stride.
                let blurs = self.blurpool && block.stride > 1;
                block.forward(if blurs { blur(input) } else { input })
            }
        }
    }
}

impl ResidualBlock {
    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let hidden = batch_norm_relu(&self.first_norm, convolve(&self.first, input.clone()));
        let residual = convolve(&self.second, hidden);
        let shortcut = self.shortcut(input, residual.dims()[1]);
        batch_norm_add_relu(&self.second_norm, residual, shortcut)
    }

    fn shortcut(&self, input: Tensor<4>, width: usize) -> Tensor<4> {
        if let Some(projection) = &self.projection {
            return batch_norm(&projection.norm, convolve(&projection.conv, input));
        }
        let [_, channels, ..] = input.dims();
        if channels == width && self.stride == 1 {
            return input;
        }
        subsample(input, self.stride, width)
    }
}
