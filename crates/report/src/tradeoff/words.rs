//! What the curves say, in sentences.

use std::collections::BTreeSet;

use rheostat_record::Direction;
use rheostat_score::{
    Clock, Curve, Dominance, DominatedCurve, Estimate, FrontierPoint, Quality, Tradeoff, TradeoffMode,
};

use super::Tradeoffs;
use super::grids::MODES;
use super::told::{self, Decimals};
use crate::number::{capital, count, percent, plural, spoken};

/// More changes of the best submission than this are counted, not told.
const CHANGES: usize = 2;
/// More submissions than this are counted, not named.
const NAMES: usize = 4;

/// What a page is headed by.
pub(super) fn headline(tradeoffs: &Tradeoffs<'_>) -> String {
    match tradeoffs.all.as_slice() {
        [one] => best(one).unwrap_or_else(|| range(one)),
        many => {
            let submissions = tradeoffs.submissions().len() as u64;
            format!(
                "Tradeoff curves of {} on {}",
                plural(submissions, "submission"),
                plural(many.len() as u64, "workload")
            )
        }
    }
}

/// What follows it.
pub(super) fn subline(tradeoffs: &Tradeoffs<'_>) -> String {
    match tradeoffs.all.as_slice() {
        [one] => ahead(one).into_iter().chain(cost(one)).chain(gap(one)).collect::<Vec<_>>().join(" "),
        many => many
            .iter()
            .map(|tradeoff| best(tradeoff).unwrap_or_else(|| range(tradeoff)) + ".")
            .collect::<Vec<_>>()
            .join(" "),
    }
}

pub(super) fn warnings(tradeoffs: &Tradeoffs<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let wanting = tradeoffs.planned - tradeoffs.rows.len();
    if wanting > 0 {
        warnings.push(format!(
            "{} of {} are still to come.",
            count(wanting as u64),
            plural(tradeoffs.planned as u64, "read-out")
        ));
    }
    let seconds = tradeoffs.all.iter().any(|tradeoff| tradeoff.clock == Clock::Seconds);
    if seconds && !tradeoffs.one_machine() {
        warnings.push("The runs are of different processors or threads: their times do not compare.".to_owned());
    }
    warnings
}

/// Who has the best point at which cost; none of one submission.
pub(super) fn best(tradeoff: &Tradeoff) -> Option<String> {
    let mode = reference(tradeoff)?;
    let curves = tradeoff.curves.iter().filter(|curve| curve.mode == mode).count();
    let frontier: Vec<&FrontierPoint> = tradeoff.frontier.iter().filter(|point| point.mode == mode).collect();
    if curves < 2 {
        return None;
    }
    let by = if mode == TradeoffMode::Cyclic { ", by cyclic runs alone" } else { "" };
    let stretches: Vec<&[&FrontierPoint]> = frontier.chunk_by(|a, b| a.submission == b.submission).collect();
    let told = |cost: f64| told::cost(tradeoff.clock, cost);
    let text = match stretches.as_slice() {
        [] => return None,
        [[only, ..]] => {
            let own = tradeoff.dominated.iter().filter(|pair| pair.mode == mode && pair.better == only.submission);
            let all = own.filter(|pair| pair.dominance == Dominance::Strict).count() == curves - 1;
            format!("{} has the best curve{}", only.submission, if all { " at every cost" } else { "" })
        }
        [first, rest @ ..] if rest.len() <= CHANGES => {
            let name = |stretch: &[&FrontierPoint]| stretch.first().map(|point| (point.submission.clone(), point.cost));
            let rest: Vec<String> = rest
                .iter()
                .filter_map(|stretch| name(stretch))
                .map(|(submission, cost)| format!("{submission} from {}", told(cost)))
                .collect();
            let first = first.first().map(|point| point.submission.clone()).unwrap_or_default();
            format!("{first} is best at first, {}", rest.join(", then "))
        }
        many => format!("which submission is best changes {} times with the cost", many.len() - 1),
    };
    Some(format!("On {}, {text}{by}", tradeoff.workload))
}

/// From which quality to which the curves go.
fn range(tradeoff: &Tradeoff) -> String {
    let decimals = Decimals::of(tradeoff);
    let Some(curve) = reference(tradeoff).and_then(|mode| tradeoff.curves.iter().find(|curve| curve.mode == mode))
    else {
        return format!("No curve on {} has a value", tradeoff.workload);
    };
    let end = |at: &rheostat_score::CurvePoint| {
        format!("{} at {}", decimals.quality(at.quality.mean), told::cost(tradeoff.clock, at.cost))
    };
    let (submission, metric) = (&curve.submission, told::quality(tradeoff));
    match curve.points.as_slice() {
        [first, .., last] => {
            format!("{submission} on {}: {metric} from {} to {}", tradeoff.workload, end(first), end(last))
        }
        [only] => format!("{submission} on {}: {metric} {}", tradeoff.workload, end(only)),
        [] => format!("No curve on {} has a value", tradeoff.workload),
    }
}

