/// The exact two-sided sign test: how likely wins and losses at least as unequal as these are if either is as likely as the other,
/// `min(1, 2 P(X <= min(wins, losses)))` with X binomial of `wins + losses` and 1/2. Ties are left out beforehand.
pub(crate) fn sign_test(wins: usize, losses: usize) -> f64 {
    let count = (wins + losses) as f64;
    // In logarithms: the first terms are below the smallest number when there are more than a thousand.
    let mut term = -count * std::f64::consts::LN_2;
    let mut tail = term.exp();
    for successes in 1..=wins.min(losses) {
        term += ((count - successes as f64 + 1.0) / successes as f64).ln();
        tail += term.exp();
    }
    (2.0 * tail).min(1.0)
}
