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
    let mut random = stream(run_seed, Purpose::DataOrder, epoch);
    for unplaced in (1..order.len()).rev() {
        let chosen = below(&mut random, unplaced as u64 + 1) as usize;
        order.swap(unplaced, chosen);
    }
    order
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