/// The mode that submissions are compared in first: standard if it has the submissions.
pub(super) fn reference(tradeoff: &Tradeoff) -> Option<TradeoffMode> {
    let curves = |mode: TradeoffMode| tradeoff.curves.iter().filter(|curve| curve.mode == mode).count();
    let (cyclic, standard) = (curves(TradeoffMode::Cyclic), curves(TradeoffMode::Standard));
    match (cyclic, standard) {
        (0, 0) => None,
        _ if standard >= cyclic => Some(TradeoffMode::Standard),
        _ => Some(TradeoffMode::Cyclic),
    }
}

/// Which curves another one dominates, and whether the cyclic curves agree with the standard ones on that.
pub(super) fn dominance(tradeoff: &Tradeoff) -> Vec<String> {
    let Some(mode) = reference(tradeoff) else { return Vec::new() };
    let of = |mode: TradeoffMode| tradeoff.dominated.iter().filter(move |pair| pair.mode == mode);
    let sentence = |pair: &DominatedCurve| {
        let how = match pair.dominance {
            Dominance::Strict => "better at every cost",
            _ => "never worse, and better at some cost,",
        };
        format!(
            "The {} curve of {} is {how} from {} to {} than that of {}.",
            mode.name(),
            pair.better,
            told::bare(tradeoff.clock, pair.from),
            told::cost(tradeoff.clock, pair.to),
            pair.worse
        )
    };
    let mut sentences: Vec<String> = match of(mode).count() {
        few if few <= NAMES => of(mode).map(sentence).collect(),
        many => vec![format!("Of {many} pairs of {} curves one is better at every cost, or never worse.", mode.name())],
    };
    sentences.extend(agreement(tradeoff));
    sentences.extend(ahead(tradeoff));
    sentences
}

/// At how many points the lead of the best over the next is settled; nothing of one submission.
pub(super) fn ahead(tradeoff: &Tradeoff) -> Option<String> {
    let mode = reference(tradeoff)?;
    let own: Vec<&Curve> = tradeoff.curves.iter().filter(|curve| curve.mode == mode).collect();
    let points: BTreeSet<u64> = own.iter().flat_map(|curve| curve.points.iter().map(|at| at.point)).collect();
    // Per point whether the interval of the difference leaves out 0, if it has one.
    let settled = |point: &u64| -> Option<Option<bool>> {
        let mean = |curve: &&Curve| {
            let at = curve.points.iter().find(|at| at.point == *point)?;
            Some((curve.submission.clone(), at.quality.mean))
        };
        let mut means: Vec<(String, f64)> = own.iter().filter_map(mean).collect();
        means.sort_by(|a, b| a.1.total_cmp(&b.1));
        if tradeoff.direction == Direction::Increasing {
            means.reverse();
        }
        let [(best, _), (next, _), ..] = means.as_slice() else { return None };
        let difference = tradeoff.difference(best, next, mode)?.difference;
        Some(difference.points.iter().find(|at| at.point == *point)?.difference.is_settled())
    };
    let all: Vec<Option<bool>> = points.iter().filter_map(settled).collect();
    let known: Vec<bool> = all.iter().copied().flatten().collect();
    let settled = known.iter().filter(|settled| **settled).count();
    let interval = format!("{} interval of the best’s lead over the next", percent(tradeoff.confidence, 1.0));
    match known.len() {
        _ if all.is_empty() => None,
        0 => Some("With one seed nothing tells the best from the next.".to_owned()),
        _ if settled == 0 => Some(format!("That is undecided: the {interval} holds 0 everywhere.")),
        all if settled == all => Some(format!("The {interval} leaves out 0 everywhere.")),
        all => Some(format!("The {interval} leaves out 0 at {settled} of {}.", plural(all as u64, "point"))),
    }
}

