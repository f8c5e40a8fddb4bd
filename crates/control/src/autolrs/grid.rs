/// The place of rank `index` in an even grid of `count`, in an order that is spread out wherever it is cut: bit-reversed (van
/// der Corput), so first both ends of each half, then of each quarter, and so on. Every place comes once.
pub(super) fn spread_out(index: u64, count: u64) -> u64 {
    let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
    if bits == 0 {
        return 0;
    }
    let reversed = (0..1_u64 << bits).map(|at| at.reverse_bits() >> (u64::BITS - bits));
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    reversed.filter(|place| *place < count).nth(index).unwrap_or(0)
}

/// `low (high / low)^z`, exactly `low` and `high` at the ends.
pub(super) fn rate(low: f64, high: f64, z: f64) -> f64 {
    (low * (z * (high / low).ln()).exp()).clamp(low, high)
}
