use proptest::prelude::*;

use crate::agreement::{Path, View, agree, cases, size, views};

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_a_matrix_product(
        seed: u64, rows in size(50), inputs in size(40), outputs in size(40), view in views(), weight_view in views(), bias: bool,
    ) {
        agree(seed, |draw| {
            let input = draw.tensor([2, rows, inputs], view);
            let weight = draw.tensor([inputs, outputs], weight_view);
            let bias = bias.then(|| draw.tensor([outputs], View::Plain));
            match (draw.path, bias) {
                (Path::Kernel, bias) => rheostat_kernels::linear(input, weight, bias),
                (Path::Composed, Some(bias)) => input.matmul(weight.unsqueeze()) + bias.unsqueeze(),
                (Path::Composed, None) => input.matmul(weight.unsqueeze()),
            }
        });
    }
}
