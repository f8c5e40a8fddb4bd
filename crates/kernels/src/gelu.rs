//! The Gaussian error linear unit.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use burn::tensor::activation;

use crate::native::gelu::{Form, forward, input_gradient};
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{create, dense, numbers, sizes, typed};

/// `x Φ(x)`, where `Φ` is the standard normal distribution function (arXiv:1606.08415), of each number.
///
/// In `f32` the distribution function is good to 1e-7.
pub fn gelu<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if takes(&input) { apply_1(Gelu::<D>(Form::Exact), input) } else { activation::gelu(input) }
}

/// `x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`, the approximation of [`gelu`] that GPT-2 uses.
pub fn gelu_tanh<const D: usize>(input: Tensor<D>) -> Tensor<D> {
    if takes(&input) { apply_1(Gelu::<D>(Form::Tanh), input) } else { activation::gelu_approximate(input) }
}

#[derive(Debug, Clone, Copy)]
struct Gelu<const D: usize>(Form);

impl<const D: usize> Operation<1> for Gelu<D> {
    type Saved = FlexTensor;

    fn forward(&self, [input]: [FlexTensor; 1]) -> (FlexTensor, FlexTensor) {
        let input = dense(input);
        let result = typed!(input, T => {
            create::<T>(sizes::<D>(&input), |result| forward(self.0, numbers(&input), result))
        });
        (result, input)
    }

    fn backward(&self, input: FlexTensor, gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = dense(gradient);
        [Some(typed!(input, T => {
            let write = |result: &mut [T]| input_gradient(self.0, numbers(&input), numbers(&gradient), result);
            create(sizes::<D>(&input), write)
        }))]
    }
}
