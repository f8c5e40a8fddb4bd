//! The inner loops of a convolution that sums over input channels and kernel positions.

use pulp::{Arch, Simd, WithSimd};

use super::scratch::BLOCK;
use crate::native::real::{Real, store};

/// One sweep over the pixels of a result: every pixel is the sum over the taps of a vector of channels times a matrix.
#[derive(Debug, Clone)]
pub(super) struct Pass<T> {
    /// Where each tap is in the scratch copy, relative to the pixel.
    pub(super) taps: Vec<usize>,
    /// Matrices `[block of outputs, block of inputs, tap, input, output]`.
    pub(super) weights: Vec<T>,
    /// Input channels, and numbers of the scratch copy between blocks of them.
    pub(super) inputs: usize,
    pub(super) block: usize,
    /// Numbers of the scratch copy between rows.
    pub(super) row: usize,
    /// Result: rows and columns, output channels, numbers to the first pixel, between rows and between columns.
    pub(super) pixels: [usize; 2],
    pub(super) outputs: usize,
    pub(super) first: usize,
    pub(super) steps: [usize; 2],
    pub(super) tile: Tile,
}

/// Registers of results that are summed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    /// Numbers of a register.
    lanes: usize,
    /// Registers side by side: output channels.
    vectors: usize,
    /// The processor has 32 registers rather than 16.
    large: bool,
}

impl Tile {
    /// The tile for results of so many columns and channels on this processor.
    pub(super) fn choose<T: Real>(columns: usize, outputs: usize) -> Self {
        struct Probe<T>(std::marker::PhantomData<T>);
        impl<T: Real> WithSimd for Probe<T> {
            type Output = (usize, bool);
            #[inline(always)]
            fn with_simd<S: Simd>(self, _: S) -> Self::Output {
                (T::lanes::<S>(), S::REGISTER_COUNT >= 32)
            }
        }
        let (lanes, large) = Arch::new().dispatch(Probe::<T>(std::marker::PhantomData));
        let fits = |vectors: usize| outputs.is_multiple_of(vectors * lanes) || outputs > 4 * vectors * lanes;
        let vectors = match () {
            () if large && columns < 8 && columns.is_multiple_of(4) && fits(4) => 4,
            () if fits(2) => 2,
            () => 1,
        };
        Self { lanes, vectors, large }
    }

    /// Output channels of a tile.
    pub(super) fn outputs(self) -> usize {
        self.lanes * self.vectors
    }
}

impl<T: Real> Pass<T> {
    /// Sums into the result of one image, whose numbers it overwrites.
    pub(super) fn run(&self, scratch: &[T], result: &mut [T]) {
        Arch::new().dispatch(Run { pass: self, scratch, result });
    }
}

struct Run<'a, T> {
    pass: &'a Pass<T>,
    scratch: &'a [T],
    result: &'a mut [T],
}

impl<T: Real> WithSimd for Run<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = self.pass.pixels[1];
        match (self.pass.tile.vectors, self.pass.tile.large) {
            (4, _) => self.sweep::<S, 4, 4>(simd),
            // Rows of 7, 14, 28 and 56 pixels, as networks for larger images have them, without a remainder.
            (2, true) if columns.is_multiple_of(7) => self.sweep::<S, 7, 2>(simd),
            (1, true) if columns.is_multiple_of(14) => self.sweep::<S, 14, 1>(simd),
            (2, true) => self.sweep::<S, 8, 2>(simd),
            (2, false) => self.sweep::<S, 4, 2>(simd),
            (_, true) => self.sweep::<S, 16, 1>(simd),
            (_, false) => self.sweep::<S, 8, 1>(simd),
        }
    }
}

impl<T: Real> Run<'_, T> {
    #[inline(always)]
    fn sweep<S: Simd, const P: usize, const V: usize>(&mut self, simd: S) {
        let pass = self.pass;
        let outputs = V * T::lanes::<S>();
        let length = pass.taps.len() * pass.inputs * outputs;
        for block in 0..pass.outputs.div_ceil(outputs) {
            let weights = T::vectors::<S>(&pass.weights[block * length..][..length]).0;
            let first_output = block * outputs;
            for row in 0..pass.pixels[0] {
                let mut column = 0;
                while column < pass.pixels[1] {
                    let left = pass.pixels[1] - column;
                    let at = [row, column];
                    column += match left {
                        _ if left >= P => self.tile::<S, P, V>(simd, weights, at, first_output),
                        _ if P > 4 && left >= 4 => self.tile::<S, 4, V>(simd, weights, at, first_output),
                        _ => self.tile::<S, 1, V>(simd, weights, at, first_output),
                    };
                }
            }
        }
    }

    /// `P` pixels of a row and `V` vectors of output channels; returns `P`.
    #[inline(always)]
    fn tile<S: Simd, const P: usize, const V: usize>(
        &mut self,
        simd: S,
        weights: &[T::Vector<S>],
        at: [usize; 2],
        first_output: usize,
    ) -> usize {
        let pass = self.pass;
        let mut sums = [[T::splat(simd, T::ZERO); V]; P];
        let start = at[0] * pass.row + at[1] * BLOCK;
        let weights = weights.as_chunks::<V>().0;
        let mut next = 0;
        let mut inputs = pass.inputs;
        let mut block = start;
        while inputs > 0 {
            let channels = inputs.min(BLOCK);
            for &tap in &pass.taps {
                // One check for all reads of the loop below.
                let pixels = &self.scratch[block + tap..][..(P - 1) * BLOCK + channels];
                for channel in 0..channels {
                    let matrix: [T::Vector<S>; V] = weights[next];
                    next += 1;
                    for pixel in 0..P {
                        // SAFETY: channel < channels and pixel < P, so the index is below the length of the slice.
                        let number = unsafe { *pixels.get_unchecked(pixel * BLOCK + channel) };
                        let number = T::splat(simd, number);
                        for vector in 0..V {
                            sums[pixel][vector] = T::mul_add(simd, number, matrix[vector], sums[pixel][vector]);
                        }
                    }
                }
            }
            inputs -= channels;
            block += pass.block;
        }
        for pixel in 0..P {
            let to = pass.first + at[0] * pass.steps[0] + (at[1] + pixel) * pass.steps[1] + first_output;
            let outputs = (pass.outputs - first_output).min(V * T::lanes::<S>());
            for vector in 0..V {
                store(simd, &mut self.result[to..to + outputs], vector, sums[pixel][vector]);
            }
        }
        P
    }
}
