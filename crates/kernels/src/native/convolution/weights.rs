//! The gradient of the weights of a convolution.

use pulp::{Arch, Simd, WithSimd};

use super::scratch::{BLOCK, Images, Layout};
use super::shape::Shape;
use crate::native::parallel;
use crate::native::real::{Real, load, store};

/// Numbers of scratch copies that one sweep over the weights reads: about half a megabyte stays in the cache.
const SCRATCH: usize = 1 << 17;

/// The gradient of the weights, `[output, input, row, column]`, for a gradient `[image, row, column, output]` of the result.
pub(crate) fn weight_gradient<T: Real>(shape: &Shape, images: &Images<'_, T>, gradient: &[T], result: &mut [T]) {
    let layout = Layout::new(shape.inputs, shape.image, shape.stride, shape.padding, shape.padding);
    let taps: Vec<usize> = shape.taps().map(|tap| layout.pixel(tap)).collect();
    let inputs = shape.inputs.next_multiple_of(BLOCK);
    let threads = rayon::current_num_threads().min(shape.images).max(1);
    let share = shape.images.div_ceil(threads);
    // For each thread `[tap, input, output]`, added up in the order of the images.
    let parts = parallel::map(threads, |thread| {
        let mut sums = vec![T::ZERO; taps.len() * inputs * shape.outputs];
        let group = (SCRATCH / layout.size().max(1)).clamp(1, share.max(1));
        let mut scratch = vec![T::ZERO; group * layout.size()];
        let end = shape.images.min((thread + 1) * share);
        let mut first = thread * share;
        while first < end {
            let count = group.min(end - first);
            for (index, scratch) in scratch.chunks_exact_mut(layout.size()).take(count).enumerate() {
                layout.fill(scratch, images, first + index);
            }
            let gradient = &gradient[first * shape.result_size()..(first + count) * shape.result_size()];
            Arch::new().dispatch(Sweep {
                shape,
                layout: &layout,
                taps: &taps,
                scratch: &scratch,
                gradient,
                sums: &mut sums,
            });
            first += count;
        }
        sums
    });
    let [height, width] = shape.kernel;
    parallel::chunks(result, (shape.inputs * height * width).max(1), |output, result| {
        for (input, result) in result.chunks_exact_mut(height * width).enumerate() {
            for (tap, result) in result.iter_mut().enumerate() {
                let at = (tap * inputs + input) * shape.outputs + output;
                let mut sum = 0.0;
                for part in &parts {
                    sum += part[at].wide();
                }
                *result = T::of(sum);
            }
        }
    });
}

/// Adds the products of some images to the sums.
struct Sweep<'a, T> {
    shape: &'a Shape,
    layout: &'a Layout,
    taps: &'a [usize],
    scratch: &'a [T],
    gradient: &'a [T],
    sums: &'a mut [T],
}

impl<T: Real> WithSimd for Sweep<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let lanes = T::lanes::<S>();
        let outputs = self.shape.outputs;
        let mut output = 0;
        while output < outputs {
            let left = outputs - output;
            output += match left {
                _ if S::REGISTER_COUNT >= 32 && left >= 2 * lanes => self.outputs::<S, 8, 2>(simd, output),
                _ if S::REGISTER_COUNT >= 32 => self.outputs::<S, 16, 1>(simd, output),
                _ if left >= 2 * lanes => self.outputs::<S, 4, 2>(simd, output),
                _ => self.outputs::<S, 8, 1>(simd, output),
            };
        }
    }
}

impl<T: Real> Sweep<'_, T> {
    /// All taps and inputs of `V` vectors of outputs, `C` inputs at a time; returns the number of outputs.
    #[inline(always)]
    fn outputs<S: Simd, const C: usize, const V: usize>(&mut self, simd: S, output: usize) -> usize {
        for tap in 0..self.taps.len() {
            for block in 0..self.layout.blocks() {
                let channels = (self.shape.inputs - block * BLOCK).min(BLOCK);
                let mut channel = 0;
                while channel < channels {
                    let at = [tap, block, channel];
                    channel += match channels - channel {
                        left if left > 4 => self.tile::<S, C, V>(simd, at, output),
                        _ => self.tile::<S, 4, V>(simd, at, output),
                    };
                }
            }
        }
        (self.shape.outputs - output).min(V * T::lanes::<S>())
    }

    /// `C` inputs of a tap times `V` vectors of outputs; returns `C`.
    #[inline(always)]
    fn tile<S: Simd, const C: usize, const V: usize>(
        &mut self,
        simd: S,
        [tap, block, channel]: [usize; 3],
        output: usize,
    ) -> usize {
        let lanes = T::lanes::<S>();
        let outputs = self.shape.outputs;
        let [rows, columns] = self.shape.result();
        let width = (outputs - output).min(V * lanes);
        let mut sums = [[T::splat(simd, T::ZERO); V]; C];
        let offset = self.taps[tap] + block * self.layout.block() + channel;
        let images = self.gradient.chunks_exact((rows * columns * outputs).max(1));
        for (scratch, gradient) in self.scratch.chunks_exact(self.layout.size()).zip(images) {
            for row in 0..rows {
                let pixels = &scratch[offset + row * self.layout.row()..][..(columns - 1) * BLOCK + C];
                let gradient = &gradient[row * columns * outputs..][..columns * outputs];
                for column in 0..columns {
                    let from = &gradient[column * outputs + output..][..width];
                    let vectors: [T::Vector<S>; V] = std::array::from_fn(|vector| load(simd, from, vector));
                    for channel in 0..C {
                        // SAFETY: column < columns and channel < C, so the index is below the length of the slice.
                        let number = unsafe { *pixels.get_unchecked(column * BLOCK + channel) };
                        let number = T::splat(simd, number);
                        for vector in 0..V {
                            sums[channel][vector] = T::mul_add(simd, number, vectors[vector], sums[channel][vector]);
                        }
                    }
                }
            }
        }
        for index in 0..C {
            let input = block * BLOCK + channel + index;
            let to = &mut self.sums[(tap * self.layout.blocks() * BLOCK + input) * outputs + output..][..width];
            for vector in 0..V {
                let sum = T::add(simd, load(simd, to, vector), sums[index][vector]);
                store(simd, to, vector, sum);
            }
        }
        C
    }
}
