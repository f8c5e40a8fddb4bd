//! Layer normalisation.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::module;

use crate::native::layer_norm::{Gradients, Scale, backward, forward};
use crate::operation::{Operation, apply_3};
use crate::switch::takes;
use crate::tensor::{Number, create, dense, numbers, sizes, tensor, typed};

/// `(x - mean) / √(variance + epsilon) gain + bias` over the last axis, with the biased variance (arXiv:1607.06450).
///
/// # Panics
/// If gain or bias is not as long as the last axis of the input.
pub fn layer_norm<const D: usize>(input: Tensor<D>, gain: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let width = input.dims()[D - 1];
    assert_eq!([gain.dims(), bias.dims()], [[width]; 2], "gain and bias have the length of the input's last axis");
    if takes(&input) {
        apply_3(LayerNorm::<D> { epsilon }, input, gain, bias)
    } else {
        module::layer_norm(input, gain, Some(bias), epsilon)
    }
}

#[derive(Debug, Clone, Copy)]
struct LayerNorm<const D: usize> {
    epsilon: f64,
}

impl<const D: usize> Operation<3> for LayerNorm<D> {
    type Saved = [FlexTensor; 2];

    fn forward(&self, inputs: [FlexTensor; 3]) -> (FlexTensor, [FlexTensor; 2]) {
        let [input, gain, bias] = inputs.map(dense);
        let result = typed!(input, T => {
            let scale = Scale { gain: numbers::<T>(&gain), bias: Some(numbers(&bias)) };
            create(sizes::<D>(&input), |result| forward(numbers(&input), scale, self.epsilon, result))
        });
        (result, [input, gain])
    }

    fn backward(&self, [input, gain]: [FlexTensor; 2], gradient: FlexTensor, _: [bool; 3]) -> [Option<FlexTensor>; 3] {
        fn run<T: Number, const D: usize>(inputs: [&FlexTensor; 3], epsilon: f64) -> [FlexTensor; 3] {
            let [input, gain, gradient] = inputs;
            let mut slopes = Gradients::<T>::default();
            let of_input = create(sizes::<D>(input), |result| {
                slopes = backward(numbers(input), numbers(gradient), numbers(gain), epsilon, result);
            });
            let width = slopes.gain.len();
            [of_input, tensor(slopes.gain, [width]), tensor(slopes.bias, [width])]
        }
        let gradient = dense(gradient);
        typed!(input, T => run::<T, D>([&input, &gain, &gradient], self.epsilon)).map(Some)
    }
}
