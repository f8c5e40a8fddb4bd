//! Batch normalisation of rows of channels.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::columns::total;
use super::parallel;
use super::real::{Real, load, store};

/// Mean and biased variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics<T> {
    pub(crate) mean: Vec<T>,
    pub(crate) variance: Vec<T>,
}

/// What happens to the normalised numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct After<'a, T> {
    /// What is added.
    pub(crate) shortcut: Option<&'a [T]>,
    /// Whether negative sums become zero.
    pub(crate) relu: bool,
}

/// Per channel: `(x - centre) scale + shift`.
#[derive(Debug, Clone)]
pub(crate) struct Affine<T> {
    pub(crate) centre: Vec<T>,
    pub(crate) scale: Vec<T>,
    pub(crate) shift: Vec<T>,
}

/// Numbers in a strip of rows that is read twice from the first level of cache.
const STRIP: usize = 4096;

/// Mean and variance over the rows of channels.
pub(crate) fn statistics<T: Real>(numbers: &[T], channels: usize) -> Statistics<T> {
    let rows = numbers.len() / channels.max(1);
    let share = parallel::rows_per_chunk(rows, channels);
    let parts = parallel::map(rows.div_ceil(share), |part| {
        let numbers = &numbers[part * share * channels..rows.min((part + 1) * share) * channels];
        Arch::new().dispatch(Moments { numbers, channels })
    });
    let mut all = Moment::none(channels);
    for part in parts {
        all.merge(&part);
    }
    Statistics {
        mean: all.mean.iter().map(|&mean| T::of(mean)).collect(),
        variance: all.squares.iter().map(|&squares| T::of(squares / all.rows as f64)).collect(),
    }
}

/// Mean and sum of squared distances from it, for each channel of some rows.
struct Moment {
    rows: usize,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moment {
    fn none(channels: usize) -> Self {
        Self { rows: 0, mean: vec![0.0; channels], squares: vec![0.0; channels] }
    }

    /// The moments of both sets of rows (Chan, Golub and LeVeque 1979).
    fn merge(&mut self, other: &Self) {
        let rows = self.rows + other.rows;
        let share = other.rows as f64 / rows as f64;
        for channel in 0..self.mean.len() {
            let distance = other.mean[channel] - self.mean[channel];
            self.mean[channel] += distance * share;
            self.squares[channel] += other.squares[channel] + distance * distance * share * self.rows as f64;
        }
        self.rows = rows;
    }
}

struct Moments<'a, T> {
    numbers: &'a [T],
    channels: usize,
}

impl<T: Real> WithSimd for Moments<'_, T> {
    type Output = Moment;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Moment {
        let lanes = T::lanes::<S>();
        let rows = (STRIP / self.channels.max(1)).max(1);
        let mut all = Moment::none(self.channels);
        let mut strip_moment = Moment::none(self.channels);
        let mut mean = vec![T::ZERO; lanes];
        let mut squares = vec![T::ZERO; lanes];
        for strip in self.numbers.chunks(rows * self.channels) {
            let rows = strip.len() / self.channels;
            strip_moment.rows = rows;
            for vector in 0..self.channels.div_ceil(lanes) {
                let centre = T::splat(simd, T::ZERO);
                let sum = sum_of_rows::<T, S, false>(simd, strip, self.channels, vector, centre);
                let average = T::mul(simd, sum, T::splat(simd, T::of(1.0 / rows as f64)));
                store(simd, &mut mean, 0, average);
                store(simd, &mut squares, 0, sum_of_rows::<T, S, true>(simd, strip, self.channels, vector, average));
                for (lane, channel) in (vector * lanes..self.channels.min((vector + 1) * lanes)).enumerate() {
                    strip_moment.mean[channel] = mean[lane].wide();
                    strip_moment.squares[channel] = squares[lane].wide();
                }
            }
            all.merge(&strip_moment);
        }
        all
    }
}

/// Over the rows, the sum of a vector of channels, or of the squared distances from the centre.
#[inline(always)]
fn sum_of_rows<T: Real, S: Simd, const SQUARED: bool>(
    simd: S,
    strip: &[T],
    channels: usize,
    vector: usize,
    centre: T::Vector<S>,
) -> T::Vector<S> {
    // Four sums at a time hide the latency of an addition.
    let mut partial = [T::splat(simd, T::ZERO); 4];
    for row in strip.chunks_exact(channels) {
        let value = load(simd, row, vector);
        let [first, second, third, fourth] = partial;
        let sum = if SQUARED {
            let distance = T::sub(simd, value, centre);
            T::mul_add(simd, distance, distance, first)
        } else {
            T::add(simd, first, value)
        };
        partial = [second, third, fourth, sum];
    }
    let [first, second, third, fourth] = partial;
    T::add(simd, T::add(simd, first, second), T::add(simd, third, fourth))
}

