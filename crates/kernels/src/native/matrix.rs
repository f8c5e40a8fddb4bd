//! Matrix products.

use gemm::Parallelism;

use super::real::Real;

/// A matrix in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    numbers: &'a [T],
    rows: usize,
    columns: usize,
    /// Distances between neighbours in a column, and in a row.
    steps: [usize; 2],
}

/// A matrix to write to.
#[derive(Debug)]
pub(crate) struct MatrixMut<'a, T> {
    numbers: &'a mut [T],
    rows: usize,
    columns: usize,
    steps: [usize; 2],
}

/// Whether the last element of such a matrix lies within so many numbers.
fn fits(length: usize, rows: usize, columns: usize, steps: [usize; 2]) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * steps[0] + (columns - 1) * steps[1] < length
}

impl<'a, T> Matrix<'a, T> {
    /// `rows` by `columns` with the steps between rows and between columns.
    pub(crate) fn new(numbers: &'a [T], [rows, columns]: [usize; 2], steps: [usize; 2]) -> Self {
        assert!(fits(numbers.len(), rows, columns, steps), "a matrix larger than its memory");
        Self { numbers, rows, columns, steps }
    }

    /// Rows one after the other.
    pub(crate) fn dense(numbers: &'a [T], shape: [usize; 2]) -> Self {
        Self::new(numbers, shape, [shape[1], 1])
    }

    /// Rows as columns.
    pub(crate) fn transposed(self) -> Self {
        Self { rows: self.columns, columns: self.rows, steps: [self.steps[1], self.steps[0]], ..self }
    }
}

impl<'a, T> MatrixMut<'a, T> {
    /// `rows` by `columns` with the steps between rows and between columns, which keep its elements apart.
    pub(crate) fn new(numbers: &'a mut [T], [rows, columns]: [usize; 2], steps: [usize; 2]) -> Self {
        assert!(fits(numbers.len(), rows, columns, steps), "a matrix larger than its memory");
        Self { numbers, rows, columns, steps }
    }

    /// Rows one after the other.
    pub(crate) fn dense(numbers: &'a mut [T], shape: [usize; 2]) -> Self {
        Self::new(numbers, shape, [shape[1], 1])
    }
}

/// What happens to the numbers that the result held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// The product replaces them.
    Replaced,
    /// The product is added to them.
    Kept,
}

/// `result = scale left right`, on all threads of the pool or on the current one.
pub(crate) fn product<T: Real>(
    result: MatrixMut<'_, T>,
    before: Before,
    scale: T,
    left: Matrix<'_, T>,
    right: Matrix<'_, T>,
    threads: bool,
) {
    assert_eq!([left.rows, left.columns], [result.rows, right.rows], "matrices that do not fit");
    assert_eq!(right.columns, result.columns, "matrices that do not fit");
    if left.columns == 0 && before == Before::Replaced {
        // No terms: the sums are zero.
        for row in 0..result.rows {
            for column in 0..result.columns {
                result.numbers[row * result.steps[0] + column * result.steps[1]] = T::ZERO;
            }
        }
        return;
    }
    let step = |step: usize| step as isize;
    let parallelism = if threads { Parallelism::Rayon(0) } else { Parallelism::None };
    // SAFETY: each matrix was checked to lie within its slice, the sizes agree, and the result is borrowed mutably.
    unsafe {
        gemm::gemm(
            result.rows,
            result.columns,
            left.columns,
            result.numbers.as_mut_ptr(),
            step(result.steps[1]),
            step(result.steps[0]),
            before == Before::Kept,
            left.numbers.as_ptr(),
            step(left.steps[1]),
            step(left.steps[0]),
            right.numbers.as_ptr(),
            step(right.steps[1]),
            step(right.steps[0]),
            T::ONE,
            scale,
            false,
            false,
            false,
            parallelism,
        );
    }
}
