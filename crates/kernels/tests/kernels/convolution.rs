use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, module};
use proptest::prelude::*;

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

pub(crate) fn convolved(
    path: Path,
    images: Tensor<4>,
    weight: Tensor<4>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> Tensor<4> {
    match path {
        Path::Kernel => rheostat_kernels::conv2d(images, weight, stride, padding),
        Path::Composed => module::conv2d(images, weight, None, ConvOptions::new(stride, padding, [1, 1], 1)),
    }
}

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
            convolved(draw.path, input, weight, stride, padding)
        });
    }

    #[test]
    fn a_result_feeds_the_next_convolution(seed: u64, channels in size(20), side in 2_usize..9) {
        agree(seed, |draw| {
            let input = draw.tensor([2, channels, side, side], View::Plain);
            let weight = draw.tensor([channels, channels, 3, 3], View::Plain);
            let once = |input, weight| convolved(draw.path, input, weight, [1, 1], [1, 1]);
            let hidden = once(input.clone(), weight.clone());
            // A residual connection adds gradients that lie differently in memory.
            once(hidden, weight) * 0.1 + input
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    // The last chunk has fewer images, and threads have different numbers of them for the gradient of the weight.
    for stride in [[1, 1], [2, 2]] {
        agree_on_threads(1, |draw| {
            let input = draw.tensor([7, 17, 23, 21], View::Plain);
            let weight = draw.tensor([19, 17, 3, 3], View::Plain);
            convolved(draw.path, input, weight, stride, [1, 1])
        });
    }
}
