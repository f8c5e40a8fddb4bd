//! Two-dimensional convolutions.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, module};

use crate::native::convolution::{Images, Shape, forward, input_gradient, weight_gradient};
use crate::operation::{Operation, apply_2};
use crate::switch::takes;
use crate::tensor::{Number, channels_last, channels_second, create, dense, forwards, numbers, sizes, strided, typed};

/// The convolution of images `[images, inputs, rows, columns]` with a weight `[outputs, inputs, rows, columns]`, with zeros
/// around the images: the same number above and below, and left and right.
///
/// The kernel's result has the shape that Burn's has, and the channels last in memory: a layer that expects that, as those of
/// this crate do, has nothing to turn.
///
/// # Panics
/// If the images do not have the weight's inputs, a stride is 0, or the weight is larger than the padded image.
pub fn conv2d(images: Tensor<4>, weight: Tensor<4>, stride: [usize; 2], padding: [usize; 2]) -> Tensor<4> {
    let [count, channels, rows, columns] = images.dims();
    let [outputs, inputs, height, width] = weight.dims();
    assert_eq!(channels, inputs, "as many channels as the weight has inputs");
    assert!(stride[0] > 0 && stride[1] > 0, "a stride of at least 1");
    let image = [rows, columns];
    let shape = Shape { images: count, inputs, outputs, image, kernel: [height, width], stride, padding };
    assert!(
        shape.result_size() > 0 || outputs == 0,
        "a weight of {height} by {width} on images of {rows} by {columns} with {padding:?} zeros around"
    );
    if takes(&images) && count * shape.image_size() * outputs > 0 {
        apply_2(Convolution(shape), images, weight)
    } else {
        module::conv2d(images, weight, None, ConvOptions::new(stride, padding, [1, 1], 1))
    }
}

#[derive(Debug, Clone, Copy)]
struct Convolution(Shape);

/// Images `[image, channel, row, column]` wherever their axes lie in memory.
fn images<T: Number>(tensor: &FlexTensor) -> Images<'_, T> {
    let (numbers, strides) = strided(tensor);
    Images { numbers, strides: [strides[0], strides[1], strides[2], strides[3]] }
}

impl Operation<2> for Convolution {
    type Saved = [FlexTensor; 2];

    fn forward(&self, [input, weight]: [FlexTensor; 2]) -> (FlexTensor, [FlexTensor; 2]) {
        let (input, weight) = (forwards(input), dense(weight));
        let shape = &self.0;
        let result = typed!(input, T => {
            let [rows, columns] = shape.result();
            channels_second(create::<T>([shape.images, rows, columns, shape.outputs], |result| {
                forward(shape, &images(&input), numbers(&weight), result);
            }))
        });
        (result, [input, weight])
    }

    fn backward(
        &self,
        [input, weight]: [FlexTensor; 2],
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = channels_last(gradient);
        typed!(input, T => slopes::<T>(&self.0, &input, &weight, &gradient, wanted))
    }
}

fn slopes<T: Number>(
    shape: &Shape,
    input: &FlexTensor,
    weight: &FlexTensor,
    gradient: &FlexTensor,
    wanted: [bool; 2],
) -> [Option<FlexTensor>; 2] {
    let of_input = wanted[0].then(|| {
        if !numbers::<T>(weight).iter().all(|weight| weight.wide().is_finite()) {
            let gradient = channels_second(gradient.clone());
            return burns_input_gradient::<Flex>(shape, input.clone(), weight.clone(), gradient);
        }
        let [_, columns] = shape.result();
        let strides = [shape.result_size(), 1, columns * shape.outputs, shape.outputs];
        let gradient = Images { numbers: numbers(gradient), strides };
        let [height, width] = shape.image;
        channels_second(create::<T>([shape.images, height, width, shape.inputs], |result| {
            input_gradient(shape, &gradient, numbers(weight), result);
        }))
    });
    let of_weight = wanted[1].then(|| {
        create::<T>(sizes::<4>(weight), |result| weight_gradient(shape, &images(input), numbers(gradient), result))
    });
    [of_input, of_weight]
}

/// The gradient of the images as Burn computes it. Ours lays zeros around the result, of which an infinite weight would make what
/// is no number.
fn burns_input_gradient<B: Backend>(
    shape: &Shape,
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    gradient: FloatTensor<B>,
) -> FloatTensor<B> {
    B::conv2d_x_backward(input, weight, gradient, ConvOptions::new(shape.stride, shape.padding, [1, 1], 1))
}
