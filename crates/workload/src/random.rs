//! Counter-based randomness: every stream is a function of (run seed, purpose, index), so a resumed run draws what an
//! uninterrupted one would have drawn, and no stream depends on who drew before it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a random stream is for. Streams of different purposes are independent.
///
/// The numbers are part of the meaning of a seed: a new purpose takes a new number, an old one keeps its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// The order of the samples in an epoch; index: the epoch.
    DataOrder = 1,
    /// Crops, flips and offsets; index: the epoch, and the ChaCha stream number: the sample.
    Augmentation = 2,
    /// Dropout masks; index: the update.
    Dropout = 3,
    /// Initial parameters; index: 0, or the cycle of a re-initialisation.
    Init = 4,
    /// Draws of a controller; index: its own count of them.
    Controller = 5,
    /// Shares and partners of mixed samples; index: the epoch, and the ChaCha stream number: the first sample of the batch.
    Mixing = 6,
    /// Squares that are cut out; index: the epoch, and the ChaCha stream number: the sample.
    Cutout = 7,
    /// Operations of an augmentation policy; index: the epoch, and the ChaCha stream number: the sample.
    Policy = 8,
}

/// The stream of random numbers for a purpose and an index.
///
/// The three numbers are the key of the cipher, side by side: no two of them can give the same stream by a hash collision.
pub fn stream(run_seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&run_seed.to_le_bytes());
    key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// The first number of [`stream`], for generators that take a seed: `device.seed`.
pub fn seed(run_seed: u64, purpose: Purpose, index: u64) -> u64 {
    stream(run_seed, purpose, index).next_u64()
}

/// The order in which an epoch visits the samples: a fresh permutation of `0..samples`.
///
/// Of a dataset beyond 2^32 samples, the first 2^32 - 1 are visited.
pub fn epoch_order(run_seed: u64, epoch: u64, samples: u64) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(samples).unwrap_or(u32::MAX)).collect();
    shuffle(&mut order, &mut stream(run_seed, Purpose::DataOrder, epoch));
    order
}

/// Puts the items in a random order, each order as likely as any other.
pub(crate) fn shuffle<T>(items: &mut [T], random: &mut ChaCha8Rng) {
    for unplaced in (1..items.len()).rev() {
        let chosen = below(random, unplaced as u64 + 1) as usize;
        items.swap(unplaced, chosen);
    }
}

/// The stream of random numbers of one sample, or batch, of an epoch.
pub(crate) fn stream_of(run_seed: u64, purpose: Purpose, epoch: u64, sample: usize) -> ChaCha8Rng {
    let mut random = stream(run_seed, purpose, epoch);
    random.set_stream(sample as u64);
    random
}

/// A number from the Beta distribution with both parameters `alpha`, more than 0.
///
/// As the ratio `a / (a + b)` of two Gamma numbers, each by Marsaglia and Tsang (2000). Small parameters give numbers too small
/// to write down, and so only their logarithms are.
pub(crate) fn symmetric_beta(random: &mut ChaCha8Rng, alpha: f64) -> f64 {
    let (first, second) = (logarithm_of_gamma(random, alpha), logarithm_of_gamma(random, alpha));
    1.0 / (1.0 + (second - first).exp())
}