/// `(input - centre) scale + shift`, then what comes after.
pub(crate) fn forward<T: Real>(input: &[T], affine: &Affine<T>, after: After<'_, T>, result: &mut [T]) {
    let channels = affine.centre.len();
    let length = parallel::rows_per_chunk(result.len() / channels.max(1), channels) * channels.max(1);
    parallel::chunks(result, length, |index, result| {
        let range = index * length..index * length + result.len();
        let shortcut = after.shortcut.map(|shortcut| &shortcut[range.clone()]);
        let after = After { shortcut, ..after };
        Arch::new().dispatch(Forward { input: &input[range], affine, after, result });
    });
}

struct Forward<'a, T> {
    input: &'a [T],
    affine: &'a Affine<T>,
    after: After<'a, T>,
    result: &'a mut [T],
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.affine.centre.len();
        let vectors = channels.div_ceil(T::lanes::<S>());
        let rows = self.input.chunks_exact(channels).zip(self.result.chunks_exact_mut(channels));
        for (index, (input, result)) in rows.enumerate() {
            let shortcut = self.after.shortcut.map(|shortcut| &shortcut[index * channels..][..channels]);
            for vector in 0..vectors {
                let mut value = affine(simd, self.affine, vector, load(simd, input, vector));
                if let Some(shortcut) = shortcut {
                    value = T::add(simd, value, load(simd, shortcut, vector));
                }
                if self.after.relu {
                    value = T::where_positive(simd, value, value);
                }
                store(simd, result, vector, value);
            }
        }
    }
}

#[inline(always)]
fn affine<T: Real, S: Simd>(simd: S, affine: &Affine<T>, vector: usize, value: T::Vector<S>) -> T::Vector<S> {
    let distance = T::sub(simd, value, load(simd, &affine.centre, vector));
    T::mul_add(simd, distance, load(simd, &affine.scale, vector), load(simd, &affine.shift, vector))
}

/// Where a gradient passes through the rectifier.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mask<'a, T> {
    /// There is no rectifier.
    None,
    /// Where the result was positive.
    Result(&'a [T]),
    /// Where the normalised input is positive.
    Input,
}

/// Sums over the rows, for each channel.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// Of the gradients.
    pub(crate) shift: Vec<f64>,
    /// Of the gradients times the distances from the mean.
    pub(crate) distance: Vec<f64>,
}

/// First pass of the gradient: the sums over the rows. With the mask of a result, `masked` is as long as it and gets the gradient
/// behind the rectifier; else it is empty.
pub(crate) fn gradient_sums<T: Real>(
    input: &[T],
    gradient: &[T],
    affine: &Affine<T>,
    mask: Mask<'_, T>,
    masked: &mut [T],
) -> Sums {
    let channels = affine.centre.len();
    let rows = gradient.len() / channels.max(1);
    let share = parallel::rows_per_chunk(rows, channels);
    let length = (share * channels).max(1);
    let part = |index: usize, masked: &mut [T]| {
        let range = index * length..gradient.len().min((index + 1) * length);
        let mask = match mask {
            Mask::Result(result) => Mask::Result(&result[range.clone()]),
            other => other,
        };
        Arch::new().dispatch(Sum { input: &input[range.clone()], gradient: &gradient[range], affine, mask, masked })
    };
    let parts: Vec<[Vec<f64>; 2]> = if masked.is_empty() {
        parallel::map(rows.div_ceil(share), |index| part(index, &mut []))
    } else {
        masked.par_chunks_mut(length).enumerate().map(|(index, masked)| part(index, masked)).collect()
    };
    let (shifts, distances): (Vec<_>, Vec<_>) = parts.into_iter().map(|[shift, distance]| (shift, distance)).unzip();
    Sums { shift: total(&shifts, channels), distance: total(&distances, channels) }
}

struct Sum<'a, T> {
    input: &'a [T],
    gradient: &'a [T],
    affine: &'a Affine<T>,
    mask: Mask<'a, T>,
    masked: &'a mut [T],
}

