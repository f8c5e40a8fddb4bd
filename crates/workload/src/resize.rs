//! Smaller images by averaging over areas.

/// Sides of resized images are multiples of so many pixels, as in MosaicML Composer: what the strides of a network divide.
const INCREMENT: usize = 4;

/// The side of images at a scale: the nearest multiple of [`INCREMENT`] that is at least one of them and at most the full side.
pub(crate) fn scaled_side(full: usize, scale: f64) -> usize {
    let increments = (scale * full as f64 / INCREMENT as f64).round().max(1.0) as usize;
    (increments * INCREMENT).min(full)
}

/// Square planes of `from` pixels a side, each averaged down to `to`: a pixel is the mean over the area it covers, parts of
/// pixels included (a box filter).
pub(crate) fn resize(planes: &[f32], from: usize, to: usize) -> Vec<f32> {
    let shares = shares(from, to);
    let mut resized = Vec::with_capacity(planes.len() / (from * from) * to * to);
    let mut narrow = vec![0.0; from * to];
    for plane in planes.chunks_exact(from * from) {
        for (row, narrow) in plane.chunks_exact(from).zip(narrow.chunks_exact_mut(to)) {
            for (pixel, shares) in narrow.iter_mut().zip(&shares) {
                *pixel = shares.iter().map(|&(source, share)| share * row[source]).sum();
            }
        }
        for shares in &shares {
            let pixel =
                |column| shares.iter().map(|&(source, share)| share * narrow[source * to + column]).sum::<f32>();
            resized.extend((0..to).map(pixel));
        }
    }
    resized
}

/// For each of `to` equal parts of a line of `from` pixels, the pixels in it with their shares of it.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    // In units of a pixel over `to`, so that every border is a whole number.
    let part = |place: usize| {
        let (start, end) = (place * from, (place + 1) * from);
        let share = move |pixel: usize| {
            let covered = end.min((pixel + 1) * to) - start.max(pixel * to);
            (pixel, (covered as f64 / from as f64) as f32)
        };
        (start / to..end.div_ceil(to)).map(share).collect()
    };
    (0..to).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planes(count: usize, side: usize) -> Vec<f32> {
        (0..count * side * side).map(|place| (place * 37 % 101) as f32 / 50.0 - 1.0).collect()
    }

    #[test]
    fn sides_are_multiples_of_four_up_to_the_full_one() {
        let sides = [0.01, 0.5, 0.56, 0.57, 0.99, 1.0].map(|scale| scaled_side(32, scale));
        assert_eq!(sides, [4, 16, 16, 20, 32, 32]);
        assert_eq!([0.5, 0.7, 0.9].map(|scale| scaled_side(16, scale)), [8, 12, 16]);
    }

    #[test]
    fn the_full_side_is_the_image_itself() {
        assert_eq!(resize(&planes(3, 8), 8, 8), planes(3, 8));
    }

    #[test]
    fn half_the_side_is_the_mean_of_squares() {
        let (full, half) = (planes(2, 8), resize(&planes(2, 8), 8, 4));
        let at = |row: usize, column: usize| full[64 + row * 8 + column];
        let mean = (at(4, 2) + at(4, 3) + at(5, 2) + at(5, 3)) / 4.0;
        assert!((half[16 + 2 * 4 + 1] - mean).abs() < 1e-6);
    }

    #[test]
    fn any_side_keeps_the_mean_and_is_the_mean_of_the_image_repeated() {
        for (from, to) in [(32, 20), (16, 12), (32, 28), (8, 4)] {
            let (full, small) = (planes(1, from), resize(&planes(1, from), from, to));
            assert_eq!(small.len(), to * to);
            let mean = |pixels: &[f32]| pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / pixels.len() as f64;
            assert!((mean(&full) - mean(&small)).abs() < 1e-5, "{from} to {to}");
            // Every pixel repeated `to` times each way, then averaged over squares of `from`, is the same by definition.
            for (row, column) in [(0, 0), (1, to - 1), (to / 2, 1)] {
                let mut sum = 0.0;
                for fine_row in row * from..(row + 1) * from {
                    for fine_column in column * from..(column + 1) * from {
                        sum += f64::from(full[fine_row / to * from + fine_column / to]);
                    }
                }
                let expected = sum / (from * from) as f64;
                assert!((f64::from(small[row * to + column]) - expected).abs() < 1e-5, "{from} to {to}");
            }
        }
    }
}
