use rheostat_record::Direction;
use serde::Serialize;

use super::Estimate;
use super::TradeoffOptions;
use super::cells::{Cells, cost};
use crate::TradeoffMode;

/// What one submission reaches at what cost, in one mode.
///
/// Costs and qualities belong to points. Between neighbouring points quality is linear in the logarithm of cost; beyond the first
/// and the last, and across a point without a value, there is nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// The training algorithm.
    pub submission: String,
    /// How its points were trained.
    pub mode: TradeoffMode,
    /// The mean over seeds, point by point; points at which no seed has a value are left out.
    pub points: Vec<CurvePoint>,
    /// Every seed's own curve.
    pub seeds: Vec<SeedCurve>,
    #[serde(skip)]
    direction: Direction,
    #[serde(skip)]
    confidence: f64,
}

/// A curve's mean at a point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// Number of the point, from 0.
    pub point: u64,
    /// Updates that stood there.
    pub step: u64,
    /// Mean cost of the seeds that have a value.
    pub cost: f64,
    /// Their quality.
    #[serde(flatten)]
    pub quality: Estimate,
}

/// What one seed reaches.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedCurve {
    /// The seed.
    pub seed: u64,
    /// Its read-outs with a value, in the order of the points.
    pub readings: Vec<Reading>,
}

/// One value at its cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reading {
    /// Number of the point, from 0.
    pub point: u64,
    /// What was spent: on a cyclic curve what the run had spent until then, on a standard curve what the point's own run cost.
    pub cost: f64,
    /// What was reached for it.
    pub quality: f64,
}

/// The cost at which a curve first reaches a quality.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reach {
    /// What is to be reached.
    pub quality: f64,
    /// Every seed of the curve.
    pub seeds: Vec<SeedReach>,
    /// The geometric mean over seeds, its interval that of the logarithms; none unless every seed gets there, because a mean of
    /// those that do would hide those that do not.
    pub cost: Option<Estimate>,
}

/// The cost at which a seed first reaches a quality.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeedReach {
    /// The seed.
    pub seed: u64,
    /// Its cost; none if it never gets there.
    pub cost: Option<f64>,
    /// Whether less may have done: the seed is good enough at its first point, or at the first after one without a value.
    pub upper_bound: bool,
}

impl Reach {
    /// How many seeds get there.
    pub fn reached(&self) -> usize {
        self.seeds.iter().filter(|seed| seed.cost.is_some()).count()
    }

    /// Whether some seed's cost is an upper bound; the mean is then one too.
    pub fn is_upper_bound(&self) -> bool {
        self.seeds.iter().any(|seed| seed.upper_bound)
    }
}

impl Curve {
    /// None without a single value.
    pub(crate) fn new(
        cells: &Cells<'_>,
        submission: &str,
        mode: TradeoffMode,
        options: &TradeoffOptions,
    ) -> Option<Self> {
        let reading = |seed: u64, point: u64| {
            let row = cells.row(submission, mode, seed, point)?;
            Some(Reading { point, cost: cost(row, options.clock)?, quality: options.quality.of(row)? })
        };
        let curve = |seed: &u64| SeedCurve {
            seed: *seed,
            readings: cells.points.iter().filter_map(|point| reading(*seed, *point)).collect(),
        };
        let mut seeds: Vec<SeedCurve> = cells.seeds.iter().map(curve).collect();
        seeds.retain(|curve| !curve.readings.is_empty());
        let mean = |point: &u64| {
            let own = || seeds.iter().filter_map(|curve| curve.at(*point));
            let qualities: Vec<f64> = own().map(|reading| reading.quality).collect();
            let count = qualities.len() as f64;
            Some(CurvePoint {
                point: *point,
                step: cells.step(submission, *point)?,
                cost: own().map(|reading| reading.cost / count).sum(),
                quality: Estimate::of(&qualities, options.confidence)?,
            })
        };
        let points: Vec<CurvePoint> = cells.points.iter().filter_map(mean).collect();
        let (direction, confidence) = (cells.direction, options.confidence);
        let some = !points.is_empty();
        some.then(|| Self { submission: submission.to_owned(), mode, points, seeds, direction, confidence })
    }

