//! Submissions against values: how late the best evaluation came, and what came out.

use super::trials::{Group, Place, Sweep, Swept};
use super::words::{self, Digits};
use crate::html::{Named, named};
use crate::number::{percent, plural};
use crate::study::Study;

/// A table whose cells are coloured by a share.
pub(in crate::study) struct Heat {
    pub(in crate::study) columns: Vec<String>,
    pub(in crate::study) lines: Vec<(Named, Vec<HeatCell>)>,
}

/// One submission at one value.
#[derive(Default)]
pub(in crate::study) struct HeatCell {
    pub(in crate::study) class: String,
    /// How full the colour is, in percent.
    pub(in crate::study) full: String,
    pub(in crate::study) share: String,
    pub(in crate::study) outcome: String,
    pub(in crate::study) fate: String,
    /// All of it in words.
    pub(in crate::study) words: String,
}

pub(super) fn heat(study: &Study<'_>, sweep: &Sweep<'_>) -> Option<Heat> {
    if !sweep.is_grid() {
        return None;
    }
    let (values, digits) = (sweep.values(), Digits::of(sweep));
    let line = |swept: &Swept<'_>| {
        let cells = values.iter().map(|x| swept.at(*x).map_or_else(absent, |place| cell(sweep, swept, place, digits)));
        (named(swept.submission, study.colour(swept.submission), false), cells.collect())
    };
    let columns = values.iter().map(|x| words::told(*x)).collect();
    Some(Heat { columns, lines: sweep.submissions.iter().map(line).collect() })
}

fn absent() -> HeatCell {
    HeatCell { class: "absent".to_owned(), ..HeatCell::default() }
}

fn cell(sweep: &Sweep<'_>, swept: &Swept<'_>, place: &Place<'_>, digits: Digits) -> HeatCell {
    let best = swept.best().is_some_and(|best| best.x == place.x);
    let mut class = match place.group() {
        Group::Converged => "converged",
        Group::UnderFit => "under-fit",
        Group::Diverged => "diverged",
    }
    .to_owned();
    if best {
        class += " top";
    }
    let share = place.share();
    let told = share.map(|share| percent(share, 1.0));
    let outcome = place.outcome().map_or("no number".to_owned(), |outcome| digits.told(outcome));
    let group = [Group::Converged, Group::UnderFit, Group::Diverged].map(|group| (place.count(group), group.name()));
    let groups: Vec<String> =
        group.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
    let words = format!(
        "{}, {} {}: {} {outcome}, best evaluation after {} of the budget; {}: {}",
        swept.submission,
        swept.key,
        words::told(place.x),
        words::outcome(sweep).to_lowercase(),
        told.clone().unwrap_or_else(|| "an unknown share".to_owned()),
        plural(place.trials.len() as u64, "trial"),
        groups.join(", ")
    );
    HeatCell {
        class,
        full: format!("{:.0}", share.unwrap_or(0.0).clamp(0.0, 1.0) * 100.0),
        share: told.unwrap_or_else(|| "–".to_owned()),
        outcome,
        fate: words::fate(place),
        words,
    }
}
