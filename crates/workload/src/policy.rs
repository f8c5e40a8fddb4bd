//! Which operations an image goes through: RandAugment's at random, AutoAugment's as they were learned.

use rand_chacha::ChaCha8Rng;
use rheostat_control::TrainingMethodSpec;

use crate::operations::Operation::{self, *};
use crate::random::{Purpose, below, stream_of, uniform};

/// A way to choose operations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Policy {
    /// So many of [`DRAWN`] in a row, all of one level from 0 to 1 (RandAugment, arXiv:1909.13719).
    Random { operations: u64, level: f64 },
    /// One of [`LEARNED`] (AutoAugment, arXiv:1805.09501).
    Learned,
}

/// RandAugment's magnitudes go from 0 to so much.
const MAGNITUDES: f64 = 30.0;

/// The operations that RandAugment draws from.
const DRAWN: [Operation; 14] = [
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
];

/// An operation with its probability, and its magnitude from 0 to 9.
type Step = (Operation, f64, u8);

/// What AutoAugment found for CIFAR-10 (table 7 of the paper; where an operation takes no magnitude it is 0).
const LEARNED: [[Step; 2]; 25] = [
    [(Invert, 0.1, 0), (Contrast, 0.2, 6)],
    [(Rotate, 0.7, 2), (TranslateX, 0.3, 9)],
    [(Sharpness, 0.8, 1), (Sharpness, 0.9, 3)],
    [(ShearY, 0.5, 8), (TranslateY, 0.7, 9)],
    [(AutoContrast, 0.5, 0), (Equalize, 0.9, 0)],
    [(ShearY, 0.2, 7), (Posterize, 0.3, 7)],
    [(Color, 0.4, 3), (Brightness, 0.6, 7)],
    [(Sharpness, 0.3, 9), (Brightness, 0.7, 9)],
    [(Equalize, 0.6, 0), (Equalize, 0.5, 0)],
    [(Contrast, 0.6, 7), (Sharpness, 0.6, 5)],
    [(Color, 0.7, 7), (TranslateX, 0.5, 8)],
    [(Equalize, 0.3, 0), (AutoContrast, 0.4, 0)],
    [(TranslateY, 0.4, 3), (Sharpness, 0.2, 6)],
    [(Brightness, 0.9, 6), (Color, 0.2, 8)],
    [(Solarize, 0.5, 2), (Invert, 0.0, 0)],
    [(Equalize, 0.2, 0), (AutoContrast, 0.6, 0)],
    [(Equalize, 0.2, 0), (Equalize, 0.6, 0)],
    [(Color, 0.9, 9), (Equalize, 0.6, 0)],
    [(AutoContrast, 0.8, 0), (Solarize, 0.2, 8)],
    [(Brightness, 0.1, 3), (Color, 0.7, 0)],
    [(Solarize, 0.4, 5), (AutoContrast, 0.9, 0)],
    [(TranslateY, 0.9, 9), (TranslateY, 0.7, 9)],
    [(AutoContrast, 0.9, 0), (Solarize, 0.8, 3)],
    [(Equalize, 0.8, 0), (Invert, 0.1, 0)],
    [(TranslateY, 0.7, 9), (AutoContrast, 0.9, 0)],
];

impl Policy {
    /// What a recipe's methods ask for.
    pub(crate) fn of(methods: &[TrainingMethodSpec]) -> Option<Self> {
        methods.iter().find_map(|method| match method {
            TrainingMethodSpec::Randaugment(spec) => {
                Some(Self::Random { operations: spec.operations, level: spec.magnitude / MAGNITUDES })
            }
            TrainingMethodSpec::Autoaugment(_) => Some(Self::Learned),
            _ => None,
        })
    }

