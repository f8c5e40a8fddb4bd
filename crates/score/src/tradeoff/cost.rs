use serde::Serialize;

use super::cells::{Cells, cost};
use crate::{Clock, TradeoffMode};

/// What the curves of a submission cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MethodCost {
    /// The training algorithm.
    pub submission: String,
    /// Every seed's.
    pub seeds: Vec<SeedCost>,
    /// Sum over the seeds of which both are known: the cyclic runs.
    pub cyclic: Option<f64>,
    /// The same seeds' standard runs.
    pub standard: Option<f64>,
    /// Standard / cyclic of these sums: how many times as much the curve costs with a run of its own for every point.
    pub ratio: Option<f64>,
}

/// What the curves of one seed cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeedCost {
    /// The seed.
    pub seed: u64,
    /// What the cyclic run had spent at its last point; none if it has not come there.
    pub cyclic: Option<f64>,
    /// What the standard runs of all points cost together; none if one of them is not there.
    pub standard: Option<f64>,
}

impl MethodCost {
    pub(crate) fn of(cells: &Cells<'_>, submission: &str, clock: Clock) -> Self {
        // Of points that are not all known nothing is whole.
        let known = cells.whole(submission).is_some();
        let spent = |mode, seed, point: &u64| cost(cells.row(submission, mode, seed, *point)?, clock);
        let seed = |seed: &u64| SeedCost {
            seed: *seed,
            cyclic: cells.points.last().filter(|_| known).and_then(|last| spent(TradeoffMode::Cyclic, *seed, last)),
            standard: cells
                .points
                .iter()
                .filter(|_| known)
                .map(|point| spent(TradeoffMode::Standard, *seed, point))
                .sum(),
        };
        let seeds: Vec<SeedCost> = cells.seeds.iter().map(seed).collect();
        let both: Vec<(f64, f64)> = seeds.iter().filter_map(|seed| seed.cyclic.zip(seed.standard)).collect();
        let sum = |of: fn(&(f64, f64)) -> f64| (!both.is_empty()).then(|| both.iter().map(of).sum::<f64>());
        let (cyclic, standard) = (sum(|pair| pair.0), sum(|pair| pair.1));
        let ratio = cyclic.zip(standard).map(|(cyclic, standard)| standard / cyclic);
        Self { submission: submission.to_owned(), seeds, cyclic, standard, ratio }
    }
}

/// Standard / cyclic over all submissions; none unless each has a seed of which both are known.
pub(crate) fn total_ratio(costs: &[MethodCost]) -> Option<f64> {
    let cyclic: Option<f64> = costs.iter().map(|cost| cost.cyclic).sum();
    let standard: Option<f64> = costs.iter().map(|cost| cost.standard).sum();
    cyclic.zip(standard).filter(|(cyclic, _)| *cyclic > 0.0).map(|(cyclic, standard)| standard / cyclic)
}

/// What the ratio is by the points alone, over all submissions.
pub(crate) fn closed_form(cells: &Cells<'_>) -> Option<f64> {
    let (mut standard, mut cyclic) = (0.0, 0.0);
    for submission in &cells.submissions {
        let points = cells.whole(submission)?;
        let last = points.last()?;
        standard += points_cost_ratio(&points)? * last;
        cyclic += last;
    }
    Some(standard / cyclic).filter(|ratio| ratio.is_finite())
}

/// How many times as much a tradeoff curve costs with a run of its own for every point as in one cyclic run, by the points alone:
/// `(p_1 + ... + p_n) / p_n`. Points are in updates, ascending.
///
/// None unless there is a point, and all are positive and ascend.
///
/// ```
/// use rheostat_score::points_cost_ratio;
///
/// assert_eq!(points_cost_ratio(&[16.0, 32.0, 64.0, 128.0, 256.0, 512.0]), Some(1.96875));
/// ```
pub fn points_cost_ratio(points: &[f64]) -> Option<f64> {
    let ascending = points.windows(2).all(|pair| pair[0] < pair[1]);
    let first = points.first().filter(|first| **first > 0.0 && ascending)?;
    let last = points.last().filter(|last| last.is_finite() && *last >= first)?;
    Some(points.iter().map(|point| point / last).sum())
}

/// The same of points `a r, a r^2, ..., a r^(n-1)` that grow by a factor `r`, whatever `a` is, the length of warm-up and first
/// cycle: `r / (r - 1) (1 - r^-(n-1))`. `ratio` is `r`, `points` is `n - 1`.
///
/// With doubling points it is below 2 however many there are. None unless `r` is finite and above 1, and there is a point.
///
/// ```
/// use rheostat_score::geometric_cost_ratio;
///
/// assert_eq!(geometric_cost_ratio(2.0, 6), Some(1.96875));
/// ```
pub fn geometric_cost_ratio(ratio: f64, points: u32) -> Option<f64> {
    // By logarithms near 1, where the difference of powers would lose its digits.
    let above = ratio - 1.0;
    let grows = ratio.is_finite() && above > 0.0 && points > 0;
    let shrunk =
        if above < 0.1 { -(-f64::from(points) * above.ln_1p()).exp_m1() } else { 1.0 - ratio.powf(-f64::from(points)) };
    grows.then(|| ratio / above * shrunk)
}
