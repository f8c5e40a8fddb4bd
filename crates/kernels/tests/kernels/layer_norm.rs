use burn::tensor::module;
use proptest::prelude::*;

use crate::agreement::{Path, View, agree, cases, size, views};

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_burn(seed: u64, sequences in size(5), tokens in size(40), width in 2_usize..70, view in views()) {
        // A row of equal numbers has no variance, and rounding is all there is to normalise.
        prop_assume!(!matches!(view, View::Expanded));
        agree(seed, |draw| {
            let input = draw.tensor([sequences, tokens, width], view);
            let [gain, bias] = [draw.tensor([width], View::Plain), draw.tensor([width], View::Narrowed)];
            match draw.path {
                Path::Kernel => rheostat_kernels::layer_norm(input, gain, bias, 1e-5),
                Path::Composed => module::layer_norm(input, gain, Some(bias), 1e-5),
            }
        });
    }
}
