//! Linear layers.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Shape, Tensor};

use crate::native::linear as native;
use crate::native::matrix::Matrix;
use crate::operation::{Operation, apply_2, apply_3};
use crate::switch::takes;
use crate::tensor::{Number, create, dense, forwards, numbers, sizes, strided, tensor, typed};

/// `input weight + bias` over the last axis: `[..., inputs]` times `[inputs, outputs]`, with a bias `[outputs]`.
///
/// A transposed view of a weight, as tied embeddings have it, is as fast as any other; so is its gradient.
///
/// # Panics
/// If the sizes do not agree.
pub fn linear<const D: usize>(input: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let [inputs, outputs] = weight.dims();
    assert_eq!(input.dims()[D - 1], inputs, "the input's last axis is as long as the weight's first");
    if let Some(bias) = &bias {
        assert_eq!(bias.dims(), [outputs], "a bias for each output");
    }
    match bias {
        _ if !takes(&input) => burn::tensor::module::linear(input, weight, bias),
        Some(bias) => apply_3(Linear::<D>, input, weight, bias),
        None => apply_2(Linear::<D>, input, weight),
    }
}

#[derive(Debug, Clone, Copy)]
struct Linear<const D: usize>;

/// The weight as a matrix, whichever axis comes first in memory.
fn matrix<T: Number>(weight: &FlexTensor) -> Matrix<'_, T> {
    let (numbers, strides) = strided(weight);
    Matrix::new(numbers, sizes(weight), [strides[0], strides[1]])
}

impl<const D: usize> Linear<D> {
    fn run(&self, input: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>) -> (FlexTensor, [FlexTensor; 2]) {
        let (input, weight, bias) = (dense(input), forwards(weight), bias.map(dense));
        let shape: [usize; 2] = sizes(&weight);
        let mut result_shape = sizes::<D>(&input);
        result_shape[D - 1] = shape[1];
        let result = typed!(input, T => {
            create::<T>(result_shape, |result| {
                native::forward(numbers(&input), matrix(&weight), shape, bias.as_ref().map(numbers), result);
            })
        });
        (result, [input, weight])
    }

    fn slopes(
        &self,
        [input, weight]: [FlexTensor; 2],
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let gradient = dense(gradient);
        typed!(input, T => slopes::<T, D>(&input, &weight, &gradient, wanted))
    }
}

fn slopes<T: Number, const D: usize>(
    input: &FlexTensor,
    weight: &FlexTensor,
    gradient: &FlexTensor,
    wanted: [bool; 3],
) -> [Option<FlexTensor>; 3] {
    let shape: [usize; 2] = sizes(weight);
    let [inputs, outputs] = shape;
    let rows: usize = sizes::<D>(input)[..D - 1].iter().product();
    let of_input = wanted[0].then(|| {
        create::<T>(sizes::<D>(input), |result| {
            native::input_gradient(numbers(gradient), matrix(weight), rows, shape, result);
        })
    });
    let of_weight = wanted[1].then(|| {
        // In the order of the weight's axes in memory, so that neither has to be turned where they meet.
        let transposed = weight.layout().strides()[0].unsigned_abs() < weight.layout().strides()[1].unsigned_abs();
        let steps = if transposed { [1, inputs] } else { [outputs, 1] };
        let result = create::<T>(shape, |result| {
            native::weight_gradient(numbers(input), numbers(gradient), rows, shape, steps, result);
        });
        result.with_layout(Layout::new(Shape::from(shape), steps.map(|step| step as isize).to_vec(), 0))
    });
    let of_bias = wanted[2].then(|| tensor(native::bias_gradient::<T>(numbers(gradient), outputs), [outputs]));
    [of_input, of_weight, of_bias]
}

impl<const D: usize> Operation<2> for Linear<D> {
    type Saved = [FlexTensor; 2];

    fn forward(&self, [input, weight]: [FlexTensor; 2]) -> (FlexTensor, [FlexTensor; 2]) {
        self.run(input, weight, None)
    }

    fn backward(
        &self,
        saved: [FlexTensor; 2],
        gradient: FlexTensor,
        [input, weight]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let [input, weight, _] = self.slopes(saved, gradient, [input, weight, false]);
        [input, weight]
    }
}

impl<const D: usize> Operation<3> for Linear<D> {
    type Saved = [FlexTensor; 2];

    fn forward(&self, [input, weight, bias]: [FlexTensor; 3]) -> (FlexTensor, [FlexTensor; 2]) {
        self.run(input, weight, Some(bias))
    }

    fn backward(&self, saved: [FlexTensor; 2], gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        self.slopes(saved, gradient, wanted)
    }
}
