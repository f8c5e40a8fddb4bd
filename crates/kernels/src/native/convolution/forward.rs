//! The result of a convolution, and the gradient of its input, which is a convolution, too.

use super::pass::{Pass, Tile};
use super::scratch::{BLOCK, Images, Layout};
use super::shape::{Pair, Shape};
use crate::native::parallel;
use crate::native::real::Real;

/// The convolution of the images with weights `[output, input, row, column]`, as `[image, row, column, output]`.
pub(crate) fn forward<T: Real>(shape: &Shape, images: &Images<'_, T>, weights: &[T], result: &mut [T]) {
    let layout = Layout::new(shape.inputs, shape.image, shape.stride, shape.padding, shape.padding);
    let [rows, columns] = shape.result();
    let tile = Tile::choose::<T>(columns, shape.outputs);
    let taps: Vec<Pair> = shape.taps().collect();
    let weight = |tap, input, output| weights[place(shape, output, input, tap)];
    let pass = Pass {
        taps: taps.iter().map(|&tap| layout.pixel(tap)).collect(),
        weights: pack(&taps, [shape.inputs, shape.outputs], tile, weight),
        inputs: shape.inputs,
        block: layout.block(),
        row: layout.row(),
        pixels: [rows, columns],
        outputs: shape.outputs,
        first: 0,
        steps: [columns * shape.outputs, shape.outputs],
        tile,
    };
    run(&[pass], &layout, images, shape.result_size(), result);
}

/// The gradient of the images, `[image, row, column, input]`, for a gradient of the result.
pub(crate) fn input_gradient<T: Real>(shape: &Shape, gradient: &Images<'_, T>, weights: &[T], result: &mut [T]) {
    // Zeros around the result: kernel positions before its first and behind its last row or column.
    let before = shape.kernel.map(|size| size - 1);
    let size = shape.result();
    let after = std::array::from_fn(|axis| {
        let last = (shape.image[axis] + shape.padding[axis] - 1) / shape.stride[axis];
        (last + 1).saturating_sub(size[axis])
    });
    let layout = Layout::new(shape.outputs, size, [1, 1], before, after);
    let residues = (0..shape.stride[0]).flat_map(|row| (0..shape.stride[1]).map(move |column| [row, column]));
    let inside = residues.filter(|residue| (0..2).all(|axis| residue[axis] < shape.image[axis]));
    let passes: Vec<Pass<T>> = inside.map(|residue| gradient_pass(shape, &layout, before, residue, weights)).collect();
    run(&passes, &layout, gradient, shape.image_size(), result);
}

/// The pass over the input pixels `stride * a + residue`. Such a pixel takes from the result at `a + shift / stride` through each
/// kernel position whose shift the stride divides.
fn gradient_pass<T: Real>(shape: &Shape, layout: &Layout, before: Pair, residue: Pair, weights: &[T]) -> Pass<T> {
    // Counted from the zeros before the result, so that no shift is negative.
    let shift = |tap: Pair| -> Pair {
        std::array::from_fn(|axis| residue[axis] + shape.padding[axis] + before[axis] * shape.stride[axis] - tap[axis])
    };
    let divided = |tap: &Pair| (0..2).all(|axis| shift(*tap)[axis].is_multiple_of(shape.stride[axis]));
    let taps: Vec<Pair> = shape.taps().filter(divided).collect();
    let pixels: Pair = std::array::from_fn(|axis| (shape.image[axis] - residue[axis]).div_ceil(shape.stride[axis]));
    let tile = Tile::choose::<T>(pixels[1], shape.inputs);
    let pixel = |&tap: &Pair| layout.pixel(std::array::from_fn(|axis| shift(tap)[axis] / shape.stride[axis]));
    let weight = |tap, output, input| weights[place(shape, output, input, tap)];
    Pass {
        taps: taps.iter().map(pixel).collect(),
        weights: pack(&taps, [shape.outputs, shape.inputs], tile, weight),
        inputs: shape.outputs,
        block: layout.block(),
        row: layout.row(),
        pixels,
        outputs: shape.inputs,
        first: (residue[0] * shape.image[1] + residue[1]) * shape.inputs,
        steps: [shape.stride[0] * shape.image[1] * shape.inputs, shape.stride[1] * shape.inputs],
        tile,
    }
}

/// Where a weight is.
fn place(shape: &Shape, output: usize, input: usize, [row, column]: Pair) -> usize {
    let [height, width] = shape.kernel;
    ((output * shape.inputs + input) * height + row) * width + column
}

/// All passes over all images.
fn run<T: Real>(passes: &[Pass<T>], layout: &Layout, images: &Images<'_, T>, size: usize, result: &mut [T]) {
    if size == 0 {
        return;
    }
    let count = parallel::rows_per_chunk(result.len() / size, size);
    parallel::chunks(result, count * size, |chunk, result| {
        let mut scratch = vec![T::ZERO; layout.size()];
        for (index, result) in result.chunks_exact_mut(size).enumerate() {
            layout.fill(&mut scratch, images, chunk * count + index);
            for pass in passes {
                pass.run(&scratch, result);
            }
        }
    });
}

/// Weights in the order in which a pass reads them. The last block of outputs is filled up with zeros.
fn pack<T: Real>(
    taps: &[Pair],
    [inputs, outputs]: Pair,
    tile: Tile,
    weight: impl Fn(Pair, usize, usize) -> T,
) -> Vec<T> {
    let width = tile.outputs();
    let mut packed = Vec::with_capacity(taps.len() * inputs * outputs.next_multiple_of(width));
    for first_output in (0..outputs).step_by(width) {
        for first_input in (0..inputs).step_by(BLOCK) {
            for &tap in taps {
                for input in first_input..inputs.min(first_input + BLOCK) {
                    packed.extend(
                        (first_output..first_output + width)
                            .map(|output| if output < outputs { weight(tap, input, output) } else { T::ZERO }),
                    );
                }
            }
        }
    }
    packed
}