/// The logarithm of a number from the Gamma distribution: one of shape `shape + 1`, times a uniform number to the `1 / shape`.
fn logarithm_of_gamma(random: &mut ChaCha8Rng, shape: f64) -> f64 {
    // Below this the logarithms overflow; the distribution is at its limit long before.
    let shape = shape.max(1e-300);
    let scale = shape + 1.0 - 1.0 / 3.0;
    loop {
        let normal = normal(random);
        let cube = (1.0 + normal / (9.0 * scale).sqrt()).powi(3);
        if cube > 0.0 {
            let bound = 0.5 * normal * normal + scale * (1.0 - cube + cube.ln());
            if uniform(random).ln() < bound {
                return (scale * cube).ln() + uniform(random).ln() / shape;
            }
        }
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (distance, angle) = (uniform(random), uniform(random));
    (-2.0 * distance.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// A number more than 0 and at most 1.
pub(crate) fn uniform(random: &mut ChaCha8Rng) -> f64 {
    ((random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

/// A number in `0..bound`, or 0 if the bound is 0.
///
/// By multiplication (Lemire 2019) without the rejection: no value is off its share by more than `bound` / 2^64.
pub(crate) fn below(random: &mut ChaCha8Rng, bound: u64) -> u64 {
    ((u128::from(random.next_u64()) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_function_of_seed_purpose_and_index() {
        let draw = |run_seed, purpose, index| seed(run_seed, purpose, index);
        assert_eq!(draw(7, Purpose::Dropout, 3), draw(7, Purpose::Dropout, 3));
        assert_ne!(draw(7, Purpose::Dropout, 3), draw(8, Purpose::Dropout, 3));
        assert_ne!(draw(7, Purpose::Dropout, 3), draw(7, Purpose::Init, 3));
        assert_ne!(draw(7, Purpose::Dropout, 3), draw(7, Purpose::Dropout, 4));
    }

    #[test]
    fn the_streams_keep_their_values_from_version_to_version() {
        assert_eq!(seed(0, Purpose::DataOrder, 0), FIRST);
        assert_eq!(epoch_order(0, 0, 10), ORDER);
    }

    // From an independent implementation of ChaCha8 and of the shuffle.
    const FIRST: u64 = 4_606_029_925_845_525_861;
    const ORDER: [u32; 10] = [0, 3, 7, 6, 5, 1, 4, 8, 9, 2];

    #[test]
    fn an_epoch_visits_every_sample_once_in_an_order_of_its_own() {
        let first = epoch_order(3, 0, 1000);
        let second = epoch_order(3, 1, 1000);
        assert_ne!(first, second);
        for mut order in [first, second] {
            order.sort_unstable();
            assert!(order.into_iter().eq(0..1000));
        }
    }

    #[test]
    fn an_epoch_of_nothing_or_of_one_sample_is_no_special_case() {
        assert!(epoch_order(0, 0, 0).is_empty());
        assert_eq!(epoch_order(0, 0, 1), [0]);
    }

    #[test]
    fn beta_numbers_have_the_mean_and_variance_of_their_distribution() {
        for alpha in [0.05, 0.2, 1.0, 8.0, 1000.0] {
            let mut random = stream(1, Purpose::Mixing, 0);
            let numbers: Vec<f64> = (0..20_000).map(|_| symmetric_beta(&mut random, alpha)).collect();
            assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
            let mean = numbers.iter().sum::<f64>() / 20_000.0;
            let variance = numbers.iter().map(|number| (number - 0.5).powi(2)).sum::<f64>() / 20_000.0;
            let known = 0.25 / (2.0 * alpha + 1.0);
            assert!((mean - 0.5).abs() < 0.01, "alpha {alpha}: {mean}");
            assert!((variance / known - 1.0).abs() < 0.05, "alpha {alpha}: {variance} for {known}");
        }
    }

    #[test]
    fn half_the_mixtures_at_a_fifth_are_nearly_one_sample() {
        let mut random = stream(2, Purpose::Mixing, 0);
        let extreme = (0..20_000).map(|_| symmetric_beta(&mut random, 0.2)).filter(|share| (share - 0.5).abs() > 0.45);
        // Twice the distribution function of Beta(0.2, 0.2) at 0.05, by numerical integration.
        assert!((extreme.count() as f64 / 20_000.0 - 0.5821).abs() < 0.015);
        for alpha in [1e-12, f64::MIN_POSITIVE, 5e-324] {
            let share = symmetric_beta(&mut random, alpha);
            assert!(share == 0.0 || share == 1.0, "{share}");
        }
    }

    #[test]
    fn numbers_below_a_bound_take_every_value_about_equally_often() {
        let mut random = stream(0, Purpose::Controller, 0);
        let mut counts = [0_u32; 5];
        for _ in 0..10_000 {
            counts[below(&mut random, 5) as usize] += 1;
        }
        assert!(counts.iter().all(|count| count.abs_diff(2000) < 200), "{counts:?}");
        assert_eq!(below(&mut random, 0), 0);
    }
}
