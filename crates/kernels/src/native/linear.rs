//! Rows times a matrix, plus a bias.

use super::matrix::{Before, Matrix, MatrixMut, product};
use super::real::Real;
use super::{columns, parallel};

/// `input weights + bias` for rows of inputs.
pub(crate) fn forward<T: Real>(
    input: &[T],
    weights: Matrix<'_, T>,
    [inputs, outputs]: [usize; 2],
    bias: Option<&[T]>,
    result: &mut [T],
) {
    if outputs == 0 {
        return;
    }
    let rows = result.len() / outputs;
    if let Some(bias) = bias {
        parallel::chunks(result, parallel::rows_per_chunk(rows, outputs) * outputs, |_, result| {
            result.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(bias));
        });
    }
    let before = if bias.is_some() { Before::Kept } else { Before::Replaced };
    let result = MatrixMut::dense(result, [rows, outputs]);
    product(result, before, T::ONE, Matrix::dense(input, [rows, inputs]), weights, true);
}

/// The gradient of the input: `gradient weightsᵀ`.
pub(crate) fn input_gradient<T: Real>(
    gradient: &[T],
    weights: Matrix<'_, T>,
    rows: usize,
    [inputs, outputs]: [usize; 2],
    result: &mut [T],
) {
    let result = MatrixMut::dense(result, [rows, inputs]);
    product(result, Before::Replaced, T::ONE, Matrix::dense(gradient, [rows, outputs]), weights.transposed(), true);
}

/// The gradient of the weights: `inputᵀ gradient`, with the given steps between rows and between columns.
pub(crate) fn weight_gradient<T: Real>(
    input: &[T],
    gradient: &[T],
    rows: usize,
    shape: [usize; 2],
    steps: [usize; 2],
    result: &mut [T],
) {
    let [inputs, outputs] = shape;
    let result = MatrixMut::new(result, shape, steps);
    let input = Matrix::dense(input, [rows, inputs]);
    product(result, Before::Replaced, T::ONE, input.transposed(), Matrix::dense(gradient, [rows, outputs]), true);
}

/// The gradient of the bias: the sum of the rows.
pub(crate) fn bias_gradient<T: Real>(gradient: &[T], outputs: usize) -> Vec<T> {
    columns::sums(gradient, outputs)
}
