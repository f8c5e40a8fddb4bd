//! Sums that do not depend on the number of threads: fixed chunks, added in order, in double precision.

use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::OptimError;

/// Elements that one partial sum covers.
const CHUNK: usize = 1 << 14;
/// Below this many elements a second thread costs more than it saves.
const PARALLEL: usize = 1 << 17;
/// Elements that one reduction on a device covers; longer ones need not repeat their last bits.
const DEVICE_CHUNK: usize = 1 << 20;
/// Partial sums that a processor keeps side by side.
const LANES: usize = 8;

/// `sum a b`.
pub(crate) fn dot<T: Copy + Into<f64> + Sync>(a: &[T], b: &[T]) -> f64 {
    fold(a, b, |a, b| a * b)
}

/// `sum a b` of each row of `length` values.
pub(crate) fn row_dots<T: Copy + Into<f64> + Sync>(a: &[T], b: &[T], length: usize) -> Vec<f64> {
    if a.len() >= PARALLEL {
        a.par_chunks(length).zip(b.par_chunks(length)).map(|(a, b)| dot(a, b)).collect()
    } else {
        a.chunks(length).zip(b.chunks(length)).map(|(a, b)| dot(a, b)).collect()
    }
}

/// `sum (a - b)^2`.
pub(crate) fn squared_distance<T: Copy + Into<f64> + Sync>(a: &[T], b: &[T]) -> f64 {
    fold(a, b, |a, b| (a - b) * (a - b))
}

/// `sum a`.
pub(crate) fn sum<T: Copy + Into<f64> + Sync>(a: &[T]) -> f64 {
    fold(a, a, |a, _| a)
}

/// `sum |a|`.
pub(crate) fn sum_of_magnitudes<T: Copy + Into<f64> + Sync>(a: &[T]) -> f64 {
    fold(a, a, |a, _| a.abs())
}

fn fold<T: Copy + Into<f64> + Sync>(a: &[T], b: &[T], term: impl Fn(f64, f64) -> f64 + Copy + Sync) -> f64 {
    if a.len() <= CHUNK {
        return fold_chunk(a, b, term);
    }
    let partial = |(a, b): (&[T], &[T])| fold_chunk(a, b, term);
    let partials: Vec<f64> = if a.len() >= PARALLEL {
        a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(partial).collect()
    } else {
        a.chunks(CHUNK).zip(b.chunks(CHUNK)).map(partial).collect()
    };
    partials.iter().sum()
}

fn fold_chunk<T: Copy + Into<f64>>(a: &[T], b: &[T], term: impl Fn(f64, f64) -> f64) -> f64 {
    let mut lanes = [0.0; LANES];
    let (a_body, b_body) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a_body.remainder().iter().zip(b_body.remainder()).map(|(&x, &y)| term(x.into(), y.into())).sum();
    for (x, y) in a_body.zip(b_body) {
        for lane in 0..LANES {
            lanes[lane] += term(x[lane].into(), y[lane].into());
        }
    }
    lanes.iter().sum::<f64>() + rest
}

/// How many values are infinite or NaN.
pub(crate) fn count_non_finite<T: Copy + Into<f64> + Sync>(values: &[T]) -> usize {
    let count = |chunk: &[T]| chunk.iter().filter(|&&value| !value.into().is_finite()).count();
    if values.len() >= PARALLEL { values.par_chunks(CHUNK).map(count).sum() } else { count(values) }
}

/// `sum a` on a device.
pub(crate) fn sum_on_device(a: &Tensor<1>) -> Result<f64, OptimError> {
    let length = a.dims()[0];
    let mut total = 0.0;
    for start in (0..length).step_by(DEVICE_CHUNK) {
        let chunk = a.clone().narrow(0, start, DEVICE_CHUNK.min(length - start));
        let sum = chunk.sum().try_into_data().map_err(OptimError::storage)?;
        total += sum.iter::<f64>().sum::<f64>();
    }
    Ok(total)
}

/// `sum a` of each row of `length` values on a device.
pub(crate) fn row_sums_on_device(a: &Tensor<1>, length: usize) -> Result<Vec<f64>, OptimError> {
    let rows = a.dims()[0] / length;
    if length > DEVICE_CHUNK {
        return (0..rows).map(|row| sum_on_device(&a.clone().narrow(0, row * length, length))).collect();
    }
    let sums = a.clone().reshape([rows, length]).sum_dim(1).try_into_data().map_err(OptimError::storage)?;
    Ok(sums.iter::<f64>().collect())
}
