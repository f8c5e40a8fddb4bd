use burn::tensor::{Device, Int, Tensor, TensorData};
use proptest::prelude::*;

use crate::agreement::{Draw, Path, View, agree, agree_on_threads, cases, size, views};

/// Rows of a table, which ones being drawn.
pub(crate) fn rows(draw: &mut Draw, table: Tensor<2>, [sequences, tokens]: [usize; 2]) -> Tensor<3> {
    let [entries, width] = table.dims();
    let rows: Vec<i32> = (0..sequences * tokens).map(|_| draw.below(entries) as i32).collect();
    let device = Device::flex().autodiff();
    let indices = Tensor::<2, Int>::from_data(TensorData::new(rows, [sequences, tokens]), &device);
    match draw.path {
        Path::Kernel => rheostat_kernels::embedding(table, indices),
        Path::Composed => table.select(0, indices.flatten(0, 1)).reshape([sequences, tokens, width]),
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_selected_rows(
        seed: u64, entries in size(30), width in size(40), sequences in size(5), tokens in size(20), view in views(),
    ) {
        agree(seed, |draw| {
            let table = draw.tensor([entries, width], view);
            rows(draw, table, [sequences, tokens])
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    agree_on_threads(1, |draw| {
        let table = draw.tensor([301, 83], View::Plain);
        rows(draw, table, [5, 131])
    });
}
