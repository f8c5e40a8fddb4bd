use burn::tensor::activation;
use proptest::prelude::*;

use crate::agreement::{Path, agree, cases, size, views};

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn both_forms_agree_with_burn(seed: u64, rows in size(70), columns in size(40), view in views()) {
        agree(seed, |draw| {
            let input = draw.tensor([rows, columns], view) * 4.0;
            match draw.path {
                Path::Kernel => rheostat_kernels::gelu(input),
                Path::Composed => activation::gelu(input),
            }
        });
        agree(seed, |draw| {
            let input = draw.tensor([rows, columns], view) * 4.0;
            match draw.path {
                Path::Kernel => rheostat_kernels::gelu_tanh(input),
                Path::Composed => activation::gelu_approximate(input),
            }
        });
    }
}
