//! The operations of AutoAugment and RandAugment on images of bytes: square planes of red, green and blue.
//!
//! What each does to a byte, rounding included, is what torchvision's functions for tensors do.

/// One operation. What its strength means is in [`Operation::strength`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
    Invert,
}

/// Largest shift of a translation as a share of the side (the AutoAugment paper's 150 of 331 pixels).
const FARTHEST: f64 = 150.0 / 331.0;

impl Operation {
    /// Whether it goes either way.
    pub(crate) const fn is_signed(self) -> bool {
        use Operation::{Brightness, Color, Contrast, Rotate, Sharpness, ShearX, ShearY, TranslateX, TranslateY};
        matches!(self, ShearX | ShearY | TranslateX | TranslateY | Rotate | Brightness | Color | Contrast | Sharpness)
    }

    /// What a level from 0 to 1 comes to in images of that side.
    pub(crate) fn strength(self, level: f64, side: usize) -> f64 {
        match self {
            // Pixels to the side for each pixel down.
            Self::ShearX | Self::ShearY => 0.3 * level,
            // Whole pixels.
            Self::TranslateX | Self::TranslateY => (FARTHEST * side as f64 * level).trunc(),
            // Degrees.
            Self::Rotate => 30.0 * level,
            // How much of the difference to a plain image is added.
            Self::Brightness | Self::Color | Self::Contrast | Self::Sharpness => 0.9 * level,
            // Bits that stay.
            Self::Posterize => 8.0 - (4.0 * level).round_ties_even(),
            // From this value on, bytes are inverted.
            Self::Solarize => 255.0 - 255.0 * level,
            Self::Identity | Self::AutoContrast | Self::Equalize | Self::Invert => 0.0,
        }
    }

    /// The image after the operation. `side` is its rows and columns.
    pub(crate) fn apply(self, strength: f64, image: &[u8], side: usize) -> Vec<u8> {
        let each = |function: &dyn Fn(u8) -> u8| image.iter().map(|&byte| function(byte)).collect();
        let planes = |function: fn(&[u8]) -> Vec<u8>| image.chunks_exact(side * side).flat_map(function).collect();
        match self {
            Self::Identity => image.to_vec(),
            Self::ShearX => moved(image, side, |x, y| [x + strength * (y + 0.5), y]),
            Self::ShearY => moved(image, side, |x, y| [x, y + strength * (x + 0.5)]),
            Self::TranslateX => moved(image, side, |x, y| [x - strength, y]),
            Self::TranslateY => moved(image, side, |x, y| [x, y - strength]),
            Self::Rotate => {
                let (sine, cosine) = strength.to_radians().sin_cos();
                let centre = (side as f64 - 1.0) / 2.0;
                moved(image, side, |x, y| {
                    let (x, y) = (x - centre, y - centre);
                    [cosine * x - sine * y + centre, sine * x + cosine * y + centre]
                })
            }
            Self::Brightness => blended(image, strength, |_| 0.0),
            Self::Color => {
                let gray = gray(image, side);
                blended(image, strength, |place| f32::from(gray[place % gray.len()]))
            }
            Self::Contrast => {
                let gray = gray(image, side);
                let mean = gray.iter().map(|&byte| u32::from(byte)).sum::<u32>() as f32 / gray.len() as f32;
                blended(image, strength, |_| mean)
            }
            Self::Sharpness => {
                let smooth = smoothed(image, side);
                blended(image, strength, |place| f32::from(smooth[place]))
            }
            Self::Posterize => each(&|byte| byte & !(0xFF_u8.checked_shr(strength as u32).unwrap_or(0))),
            Self::Solarize => each(&|byte| if f64::from(byte) >= strength { 255 - byte } else { byte }),
            Self::AutoContrast => planes(stretched),
            Self::Equalize => planes(equalized),
            Self::Invert => each(&|byte| 255 - byte),
        }
    }
}

/// The image whose pixel at a column and row is the nearest one to where `source` says; black outside.
fn moved(image: &[u8], side: usize, source: impl Fn(f64, f64) -> [f64; 2]) -> Vec<u8> {
    let inside = |place: f64| (0.0..side as f64).contains(&place).then_some(place as usize);
    let place = |index: usize| {
        let [column, row] = source((index % side) as f64, (index / side) as f64).map(f64::round_ties_even);
        Some(inside(row)? * side + inside(column)?)
    };
    let places: Vec<Option<usize>> = (0..side * side).map(place).collect();
    let planes = image.chunks_exact(side * side);
    planes.flat_map(|plane| places.iter().map(|place| place.map_or(0, |place| plane[place]))).collect()
}

