//! Scaled dot-product attention of all heads of a joint projection.

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::dropout::{Mask, apply_in_place};
use super::matrix::{Before, Matrix, MatrixMut, product};
use super::real::{Real, highest, load, store};

/// Sizes of an attention.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// Tokens of a sequence.
    pub(crate) tokens: usize,
    /// Width of the result; the joint input is three times as wide: queries, keys and values.
    pub(crate) width: usize,
    /// Divides the width.
    pub(crate) heads: usize,
    /// Whether a token sees only itself and what is before it.
    pub(crate) causal: bool,
    /// Which weights are dropped.
    pub(crate) dropout: Option<Mask>,
}

impl Shape {
    fn head(&self) -> usize {
        self.width / self.heads
    }

    fn scale<T: Real>(&self) -> T {
        T::of(1.0 / (self.head() as f64).sqrt())
    }

    /// Numbers of the weights of one sequence.
    fn weights(&self) -> usize {
        self.heads * self.tokens * self.tokens
    }

    /// Queries (0), keys (1) or values (2) of a head in the joint numbers of a sequence.
    fn part<'a, T>(&self, joint: &'a [T], part: usize, head: usize) -> Matrix<'a, T> {
        let numbers = &joint[part * self.width + head * self.head()..];
        Matrix::new(numbers, [self.tokens, self.head()], [3 * self.width, 1])
    }

    fn part_mut<'a, T>(&self, joint: &'a mut [T], part: usize, head: usize) -> MatrixMut<'a, T> {
        let numbers = &mut joint[part * self.width + head * self.head()..];
        MatrixMut::new(numbers, [self.tokens, self.head()], [3 * self.width, 1])
    }

    fn result<'a, T>(&self, result: &'a [T], head: usize) -> Matrix<'a, T> {
        Matrix::new(&result[head * self.head()..], [self.tokens, self.head()], [self.width, 1])
    }

    /// How many tokens, from the first on, a token sees.
    fn seen(&self, by: usize) -> usize {
        if self.causal { by + 1 } else { self.tokens }
    }

    fn square(&self) -> [usize; 2] {
        [self.tokens, self.tokens]
    }

    /// The weights of a head after dropout, for which there is room in the vector.
    fn dropped<'a, T: Real>(&self, weights: &'a [T], sequence: usize, head: usize, room: &'a mut Vec<T>) -> &'a [T] {
        let Some(mask) = self.dropout else {
            return weights;
        };
        room.clear();
        room.extend_from_slice(weights);
        Arch::new().dispatch(Drop { mask, first: self.first(sequence, head), numbers: room });
        room
    }

    /// The mask's position of the first weight of a head of a sequence.
    fn first(&self, sequence: usize, head: usize) -> u64 {
        ((sequence * self.heads + head) * self.tokens * self.tokens) as u64
    }
}

/// The weights `[sequence, head, to, from]` before dropout, of joint numbers `[sequence, token, 3 width]`.
pub(crate) fn weigh<T: Real>(shape: &Shape, joint: &[T], weights: &mut [T]) {
    let size = shape.tokens * shape.width;
    if size == 0 {
        return;
    }
    let sequences = weights.par_chunks_exact_mut(shape.weights()).zip(joint.par_chunks_exact(3 * size));
    sequences.for_each(|(weights, joint)| {
        for (head, weights) in weights.chunks_exact_mut(shape.tokens * shape.tokens).enumerate() {
            let (queries, keys) = (shape.part(joint, 0, head), shape.part(joint, 1, head));
            let scores = MatrixMut::dense(weights, shape.square());
            product(scores, Before::Replaced, shape.scale(), queries, keys.transposed(), false);
            Arch::new().dispatch(Softmax { shape, weights });
        }
    });
}

/// The weighted values `[sequence, token, width]`.
pub(crate) fn mix<T: Real>(shape: &Shape, joint: &[T], weights: &[T], result: &mut [T]) {
    let size = shape.tokens * shape.width;
    if size == 0 {
        return;
    }
    let inputs = joint.par_chunks_exact(3 * size).zip(weights.par_chunks_exact(shape.weights()));
    let sequences = result.par_chunks_exact_mut(size).zip(inputs);
    sequences.enumerate().for_each(|(sequence, (result, (joint, weights)))| {
        let mut room = Vec::new();
        for (head, weights) in weights.chunks_exact(shape.tokens * shape.tokens).enumerate() {
            let used = shape.dropped(weights, sequence, head, &mut room);
            let to = MatrixMut::new(&mut result[head * shape.head()..], [shape.tokens, shape.head()], [shape.width, 1]);
            product(
                to,
                Before::Replaced,
                T::ONE,
                Matrix::dense(used, shape.square()),
                shape.part(joint, 2, head),
                false,
            );
        }
    });
}

