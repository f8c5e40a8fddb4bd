use rheostat_record::Direction;
use serde::Serialize;

use super::cells::{Cells, baseline};
use super::cost::{closed_form, total_ratio};
use super::pareto::{dominance, frontier};
use super::{
    Curve, Difference, Dominance, DominatedCurve, FrontierPoint, Gap, MethodCost, Missing, PairedDifference, Quality,
    Similarity, TradeoffOptions,
};
use crate::{Clock, ReadOutRow, ScoreError, TradeoffMode};

/// The tradeoff curves of one workload, and what they say.
///
/// A study has for each submission and seed one *cyclic* run, read out at every point, and one *standard* run a point, read out at
/// its end (arXiv:2206.00832). What is there is used; what is not is in [`missing`](Tradeoff::missing), never a zero.
/// Curves are means over seeds with Student's intervals (see [`Estimate`](crate::Estimate)), linear in between in the logarithm of
/// cost.
///
/// ```
/// use rheostat_score::{ReadOutRow, Tradeoff, TradeoffMode, TradeoffOptions};
///
/// let row = |mode, point, step, accuracy| ReadOutRow {
///     submission: "sgd".to_owned(),
///     workload: "digits".to_owned(),
///     metric: "accuracy".to_owned(),
///     direction: "increasing".to_owned(),
///     mode,
///     point,
///     step,
///     spent: step,
///     budget_steps: if mode == TradeoffMode::Cyclic { 400 } else { step },
///     end_metric: Some(accuracy),
///     ..ReadOutRow::default()
/// };
/// let rows = [
///     row(TradeoffMode::Cyclic, 0, 100, 0.80),
///     row(TradeoffMode::Cyclic, 1, 400, 0.90),
///     row(TradeoffMode::Standard, 0, 100, 0.81),
///     row(TradeoffMode::Standard, 1, 400, 0.91),
/// ];
/// let tradeoff = Tradeoff::all(&rows, &TradeoffOptions::default())?.remove(0);
/// assert_eq!(tradeoff.cost_ratio, Some(500.0 / 400.0));
/// let cyclic = tradeoff.curve("sgd", TradeoffMode::Cyclic).unwrap();
/// // Half way between 100 and 400 updates, as ratios go.
/// assert!((cyclic.quality_at(200.0).unwrap().mean - 0.85).abs() < 1e-12);
/// assert!((cyclic.cost_to_reach(0.85).cost.unwrap().mean - 200.0).abs() < 1e-9);
/// assert!(cyclic.quality_at(401.0).is_none());
/// # Ok::<(), rheostat_score::ScoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tradeoff {
    /// What was trained.
    pub workload: String,
    /// The workload's metric.
    pub metric: String,
    /// Which way it improves.
    pub direction: Direction,
    /// What cost is counted in.
    pub clock: Clock,
    /// Which number of a read-out is the quality.
    pub quality: Quality,
    /// How often an interval holds the true mean.
    pub confidence: f64,
    /// The submissions, in the order of the rows.
    pub submissions: Vec<String>,
    /// What improvements are over; none if the baseline was not run on this workload.
    pub baseline: Option<String>,
    /// Every submission's, cyclic before standard, where there is a value.
    pub curves: Vec<Curve>,
    /// The Pareto frontier of each mode, by cost.
    pub frontier: Vec<FrontierPoint>,
    /// Curves that another one of their mode dominates.
    pub dominated: Vec<DominatedCurve>,
    /// Cyclic minus standard.
    pub gaps: Vec<Gap>,
    /// Improvements over the baseline.
    pub differences: Vec<Difference>,
    /// How alike they are in both modes.
    pub similarities: Vec<Similarity>,
    /// What the curves cost by `clock`.
    pub costs: Vec<MethodCost>,
    /// Standard cost / cyclic cost in updates over all submissions, of the seeds of which both are known; none unless each
    /// submission has such a seed.
    pub cost_ratio: Option<f64>,
    /// The same by `clock`.
    pub cost_ratio_by_clock: Option<f64>,
    /// What it is in updates by the points alone ([`points_cost_ratio`](crate::points_cost_ratio)); none while the last point is
    /// not known.
    pub cost_ratio_closed_form: Option<f64>,
    /// Points that curves lack.
    pub missing: Vec<Missing>,
}

impl Tradeoff {
    /// The curves of every workload, in the order of the rows.
    ///
    /// # Errors
    /// There is no row; the confidence is not between 0 and 1; nobody is called as the baseline is; a direction is none that there
    /// is, or one workload has two metrics; a submission's point is at two updates; a read-out is there twice.
    pub fn all(rows: &[ReadOutRow], options: &TradeoffOptions) -> Result<Vec<Self>, ScoreError> {
        if !(options.confidence > 0.0 && options.confidence < 1.0) {
            return Err(ScoreError::Confidence(options.confidence.to_string()));
        }
        let all = Cells::all(rows)?;
        if all.is_empty() {
            return Err(ScoreError::NoReadOut);
        }
        let baseline = baseline(&all, options)?;
        Ok(all.iter().map(|cells| Self::of(cells, baseline, options)).collect())
    }

