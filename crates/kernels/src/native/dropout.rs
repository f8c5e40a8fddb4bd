//! Random masks that are a function of a key and a position, so that the backward pass draws them again instead of keeping them.

use pulp::{Arch, Simd, WithSimd};

use super::parallel;
use super::real::Real;

/// Which numbers survive, and what they are multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mask {
    key: u64,
    /// Random numbers below it drop the element.
    threshold: u32,
    scale: f64,
}

impl Mask {
    /// Zero with the given probability, which is at least 0 and below 1.
    pub(crate) fn new(key: u64, probability: f64) -> Self {
        Self { key, threshold: (probability * 2.0_f64.powi(32)) as u32, scale: 1.0 / (1.0 - probability) }
    }

    /// The factor of the element at a position.
    #[inline(always)]
    pub(crate) fn factor<T: Real>(&self, position: u64) -> T {
        let random = mix(mix(position as u32 ^ self.key as u32)
            ^ (self.key >> 32) as u32
            ^ ((position >> 32) as u32).wrapping_mul(0x9E37_79B9));
        if random < self.threshold { T::ZERO } else { T::of(self.scale) }
    }
}

/// A permutation of the 32-bit numbers that looks random: xor-shift-multiply with the constants of Wellons' search ("lowbias32").
#[inline(always)]
fn mix(number: u32) -> u32 {
    let number = (number ^ (number >> 16)).wrapping_mul(0x7FEB_352D);
    let number = (number ^ (number >> 15)).wrapping_mul(0x846C_A68B);
    number ^ (number >> 16)
}

/// Numbers of a task.
const CHUNK: usize = 1 << 14;

/// The numbers times their factors.
pub(crate) fn apply<T: Real>(mask: Mask, input: &[T], result: &mut [T]) {
    parallel::chunks(result, CHUNK, |index, result| {
        let input = &input[index * CHUNK..][..result.len()];
        Arch::new().dispatch(Apply { mask, first: (index * CHUNK) as u64, input, result });
    });
}

struct Apply<'a, T> {
    mask: Mask,
    first: u64,
    input: &'a [T],
    result: &'a mut [T],
}

impl<T: Real> WithSimd for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (position, (input, result)) in (self.first..).zip(self.input.iter().zip(self.result)) {
            *result = input.times(self.mask.factor(position));
        }
    }
}

/// Multiplies the numbers by the factors of the positions from `first` on.
#[inline(always)]
pub(crate) fn apply_in_place<T: Real>(mask: Mask, first: u64, numbers: &mut [T]) {
    for (position, number) in (first..).zip(numbers) {
        *number = number.times(mask.factor(position));
    }
}
