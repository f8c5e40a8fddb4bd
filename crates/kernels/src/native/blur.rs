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

/// What the pixel before, the pixel itself and the one behind count along a line of so many pixels, in quarters. The pixel
/// beyond either end is the mirror image of the one inside.
fn taps(length: usize, place: usize) -> [f64; 3] {
    let last = length - 1;
    match place {
        _ if last == 0 => [0.0, 4.0, 0.0],
        0 => [0.0, 2.0, 2.0],
        _ if place == last => [2.0, 2.0, 0.0],
        _ => [1.0, 2.0, 1.0],
    }
}

/// The same in the backward pass: what the neighbours count there is what this pixel counts for them.
fn slopes(length: usize, place: usize) -> [f64; 3] {
    let before = place.checked_sub(1).map_or(0.0, |before| taps(length, before)[2]);
    let behind = if place + 1 < length { taps(length, place + 1)[0] } else { 0.0 };
    [before, taps(length, place)[1], behind]
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
fn filter<T: Real>(shape: &Shape, weights: fn(usize, usize) -> [f64; 3], input: &[T], result: &mut [T]) {
    let [height, width] = shape.image;
    let length = width * shape.channels;
    let weights = |length, place| weights(length, place).map(|quarters| T::of(quarters / 4.0));
    let across: Vec<[T; 3]> = (0..width).map(|column| weights(width, column)).collect();
    let share = parallel::rows_per_chunk(shape.images * height, length);
    parallel::chunks(result, (share * length).max(1), |chunk, result| {
        let mut sums = vec![T::ZERO; length];
        for (index, result) in result.chunks_exact_mut(length).enumerate() {
            let line = chunk * share + index;
            let row = line % height;
            let [above, here, below] = weights(height, row);
            let input = |line: usize| &input[line * length..][..length];
            // A neighbour that is not there counts nothing.
            let (before, behind) = (line - usize::from(row > 0), line + usize::from(row + 1 < height));
            let lines = input(before).iter().zip(input(line)).zip(input(behind));
            for (sum, ((&before, &middle), &behind)) in sums.iter_mut().zip(lines) {
                *sum = before.times(above).plus(middle.times(here)).plus(behind.times(below));
            }
            let pixel = |column: usize| &sums[column * shape.channels..][..shape.channels];
            for (column, result) in result.chunks_exact_mut(shape.channels).enumerate() {
                let [left, here, right] = across[column];
                let (before, behind) = (pixel(column.saturating_sub(1)), pixel((column + 1).min(width - 1)));
                let pixels = before.iter().zip(pixel(column)).zip(behind);
                for (result, ((&before, &middle), &behind)) in result.iter_mut().zip(pixels) {
                    *result = before.times(left).plus(middle.times(here)).plus(behind.times(right));
                }
            }
        }
    });
}
