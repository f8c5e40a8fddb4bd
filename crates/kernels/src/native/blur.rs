//! The binomial filter of three by three pixels, mirrored at the border.

use super::parallel;
use super::real::Real;

/// Sizes of a blur.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) images: usize,
    /// Rows and columns of an image.
    pub(crate) image: [usize; 2],
    pub(crate) channels: usize,
}

/// Places along a line, each with what it counts, in quarters. None counts 0, which times infinity is no number.
type Taps = [(usize, f64); 3];

/// A line of one place, which stays as it is: these sums are exact.
const ALONE: Taps = [(0, 1.0), (0, 1.0), (0, 2.0)];

/// What makes the pixel at a place of a line: the one before, itself, and the one behind. Beyond either end lies the mirror image
/// of what is inside.
fn taps(length: usize, place: usize) -> Taps {
    if length == 1 {
        return ALONE;
    }
    let before = place.checked_sub(1).unwrap_or(1);
    let behind = if place + 1 < length { place + 1 } else { length - 2 };
    [(before, 1.0), (place, 2.0), (behind, 1.0)]
}

/// The same in the backward pass: the pixels that a place counts for, with what it counts there. Next to an end it counts as its
/// mirror image, too.
fn slopes(length: usize, place: usize) -> Taps {
    let last = length - 1;
    let neighbour = |at: usize| (at, if at == 0 || at == last { 2.0 } else { 1.0 });
    match place {
        _ if last == 0 => ALONE,
        // With one neighbour, it counts for itself in two halves.
        0 => [(0, 1.0), (0, 1.0), neighbour(1)],
        _ if place == last => [(last, 1.0), (last, 1.0), neighbour(last - 1)],
        _ => [neighbour(place - 1), (place, 2.0), neighbour(place + 1)],
    }
}

/// `[image, row, column, channel]` of images of the same shape.
pub(crate) fn forward<T: Real>(shape: &Shape, input: &[T], result: &mut [T]) {
    filter(shape, taps, input, result);
}

/// The gradient of the images.
pub(crate) fn input_gradient<T: Real>(shape: &Shape, gradient: &[T], result: &mut [T]) {
    filter(shape, slopes, gradient, result);
}

/// Each pixel with its neighbours, first along columns, then along rows.
fn filter<T: Real>(shape: &Shape, taps: fn(usize, usize) -> Taps, input: &[T], result: &mut [T]) {
    let [height, width] = shape.image;
    let length = width * shape.channels;
    let across: Vec<Taps> = (0..width).map(|column| taps(width, column)).collect();
    let share = parallel::rows_per_chunk(shape.images * height, length);
    parallel::chunks(result, (share * length).max(1), |chunk, result| {
        let mut sums = vec![T::ZERO; length];
        for (index, result) in result.chunks_exact_mut(length).enumerate() {
            let (image, row) = ((chunk * share + index) / height, (chunk * share + index) % height);
            weigh(taps(height, row), |row| &input[(image * height + row) * length..][..length], &mut sums);
            for (&taps, result) in across.iter().zip(result.chunks_exact_mut(shape.channels)) {
                weigh(taps, |column| &sums[column * shape.channels..][..shape.channels], result);
            }
        }
    });
}

/// The weighted sum of three lines of numbers.
fn weigh<'a, T: Real>(taps: Taps, line: impl Fn(usize) -> &'a [T], result: &mut [T]) {
    let [before, here, behind] = taps.map(|(place, _)| line(place));
    let [first, second, third] = taps.map(|(_, quarters)| T::of(quarters / 4.0));
    for (result, ((&before, &here), &behind)) in result.iter_mut().zip(before.iter().zip(here).zip(behind)) {
        *result = before.times(first).plus(here.times(second)).plus(behind.times(third));
    }
}
