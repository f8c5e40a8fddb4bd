//! The tables of a workload.

use rheostat_score::{Curve, Estimate, PairedDifference, Tradeoff, TradeoffMode};

use super::grid::{Cell, Grid, Line};
use super::told::{self, Decimals};
use crate::number::{capital, count, short, spoken};

/// At least so many qualities are told with what it takes to reach them.
const QUALITIES: usize = 3;

/// Standard before cyclic, as what is approximated comes before what approximates.
pub(super) const MODES: [TradeoffMode; 2] = [TradeoffMode::Standard, TradeoffMode::Cyclic];

pub(super) fn curves(tradeoff: &Tradeoff) -> impl Iterator<Item = &Curve> {
    let both = |submission: &String| MODES.map(|mode| tradeoff.curve(submission, mode));
    tradeoff.submissions.iter().flat_map(both).flatten()
}

/// The points that some curve has a value at, with their updates.
fn points(tradeoff: &Tradeoff) -> Vec<(u64, u64)> {
    let mut points: Vec<(u64, u64)> =
        tradeoff.curves.iter().flat_map(|curve| curve.points.iter().map(|at| (at.point, at.step))).collect();
    points.sort_unstable();
    points.dedup_by_key(|(point, _)| *point);
    points
}

/// The quality at each point.
pub(super) fn qualities(tradeoff: &Tradeoff) -> Option<Grid> {
    let (points, decimals) = (points(tradeoff), Decimals::of(tradeoff));
    let at = |curve: &Curve, point: u64| curve.points.iter().find(|at| at.point == point).map(|at| at.quality);
    let best = |mode: TradeoffMode, point: u64| {
        let own = tradeoff.curves.iter().filter(|curve| curve.mode == mode);
        let means = own.filter_map(|curve| at(curve, point)).map(|quality| quality.mean);
        let several = means.clone().count() > 1;
        means.reduce(|best, new| if tradeoff.direction.better(new, best) { new } else { best }).filter(|_| several)
    };
    let cell = |curve: &Curve, point: u64| match at(curve, point) {
        None => Cell::absent("–"),
        Some(quality) => Cell::new(decimals.quality(quality.mean))
            .detail(half(&quality).map(|half| decimals.half(half)))
            .best(best(curve.mode, point) == Some(quality.mean)),
    };
    let line = |curve: &Curve| Line {
        submission: curve.submission.clone(),
        mode: Some(curve.mode),
        cells: points.iter().map(|(point, _)| cell(curve, *point)).collect(),
    };
    let lines: Vec<Line> = curves(tradeoff).map(line).collect();
    (!lines.is_empty()).then(|| Grid {
        title: format!("{} at each point", capital(&told::quality(tradeoff))),
        across: "at updates".to_owned(),
        columns: points.iter().map(|(_, step)| count(*step)).collect(),
        lines,
    })
}

/// What it takes to reach a few round qualities.
pub(super) fn reaches(tradeoff: &Tradeoff) -> Option<Grid> {
    let qualities = round_qualities(tradeoff);
    let fastest = |mode: TradeoffMode, quality: f64| {
        let own = tradeoff.curves.iter().filter(|curve| curve.mode == mode);
        let costs = own.filter_map(|curve| curve.cost_to_reach(quality).cost).map(|cost| cost.mean);
        let several = costs.clone().count() > 1;
        costs.reduce(f64::min).filter(|_| several)
    };
    let cell = |curve: &Curve, quality: f64| {
        let reach = curve.cost_to_reach(quality);
        match (reach.cost, reach.reached(), reach.seeds.len()) {
            (Some(cost), ..) if reach.is_upper_bound() => {
                Cell::new(format!("≤ {}", told::bare(tradeoff.clock, cost.mean)))
                    .best(fastest(curve.mode, quality) == Some(cost.mean))
            }
            (Some(cost), ..) => Cell::new(told::bare(tradeoff.clock, cost.mean))
                .detail(cost.interval().map(|(low, high)| told::costs(tradeoff.clock, low, high)))
                .best(fastest(curve.mode, quality) == Some(cost.mean)),
            (None, 0, _) => Cell::absent("never"),
            (None, some, all) => Cell::absent(format!("{some} of {all}")),
        }
    };
    let line = |curve: &Curve| Line {
        submission: curve.submission.clone(),
        mode: Some(curve.mode),
        cells: qualities.iter().map(|quality| cell(curve, *quality)).collect(),
    };
    let lines: Vec<Line> = curves(tradeoff).map(line).collect();
    (!qualities.is_empty() && !lines.is_empty()).then(|| Grid {
        title: format!("{} to reach a {}", capital(told::clock(tradeoff.clock)), told::quality(tradeoff)),
        across: spoken(&tradeoff.metric),
        columns: qualities.iter().map(|quality| short(*quality)).collect(),
        lines,
    })
}

