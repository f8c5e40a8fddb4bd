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

/// Places along a line, each with what it counts, in quarters.
type Taps = [(usize, f64); 3];

/// What makes the pixel at a place of a line: the one before, itself, and the one behind. Beyond either end lies the mirror image
/// of what is inside.
fn taps(length: usize, place: usize) -> Taps {
    let last = length - 1;
    let before = place.checked_sub(1).unwrap_or(last.min(1));
    let behind = if place < last { place + 1 } else { last.saturating_sub(1) };
    [(before, 1.0), (place, 2.0), (behind, 1.0)]
}

/// The same in the backward pass: the pixels that a place counts for, with what it counts there. Next to an end it counts as its
/// mirror image, too.
fn slopes(length: usize, place: usize) -> Taps {
    let last = length - 1;
    if last == 0 {
        return [(0, 0.0), (0, 4.0), (0, 0.0)];
    }
    let neighbour = |inside: bool, at_an_end: bool| {
        if !inside {
            0.0
        } else if at_an_end {
            2.0
        } else {
            1.0
        }
    };
    let before = neighbour(place > 0, place == 1);
    let behind = neighbour(place < last, place + 1 == last);
    [(place.saturating_sub(1), before), (place, 2.0), ((place + 1).min(last), behind)]
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
