use burn::tensor::module;
use burn::tensor::ops::ConvOptions;
use proptest::prelude::*;

use crate::agreement::{Path, agree, cases, size, views};

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn it_agrees_with_burn(
        seed: u64,
        images in size(3),
        (inputs, outputs) in (size(36), size(36)),
        image in (size(10), size(18)),
        kernel in (1_usize..4, 1_usize..4),
        stride in (1_usize..4, 1_usize..4),
        padding in (0_usize..3, 0_usize..3),
        view in views(),
    ) {
        prop_assume!(image.0 + 2 * padding.0 >= kernel.0 && image.1 + 2 * padding.1 >= kernel.1);
        let (stride, padding) = ([stride.0, stride.1], [padding.0, padding.1]);
        agree(seed, |draw| {
            let input = draw.tensor([images, inputs, image.0, image.1], view);
            let weight = draw.tensor([outputs, inputs, kernel.0, kernel.1], view);
            match draw.path {
                Path::Kernel => rheostat_kernels::conv2d(input, weight, stride, padding),
                Path::Composed => module::conv2d(input, weight, None, ConvOptions::new(stride, padding, [1, 1], 1)),
            }
        });
    }

    #[test]
    fn a_result_feeds_the_next_convolution(seed: u64, channels in size(20), side in 2_usize..9) {
        agree(seed, |draw| {
            let input = draw.tensor([2, channels, side, side], crate::agreement::View::Plain);
            let weight = draw.tensor([channels, channels, 3, 3], crate::agreement::View::Plain);
            let twice = |input, weight: burn::tensor::Tensor<4>| match draw.path {
                Path::Kernel => rheostat_kernels::conv2d(input, weight, [1, 1], [1, 1]),
                Path::Composed => module::conv2d(input, weight, None, ConvOptions::new([1, 1], [1, 1], [1, 1], 1)),
            };
            let hidden = twice(input.clone(), weight.clone());
            // A residual connection adds gradients that lie differently in memory.
            twice(hidden, weight) * 0.1 + input
        });
    }
}
