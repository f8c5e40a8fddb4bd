use std::path::Path;

use crate::WorkloadError;

/// Rows and columns of an image.
pub(crate) const SIDE: usize = 8;
/// Pixels of an image.
pub(crate) const PIXELS: usize = SIDE * SIDE;
/// The digits 0 to 9.
pub(crate) const CLASSES: usize = 10;

const SAMPLES: usize = 1797;
/// The largest value of a pixel: the ink in a block of 4x4 binary pixels.
const FULL: f32 = 16.0;

/// Images of one split, pixels scaled to `[0, 1]`.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) pixels: Vec<f32>,
    pub(crate) labels: Vec<u8>,
}

/// Handwritten digits, embedded in the program: the test set of "Optical Recognition of Handwritten Digits"
/// (Alpaydin and Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0).
///
/// Of every five images one is for validation (index mod 5 = 0), one for the test (1), three for training.
#[derive(Debug)]
pub(crate) struct Digits {
    pub(crate) train: Part,
    pub(crate) validation: Part,
    pub(crate) test: Part,
}

impl Digits {
    pub(crate) fn load() -> Result<Self, WorkloadError> {
        let embedded = smartcore::dataset::digits::load_dataset();
        Self::split(&embedded.data, &embedded.target)
    }

    fn split(pixels: &[f32], labels: &[f32]) -> Result<Self, WorkloadError> {
        let damaged =
            |found: String, expected: &str| WorkloadError::damaged(Path::new("the embedded digits"), found, expected);
        if (pixels.len(), labels.len()) != (SAMPLES * PIXELS, SAMPLES) {
            let found = format!("{} pixels and {} labels", pixels.len(), labels.len());
            return Err(damaged(found, "1797 images of 64 pixels"));
        }
        if let Some(value) = pixels.iter().find(|value| !(0.0..=FULL).contains(*value)) {
            return Err(damaged(format!("a pixel is {value}"), "0 to 16"));
        }
        let (mut train, mut validation, mut test) = (Part::default(), Part::default(), Part::default());
        for (index, (image, &label)) in pixels.chunks_exact(PIXELS).zip(labels).enumerate() {
            let class = label as u8;
            if f32::from(class) != label || usize::from(class) >= CLASSES {
                return Err(damaged(format!("a label is {label}"), "0 to 9"));
            }
            let part = match index % 5 {
                0 => &mut validation,
                1 => &mut test,
                _ => &mut train,
            };
            part.pixels.extend(image.iter().map(|value| value / FULL));
            part.labels.push(class);
        }
        Ok(Self { train, validation, test })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_splits_share_out_every_image() {
        let digits = Digits::load().unwrap();
        let sizes = [&digits.train, &digits.validation, &digits.test].map(|part| part.labels.len());
        assert_eq!(sizes, [1077, 360, 360]);
        assert_eq!(digits.train.pixels.len(), 1077 * PIXELS);
        assert!(digits.train.pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    }

    #[test]
    fn every_split_holds_every_digit() {
        let digits = Digits::load().unwrap();
        for part in [&digits.train, &digits.validation, &digits.test] {
            assert!((0..10).all(|digit| part.labels.contains(&digit)));
        }
    }

    #[test]
    fn wrong_sizes_pixels_and_labels_are_refused_by_name() {
        let pixels = vec![0.0; SAMPLES * PIXELS];
        let labels = vec![0.0; SAMPLES];
        let message = |pixels: &[f32], labels: &[f32]| Digits::split(pixels, labels).unwrap_err().to_string();
        assert!(message(&pixels[1..], &labels).contains("115007 pixels"));
        assert!(message(&[&[16.5], &pixels[1..]].concat(), &labels).contains("a pixel is 16.5"));
        assert!(message(&[&[f32::NAN], &pixels[1..]].concat(), &labels).contains("a pixel is NaN"));
        assert!(message(&pixels, &[&[10.0], &labels[1..]].concat()).contains("a label is 10"));
        assert!(message(&pixels, &[&[0.5], &labels[1..]].concat()).contains("a label is 0.5"));
    }
}