    /// What becomes of a sample in an epoch. `side` is the image's rows and columns.
    pub(crate) fn apply(self, image: &[u8], side: usize, run_seed: u64, epoch: u64, sample: usize) -> Vec<u8> {
        let mut random = stream_of(run_seed, Purpose::Policy, epoch, sample);
        let mut image = image.to_vec();
        for (operation, strength) in self.draw(side, &mut random) {
            image = operation.apply(strength, &image, side);
        }
        image
    }

    /// Operations with their strengths, in order.
    fn draw(self, side: usize, random: &mut ChaCha8Rng) -> Vec<(Operation, f64)> {
        let signed = |random: &mut ChaCha8Rng, operation: Operation, level: f64| {
            let strength = operation.strength(level, side);
            let turned = operation.is_signed() && below(random, 2) == 1;
            (operation, if turned { -strength } else { strength })
        };
        match self {
            Self::Random { operations, level } => (0..operations)
                .map(|_| {
                    let drawn = DRAWN[below(random, DRAWN.len() as u64) as usize];
                    signed(random, drawn, level)
                })
                .collect(),
            Self::Learned => {
                let steps = LEARNED[below(random, LEARNED.len() as u64) as usize];
                let taken = steps.into_iter().filter_map(|(operation, probability, magnitude)| {
                    // More than 0 always: a probability of 0 is never.
                    let taken = uniform(random) <= probability;
                    taken.then(|| signed(random, operation, f64::from(magnitude) / 9.0))
                });
                taken.collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    fn drawn(policy: Policy) -> Vec<Vec<(Operation, f64)>> {
        let mut random = stream(5, Purpose::Policy, 0);
        (0..28_000).map(|_| policy.draw(32, &mut random)).collect()
    }

    #[test]
    fn random_operations_are_equally_likely_and_all_of_one_level() {
        let draws = drawn(Policy::Random { operations: 2, level: 0.3 });
        for operation in DRAWN {
            let share = draws.iter().flatten().filter(|(drawn, _)| *drawn == operation).count();
            assert!(share.abs_diff(4000) < 300, "{operation:?}: {share}");
        }
        for (operation, strength) in draws.iter().flatten() {
            assert_eq!(strength.abs(), operation.strength(0.3, 32));
            assert!(*strength >= 0.0 || operation.is_signed());
        }
        let shears = draws.iter().flatten().filter(|(operation, _)| *operation == ShearX);
        let left = shears.clone().filter(|(_, strength)| *strength < 0.0).count() as f64 / shears.count() as f64;
        assert!((left - 0.5).abs() < 0.05, "{left}");
        assert!(draws.iter().all(|operations| operations.len() == 2));
    }

    #[test]
    fn learned_operations_are_as_likely_as_the_policy_says() {
        let draws = drawn(Policy::Learned);
        let share = |wanted: Operation| {
            draws.iter().flatten().filter(|(operation, _)| *operation == wanted).count() as f64 / 28_000.0
        };
        for operation in [Equalize, Invert, TranslateY, Rotate, ShearX] {
            let steps = LEARNED.iter().flatten().filter(|(known, ..)| *known == operation);
            let expected = steps.map(|(_, probability, _)| probability).sum::<f64>() / 25.0;
            assert!((share(operation) - expected).abs() < 0.01, "{operation:?}: {} for {expected}", share(operation));
        }
    }

    #[test]
    fn what_becomes_of_an_image_is_a_function_of_seed_epoch_and_sample() {
        let image: Vec<u8> = (0..3 * 64).map(|place| (place * 37 % 251) as u8).collect();
        let policy = Policy::Random { operations: 2, level: 0.5 };
        let apply = |seed, epoch, sample| policy.apply(&image, 8, seed, epoch, sample);
        assert_eq!(apply(1, 2, 3), apply(1, 2, 3));
        let differing = (0..50).filter(|&sample| apply(1, 2, sample) != apply(1, 3, sample)).count();
        assert!(differing > 40, "{differing}");
        assert!((0..50).all(|sample| apply(1, 2, sample).len() == image.len()));
    }
}
