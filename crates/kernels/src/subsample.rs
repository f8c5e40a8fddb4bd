//! Every so many pixels of images, with zeros for more channels.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, s};

use crate::native::subsample::{Shape, forward, input_gradient};
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{channels_last, channels_second, create, numbers, typed};

/// Every `stride`-th row and column of images `[images, inputs, rows, columns]`, and zeros for the channels from `inputs` to
/// `channels`: the shortcut without parameters of residual networks (arXiv:1512.03385, section 3.3, option A).
///
/// # Panics
/// If the stride is 0, or there are fewer channels than inputs.
pub fn subsample(images: Tensor<4>, stride: usize, channels: usize) -> Tensor<4> {
    let [count, inputs, rows, columns] = images.dims();
    assert!(stride > 0 && channels >= inputs, "a stride of at least 1 and no fewer channels than {inputs}");
    if takes(&images) && inputs > 0 {
        let shape = Shape { images: count, image: [rows, columns], stride, inputs, outputs: channels };
        return apply_1(Subsample(shape), images);
    }
    let step = stride as isize;
    let thinned = images.slice(s![.., .., ..;step, ..;step]);
    if channels == inputs {
        return thinned;
    }
    let [_, _, rows, columns] = thinned.dims();
    let zeros = Tensor::zeros([count, channels - inputs, rows, columns], (&thinned.device(), thinned.dtype()));
    Tensor::cat(vec![thinned, zeros], 1)
}

#[derive(Debug, Clone, Copy)]
struct Subsample(Shape);

impl Operation<1> for Subsample {
    type Saved = ();

    fn forward(&self, [images]: [FlexTensor; 1]) -> (FlexTensor, ()) {
        let images = channels_last(images);
        let [rows, columns] = self.0.result();
        let shape = [self.0.images, rows, columns, self.0.outputs];
        let result = typed!(images, T => create::<T>(shape, |result| forward(&self.0, numbers(&images), result)));
        (channels_second(result), ())
    }

    fn backward(&self, (): (), gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = channels_last(gradient);
        let [rows, columns] = self.0.image;
        let shape = [self.0.images, rows, columns, self.0.inputs];
        let result =
            typed!(gradient, T => create::<T>(shape, |result| input_gradient(&self.0, numbers(&gradient), result)));
        [Some(channels_second(result))]
    }
}
