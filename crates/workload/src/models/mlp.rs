use burn::module::{Initializer, Module};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use rheostat_kernels::dropout;

use super::{Classifier, linear};

/// Sizes of an [`Mlp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MlpConfig {
    /// Input features.
    pub inputs: usize,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// Output classes.
    pub classes: usize,
}

/// A perceptron with two hidden layers, ReLU and dropout after each.
#[derive(Module, Debug)]
pub struct Mlp {
    first: Linear,
    second: Linear,
    head: Linear,
}

impl MlpConfig {
    /// Trainable parameters.
    pub const fn parameters(&self) -> usize {
        let Self { inputs, hidden, classes } = *self;
        (inputs + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * classes
    }

    /// A model with He's uniform initialisation (He et al. 2015) in the hidden layers, and zeros in the head and the biases:
    /// the first loss is exactly ln(classes).
    pub fn init(&self, device: &Device) -> Mlp {
        let he = Initializer::KaimingUniform { gain: std::f64::consts::SQRT_2, fan_out_only: false };
        let layer = |inputs, outputs, initializer: &Initializer| {
            let mut linear = LinearConfig::new(inputs, outputs).with_initializer(initializer.clone()).init(device);
            linear.bias = Some(Initializer::Zeros.init([outputs], device));
            linear
        };
        Mlp {
            first: layer(self.inputs, self.hidden, &he),
            second: layer(self.hidden, self.hidden, &he),
            head: layer(self.hidden, self.classes, &Initializer::Zeros),
        }
    }
}

impl Classifier<2> for Mlp {
    fn forward(&self, input: Tensor<2>, probability: f64) -> Tensor<2> {
        let hidden = dropout(relu(linear(&self.first, input)), probability);
        let hidden = dropout(relu(linear(&self.second, hidden)), probability);
        linear(&self.head, hidden)
    }
}
