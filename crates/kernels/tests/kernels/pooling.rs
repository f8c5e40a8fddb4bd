use burn::tensor::{Tensor, s};
use proptest::prelude::*;

use crate::agreement::{Path, agree, cases, size, views};

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn the_mean_over_pixels_agrees_with_burn(
        seed: u64, images in size(5), channels in size(40), image in (size(9), size(9)), view in views(),
    ) {
        agree(seed, |draw| {
            let input = draw.tensor([images, channels, image.0, image.1], view);
            match draw.path {
                Path::Kernel => rheostat_kernels::mean_pool(input),
                Path::Composed => input.mean_dim(3).mean_dim(2).reshape([images, channels]),
            }
        });
    }

    #[test]
    fn a_shortcut_without_parameters_agrees_with_slices_and_zeros(
        seed: u64, images in size(4), channels in size(20), more in 0_usize..20, image in (size(9), size(9)),
        stride in 1_usize..4, view in views(),
    ) {
        agree(seed, |draw| {
            let input = draw.tensor([images, channels, image.0, image.1], view);
            if draw.path == Path::Kernel {
                return rheostat_kernels::subsample(input, stride, channels + more);
            }
            let step = stride as isize;
            let thinned = input.slice(s![.., .., ..;step, ..;step]);
            if more == 0 {
                return thinned;
            }
            let [_, _, rows, columns] = thinned.dims();
            let zeros = Tensor::zeros([images, more, rows, columns], (&thinned.device(), thinned.dtype()));
            Tensor::cat(vec![thinned, zeros], 1)
        });
    }
}
