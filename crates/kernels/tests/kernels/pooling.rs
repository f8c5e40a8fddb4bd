use burn::tensor::{Tensor, s};
use proptest::prelude::*;

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

pub(crate) fn mean(path: Path, images: Tensor<4>) -> Tensor<2> {
    let [count, channels, ..] = images.dims();
    match path {
        Path::Kernel => rheostat_kernels::mean_pool(images),
        Path::Composed => images.mean_dim(3).mean_dim(2).reshape([count, channels]),
    }
}

/// Every `stride`-th pixel, and zeros for so many channels more.
pub(crate) fn thinned(path: Path, images: Tensor<4>, stride: usize, more: usize) -> Tensor<4> {
    let [count, channels, ..] = images.dims();
    if path == Path::Kernel {
        return rheostat_kernels::subsample(images, stride, channels + more);
    }
    let step = stride as isize;
    let thinned = images.slice(s![.., .., ..;step, ..;step]);
    if more == 0 {
        return thinned;
    }
    let [_, _, rows, columns] = thinned.dims();
    let zeros = Tensor::zeros([count, more, rows, columns], (&thinned.device(), thinned.dtype()));
    Tensor::cat(vec![thinned, zeros], 1)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn the_mean_over_pixels_agrees_with_burn(
        seed: u64, images in size(5), channels in size(40), image in (size(9), size(9)), view in views(),
    ) {
        agree(seed, |draw| {
            let input = draw.tensor([images, channels, image.0, image.1], view);
            mean(draw.path, input)
        });
    }

    #[test]
    fn a_shortcut_without_parameters_agrees_with_slices_and_zeros(
        seed: u64, images in size(4), channels in size(20), more in 0_usize..20, image in (size(9), size(9)),
        stride in 1_usize..4, view in views(),
    ) {
        agree(seed, |draw| {
            let input = draw.tensor([images, channels, image.0, image.1], view);
            thinned(draw.path, input, stride, more)
        });
    }
}

#[test]
fn they_agree_where_threads_share_the_work() {
    // Images to share, and pixels of one image.
    for shape in [[7, 37, 17, 19], [2, 3, 97, 101]] {
        agree_on_threads(1, |draw| {
            let input = draw.tensor(shape, View::Plain);
            mean(draw.path, input)
        });
    }
    agree_on_threads(1, |draw| {
        let input = draw.tensor([7, 13, 29, 31], View::Plain);
        thinned(draw.path, input, 2, 7)
    });
}