/// The improvement over the baseline at each point, in both modes.
pub(super) fn differences(tradeoff: &Tradeoff) -> Option<Grid> {
    let baseline = tradeoff.baseline.as_deref()?;
    let both = tradeoff.submissions.iter().flat_map(|submission| MODES.map(|mode| (submission, mode)));
    let line = |(submission, mode): (&String, TradeoffMode)| {
        let own = tradeoff.differences.iter().find(|own| own.submission == *submission && own.mode == mode)?;
        Some(Line { submission: submission.clone(), mode: Some(mode), cells: paired(tradeoff, &own.difference) })
    };
    grid(
        tradeoff,
        format!("Difference from {baseline} in {}", told::quality(tradeoff)),
        both.filter_map(line).collect(),
    )
}

/// What the differences are on average, in one line a submission; none of one submission, of which a sentence says it.
pub(super) fn averages(tradeoff: &Tradeoff) -> Option<Grid> {
    let decimals = Decimals::of(tradeoff);
    let average = |submission: &String, mode: TradeoffMode| {
        let own = tradeoff.differences.iter().find(|own| own.submission == *submission && own.mode == mode);
        estimate(decimals, own.and_then(|own| own.difference.mean))
    };
    let compared = !tradeoff.differences.is_empty();
    let line = |submission: &String| {
        let gap = tradeoff.gaps.iter().find(|gap| gap.submission == *submission);
        let alike = tradeoff.similarities.iter().find(|alike| alike.submission == *submission);
        let mut cells = vec![estimate(decimals, gap.and_then(|gap| gap.difference.mean))];
        if compared {
            cells.extend(MODES.map(|mode| average(submission, mode)));
            let cosine = alike.and_then(|alike| alike.cosine);
            cells.push(cosine.map_or(Cell::absent("–"), |cosine| Cell::new(format!("{cosine:.3}"))));
        }
        Line { submission: submission.clone(), mode: None, cells }
    };
    let mut columns = vec!["gap".to_owned()];
    if compared {
        columns.extend(MODES.map(|mode| format!("{} gain", mode.name())));
        columns.push("cosine".to_owned());
    }
    let gain = match tradeoff.baseline.as_deref().filter(|_| compared) {
        Some(baseline) => format!("; gain: minus {baseline}"),
        None => String::new(),
    };
    let lines = tradeoff.submissions.iter().map(line).collect();
    let grid = Grid {
        title: format!("Averages over the points (gap: cyclic minus standard{gain})"),
        across: spoken(&tradeoff.metric),
        columns,
        lines,
    };
    (compared || tradeoff.gaps.len() > 1).then(|| grid.useful())
}

/// Cyclic minus standard at each point.
pub(super) fn gaps(tradeoff: &Tradeoff) -> Option<Grid> {
    let line = |gap: &rheostat_score::Gap| Line {
        submission: gap.submission.clone(),
        mode: None,
        cells: paired(tradeoff, &gap.difference),
    };
    let title = format!("Cyclic minus standard in {}", told::quality(tradeoff));
    grid(tradeoff, title, tradeoff.gaps.iter().map(line).collect())
}

fn grid(tradeoff: &Tradeoff, title: String, lines: Vec<Line>) -> Option<Grid> {
    let columns = points(tradeoff).iter().map(|(_, step)| count(*step)).chain(["average".to_owned()]).collect();
    (!lines.is_empty()).then_some(Grid { title, across: "at updates".to_owned(), columns, lines })
}

fn paired(tradeoff: &Tradeoff, difference: &PairedDifference) -> Vec<Cell> {
    let decimals = Decimals::of(tradeoff);
    let at = |point: u64| difference.points.iter().find(|at| at.point == point).map(|at| at.difference);
    points(tradeoff)
        .iter()
        .map(|(point, _)| estimate(decimals, at(*point)))
        .chain([estimate(decimals, difference.mean)])
        .collect()
}

fn estimate(decimals: Decimals, estimate: Option<Estimate>) -> Cell {
    match estimate {
        None => Cell::absent("–"),
        Some(estimate) => Cell::new(decimals.difference(estimate.mean))
            .detail(half(&estimate).map(|half| decimals.half_difference(half))),
    }
}

fn half(estimate: &Estimate) -> Option<f64> {
    estimate.high.map(|high| high - estimate.mean)
}

/// A few round qualities that some curve passes.
pub(super) fn round_qualities(tradeoff: &Tradeoff) -> Vec<f64> {
    let means = || tradeoff.curves.iter().flat_map(|curve| curve.points.iter().map(|at| at.quality.mean));
    let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
    let range = high - low;
    if !(range.is_finite() && range > 0.0) {
        return Vec::new();
    }
    let power = range.log10().floor() as i32;
    // Divided where it is below 1, so that 0.3 is 3 / 10.
    let times = |whole: f64, power: i32| if power < 0 { whole / 10f64.powi(-power) } else { whole * 10f64.powi(power) };
    let at = |step: (f64, i32)| -> Vec<f64> {
        let first = (low / times(step.0, step.1)).floor() as i64 + 1;
        let all = (first..).map(|index| times(index as f64 * step.0, step.1)).take(2 * QUALITIES);
        all.filter(|quality| low < *quality && *quality < high).collect()
    };
    let steps = [(5.0, power), (2.0, power), (1.0, power), (5.0, power - 1), (2.0, power - 1), (1.0, power - 1)];
    steps.into_iter().map(at).find(|qualities| qualities.len() >= QUALITIES).unwrap_or_default()
}