    /// The lowest and the highest cost of the mean curve.
    pub fn range(&self) -> Option<(f64, f64)> {
        let costs = || self.points.iter().map(|point| point.cost);
        Some((costs().reduce(f64::min)?, costs().reduce(f64::max)?))
    }

    /// The quality at a cost, interpolated on each seed's own curve and then averaged. None where no seed has a value on either
    /// side: a curve is never continued beyond its [`range`](Curve::range). [`Estimate::seeds`] says how many have.
    pub fn quality_at(&self, cost: f64) -> Option<Estimate> {
        let values: Vec<f64> = self.seeds.iter().filter_map(|curve| interpolated(&curve.readings, cost)).collect();
        Estimate::of(&values, self.confidence)
    }

    /// The cost of the first crossing of a quality on each seed's own curve, and their mean.
    ///
    /// Before the first point, and right before the next after a point without a value, a curve is not known: a seed that is good
    /// enough there gets that point's cost, marked as an upper bound.
    pub fn cost_to_reach(&self, quality: f64) -> Reach {
        let first = |curve: &SeedCurve| {
            let crossing = crossing(&curve.readings, quality, self.direction);
            let (cost, upper_bound) = crossing.map_or((None, false), |(cost, bound)| (Some(cost), bound));
            SeedReach { seed: curve.seed, cost, upper_bound }
        };
        let seeds: Vec<SeedReach> = self.seeds.iter().map(first).collect();
        let logs: Option<Vec<f64>> = seeds.iter().map(|seed| seed.cost.map(f64::ln)).collect();
        let cost = logs.and_then(|logs| Estimate::of(&logs, self.confidence)).map(|log| log.map(f64::exp));
        Reach { quality, seeds, cost }
    }

    /// Its mean at a cost, interpolated along the mean curve, which is what pictures show.
    pub(crate) fn mean_at(&self, cost: f64) -> Option<f64> {
        interpolated(&self.means(), cost)
    }

    pub(crate) fn means(&self) -> Vec<Reading> {
        let mean = |at: &CurvePoint| Reading { point: at.point, cost: at.cost, quality: at.quality.mean };
        self.points.iter().map(mean).collect()
    }

    pub(crate) fn direction(&self) -> Direction {
        self.direction
    }

    pub(crate) fn confidence(&self) -> f64 {
        self.confidence
    }

    pub(crate) fn seed(&self, seed: u64) -> Option<&SeedCurve> {
        self.seeds.iter().find(|curve| curve.seed == seed)
    }
}

impl SeedCurve {
    pub(crate) fn at(&self, point: u64) -> Option<&Reading> {
        self.readings.iter().find(|reading| reading.point == point)
    }
}

/// A piece between neighbouring points. Where the later one cost less, as by the clock of a busy machine, there is none.
fn piece(from: &Reading, to: &Reading) -> bool {
    from.point + 1 == to.point && from.cost < to.cost
}

fn interpolated(readings: &[Reading], cost: f64) -> Option<f64> {
    if let Some(hit) = readings.iter().find(|reading| reading.cost == cost) {
        return Some(hit.quality);
    }
    let around = |pair: &&[Reading]| piece(&pair[0], &pair[1]) && pair[0].cost < cost && cost < pair[1].cost;
    let pair = readings.windows(2).find(around)?;
    let share = (cost / pair[0].cost).ln() / (pair[1].cost / pair[0].cost).ln();
    Some(pair[0].quality * (1.0 - share) + pair[1].quality * share)
}

/// The cost of the first crossing, and whether it is an upper bound.
fn crossing(readings: &[Reading], quality: f64, direction: Direction) -> Option<(f64, bool)> {
    if quality.is_nan() {
        return None;
    }
    let index = readings.iter().position(|reading| !direction.better(quality, reading.quality))?;
    let to = readings.get(index)?;
    let before = index.checked_sub(1).and_then(|before| readings.get(before)).filter(|from| piece(from, to));
    let Some(from) = before else { return Some((to.cost, true)) };
    let share = (quality - from.quality) / (to.quality - from.quality);
    Some((from.cost * (to.cost / from.cost).powf(share), false))
}