/// Whether the same curves dominate others in both modes, if both have curves to compare.
fn agreement(tradeoff: &Tradeoff) -> Option<String> {
    let curves = |mode: TradeoffMode| tradeoff.curves.iter().filter(|curve| curve.mode == mode).count();
    let [cyclic, standard] = TradeoffMode::ALL.map(|mode| -> BTreeSet<(&String, &String)> {
        let own = tradeoff.dominated.iter().filter(|pair| pair.mode == mode);
        own.map(|pair| (&pair.better, &pair.worse)).collect()
    });
    let told = |only: Vec<&(&String, &String)>| match only.as_slice() {
        few if few.len() <= NAMES => few.iter().map(|(a, b)| format!("{a} over {b}")).collect::<Vec<_>>().join(", "),
        many => plural(many.len() as u64, "pair"),
    };
    let lost: Vec<_> = standard.difference(&cyclic).collect();
    let new: Vec<_> = cyclic.difference(&standard).collect();
    let sentence = match (standard.is_empty(), lost.is_empty(), new.is_empty()) {
        (true, _, true) => "In neither mode is a curve better than another at every cost.".to_owned(),
        (true, _, false) => format!("By the cyclic curves alone it is {}.", told(new)),
        (_, true, true) => "The cyclic curves say the same.".to_owned(),
        (_, true, false) => format!("The cyclic curves say so too, and of {}.", told(new)),
        (_, false, true) => format!("The cyclic curves do not say so of {}.", told(lost)),
        (_, false, false) => format!("The cyclic curves do not say so of {}, but of {}.", told(lost), told(new)),
    };
    TradeoffMode::ALL.iter().all(|mode| curves(*mode) > 1).then_some(sentence)
}

/// The gaps of all submissions in one sentence.
pub(super) fn gap(tradeoff: &Tradeoff) -> Option<String> {
    if tradeoff.gaps.len() < 2 {
        return gaps(tradeoff).into_iter().next();
    }
    let means: Vec<Estimate> = tradeoff.gaps.iter().filter_map(|gap| gap.difference.mean).collect();
    let ends = means.iter().map(|mean| mean.mean);
    let (low, high) = (ends.clone().reduce(f64::min)?, ends.reduce(f64::max)?);
    let intervals: Vec<bool> = means.iter().filter_map(Estimate::is_settled).collect();
    let settled = match intervals.iter().filter(|settled| **settled).count() {
        _ if intervals.is_empty() => "one seed tells none of this from chance".to_owned(),
        settled => {
            format!("the interval leaves out 0 for {settled} of {}", plural(intervals.len() as u64, "submission"))
        }
    };
    Some(format!(
        "Cyclic curves are {} in {} than standard ones, on average over the points; {settled}.",
        Decimals::of(tradeoff).between(low, high),
        spoken(&tradeoff.metric),
    ))
}

/// How far the cyclic curves are from the standard ones.
pub(super) fn gaps(tradeoff: &Tradeoff) -> Vec<String> {
    let decimals = Decimals::of(tradeoff);
    let sentence = |gap: &rheostat_score::Gap| {
        let points = plural(gap.difference.points.len() as u64, "point");
        let Some(mean) = gap.difference.mean else {
            return format!("{}: no seed has both curves whole, so there is no average gap.", gap.submission);
        };
        let doubt = doubt(tradeoff, decimals, &mean);
        format!(
            "The cyclic curve of {} is {} in {} than the standard one, on average over {points}{doubt}",
            gap.submission,
            sided(decimals, mean.mean),
            spoken(&tradeoff.metric),
        )
    };
    tradeoff.gaps.iter().map(sentence).collect()
}

/// The improvement over the baseline and how alike it is in both modes.
pub(super) fn improvements(tradeoff: &Tradeoff) -> Vec<String> {
    let decimals = Decimals::of(tradeoff);
    let average = |submission: &String, mode: TradeoffMode| {
        let own = tradeoff.differences.iter().find(|own| own.submission == *submission && own.mode == mode)?;
        let mean = own.difference.mean?;
        let undecided = if mean.is_settled() == Some(true) { "" } else { " (undecided)" };
        Some(format!("{}{undecided} by {} curves", sided(decimals, mean.mean), mode.name()))
    };
    let sentence = |submission: &String| {
        let averages: Vec<String> = MODES.iter().filter_map(|mode| average(submission, *mode)).collect();
        let baseline = tradeoff.baseline.as_ref().filter(|_| !averages.is_empty())?;
        let alike = tradeoff.similarities.iter().find(|alike| alike.submission == *submission);
        let alike = match alike.map(|alike| (alike.cosine, alike.points)) {
            Some((Some(cosine), points)) => {
                format!("; the cosine similarity of the two over {} is {cosine:.3}", plural(points as u64, "point"))
            }
            Some((None, points)) if points > 1 => {
                "; one of the two is 0 everywhere, so there is no cosine similarity".to_owned()
            }
            _ => String::new(),
        };
        Some(format!("Compared with {baseline}, {submission} is on average {}{alike}.", averages.join(" and ")))
    };
    tradeoff.submissions.iter().filter_map(sentence).collect()
}

