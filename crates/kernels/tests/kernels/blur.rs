use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Distribution, Tensor};
use proptest::prelude::*;

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

pub(crate) fn blurred(path: Path, images: Tensor<4>) -> Tensor<4> {
    match path {
        Path::Kernel => rheostat_kernels::blur(images),
        Path::Composed => convolved(images),
    }
}

/// The definition: mirrored pixels around, then one convolution a channel.
fn convolved(images: Tensor<4>) -> Tensor<4> {
    let [_, channels, ..] = images.dims();
    let options = (&images.device(), images.dtype());
    let line = Tensor::<1>::from_data([0.25, 0.5, 0.25], options);
    let filter = line.clone().reshape([3, 1]).matmul(line.reshape([1, 3]));
    let filter = filter.reshape([1, 1, 3, 3]).repeat_dim(0, channels);
    conv2d(
        images.pad([(1, 1), (1, 1)], PadMode::Reflect),
        filter,
        None,
        ConvOptions::new([1, 1], [0, 0], [1, 1], channels),
    )
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_blur_agrees_with_a_convolution_of_the_mirrored_image(
        seed: u64, images in size(4), channels in size(20), rows in 2_usize..9, columns in 2_usize..9, view in views(),
    ) {
        agree(seed, |draw| {
            let input = draw.tensor([images, channels, rows, columns], view);
            blurred(draw.path, input)
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    agree_on_threads(1, |draw| {
        let input = draw.tensor([5, 13, 29, 31], View::Plain);
        blurred(draw.path, input)
    });
}

#[test]
fn a_constant_image_stays_what_it_is() {
    for image in [[1, 1], [1, 5], [2, 2], [6, 7]] {
        let constant = Tensor::<4>::ones([2, 3, image[0], image[1]], &Device::flex()) * 1.5;
        assert!(rheostat_kernels::blur(constant.clone()).into_data() == constant.into_data(), "{image:?}");
    }
}

#[test]
fn a_single_pixel_stays_what_it_is_and_so_does_its_gradient() {
    let _turn = crate::alone();
    let device = Device::flex().autodiff();
    let pixels = Tensor::<4>::random([500, 1, 1, 1], Distribution::Default, &device).require_grad();
    let blurred = rheostat_kernels::blur(pixels.clone());
    assert!(blurred.to_data() == pixels.to_data());
    let weights = pixels.clone().detach() * 3.0;
    let gradients = (blurred * weights.clone()).sum().backward();
    assert!(pixels.grad(&gradients).unwrap().into_data() == weights.into_data());
}
