//! Every so many pixels of images, with zeros for more channels.

use super::parallel;
use super::real::Real;

/// Sizes of a subsampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) images: usize,
    /// Rows and columns of an image.
    pub(crate) image: [usize; 2],
    pub(crate) stride: usize,
    pub(crate) inputs: usize,
    /// At least as many as inputs.
    pub(crate) outputs: usize,
}

impl Shape {
    /// Rows and columns of the result.
    pub(crate) fn result(&self) -> [usize; 2] {
        self.image.map(|size| size.div_ceil(self.stride))
    }
}

/// `[image, row, column, output]` of images `[image, row, column, input]`.
pub(crate) fn forward<T: Real>(shape: &Shape, input: &[T], result: &mut [T]) {
    let [height, width] = shape.image;
    let [rows, columns] = shape.result();
    let row_length = columns * shape.outputs;
    let share = parallel::rows_per_chunk(shape.images * rows, row_length);
    parallel::chunks(result, (share * row_length).max(1), |chunk, result| {
        for (index, result) in result.chunks_exact_mut(row_length).enumerate() {
            let (image, row) = ((chunk * share + index) / rows, (chunk * share + index) % rows);
            let input = &input[(image * height + row * shape.stride) * width * shape.inputs..][..width * shape.inputs];
            let pixels = input.chunks_exact(shape.inputs).step_by(shape.stride);
            for (result, input) in result.chunks_exact_mut(shape.outputs).zip(pixels) {
                let (old, new) = result.split_at_mut(shape.inputs);
                old.copy_from_slice(input);
                new.fill(T::ZERO);
            }
        }
    });
}

/// The gradient of the images.
pub(crate) fn input_gradient<T: Real>(shape: &Shape, gradient: &[T], result: &mut [T]) {
    let [height, width] = shape.image;
    let [rows, columns] = shape.result();
    let row_length = width * shape.inputs;
    let share = parallel::rows_per_chunk(shape.images * height, row_length);
    parallel::chunks(result, (share * row_length).max(1), |chunk, result| {
        for (index, result) in result.chunks_exact_mut(row_length).enumerate() {
            let (image, row) = ((chunk * share + index) / height, (chunk * share + index) % height);
            result.fill(T::ZERO);
            if row.is_multiple_of(shape.stride) {
                let gradient = &gradient[(image * rows + row / shape.stride) * columns * shape.outputs..];
                let pixels = result.chunks_exact_mut(shape.inputs).step_by(shape.stride);
                for (result, gradient) in pixels.zip(gradient.chunks_exact(shape.outputs)) {
                    result.copy_from_slice(&gradient[..shape.inputs]);
                }
            }
        }
    });
}