impl<T: Real> WithSimd for Sum<'_, T> {
    type Output = [Vec<f64>; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> [Vec<f64>; 2] {
        match self.mask {
            Mask::None => self.sum::<S, 0>(simd),
            Mask::Result(_) => self.sum::<S, 1>(simd),
            Mask::Input => self.sum::<S, 2>(simd),
        }
    }
}

impl<T: Real> Sum<'_, T> {
    #[inline(always)]
    fn sum<S: Simd, const MASK: u8>(&mut self, simd: S) -> [Vec<f64>; 2] {
        let lanes = T::lanes::<S>();
        let channels = self.affine.centre.len();
        let rows = (STRIP / channels.max(1)).max(1);
        let mut totals = [vec![0.0; channels], vec![0.0; channels]];
        let mut lane_sums = vec![T::ZERO; lanes];
        let zero = T::splat(simd, T::ZERO);
        let all_rows = self.gradient.len() / channels.max(1);
        for first in (0..all_rows).step_by(rows) {
            for vector in 0..channels.div_ceil(lanes) {
                let centre = load(simd, &self.affine.centre, vector);
                let mut shift = [zero; 2];
                let mut distance = [zero; 2];
                for row in first..all_rows.min(first + rows) {
                    let at = row * channels..(row + 1) * channels;
                    let input = load(simd, &self.input[at.clone()], vector);
                    let mut gradient = load(simd, &self.gradient[at.clone()], vector);
                    if MASK == 1 {
                        if let Mask::Result(result) = self.mask {
                            gradient = T::where_positive(simd, load(simd, &result[at.clone()], vector), gradient);
                        }
                        store(simd, &mut self.masked[at], vector, gradient);
                    } else if MASK == 2 {
                        gradient = T::where_positive(simd, affine(simd, self.affine, vector, input), gradient);
                    }
                    shift = [shift[1], T::add(simd, shift[0], gradient)];
                    distance = [distance[1], T::mul_add(simd, T::sub(simd, input, centre), gradient, distance[0])];
                }
                for (total, [first, second]) in totals.iter_mut().zip([shift, distance]) {
                    store(simd, &mut lane_sums, 0, T::add(simd, first, second));
                    for (total, sum) in total[vector * lanes..].iter_mut().zip(&lane_sums) {
                        *total += sum.wide();
                    }
                }
            }
        }
        totals
    }
}

/// Second pass: per channel `scale (gradient - shift - slope (input - centre))`, where the gradient counts behind the rectifier.
/// Without shift and slope, which the moments of a batch bring along, `scale gradient`.
pub(crate) fn input_gradient<T: Real>(
    input: &[T],
    gradient: &[T],
    forward: &Affine<T>,
    rectified: bool,
    drift: Option<[&[T]; 2]>,
    result: &mut [T],
) {
    let channels = forward.centre.len();
    let length = parallel::rows_per_chunk(result.len() / channels.max(1), channels) * channels.max(1);
    parallel::chunks(result, length, |index, result| {
        let range = index * length..index * length + result.len();
        let (input, gradient) = (&input[range.clone()], &gradient[range]);
        Arch::new().dispatch(InputGradient { input, gradient, forward, rectified, drift, result });
    });
}

struct InputGradient<'a, T> {
    input: &'a [T],
    gradient: &'a [T],
    forward: &'a Affine<T>,
    rectified: bool,
    /// Shift and slope.
    drift: Option<[&'a [T]; 2]>,
    result: &'a mut [T],
}

impl<T: Real> WithSimd for InputGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let channels = self.forward.centre.len();
        let vectors = channels.div_ceil(T::lanes::<S>());
        let inputs = self.input.chunks_exact(channels);
        let rows = inputs.zip(self.gradient.chunks_exact(channels)).zip(self.result.chunks_exact_mut(channels));
        for ((input, gradient), result) in rows {
            for vector in 0..vectors {
                let input = load(simd, input, vector);
                let mut gradient = load(simd, gradient, vector);
                if self.rectified {
                    gradient = T::where_positive(simd, affine(simd, self.forward, vector, input), gradient);
                }
                if let Some([shift, slope]) = self.drift {
                    let distance = T::sub(simd, input, load(simd, &self.forward.centre, vector));
                    let mean = T::mul_add(simd, distance, load(simd, slope, vector), load(simd, shift, vector));
                    gradient = T::sub(simd, gradient, mean);
                }
                let value = T::mul(simd, gradient, load(simd, &self.forward.scale, vector));
                store(simd, result, vector, value);
            }
        }
    }
}
