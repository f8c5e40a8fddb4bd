use burn::tensor::Tensor;
use proptest::prelude::*;

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

pub(crate) fn layer<const D: usize>(
    path: Path,
    input: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
) -> Tensor<D> {
    match (path, bias) {
        (Path::Kernel, bias) => rheostat_kernels::linear(input, weight, bias),
        (Path::Composed, Some(bias)) => input.matmul(weight.unsqueeze()) + bias.unsqueeze(),
        (Path::Composed, None) => input.matmul(weight.unsqueeze()),
    }
}

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
            layer(draw.path, input, weight, bias)
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    for weight_view in [View::Plain, View::Swapped] {
        agree_on_threads(1, |draw| {
            let input = draw.tensor([2, 331, 61], View::Plain);
            let weight = draw.tensor([61, 83], weight_view);
            let bias = draw.tensor([83], View::Plain);
            layer(draw.path, input, weight, Some(bias))
        });
    }
}
