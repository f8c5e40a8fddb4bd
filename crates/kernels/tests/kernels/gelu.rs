use burn::tensor::{Tensor, activation};
use proptest::prelude::*;

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

pub(crate) fn unit<const D: usize>(path: Path, input: Tensor<D>) -> Tensor<D> {
    match path {
        Path::Kernel => rheostat_kernels::gelu(input),
        Path::Composed => activation::gelu(input),
    }
}

pub(crate) fn tanh_unit<const D: usize>(path: Path, input: Tensor<D>) -> Tensor<D> {
    match path {
        Path::Kernel => rheostat_kernels::gelu_tanh(input),
        Path::Composed => activation::gelu_approximate(input),
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn both_forms_agree_with_burn(seed: u64, rows in size(70), columns in size(40), view in views()) {
        agree(seed, |draw| {
            let input = draw.tensor([rows, columns], view) * 4.0;
            unit(draw.path, input)
        });
        agree(seed, |draw| {
            let input = draw.tensor([rows, columns], view) * 4.0;
            tanh_unit(draw.path, input)
        });
    }
}

#[test]
fn both_forms_agree_where_threads_share_the_work() {
    for form in [unit::<2>, tanh_unit::<2>] {
        agree_on_threads(1, |draw| {
            let input = draw.tensor([211, 307], View::Plain) * 4.0;
            form(draw.path, input)
        });
    }
}
