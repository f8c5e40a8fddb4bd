use burn::tensor::{Tensor, module};
use proptest::prelude::*;

use crate::agreement::{Draw, Path, View, agree, agree_in_double, cases, size, views};

fn normalised(draw: &mut Draw, shape: [usize; 3], view: View) -> Tensor<3> {
    let input = draw.tensor(shape, view);
    let [gain, bias] = [draw.tensor([shape[2]], View::Plain), draw.tensor([shape[2]], View::Narrowed)];
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
        agree(seed, |draw| normalised(draw, [sequences, tokens, width], view));
    }

    /// Two numbers normalise to -1 and 1 whatever they are: their gradient is what is left of numbers that cancel.
    #[test]
    fn narrow_rows_agree_with_burn(seed: u64, tokens in size(40), width in 2_usize..8) {
        agree_in_double(seed, |draw| normalised(draw, [3, tokens, width], View::Plain));
    }
}
