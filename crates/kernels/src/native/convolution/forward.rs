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
    let [height, width] = shape.kernel;
    let tile = Tile::choose::<T>(columns, shape.outputs);
    let pass = Pass {
        taps: shape.taps().map(|tap| layout.pixel(tap)).collect(),
        weights: pack(shape.taps().collect(), [shape.inputs, shape.outputs], tile, |[row, column], input, output| {
            weights[((output * shape.inputs + input) * height + row) * width + column]
        }),
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
    let [height, width] = shape.kernel;
    // Zeros around the result: kernel positions before its first and behind its last row or column.
    let before = shape.kernel.map(|size| size - 1);
    let size = shape.result();
    let after = std::array::from_fn(|axis| {
        let last = (shape.image[axis] + shape.padding[axis] - 1) / shape.stride[axis];
        (last + 1).saturating_sub(size[axis])
    });
    let layout = Layout::new(shape.outputs, size, [1, 1], before, after);
    let residues = (0..shape.stride[0]).flat_map(|row| (0..shape.stride[1]).map(move |column| [row, column]));
    let passes: Vec<Pass<T>> = residues
        .filter(|&residue| (0..2).all(|axis| residue[axis] < shape.image[axis]))
        .map(|residue| {
            // Input pixels `stride * a + residue` take from result `a + shift` through these kernel positions.
            let taps: Vec<Pair> = shape
                .taps()
                .filter(|tap| {
                    (0..2).all(|axis| {
                        (residue[axis] + shape.padding[axis] + shape.stride[axis] * shape.kernel[axis] - tap[axis])
                            .is_multiple_of(shape.stride[axis])
                    })
                })
                .collect();
            let pixels: Pair =
                std::array::from_fn(|axis| (shape.image[axis] - residue[axis]).div_ceil(shape.stride[axis]));
            let tile = Tile::choose::<T>(pixels[1], shape.inputs);
            let places = taps.iter().map(|tap| {
                layout.pixel(std::array::from_fn(|axis| {
                    // `before` keeps it from falling below zero, for the shift is above -kernel.
                    (residue[axis] + shape.padding[axis] + before[axis] * shape.stride[axis] - tap[axis])
                        / shape.stride[axis]
                }))
            });
            Pass {
                taps: places.collect(),
                weights: pack(taps.clone(), [shape.outputs, shape.inputs], tile, |[row, column], output, input| {
                    weights[((output * shape.inputs + input) * height + row) * width + column]
                }),
                inputs: shape.outputs,
                block: layout.block(),
                row: layout.row(),
                pixels,
                outputs: shape.inputs,
                first: (residue[0] * shape.image[1] + residue[1]) * shape.inputs,
                steps: [shape.stride[0] * shape.image[1] * shape.inputs, shape.stride[1] * shape.inputs],
                tile,
            }
        })
        .collect();
    run(&passes, &layout, gradient, shape.image_size(), result);
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
    taps: Vec<Pair>,
    [inputs, outputs]: Pair,
    tile: Tile,
    weight: impl Fn(Pair, usize, usize) -> T,
) -> Vec<T> {
    let width = tile.outputs();
    let mut packed = Vec::with_capacity(taps.len() * inputs * outputs.next_multiple_of(width));
    for first_output in (0..outputs).step_by(width) {
        for first_input in (0..inputs).step_by(BLOCK) {
            for &tap in &taps {
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
