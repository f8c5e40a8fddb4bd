//! From stored pixels to what a network sees: crop, flip, average, normalise.

use rand_chacha::ChaCha8Rng;

use crate::data::cifar10::{COLOURS, SIDE};
use crate::random::{Purpose, below, stream};

/// Mean and standard deviation of red, green and blue over the training images of CIFAR-10, of values scaled to `[0, 1]`.
const MEAN: [f32; COLOURS] = [0.4914, 0.4822, 0.4465];
const DEVIATION: [f32; COLOURS] = [0.2470, 0.2435, 0.2616];

/// How an image is shifted and mirrored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Pixels, to the right and down, at the size that the network sees.
    shift: [isize; 2],
    mirrored: bool,
}

impl View {
    /// The view of a sample in an epoch: a shift of up to `border` each way, which is a random crop of the padded image, and a
    /// mirror image every other time.
    pub(crate) fn random(run_seed: u64, epoch: u64, sample: usize, border: usize) -> Self {
        let mut random = stream(run_seed, Purpose::Augmentation, epoch);
        random.set_stream(sample as u64);
        let offset = |random: &mut ChaCha8Rng| below(random, 2 * border as u64 + 1) as isize - border as isize;
        Self { shift: [offset(&mut random), offset(&mut random)], mirrored: below(&mut random, 2) == 1 }
    }
}

/// Rows and columns of a 32x32 image after averaging over squares of `reduction` pixels.
pub(crate) const fn side(reduction: usize) -> usize {
    SIDE / reduction
}

/// Appends an image as the network sees it, plane by plane. What a shift brings in from outside is black, as in torchvision,
/// which pads before it normalises.
pub(crate) fn render(image: &[u8], reduction: usize, view: View, pixels: &mut Vec<f32>) {
    let side = side(reduction);
    let [across, down] = view.shift;
    for (plane, (mean, deviation)) in image.chunks_exact(SIDE * SIDE).zip(MEAN.into_iter().zip(DEVIATION)) {
        let scale = 1.0 / (255.0 * (reduction * reduction) as f32 * deviation);
        let black = -mean / deviation;
        for row in 0..side {
            let source_row = row.checked_add_signed(-down).filter(|&row| row < side);
            pixels.extend((0..side).map(|column| {
                let column = if view.mirrored { side - 1 - column } else { column };
                let source_column = column.checked_add_signed(-across).filter(|&column| column < side);
                match (source_row, source_column) {
                    (Some(row), Some(column)) => black + scale * ink(plane, reduction, row, column) as f32,
                    _ => black,
                }
            }));
        }
    }
}

/// The sum over a square of pixels.
fn ink(plane: &[u8], reduction: usize, row: usize, column: usize) -> u32 {
    let start = row * reduction * SIDE + column * reduction;
    let rows = (0..reduction).map(|down| &plane[start + down * SIDE..][..reduction]);
    rows.map(|row| row.iter().copied().map(u32::from).sum::<u32>()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cifar10::PIXELS;

    fn picture() -> Vec<u8> {
        (0..PIXELS).map(|place| (place * 37 % 251) as u8).collect()
    }

    fn rendered(reduction: usize, view: View) -> Vec<f32> {
        let mut pixels = Vec::new();
        render(&picture(), reduction, view, &mut pixels);
        pixels
    }

    #[test]
    fn a_view_is_a_function_of_seed_epoch_and_sample() {
        let view = |run_seed, epoch, sample| View::random(run_seed, epoch, sample, 4);
        let differing = |other: fn(usize) -> View, this: fn(usize) -> View| {
            (0..100).filter(|&sample| this(sample) != other(sample)).count()
        };
        assert_eq!(view(1, 2, 3), view(1, 2, 3));
        assert!(differing(|sample| View::random(0, 1, sample, 4), |sample| View::random(0, 0, sample, 4)) > 90);
        assert!(differing(|sample| View::random(1, 0, sample, 4), |sample| View::random(0, 0, sample, 4)) > 90);
        assert!(differing(|sample| View::random(0, 0, sample + 100, 4), |sample| View::random(0, 0, sample, 4)) > 90);
    }

    #[test]
    fn shifts_fill_their_range_and_half_the_views_are_mirrored() {
        let views: Vec<View> = (0..4000).map(|sample| View::random(0, 0, sample, 2)).collect();
        for axis in 0..2 {
            for shift in -2..=2 {
                let share = views.iter().filter(|view| view.shift[axis] == shift).count();
                assert!(share.abs_diff(800) < 100, "{share} shifts by {shift}");
            }
            assert!(views.iter().all(|view| view.shift[axis].abs() <= 2));
        }
        assert!(views.iter().filter(|view| view.mirrored).count().abs_diff(2000) < 150);
    }

    #[test]
    fn the_plain_view_is_the_normalised_image() {
        let pixels = rendered(1, View::default());
        for (place, (&seen, byte)) in pixels.iter().zip(picture()).enumerate() {
            let colour = place / (SIDE * SIDE);
            let expected = (f32::from(byte) / 255.0 - MEAN[colour]) / DEVIATION[colour];
            assert!((seen - expected).abs() < 1e-5, "{place}: {seen} {expected}");
        }
    }

    #[test]
    fn reduction_averages_squares() {
        let (full, half) = (rendered(1, View::default()), rendered(2, View::default()));
        assert_eq!(half.len(), 3 * 16 * 16);
        let at = |colour: usize, row: usize, column: usize| full[(colour * SIDE + row) * SIDE + column];
        let average = (at(1, 6, 10) + at(1, 6, 11) + at(1, 7, 10) + at(1, 7, 11)) / 4.0;
        assert!((half[(16 + 3) * 16 + 5] - average).abs() < 1e-5);
    }

    #[test]
    fn a_shift_moves_the_image_and_fills_with_black() {
        let (plain, moved) = (rendered(2, View::default()), rendered(2, View { shift: [2, -1], mirrored: false }));
        assert_eq!(moved[5 * 16 + 7], plain[6 * 16 + 5]);
        assert_eq!(moved[5 * 16 + 1], -MEAN[0] / DEVIATION[0]);
        assert_eq!(moved[15 * 16 + 7], -MEAN[0] / DEVIATION[0]);
    }

    #[test]
    fn a_mirrored_view_reads_each_row_backwards() {
        let (plain, mirrored) = (rendered(1, View::default()), rendered(1, View { shift: [0, 0], mirrored: true }));
        for (row, turned) in plain.chunks_exact(SIDE).zip(mirrored.chunks_exact(SIDE)) {
            assert!(row.iter().eq(turned.iter().rev()));
        }
    }
}
