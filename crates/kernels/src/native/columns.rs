//! Sums over the rows of a matrix.

use pulp::{Arch, Simd, WithSimd};

use super::parallel;
use super::real::{Real, load};

/// Rows that are summed in the precision of the numbers before `f64` takes over.
const STRIP: usize = 256;

/// The sum of each column of a matrix of so many columns.
pub(crate) fn sums<T: Real>(numbers: &[T], columns: usize) -> Vec<T> {
    if columns == 0 {
        return Vec::new();
    }
    let rows = numbers.len() / columns;
    let share = parallel::rows_per_chunk(rows, columns);
    let parts = parallel::map(rows.div_ceil(share), |part| {
        let numbers = &numbers[part * share * columns..rows.min((part + 1) * share) * columns];
        Arch::new().dispatch(Sum { numbers, columns })
    });
    total(&parts, columns).into_iter().map(T::of).collect()
}

/// The sum of vectors of so many numbers.
pub(crate) fn total(parts: &[Vec<f64>], length: usize) -> Vec<f64> {
    let mut total = vec![0.0; length];
    for part in parts {
        for (total, part) in total.iter_mut().zip(part) {
            *total += part;
        }
    }
    total
}

struct Sum<'a, T> {
    numbers: &'a [T],
    columns: usize,
}

impl<T: Real> WithSimd for Sum<'_, T> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f64> {
        let lanes = T::lanes::<S>();
        let mut totals = vec![0.0; self.columns];
        let mut strip_sum = vec![T::ZERO; self.columns.next_multiple_of(lanes)];
        for strip in self.numbers.chunks(STRIP * self.columns) {
            let sums = T::vectors_mut::<S>(&mut strip_sum).0;
            for (vector, sum) in sums.iter_mut().enumerate() {
                // Four sums at a time hide the latency of an addition.
                let mut partial = [T::splat(simd, T::ZERO); 4];
                let rows = strip.len() / self.columns;
                for row in 0..rows {
                    let row_numbers = &strip[row * self.columns..][..self.columns];
                    let value = load(simd, row_numbers, vector);
                    let first = partial[0];
                    partial = [partial[1], partial[2], partial[3], T::add(simd, first, value)];
                }
                let [a, b, c, d] = partial;
                *sum = T::add(simd, T::add(simd, a, b), T::add(simd, c, d));
            }
            for (total, sum) in totals.iter_mut().zip(&strip_sum) {
                *total += sum.wide();
            }
        }
        totals
    }
}