    fn of(cells: &Cells<'_>, baseline: Option<&str>, options: &TradeoffOptions) -> Self {
        let baseline = match baseline {
            Some(name) => cells.submissions.iter().find(|known| **known == name),
            None => cells.submissions.first(),
        };
        let costs = |clock| -> Vec<MethodCost> {
            cells.submissions.iter().map(|submission| MethodCost::of(cells, submission, clock)).collect()
        };
        let own = costs(options.clock);
        let both = cells.submissions.iter().flat_map(|submission| TradeoffMode::ALL.map(|mode| (submission, mode)));
        let mut tradeoff = Self {
            workload: cells.workload.to_owned(),
            metric: cells.metric.to_owned(),
            direction: cells.direction,
            clock: options.clock,
            quality: options.quality,
            confidence: options.confidence,
            submissions: cells.submissions.iter().map(|name| (*name).to_owned()).collect(),
            baseline: baseline.map(|name| (*name).to_owned()),
            curves: both.filter_map(|(submission, mode)| Curve::new(cells, submission, mode, options)).collect(),
            frontier: Vec::new(),
            dominated: Vec::new(),
            gaps: Vec::new(),
            differences: Vec::new(),
            similarities: Vec::new(),
            cost_ratio: total_ratio(&costs(Clock::Steps)),
            cost_ratio_by_clock: total_ratio(&own),
            costs: own,
            cost_ratio_closed_form: closed_form(cells),
            missing: Missing::all(cells, options),
        };
        tradeoff.compare();
        tradeoff
    }

    /// What follows from the curves.
    fn compare(&mut self) {
        self.gaps = self.submissions.iter().filter_map(|submission| self.gap(submission)).collect();
        for mode in TradeoffMode::ALL {
            let curves: Vec<&Curve> = self.curves.iter().filter(|curve| curve.mode == mode).collect();
            let frontier = frontier(&curves, self.direction);
            let dominated = curves.iter().flat_map(|better| curves.iter().filter_map(|worse| dominated(better, worse)));
            let dominated: Vec<DominatedCurve> = dominated.collect();
            self.frontier.extend(frontier);
            self.dominated.extend(dominated);
        }
        let Some(baseline) = self.baseline.clone() else { return };
        for submission in self.submissions.iter().filter(|submission| **submission != baseline) {
            let [cyclic, standard] = TradeoffMode::ALL.map(|mode| self.difference(submission, &baseline, mode));
            self.similarities
                .extend(cyclic.as_ref().zip(standard.as_ref()).map(|(one, other)| Similarity::of(one, other)));
            self.differences.extend(cyclic.into_iter().chain(standard));
        }
    }

    /// The curve of a submission in a mode, if it has a value.
    pub fn curve(&self, submission: &str, mode: TradeoffMode) -> Option<&Curve> {
        self.curves.iter().find(|curve| curve.submission == submission && curve.mode == mode)
    }

    /// One submission's curve minus another's in the same mode, seed by seed; none if no point has a seed in common.
    pub fn difference(&self, submission: &str, baseline: &str, mode: TradeoffMode) -> Option<Difference> {
        let difference = PairedDifference::of(self.curve(submission, mode)?, self.curve(baseline, mode)?)?;
        Some(Difference { submission: submission.to_owned(), baseline: baseline.to_owned(), mode, difference })
    }

    /// How one submission's curve lies to another's over the costs that both have; none if there is no such cost.
    pub fn dominance(&self, submission: &str, other: &str, mode: TradeoffMode) -> Option<Dominance> {
        dominance(self.curve(submission, mode)?, self.curve(other, mode)?).map(|(dominance, ..)| dominance)
    }

    fn gap(&self, submission: &str) -> Option<Gap> {
        let [cyclic, standard] = TradeoffMode::ALL.map(|mode| self.curve(submission, mode));
        let difference = PairedDifference::of(cyclic?, standard?)?;
        Some(Gap { submission: submission.to_owned(), difference })
    }
}

fn dominated(better: &Curve, worse: &Curve) -> Option<DominatedCurve> {
    let (dominance, from, to) = dominance(better, worse)?;
    (dominance != Dominance::None).then(|| DominatedCurve {
        mode: better.mode,
        better: better.submission.clone(),
        worse: worse.submission.clone(),
        dominance,
        from,
        to,
    })
}
