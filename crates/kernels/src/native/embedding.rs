//! Rows of a table by their numbers.

use super::parallel;
use super::real::Real;

/// The rows of the table, which is `width` wide.
pub(crate) fn forward<T: Real>(table: &[T], width: usize, numbers: &[usize], result: &mut [T]) {
    if width == 0 {
        return;
    }
    let rows = parallel::rows_per_chunk(numbers.len(), width);
    parallel::chunks(result, rows * width, |index, result| {
        for (row, &number) in result.chunks_exact_mut(width).zip(&numbers[index * rows..]) {
            row.copy_from_slice(&table[number * width..][..width]);
        }
    });
}

/// The gradient of the table: each row of the gradient is added where the row of the table came from.
pub(crate) fn table_gradient<T: Real>(gradient: &[T], width: usize, numbers: &[usize], result: &mut [T]) {
    result.fill(T::ZERO);
    for (row, &number) in gradient.chunks_exact(width.max(1)).zip(numbers) {
        for (sum, slope) in result[number * width..][..width].iter_mut().zip(row) {
            *sum = sum.plus(*slope);
        }
    }
}
