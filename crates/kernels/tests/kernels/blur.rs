use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor};
use proptest::prelude::*;

use crate::agreement::{Path, agree, cases, size, views};

/// The definition: mirrored pixels around, then one convolution a channel.
pub(crate) fn convolved(images: Tensor<4>) -> Tensor<4> {
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
            match draw.path {
                Path::Kernel => rheostat_kernels::blur(input),
                Path::Composed => convolved(input),
            }
        });
    }
}

#[test]
fn a_constant_image_stays_what_it_is_and_so_does_a_single_pixel() {
    for image in [[1, 1], [1, 5], [2, 2], [6, 7]] {
        let constant = Tensor::<4>::ones([2, 3, image[0], image[1]], &Device::flex()) * 1.5;
        assert!(rheostat_kernels::blur(constant.clone()).into_data() == constant.into_data(), "{image:?}");
    }
}
