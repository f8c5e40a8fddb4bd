//! The blur before a stride.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use crate::native::blur::{Shape, forward, input_gradient};
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{channels_last, channels_second, create, numbers, typed};

/// Images `[images, channels, rows, columns]` filtered by the outer product of `[1 2 1] / 4` with itself, channel by channel, and
/// mirrored at the border: the filter of anti-aliased strides (arXiv:1904.11486, Triangle-3). The size stays.
pub fn blur(images: Tensor<4>) -> Tensor<4> {
    let [count, channels, rows, columns] = images.dims();
    if takes(&images) && count * channels * rows * columns > 0 {
        return apply_1(Blur(Shape { images: count, image: [rows, columns], channels }), images);
    }
    along(along(images, 2), 3)
}

/// The same by Burn's own operations, along one axis.
fn along(images: Tensor<4>, axis: usize) -> Tensor<4> {
    let length = images.dims()[axis];
    if length < 2 {
        return images;
    }
    let at = |start, length| images.clone().narrow(axis, start, length);
    let before = Tensor::cat(vec![at(1, 1), at(0, length - 1)], axis);
    let behind = Tensor::cat(vec![at(1, length - 1), at(length - 2, 1)], axis);
    images.mul_scalar(0.5) + (before + behind).mul_scalar(0.25)
}

#[derive(Debug, Clone, Copy)]
struct Blur(Shape);

impl Operation<1> for Blur {
    type Saved = ();

    fn forward(&self, [images]: [FlexTensor; 1]) -> (FlexTensor, ()) {
        let images = channels_last(images);
        let shape = images.layout().shape().clone();
        let result = typed!(images, T => create::<T>(shape, |result| forward(&self.0, numbers(&images), result)));
        (channels_second(result), ())
    }

    fn backward(&self, (): (), gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = channels_last(gradient);
        let shape = gradient.layout().shape().clone();
        let result =
            typed!(gradient, T => create::<T>(shape, |result| input_gradient(&self.0, numbers(&gradient), result)));
        [Some(channels_second(result))]
    }
}
