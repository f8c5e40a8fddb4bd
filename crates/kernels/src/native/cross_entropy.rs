//! Softmax cross-entropy with smoothed targets.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::parallel;
use super::real::{Real, highest, load, store};

/// The mean loss of rows of logits, and its gradient.
///
/// A row's loss is the logarithm of the sum of the exponentials of its logits, minus `1 - smoothing` times the logit of its
/// target, minus `smoothing` times the mean of its logits.
pub(crate) fn forward<T: Real>(logits: &[T], targets: &[usize], smoothing: f64, gradient: &mut [T]) -> T {
    let rows = targets.len();
    let classes = logits.len() / rows.max(1);
    let length = parallel::rows_per_chunk(rows, classes).max(1);
    let chunks = gradient.par_chunks_mut((length * classes).max(1)).zip(targets.par_chunks(length));
    let parts: Vec<f64> = chunks
        .enumerate()
        .map(|(index, (gradient, targets))| {
            let logits = &logits[index * length * classes..][..gradient.len()];
            Arch::new().dispatch(Rows { logits, targets, smoothing, rows, gradient })
        })
        .collect();
    T::of(parts.iter().sum::<f64>() / rows as f64)
}

struct Rows<'a, T> {
    logits: &'a [T],
    targets: &'a [usize],
    smoothing: f64,
    /// Of the whole batch.
    rows: usize,
    gradient: &'a mut [T],
}

impl<T: Real> WithSimd for Rows<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let classes = self.logits.len() / self.targets.len();
        let lanes = T::lanes::<S>();
        let vectors = classes.div_ceil(lanes);
        let share = 1.0 / self.rows as f64;
        let uniform = self.smoothing / classes as f64;
        let mut loss = 0.0;
        let rows = self.logits.chunks_exact(classes).zip(self.gradient.chunks_exact_mut(classes));
        for ((logits, gradient), &target) in rows.zip(self.targets) {
            let highest = highest(simd, logits);
            let offset = T::splat(simd, highest);
            for vector in 0..vectors {
                let value = T::exp(simd, T::sub(simd, load(simd, logits, vector), offset));
                store(simd, gradient, vector, value);
            }
            let mut sum = T::splat(simd, T::ZERO);
            for vector in 0..vectors {
                sum = T::add(simd, sum, load(simd, gradient, vector));
            }
            let sum = T::total(simd, sum).wide();
            let partition = sum.ln() + highest.wide();
            loss += partition - (1.0 - self.smoothing) * logits[target].wide();
            if self.smoothing > 0.0 {
                let mut total = T::splat(simd, T::ZERO);
                for vector in 0..vectors {
                    total = T::add(simd, total, load(simd, logits, vector));
                }
                loss -= uniform * T::total(simd, total).wide();
            }
            let scale = T::splat(simd, T::of(share / sum));
            let shift = T::splat(simd, T::of(-uniform * share));
            for vector in 0..vectors {
                let value = T::mul_add(simd, load(simd, gradient, vector), scale, shift);
                store(simd, gradient, vector, value);
            }
            gradient[target] = T::of(gradient[target].wide() - (1.0 - self.smoothing) * share);
        }
        loss
    }
}