/// What the curves cost in both modes.
pub(super) fn cost(tradeoff: &Tradeoff) -> Vec<String> {
    let closed = tradeoff.cost_ratio_closed_form;
    let Some(ratio) = tradeoff.cost_ratio else {
        let why = "There is no cost ratio yet: not every submission has a seed with its whole cyclic run and all its standard runs.";
        let form = closed.map(|closed| format!("By the points alone it is {}.", told::ratio(closed, 5)));
        return std::iter::once(why.to_owned()).chain(form).collect();
    };
    let clock = match (tradeoff.clock, tradeoff.cost_ratio_by_clock) {
        (Clock::Steps, _) | (_, None) => String::new(),
        (clock, Some(ratio)) => format!(" ({} by {})", told::ratio(ratio, 3), told::clock(clock)),
    };
    let closed = match closed {
        Some(closed) if (closed / ratio - 1.0).abs() < 1e-9 => ", exactly what the points alone say".to_owned(),
        Some(closed) => format!(
            ", {} by the points alone: runs made more or fewer updates than their points",
            told::ratio(closed, 5)
        ),
        None => String::new(),
    };
    let digits = if closed.starts_with(", exactly") { 5 } else { 3 };
    vec![format!(
        "A run of its own for every point costs {} times as many updates as one cyclic run{closed}{clock}.",
        told::ratio(ratio, digits)
    )]
}

/// What intervals are, for the foot of a table.
pub(super) fn intervals(tradeoff: &Tradeoff) -> String {
    let seeds = tradeoff.curves.iter().flat_map(|curve| curve.points.iter().map(|at| at.quality.seeds)).max();
    match seeds {
        Some(seeds) if seeds > 1 => format!(
            "± is the {} interval of the mean over seeds (Student’s), of {} at most.",
            percent(tradeoff.confidence, 1.0),
            plural(seeds as u64, "seed")
        ),
        _ => "There is one seed, so there are no intervals: nothing tells a difference from chance.".to_owned(),
    }
}

/// How the times to a quality were found.
pub(super) fn reaching() -> &'static str {
    "The first crossing of each seed’s curve, linear between its points in the logarithm of cost, and the geometric mean over \
     seeds. “2 of 3” means that so many seeds get there, and there is no mean."
}

/// What the quality is, where it needs to be said.
pub(super) fn quality(tradeoff: &Tradeoff) -> &'static str {
    match tradeoff.quality {
        Quality::End => "The quality is that of the weights at the point.",
        Quality::Best => {
            "The quality is the best evaluation of the cycle that ends at the point, with the weights of that moment."
        }
        Quality::Test => "The quality is that on the test split.",
    }
}

/// How the interval leaves it, closing the sentence.
fn doubt(tradeoff: &Tradeoff, decimals: Decimals, estimate: &Estimate) -> String {
    let Some((low, high)) = estimate.interval() else {
        return ". That is of one seed: nothing tells it from chance.".to_owned();
    };
    let confidence = percent(tradeoff.confidence, 1.0);
    let (interval, seeds) = (decimals.between(low, high), plural(estimate.seeds as u64, "seed"));
    let undecided = match estimate.is_settled() {
        Some(true) => "",
        _ => " That is undecided: the interval holds 0.",
    };
    format!(" ({confidence} interval {interval}, {seeds}).{undecided}")
}

/// A difference of which all digits that are told are 0 is none.
fn sided(decimals: Decimals, value: f64) -> String {
    let told = decimals.sided(value);
    if told.contains(' ') { told } else { "no different".to_owned() }
}

/// The title of the picture of curves.
pub(super) fn plot(tradeoff: &Tradeoff) -> String {
    format!("{} against {} on {}", capital(&told::quality(tradeoff)), told::clock(tradeoff.clock), tradeoff.workload)
}

/// The title of the picture of costs.
pub(super) fn cost_title(tradeoff: &Tradeoff) -> String {
    let ratio = match tradeoff.cost_ratio_by_clock {
        Some(ratio) => format!("Standard runs cost {} × the cyclic run", told::ratio(ratio, 3)),
        None => "What the curves cost".to_owned(),
    };
    let closed = tradeoff.cost_ratio_closed_form.map(|closed| format!(" (by the points {} ×)", told::ratio(closed, 5)));
    format!("{ratio} on {}{}", tradeoff.workload, closed.unwrap_or_default())
}
