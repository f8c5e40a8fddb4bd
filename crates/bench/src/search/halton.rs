use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Coordinate `dimension` of point `index`: the radical inverse in the dimension's prime base with permuted digits, shifted.
pub(super) fn at(index: u64, dimension: usize, seed: u64) -> f64 {
    let base = prime(dimension);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // A stream for each dimension: adding one leaves the others as they were.
    random.set_stream(dimension as u64);
    let digits = permutation(base, &mut random);
    let shift = random.next_u64() as f64 / 2.0_f64.powi(64);
    (radical_inverse(index + 1, base, &digits) + shift).fract()
}

/// The digits of the number, permuted, mirrored at the point. The infinitely many leading zeros stay zeros.
fn radical_inverse(mut number: u64, base: u64, digits: &[u64]) -> f64 {
    let (mut value, mut place) = (0.0, 1.0 / base as f64);
    while number > 0 {
        value += digits[(number % base) as usize] as f64 * place;
        place /= base as f64;
        number /= base;
    }
    value
}

/// A permutation that leaves 0 in its place, so that leading zeros add nothing (Owen 2006).
fn permutation(base: u64, random: &mut ChaCha8Rng) -> Vec<u64> {
    let mut digits: Vec<u64> = (0..base).collect();
    for last in (2..base as usize).rev() {
        let other = 1 + (random.next_u64() % last as u64) as usize;
        digits.swap(last, other);
    }
    digits
}

/// The prime number with this index, from 0.
fn prime(index: usize) -> u64 {
    let is_prime = |number: &u64| {
        (2..).take_while(|factor| factor * factor <= *number).all(|factor| !number.is_multiple_of(factor))
    };
    (2..).filter(is_prime).nth(index).unwrap_or(2)
}
