//! From stored pixels to what a network sees: crop, flip, average, normalise.

use rand_chacha::ChaCha8Rng;

use crate::data::cifar10::{COLOURS, SIDE};
use crate::random::{Purpose, below, stream_of};

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
        let mut random = stream_of(run_seed, Purpose::Augmentation, epoch, sample);
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

/// A square that is blanked (Cutout).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hole {
    /// Row and column that it lies around.
    centre: [usize; 2],
    side: usize,
}

impl Hole {
    /// The hole in a sample in an epoch, around any pixel; nothing if it would be smaller than half a pixel.
    pub(crate) fn random(run_seed: u64, epoch: u64, sample: usize, image: usize, share: f64) -> Option<Self> {
        let side = (share * image as f64).round() as usize;
        if side == 0 {
            return None;
        }
        let mut random = stream_of(run_seed, Purpose::Cutout, epoch, sample);
        let centre = [(); 2].map(|()| below(&mut random, image as u64) as usize);
        Some(Self { centre, side })
    }

    /// Sets what it covers of an image to 0, the mean after normalisation.
    pub(crate) fn cut(self, pixels: &mut [f32], image: usize) {
        // Of an even side one pixel more lies before the centre than behind it, as in the authors' code.
        let [rows, columns] = self.centre.map(|centre| {
            let from = centre.saturating_sub(self.side / 2);
            from..(centre + self.side - self.side / 2).min(image)
        });
        for plane in pixels.chunks_exact_mut(image * image) {
            for row in rows.clone() {
                plane[row * image..][columns.clone()].fill(0.0);
            }
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
    fn a_hole_is_a_square_around_its_centre_cut_off_at_the_border() {
        let cut = |centre, side| {
            let mut pixels = vec![1.0_f32; 3 * 64];
            Hole { centre, side }.cut(&mut pixels, 8);
            assert_eq!(pixels[..64], pixels[128..], "the same in every plane");
            let rows = (0..8).map(|row| pixels[row * 8..][..8].iter().filter(|&&pixel| pixel == 0.0).count());
            rows.collect::<Vec<_>>()
        };
        assert_eq!(cut([4, 4], 4), [0, 0, 4, 4, 4, 4, 0, 0]);
        assert_eq!(cut([0, 7], 4), [3, 3, 0, 0, 0, 0, 0, 0], "2 of 4 rows and 3 of 4 columns are inside");
        assert_eq!(cut([3, 3], 3), [0, 0, 3, 3, 3, 0, 0, 0]);
        assert_eq!(cut([4, 4], 8), [8; 8]);
    }

    #[test]
    fn holes_lie_around_every_pixel_and_each_is_a_function_of_its_sample() {
        let hole = |sample| Hole::random(0, 0, sample, 8, 0.5).unwrap();
        assert_eq!(hole(3), hole(3));
        assert_ne!(Hole::random(0, 1, 3, 32, 0.5), Hole::random(0, 0, 3, 32, 0.5));
        for axis in 0..2 {
            for place in 0..8 {
                let share = (0..8000).filter(|&sample| hole(sample).centre[axis] == place).count();
                assert!(share.abs_diff(1000) < 150, "{share} around {place}");
            }
        }
        assert_eq!(hole(0).side, 4);
        assert_eq!(Hole::random(0, 0, 0, 8, 0.0), None);
    }

    #[test]
    fn a_mirrored_view_reads_each_row_backwards() {
        let (plain, mirrored) = (rendered(1, View::default()), rendered(1, View { shift: [0, 0], mirrored: true }));
        for (row, turned) in plain.chunks_exact(SIDE).zip(mirrored.chunks_exact(SIDE)) {
            assert!(row.iter().eq(turned.iter().rev()));
        }
    }
}
