//! The mean over the pixels of each image.

use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

use crate::native::mean_pool::{forward, input_gradient};
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{channels_last, channels_second, create, dense, numbers, typed};

/// The mean over rows and columns of images `[images, channels, rows, columns]`, as `[images, channels]`: the end of most
/// convolutional networks.
pub fn mean_pool(images: Tensor<4>) -> Tensor<2> {
    let [count, channels, rows, columns] = images.dims();
    if takes(&images) && count * channels * rows * columns > 0 {
        return apply_1(MeanPool { images: count, channels, image: [rows, columns] }, images);
    }
    images.reshape([count, channels, rows * columns]).mean_dim(2).squeeze_dim::<2>(2)
}

#[derive(Debug, Clone, Copy)]
struct MeanPool {
    images: usize,
    channels: usize,
    image: [usize; 2],
}

impl MeanPool {
    fn pixels(&self) -> usize {
        self.image[0] * self.image[1]
    }
}

impl Operation<1> for MeanPool {
    type Saved = ();

    fn forward(&self, [images]: [FlexTensor; 1]) -> (FlexTensor, ()) {
        let images = channels_last(images);
        let result = typed!(images, T => create::<T>([self.images, self.channels], |result| {
            forward(numbers(&images), self.pixels(), self.channels, result);
        }));
        (result, ())
    }

    fn backward(&self, (): (), gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = dense(gradient);
        let [rows, columns] = self.image;
        let result = typed!(gradient, T => create::<T>([self.images, rows, columns, self.channels], |result| {
            input_gradient(numbers(&gradient), self.pixels(), self.channels, result);
        }));
        [Some(channels_second(result))]
    }
}