/// The image away from another by that much more, or nearer if less than 0.
fn blended(image: &[u8], strength: f64, other: impl Fn(usize) -> f32) -> Vec<u8> {
    let ratio = 1.0 + strength;
    let (own, others) = (ratio as f32, (1.0 - ratio) as f32);
    let blend = |(place, &byte): (usize, &u8)| (own * f32::from(byte) + others * other(place)).clamp(0.0, 255.0) as u8;
    image.iter().enumerate().map(blend).collect()
}

/// One plane of brightness.
fn gray(image: &[u8], side: usize) -> Vec<u8> {
    let (red, rest) = image.split_at(side * side);
    let (green, blue) = rest.split_at(side * side);
    let colours = red.iter().zip(green).zip(blue);
    let brightness = |((&red, &green), &blue): ((&u8, &u8), &u8)| {
        (0.2989 * f32::from(red) + 0.587 * f32::from(green) + 0.114 * f32::from(blue)) as u8
    };
    colours.map(brightness).collect()
}

/// Each pixel inside as the mean of itself, five times, and its eight neighbours.
fn smoothed(image: &[u8], side: usize) -> Vec<u8> {
    let mut smooth = image.to_vec();
    for (plane, smooth) in image.chunks_exact(side * side).zip(smooth.chunks_exact_mut(side * side)) {
        for row in 1..side.saturating_sub(1) {
            for column in 1..side - 1 {
                let at = row * side + column;
                let line =
                    |centre: usize| plane[centre - 1..=centre + 1].iter().map(|&byte| u32::from(byte)).sum::<u32>();
                let sum = line(at - side) + line(at) + line(at + side) + 4 * u32::from(plane[at]);
                // To the nearest: of 13 parts none lies halfway.
                smooth[at] = ((2 * sum + 13) / 26) as u8;
            }
        }
    }
    smooth
}

/// A plane from 0 to 255.
fn stretched(plane: &[u8]) -> Vec<u8> {
    let (low, high) = plane.iter().fold((u8::MAX, 0), |(low, high), &byte| (byte.min(low), byte.max(high)));
    if low >= high {
        return plane.to_vec();
    }
    let scale = 255.0 / f32::from(high - low);
    plane.iter().map(|&byte| (f32::from(byte - low) * scale).clamp(0.0, 255.0) as u8).collect()
}

/// A plane in which every value is about as frequent.
fn equalized(plane: &[u8]) -> Vec<u8> {
    let mut counts = [0_usize; 256];
    plane.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
    let of_the_highest = counts.iter().rev().find(|&&count| count > 0).copied().unwrap_or(0);
    let step = (plane.len() - of_the_highest) / 255;
    if step == 0 {
        return plane.to_vec();
    }
    let mut below = 0;
    let table = counts.map(|count| {
        let value = if below == 0 { 0 } else { ((below + step / 2) / step).min(255) };
        below += count;
        value as u8
    });
    plane.iter().map(|&byte| table[usize::from(byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 12;

    fn bytes(text: &str) -> Vec<u8> {
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }

    /// The operation of that name, by its own.
    fn named(name: &str) -> Operation {
        use Operation::*;
        let all = [
            Identity,
            ShearX,
            ShearY,
            TranslateX,
            TranslateY,
            Rotate,
            Brightness,
            Color,
            Contrast,
            Sharpness,
            Posterize,
            Solarize,
            AutoContrast,
            Equalize,
            Invert,
        ];
        all.into_iter().find(|operation| format!("{operation:?}") == name).unwrap()
    }

    #[test]
    fn every_operation_does_to_every_byte_what_pytorch_does() {
        let mut image = Vec::new();
        let mut compared = 0;
        for line in include_str!("../tests/fixtures/augmentation.txt").lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["image", pixels] => image = bytes(pixels),
                [name, strength, expected] => {
                    let result = named(name).apply(strength.parse().unwrap(), &image, SIDE);
                    assert!(result == bytes(expected), "{name} at {strength}");
                    compared += 1;
                }
                _ => panic!("{line}"),
            }
        }
        assert_eq!(compared, 2 * 28);
    }

    #[test]
    fn levels_come_to_the_strengths_of_the_papers() {
        assert_eq!(Operation::ShearX.strength(1.0, 32), 0.3);
        assert_eq!(Operation::TranslateY.strength(1.0, 32), 14.0);
        assert_eq!(Operation::Rotate.strength(0.5, 32), 15.0);
        assert_eq!([0.0, 0.3, 1.0].map(|level| Operation::Posterize.strength(level, 32)), [8.0, 7.0, 4.0]);
        assert_eq!([0.0, 1.0].map(|level| Operation::Solarize.strength(level, 32)), [255.0, 0.0]);
    }
}
