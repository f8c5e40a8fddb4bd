//! Layer normalisation of rows.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::columns::total;
use super::parallel;
use super::real::{Real, load, store};

/// Gain and, if there is one, bias of each column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale<'a, T> {
    pub(crate) gain: &'a [T],
    pub(crate) bias: Option<&'a [T]>,
}

/// `(x - mean) / √(variance + epsilon) gain + bias` for each row.
pub(crate) fn forward<T: Real>(input: &[T], scale: Scale<'_, T>, epsilon: f64, result: &mut [T]) {
    let width = scale.gain.len();
    if width == 0 {
        return;
    }
    let length = parallel::rows_per_chunk(result.len() / width, width) * width;
    parallel::chunks(result, length, |index, result| {
        let input = &input[index * length..][..result.len()];
        Arch::new().dispatch(Forward { input, scale, epsilon: T::of(epsilon), result });
    });
}

struct Forward<'a, T> {
    input: &'a [T],
    scale: Scale<'a, T>,
    epsilon: T,
    result: &'a mut [T],
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = self.scale.gain.len();
        for (input, result) in self.input.chunks_exact(width).zip(self.result.chunks_exact_mut(width)) {
            let [mean, deviation] = moments(simd, input, self.epsilon);
            for vector in 0..width.div_ceil(T::lanes::<S>()) {
                let normal = T::mul(simd, T::sub(simd, load(simd, input, vector), mean), deviation);
                let gain = load(simd, self.scale.gain, vector);
                let value = match self.scale.bias {
                    Some(bias) => T::mul_add(simd, normal, gain, load(simd, bias, vector)),
                    None => T::mul(simd, normal, gain),
                };
                store(simd, result, vector, value);
            }
        }
    }
}

/// The mean of a row, and the inverse of its standard deviation.
#[inline(always)]
fn moments<T: Real, S: Simd>(simd: S, row: &[T], epsilon: T) -> [T::Vector<S>; 2] {
    let lanes = T::lanes::<S>();
    let zero = T::splat(simd, T::ZERO);
    let share = T::of(1.0 / row.len() as f64);
    let mut sum = [zero; 2];
    for vector in 0..row.len().div_ceil(lanes) {
        sum = [sum[1], T::add(simd, sum[0], load(simd, row, vector))];
    }
    let mean = T::splat(simd, T::of(T::total(simd, T::add(simd, sum[0], sum[1])).wide() * share.wide()));
    let (whole, rest) = T::vectors::<S>(row);
    let mut squares = [zero; 2];
    for &value in whole {
        let distance = T::sub(simd, value, mean);
        squares = [squares[1], T::mul_add(simd, distance, distance, squares[0])];
    }
    let mut total = T::total(simd, T::add(simd, squares[0], squares[1])).wide();
    if !rest.is_empty() {
        let mean = T::total(simd, mean).wide() / lanes as f64;
        total += rest.iter().map(|value| (value.wide() - mean) * (value.wide() - mean)).sum::<f64>();
    }
    let deviation = (total * share.wide() + epsilon.wide()).sqrt();
    [mean, T::splat(simd, T::of(1.0 / deviation))]
}

/// Gradients of a layer normalisation.
#[derive(Debug, Default)]
pub(crate) struct Gradients<T> {
    pub(crate) gain: Vec<T>,
    pub(crate) bias: Vec<T>,
}

/// The gradient of the input, which is written to `result`, and of gain and bias.
pub(crate) fn backward<T: Real>(
    input: &[T],
    gradient: &[T],
    gain: &[T],
    epsilon: f64,
    result: &mut [T],
) -> Gradients<T> {
    let width = gain.len();
    let length = (parallel::rows_per_chunk(result.len() / width.max(1), width) * width).max(1);
    let parts: Vec<[Vec<f64>; 2]> = result
        .par_chunks_mut(length)
        .enumerate()
        .map(|(index, result)| {
            let range = index * length..index * length + result.len();
            let (input, gradient) = (&input[range.clone()], &gradient[range]);
            Arch::new().dispatch(Backward { input, gradient, gain, epsilon: T::of(epsilon), result })
        })
        .collect();
    let (gains, biases): (Vec<_>, Vec<_>) = parts.into_iter().map(|[gain, bias]| (gain, bias)).unzip();
    let rounded = |parts: &[Vec<f64>]| total(parts, width).into_iter().map(T::of).collect();
    Gradients { gain: rounded(&gains), bias: rounded(&biases) }
}

struct Backward<'a, T> {
    input: &'a [T],
    gradient: &'a [T],
    gain: &'a [T],
    epsilon: T,
    result: &'a mut [T],
}

/// Rows whose sums are taken in the precision of the numbers before `f64` takes over.
const STRIP: usize = 64;

impl<T: Real> WithSimd for Backward<'_, T> {
    type Output = [Vec<f64>; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [Vec<f64>; 2] {
        let width = self.gain.len();
        let vectors = width.div_ceil(T::lanes::<S>());
        let mut totals = [vec![0.0; width], vec![0.0; width]];
        let zero = T::splat(simd, T::ZERO);
        let mut sums = [vec![T::ZERO; width], vec![T::ZERO; width]];
        let strip = STRIP * width;
        let inputs = self.input.chunks(strip).zip(self.gradient.chunks(strip));
        for ((input, gradient), result) in inputs.zip(self.result.chunks_mut(strip)) {
            sums.iter_mut().for_each(|sums| sums.fill(T::ZERO));
            let rows = input.chunks_exact(width).zip(gradient.chunks_exact(width));
            for ((input, gradient), result) in rows.zip(result.chunks_exact_mut(width)) {
                let [mean, deviation] = moments(simd, input, self.epsilon);
                let mut plain = zero;
                let mut tilted = zero;
                for vector in 0..vectors {
                    let slope = load(simd, gradient, vector);
                    let normal = T::mul(simd, T::sub(simd, load(simd, input, vector), mean), deviation);
                    let scaled = T::mul(simd, slope, load(simd, self.gain, vector));
                    plain = T::add(simd, plain, scaled);
                    tilted = T::mul_add(simd, scaled, normal, tilted);
                    let gain = T::mul_add(simd, slope, normal, load(simd, &sums[0], vector));
                    store(simd, &mut sums[0], vector, gain);
                    let bias = T::add(simd, slope, load(simd, &sums[1], vector));
                    store(simd, &mut sums[1], vector, bias);
                }
                let share = 1.0 / width as f64;
                let plain = T::splat(simd, T::of(T::total(simd, plain).wide() * share));
                let tilted = T::splat(simd, T::of(T::total(simd, tilted).wide() * share));
                for vector in 0..vectors {
                    let normal = T::mul(simd, T::sub(simd, load(simd, input, vector), mean), deviation);
                    let scaled = T::mul(simd, load(simd, gradient, vector), load(simd, self.gain, vector));
                    let centred = T::sub(simd, T::sub(simd, scaled, plain), T::mul(simd, normal, tilted));
                    store(simd, result, vector, T::mul(simd, centred, deviation));
                }
            }
            for (totals, sums) in totals.iter_mut().zip(&sums) {
                for (total, sum) in totals.iter_mut().zip(sums) {
                    *total += sum.wide();
                }
            }
        }
        totals
    }
}
