//! The mean over the pixels of each image.

use super::columns::sums;
use super::parallel;
use super::real::Real;

/// `[image, channel]` of images `[image, pixel, channel]`.
pub(crate) fn forward<T: Real>(input: &[T], pixels: usize, channels: usize, result: &mut [T]) {
    let share = T::of(1.0 / pixels as f64);
    let images = parallel::rows_per_chunk(result.len() / channels.max(1), pixels * channels);
    parallel::chunks(result, (images * channels).max(1), |chunk, result| {
        let input = input[chunk * images * pixels * channels..].chunks_exact(pixels * channels);
        for (result, input) in result.chunks_exact_mut(channels).zip(input) {
            for (result, sum) in result.iter_mut().zip(sums(input, channels)) {
                *result = sum.times(share);
            }
        }
    });
}

/// The gradient of the images: every pixel gets an equal share.
pub(crate) fn input_gradient<T: Real>(gradient: &[T], pixels: usize, channels: usize, result: &mut [T]) {
    let share = T::of(1.0 / pixels as f64);
    let images = parallel::rows_per_chunk(gradient.len() / channels.max(1), pixels * channels);
    parallel::chunks(result, (images * pixels * channels).max(1), |chunk, result| {
        let gradient = gradient[chunk * images * channels..].chunks_exact(channels);
        for (result, gradient) in result.chunks_exact_mut(pixels * channels).zip(gradient) {
            for pixel in result.chunks_exact_mut(channels) {
                for (result, &gradient) in pixel.iter_mut().zip(gradient) {
                    *result = gradient.times(share);
                }
            }
        }
    });
}
