use std::cmp::Ordering;

use rheostat_record::Direction;
use serde::Serialize;

use super::Curve;
use crate::TradeoffMode;

/// A point of the Pareto frontier of one mode: nothing in that mode costs as little and is as good.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrontierPoint {
    /// The mode that it is the frontier of.
    pub mode: TradeoffMode,
    /// Whose point it is.
    pub submission: String,
    /// Number of the point, from 0.
    pub point: u64,
    /// Its cost.
    pub cost: f64,
    /// Its quality.
    pub quality: f64,
}

/// How a curve lies to another over the costs that both have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dominance {
    /// Better at every cost.
    Strict,
    /// At least as good at every cost, and better at some.
    Weak,
    /// Neither: worse at some cost, or the same everywhere.
    None,
}

/// A curve that another one dominates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DominatedCurve {
    /// The mode of both.
    pub mode: TradeoffMode,
    /// The better submission.
    pub better: String,
    /// The worse submission.
    pub worse: String,
    /// Strict or weak.
    pub dominance: Dominance,
    /// The lowest cost that both have.
    pub from: f64,
    /// The highest.
    pub to: f64,
}

/// The frontier of the means of curves of one mode, by cost. Of points alike in both the first stands for all.
pub(crate) fn frontier(curves: &[&Curve], direction: Direction) -> Vec<FrontierPoint> {
    let points = curves.iter().flat_map(|curve| {
        curve.means().into_iter().map(|mean| FrontierPoint {
            mode: curve.mode,
            submission: curve.submission.clone(),
            point: mean.point,
            cost: mean.cost,
            quality: mean.quality,
        })
    });
    let mut points: Vec<FrontierPoint> = points.collect();
    let worse_last = |a: &FrontierPoint, b: &FrontierPoint| match direction.better(a.quality, b.quality) {
        true => Ordering::Less,
        false if a.quality == b.quality => Ordering::Equal,
        false => Ordering::Greater,
    };
    points.sort_by(|a, b| a.cost.total_cmp(&b.cost).then_with(|| worse_last(a, b)));
    let mut best = f64::NAN;
    points.retain(|point| {
        let better = direction.better(point.quality, best);
        if better {
            best = point.quality;
        }
        better
    });
    points
}

/// How the mean of `a` lies to that of `b`, with the lowest and the highest common cost. None if they have no cost in common.
///
/// Between the points of either curve their difference is linear in the logarithm of cost, so that its sign at those points is
/// its sign everywhere.
pub(crate) fn dominance(a: &Curve, b: &Curve) -> Option<(Dominance, f64, f64)> {
    let costs = a.points.iter().chain(&b.points).map(|point| point.cost);
    let common: Vec<(f64, f64, f64)> =
        costs.filter_map(|cost| Some((cost, a.mean_at(cost)?, b.mean_at(cost)?))).collect();
    let from = common.iter().map(|(cost, ..)| *cost).reduce(f64::min)?;
    let to = common.iter().map(|(cost, ..)| *cost).reduce(f64::max)?;
    let better = common.iter().filter(|(_, a_mean, b_mean)| a.direction().better(*a_mean, *b_mean)).count();
    let worse = common.iter().filter(|(_, a_mean, b_mean)| a.direction().better(*b_mean, *a_mean)).count();
    let dominance = match (better, worse) {
        (some, 0) if some == common.len() => Dominance::Strict,
        (some, 0) if some > 0 => Dominance::Weak,
        _ => Dominance::None,
    };
    Some((dominance, from, to))
}