/// The gradient of the joint numbers.
pub(crate) fn input_gradient<T: Real>(shape: &Shape, joint: &[T], weights: &[T], gradient: &[T], result: &mut [T]) {
    let size = shape.tokens * shape.width;
    if size == 0 {
        return;
    }
    let inputs = joint.par_chunks_exact(3 * size).zip(weights.par_chunks_exact(shape.weights()));
    let sequences = result.par_chunks_exact_mut(3 * size).zip(gradient.par_chunks_exact(size)).zip(inputs);
    sequences.enumerate().for_each(|(sequence, ((result, gradient), (joint, weights)))| {
        let square = shape.tokens * shape.tokens;
        let mut room = Vec::new();
        let mut slopes = vec![T::ZERO; square];
        for (head, weights) in weights.chunks_exact(square).enumerate() {
            let used = shape.dropped(weights, sequence, head, &mut room);
            let gradient = shape.result(gradient, head);
            let values = shape.part_mut(result, 2, head);
            product(
                values,
                Before::Replaced,
                T::ONE,
                Matrix::dense(used, shape.square()).transposed(),
                gradient,
                false,
            );
            let to = MatrixMut::dense(&mut slopes, shape.square());
            product(to, Before::Replaced, T::ONE, gradient, shape.part(joint, 2, head).transposed(), false);
            if let Some(mask) = shape.dropout {
                Arch::new().dispatch(Drop { mask, first: shape.first(sequence, head), numbers: &mut slopes });
            }
            Arch::new().dispatch(SoftmaxGradient { shape, weights, slopes: &mut slopes });
            let slopes = Matrix::dense(&slopes, shape.square());
            let queries = shape.part_mut(result, 0, head);
            product(queries, Before::Replaced, shape.scale(), slopes, shape.part(joint, 1, head), false);
            let keys = shape.part_mut(result, 1, head);
            product(keys, Before::Replaced, shape.scale(), slopes.transposed(), shape.part(joint, 0, head), false);
        }
    });
}

/// Multiplies by the factors of a mask.
struct Drop<'a, T> {
    mask: Mask,
    first: u64,
    numbers: &'a mut [T],
}

impl<T: Real> WithSimd for Drop<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        apply_in_place(self.mask, self.first, self.numbers);
    }
}

/// Scores to weights, row by row.
struct Softmax<'a, T> {
    shape: &'a Shape,
    weights: &'a mut [T],
}

impl<T: Real> WithSimd for Softmax<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tokens = self.shape.tokens;
        for (to, row) in self.weights.chunks_exact_mut(tokens).enumerate() {
            let seen = self.shape.seen(to);
            let share = softmax(simd, &mut row[..seen]);
            // Zero, unless the row is no number.
            row[seen..].fill(share.times(T::ZERO));
        }
    }
}

/// The exponentials of the row divided by their sum; returns what they were multiplied by.
#[inline(always)]
fn softmax<T: Real, S: Simd>(simd: S, row: &mut [T]) -> T {
    let highest = T::splat(simd, highest(simd, row));
    let (whole, rest) = T::vectors_mut::<S>(row);
    let mut sum = T::splat(simd, T::ZERO);
    for vector in &mut *whole {
        *vector = T::exp(simd, T::sub(simd, *vector, highest));
        sum = T::add(simd, sum, *vector);
    }
    let mut total = T::total(simd, sum).wide();
    if !rest.is_empty() {
        let vector = T::exp(simd, T::sub(simd, T::load_part(simd, rest), highest));
        T::store_part(simd, rest, vector);
        total += rest.iter().map(|number| number.wide()).sum::<f64>();
    }
    let share = T::of(1.0 / total);
    let factor = T::splat(simd, share);
    for vector in whole {
        *vector = T::mul(simd, *vector, factor);
    }
    if !rest.is_empty() {
        let vector = T::mul(simd, T::load_part(simd, rest), factor);
        T::store_part(simd, rest, vector);
    }
    share
}

/// Slopes of the weights to slopes of the scores: `weight (slope - Σ weight slope)`.
struct SoftmaxGradient<'a, T> {
    shape: &'a Shape,
    weights: &'a [T],
    slopes: &'a mut [T],
}

impl<T: Real> WithSimd for SoftmaxGradient<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let tokens = self.shape.tokens;
        let rows = self.weights.chunks_exact(tokens).zip(self.slopes.chunks_exact_mut(tokens));
        for (to, (weights, slopes)) in rows.enumerate() {
            // What the token does not see stays out of the last vector: it may be no number, or become none there.
            let seen = self.shape.seen(to);
            let (weights, (slopes, unseen)) = (&weights[..seen], slopes.split_at_mut(seen));
            unseen.fill(T::ZERO);
            let mut sum = T::splat(simd, T::ZERO);
            let vectors = seen.div_ceil(T::lanes::<S>());
            for vector in 0..vectors {
                sum = T::mul_add(simd, load(simd, weights, vector), load(simd, slopes, vector), sum);
            }
            let mean = T::splat(simd, T::total(simd, sum));
            for vector in 0..vectors {
                let slope = T::sub(simd, load(simd, slopes, vector), mean);
                let slope = T::mul(simd, slope, load(simd, weights, vector));
                store(simd, slopes, vector, slope);
            }
        }
    }
}
