use burn::tensor::{Tensor, module};
use proptest::prelude::*;

use crate::agreement::{Draw, Path, View, agree, agree_in_double, agree_on_threads, cases, size, views};

/// The input normalised with a gain and a bias that are drawn.
pub(crate) fn normalised<const D: usize>(draw: &mut Draw, input: Tensor<D>) -> Tensor<D> {
    let width = input.dims()[D - 1];
    let [gain, bias] = [draw.tensor([width], View::Plain), draw.tensor([width], View::Narrowed)];
    match draw.path {
        Path::Kernel => rheostat_kernels::layer_norm(input, gain, bias, 1e-5),
        Path::Composed => module::layer_norm(input, gain, Some(bias), 1e-5),
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_burn(seed: u64, sequences in size(5), tokens in size(40), width in 8_usize..70, view in views()) {
        // A row of equal numbers has no variance, and rounding is all there is to normalise.
        prop_assume!(!matches!(view, View::Expanded));
        agree(seed, |draw| {
            let input = draw.tensor([sequences, tokens, width], view);
            normalised(draw, input)
        });
    }

    /// Two numbers normalise to -1 and 1 whatever they are: their gradient is what is left of numbers that cancel.
    #[test]
    fn narrow_rows_agree_with_burn(seed: u64, tokens in size(40), width in 1_usize..8) {
        agree_in_double(seed, |draw| {
            let input = draw.tensor([3, tokens, width], View::Plain);
            normalised(draw, input)
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    agree_on_threads(1, |draw| {
        let input = draw.tensor([3, 331, 67], View::Plain);
        normalised(draw, input)
    });
}
