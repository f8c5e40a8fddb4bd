//! What a sweep found, in words.

use super::trials::{Group, Place, Sweep, Swept};
use crate::number::{capital, plural, short, shortest, significant};

/// More stretches than this are counted, not listed.
const STRETCHES: usize = 3;
/// Zeros beyond this many letters help no comparison.
const LONGEST: usize = 8;

/// What the groups are, and what stands for several trials.
pub(in crate::study) const DEFINITIONS: &str = "A trial converged if its best validation metric is, of the range between \
    the worst and the best of the whole sweep, within a tenth of the best; it diverged if it ended as diverged or failed, or if its \
    best evaluation came before a quarter of the budget and its last is worse by more than a tenth of that range; else it is \
    under-fit.";

/// `Test accuracy`, or what stands for it.
pub(super) fn outcome(sweep: &Sweep<'_>) -> String {
    match sweep.tested {
        true => format!("Test {}", sweep.workload.metric),
        false => format!("Best validation {}", sweep.workload.metric),
    }
}

/// `Test accuracy against the learning rate on digits-mlp`.
pub(super) fn title(sweep: &Sweep<'_>) -> String {
    let article = if sweep.axis.contains(' ') { "the " } else { "" };
    format!("{} against {article}{} on {}", outcome(sweep), sweep.axis, sweep.workload.name)
}

/// A value of the axis.
pub(super) fn told(x: f64) -> String {
    shortest(x, 3)
}

/// Outcomes with as many decimals as the longest of them needs, so that they compare where they stand below each other.
#[derive(Clone, Copy)]
pub(super) struct Digits(usize);

impl Digits {
    pub(super) fn of(sweep: &Sweep<'_>) -> Self {
        let places = sweep.submissions.iter().flat_map(|swept| &swept.places);
        let texts = places.filter_map(Place::outcome).map(short).filter(|text| !text.contains('e'));
        Self(texts.filter_map(|text| Some(text.split_once('.')?.1.len())).max().unwrap_or(0))
    }

    pub(super) fn told(self, outcome: f64) -> String {
        let (short, long) = (short(outcome), format!("{outcome:.*}", self.0));
        if short.contains('e') || long.len() > LONGEST { short } else { long }
    }
}

/// What is shown in place of several trials, and what no test metric means.
pub(super) fn note(sweep: &Sweep<'_>) -> String {
    let mut text =
        "Values are medians over the trials at a place; one without a number counts as the worst.".to_owned();
    if !sweep.tested {
        text += " There are no test metrics.";
    }
    let mut others: Vec<&str> = sweep.submissions.iter().flat_map(|swept| swept.others.iter().copied()).collect();
    others.sort_unstable();
    others.dedup();
    if !others.is_empty() {
        text += &format!(" Trials that differ in {} lie together.", others.join(", "));
    }
    text
}

/// Where a submission did best, with what came out there.
pub(super) fn best(sweep: &Sweep<'_>, swept: &Swept<'_>) -> String {
    let Some(place) = swept.best() else {
        let all: usize = swept.places.iter().map(|place| place.trials.len()).sum();
        return format!("no number from {}", plural(all as u64, "trial"));
    };
    let metric = place.metric().map(short).unwrap_or_default();
    let mut text =
        format!("best at {}{}: validation {} {metric}", told(place.x), edge(swept, place), sweep.workload.metric);
    if sweep.tested {
        text += &format!(", test {}", place.test().map_or("none".to_owned(), short));
    }
    text
}

/// Whether more of the axis would be worth a try.
fn edge(swept: &Swept<'_>, best: &Place<'_>) -> &'static str {
    match swept.places.as_slice() {
        [_] => ", the only one tried",
        [first, ..] if first.x == best.x => ", the smallest tried",
        [.., last] if last.x == best.x => ", the largest tried",
        _ => "",
    }
}

/// How wide the range is within which it converged.
pub(super) fn converged(swept: &Swept<'_>) -> String {
    let stretches = swept.converged();
    let (Some((from, _)), Some((_, to))) = (stretches.first(), stretches.last()) else {
        return "converged nowhere".to_owned();
    };
    if stretches.len() > STRETCHES {
        let places = swept.places.iter().filter(|place| place.group() == Group::Converged).count();
        let range = format!("between {} and {}", told(*from), told(*to));
        return format!("converged at {places} of {} values, {range}", swept.places.len());
    }
    let stretch = |(from, to): &(f64, f64)| match from == to {
        true => format!("at {}", told(*from)),
        false => format!("from {} to {}", told(*from), told(*to)),
    };
    let wide = match stretches.len() {
        1 if from < to && *from > 0.0 => format!(", a factor of {}", significant(to / from, 2)),
        _ => String::new(),
    };
    format!("converged {}{wide}", stretches.iter().map(stretch).collect::<Vec<_>>().join(" and "))
}

/// Both as a sentence each.
pub(super) fn sentences(sweep: &Sweep<'_>, swept: &Swept<'_>) -> [String; 2] {
    [best(sweep, swept), converged(swept)].map(|text| capital(&text) + ".")
}

/// What became of the trials of a place, where that needs words: nothing if most converged and none diverged.
pub(super) fn fate(place: &Place<'_>) -> String {
    let (all, diverged) = (place.trials.len(), place.count(Group::Diverged));
    match (diverged, place.group()) {
        (0, Group::Converged) => String::new(),
        (0, group) => group.name().to_owned(),
        (some, _) if some == all => Group::Diverged.name().to_owned(),
        (some, _) => format!("{some} of {all} diverged"),
    }
}
