use serde::Serialize;

use super::{Curve, Estimate};
use crate::TradeoffMode;

/// One curve minus another, seed by seed: what the seed does to both falls out.
///
/// It is in units of the metric, whichever way that improves. Only seeds that both curves have at a point count there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairedDifference {
    /// The points that both have with a seed in common.
    pub points: Vec<PointDifference>,
    /// The average over all these points of the seeds that have every one of them; none if no seed has.
    pub mean: Option<Estimate>,
}

/// The difference at a point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PointDifference {
    /// Number of the point, from 0.
    pub point: u64,
    /// Updates that stood there.
    pub step: u64,
    /// Mean over the seeds in common.
    #[serde(flatten)]
    pub difference: Estimate,
}

/// The cyclic curve of a submission minus its standard curve.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// The training algorithm.
    pub submission: String,
    /// Cyclic minus standard.
    #[serde(flatten)]
    pub difference: PairedDifference,
}

/// The improvement curve of a submission: its curve minus that of the baseline in the same mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The training algorithm.
    pub submission: String,
    /// What it is compared with.
    pub baseline: String,
    /// How both were trained.
    pub mode: TradeoffMode,
    /// Submission minus baseline.
    #[serde(flatten)]
    pub difference: PairedDifference,
}

/// Whether the cyclic curves show the improvement that the standard curves show (arXiv:2206.00832).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Similarity {
    /// The training algorithm.
    pub submission: String,
    /// What it is compared with.
    pub baseline: String,
    /// Points at which both modes have an improvement.
    pub points: usize,
    /// `<c, s> / (|c| |s|)` of the improvements `c` of the cyclic and `s` of the standard curves at these points: 1 if they are
    /// proportional, -1 if opposite. None of fewer than two points, or if one of the two is zero everywhere.
    pub cosine: Option<f64>,
}

impl PairedDifference {
    /// `a` minus `b`; none if no point has a seed in common.
    pub(crate) fn of(a: &Curve, b: &Curve) -> Option<Self> {
        let pair = |seed: u64, point: u64| Some(a.seed(seed)?.at(point)?.quality - b.seed(seed)?.at(point)?.quality);
        let difference = |at: &super::CurvePoint| {
            let values: Vec<f64> = a.seeds.iter().filter_map(|curve| pair(curve.seed, at.point)).collect();
            Some(PointDifference { point: at.point, step: at.step, difference: Estimate::of(&values, a.confidence())? })
        };
        let points: Vec<PointDifference> = a.points.iter().filter_map(difference).collect();
        let average = |curve: &super::SeedCurve| {
            let values: Option<Vec<f64>> = points.iter().map(|at| pair(curve.seed, at.point)).collect();
            values.map(|values| values.iter().map(|value| value / values.len() as f64).sum())
        };
        let averages: Vec<f64> = a.seeds.iter().filter_map(average).collect();
        let mean = Estimate::of(&averages, a.confidence());
        (!points.is_empty()).then_some(Self { points, mean })
    }

    fn at(&self, point: u64) -> Option<f64> {
        self.points.iter().find(|at| at.point == point).map(|at| at.difference.mean)
    }
}

impl Similarity {
    /// Of the improvements in both modes.
    pub(crate) fn of(cyclic: &Difference, standard: &Difference) -> Self {
        let both = |at: &PointDifference| Some((at.difference.mean, standard.difference.at(at.point)?));
        let pairs: Vec<(f64, f64)> = cyclic.difference.points.iter().filter_map(both).collect();
        let (submission, baseline) = (cyclic.submission.clone(), cyclic.baseline.clone());
        Self { submission, baseline, points: pairs.len(), cosine: cosine(&pairs) }
    }
}

fn cosine(pairs: &[(f64, f64)]) -> Option<f64> {
    // By the largest of each, so that no square overflows or vanishes.
    let largest = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(|pair| of(pair).abs()).fold(0.0, f64::max);
    let (one, other) = (largest(|pair| pair.0), largest(|pair| pair.1));
    if pairs.len() < 2 || one == 0.0 || other == 0.0 {
        return None;
    }
    let scaled: Vec<(f64, f64)> = pairs.iter().map(|(a, b)| (a / one, b / other)).collect();
    let sum = |of: fn(&(f64, f64)) -> f64| scaled.iter().map(of).sum::<f64>();
    let product = sum(|(a, b)| a * b) / (sum(|(a, _)| a * a) * sum(|(_, b)| b * b)).sqrt();
    Some(product.clamp(-1.0, 1.0))
}
