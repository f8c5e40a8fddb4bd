//! Rows of a table by their numbers.

use burn::backend::flex::FlexTensor;
use burn::tensor::{Int, Tensor, module};

use crate::native::embedding::{forward, table_gradient};
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{create, dense, numbers, sizes, typed};

/// The rows of a table `[entries, width]` whose numbers are `[sequences, tokens]`, as `[sequences, tokens, width]`.
///
/// # Panics
/// If a number is not that of an entry.
pub fn embedding(table: Tensor<2>, indices: Tensor<2, Int>) -> Tensor<3> {
    if !takes(&table) {
        return module::embedding(table, indices);
    }
    let [entries, _] = table.dims();
    let shape = indices.dims();
    let indices: Vec<usize> =
        indices.into_data().iter::<i64>().map(|index| usize::try_from(index).unwrap_or(entries)).collect();
    assert!(indices.iter().all(|&index| index < entries), "indices are numbers of entries");
    apply_1(Embedding { indices, shape }, table)
}

#[derive(Debug, Clone)]
struct Embedding {
    indices: Vec<usize>,
    shape: [usize; 2],
}

impl Operation<1> for Embedding {
    /// Entries and width of the table.
    type Saved = [usize; 2];

    fn forward(&self, [table]: [FlexTensor; 1]) -> (FlexTensor, [usize; 2]) {
        let table = dense(table);
        let [entries, width] = sizes(&table);
        let result = typed!(table, T => {
            let shape = [self.shape[0], self.shape[1], width];
            create::<T>(shape, |result| forward(numbers(&table), width, &self.indices, result))
        });
        (result, [entries, width])
    }

    fn backward(&self, [entries, width]: [usize; 2], gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = dense(gradient);
        [Some(typed!(gradient, T => {
            let write = |result: &mut [T]| table_gradient(numbers(&gradient), width, &self.indices, result);
            create([entries, width], write)
        }))]
    }
}
