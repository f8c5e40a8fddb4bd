//! The slices themselves, without Burn around them, so that an interpreter can watch every access. The numbers are small and whole:
//! sums are exact in any order.

use super::{Images, Shape, forward, input_gradient, weight_gradient};

/// More channels than a block has, ends of tiles, strides that leave pixels out, zeros around.
const SHAPES: [Shape; 3] = [
    Shape { images: 2, inputs: 3, outputs: 5, image: [4, 5], kernel: [3, 2], stride: [1, 1], padding: [1, 1] },
    Shape { images: 1, inputs: 17, outputs: 2, image: [5, 4], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
    Shape { images: 3, inputs: 1, outputs: 33, image: [3, 3], kernel: [1, 1], stride: [2, 1], padding: [0, 0] },
];

fn whole(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|index| ((index * 7 + seed) % 11) as f32 - 5.0).collect()
}

/// Every product of the sum: where the result, the image and the weight are.
fn each(shape: &Shape, mut visit: impl FnMut(usize, usize, usize)) {
    let [rows, columns] = shape.result();
    let [height, width] = shape.image;
    for (image, output) in (0..shape.images).flat_map(|image| (0..shape.outputs).map(move |output| (image, output))) {
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let result = ((image * rows + row) * columns + column) * shape.outputs + output;
            for [down, right] in shape.taps() {
                let at = [row * shape.stride[0] + down, column * shape.stride[1] + right];
                let inside = |axis: usize| at[axis].checked_sub(shape.padding[axis]);
                let (Some(row), Some(column)) = (inside(0), inside(1)) else { continue };
                if row >= height || column >= width {
                    continue;
                }
                for input in 0..shape.inputs {
                    let number = ((image * height + row) * width + column) * shape.inputs + input;
                    let [taps_down, taps_right] = shape.kernel;
                    let weight = ((output * shape.inputs + input) * taps_down + down) * taps_right + right;
                    visit(result, number, weight);
                }
            }
        }
    }
}

#[test]
fn each_pass_is_the_sum_over_what_lies_inside() {
    for shape in SHAPES {
        let numbers = whole(shape.images * shape.image_size(), 1);
        let weights = whole(shape.outputs * shape.inputs * shape.kernel[0] * shape.kernel[1], 2);
        let gradient = whole(shape.images * shape.result_size(), 3);
        let mut wanted = [gradient.clone(), numbers.clone(), weights.clone()];
        wanted.iter_mut().for_each(|numbers| numbers.fill(0.0));
        each(&shape, |result, number, weight| {
            wanted[0][result] += numbers[number] * weights[weight];
            wanted[1][number] += gradient[result] * weights[weight];
            wanted[2][weight] += gradient[result] * numbers[number];
        });

        let [height, width] = shape.image;
        let strides = [shape.image_size(), 1, width * shape.inputs, shape.inputs];
        let images = Images { numbers: &numbers, strides };
        let mut found = [vec![f32::NAN; gradient.len()], vec![f32::NAN; numbers.len()], vec![f32::NAN; weights.len()]];
        let [result, of_input, of_weight] = &mut found;
        forward(&shape, &images, &weights, result);
        let [_, columns] = shape.result();
        let strides = [shape.result_size(), 1, columns * shape.outputs, shape.outputs];
        input_gradient(&shape, &Images { numbers: &gradient, strides }, &weights, of_input);
        weight_gradient(&shape, &images, &gradient, of_weight);
        assert_eq!(found, wanted, "{shape:?}");

        // The channels second.
        let turned: Vec<f32> = (0..shape.images * shape.inputs * height * width)
            .map(|index| {
                let (image, rest) = (index / shape.image_size(), index % shape.image_size());
                let (input, pixel) = (rest / (height * width), rest % (height * width));
                numbers[image * shape.image_size() + pixel * shape.inputs + input]
            })
            .collect();
        let strides = [shape.image_size(), height * width, width, 1];
        let mut result = vec![f32::NAN; gradient.len()];
        forward(&shape, &Images { numbers: &turned, strides }, &weights, &mut result);
        assert_eq!(result, wanted[0], "{shape:?}");
    }
}
