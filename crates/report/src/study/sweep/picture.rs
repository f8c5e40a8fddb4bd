//! Every trial of a sweep as a dot, and the medians joined.

use super::trials::{Attempt, Group, Place, Sweep};
use super::words;
use crate::chart::{Axis, Chart, Look, Panel, Scale, Series, SvgOptions, Theme};
use crate::html::Picture;
use crate::number::{plural, significant};
use crate::study::Study;

/// A picture of all numbers is given up where the trials that did not diverge would have less than this share of its height.
const WORTH: f64 = 0.3;

/// The picture, and what has to be said beneath it.
pub(super) fn picture(study: &Study<'_>, sweep: &Sweep<'_>, id: String) -> (Picture, String) {
    let window = window(sweep);
    let axis = Axis::new(words::outcome(sweep).to_lowercase());
    let mut panel = Panel::new(match window {
        Some((low, high)) => axis.only(low, high),
        None => axis.scale(Scale::Auto),
    });
    // Beyond the picture a trial is a cross at its edge, as one without a number is.
    let within = |value: Option<f64>| match (value, window) {
        (Some(value), Some((low, high))) if !(low..=high).contains(&value) => f64::NAN,
        (value, _) => value.unwrap_or(f64::NAN),
    };
    let (mut crosses, mut rings, mut hidden) = (0, 0, 0);
    for swept in sweep.submissions.iter().rev() {
        let colour = study.colour(swept.submission);
        let dots = |own: &dyn Fn(&Attempt<'_>) -> bool| -> Vec<(f64, f64)> {
            let of = |place: &Place<'_>| -> Vec<(f64, f64)> {
                let own = place.trials.iter().filter(|trial| own(trial));
                own.map(|trial| (place.x, within(sweep.outcome(trial)))).collect()
            };
            swept.places.iter().flat_map(of).collect()
        };
        let whole = dots(&|trial| trial.group != Group::Diverged);
        let hollow = dots(&|trial| trial.group == Group::Diverged);
        let drawn = |points: &[(f64, f64)]| points.iter().filter(|point| point.0 > 0.0 && point.1.is_finite()).count();
        rings += drawn(&hollow);
        hidden += whole.iter().chain(&hollow).filter(|point| point.0 <= 0.0).count();
        crosses += whole.iter().chain(&hollow).filter(|point| point.0 > 0.0 && point.1.is_nan()).count();
        let medians = swept.places.iter().map(|place| (place.x, place.outcome().unwrap_or(f64::NAN)));
        let series = |name: &str, points: Vec<(f64, f64)>, look| Series::new(name, points).colour(colour).look(look);
        panel = panel
            .series(series(swept.submission, medians.collect(), Look::Line))
            .series(series(swept.submission, whole, Look::Points).crosses())
            .series(series(&format!("{}, diverged", swept.submission), hollow, Look::Rings).crosses());
    }
    let title = words::title(sweep);
    let chart = Chart::new(&title, Axis::new(&sweep.axis).scale(Scale::Log).exponents())
        .described(format!("{title}. The best of each submission is beside it."))
        .panel(panel);
    let svg = chart.svg(&SvgOptions {
        width: 560.0,
        panel_height: 260.0,
        theme: Theme::Page,
        column: 1.0,
        labelled_by: Some(id.clone()),
    });
    let mut note = "A dot is a trial; lines join the medians.".to_owned();
    if rings > 0 {
        note += " A ring is a trial that diverged.";
    }
    if crosses > 0 {
        let beyond =
            window.map(|(low, high)| format!(", or none between {} and {}", significant(low, 2), significant(high, 2)));
        note += &format!(" A cross at the top is a trial without a number{}.", beyond.unwrap_or_default());
    }
    if hidden > 0 {
        note += &format!(" {} at 0 or below {} no place on this axis.", plural(hidden as u64, "trial"), have(hidden));
    }
    (Picture { id, title, svg }, note)
}

fn have(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

/// The stretch of outcomes in which trials that did not diverge lie, if all numbers would crush it.
fn window(sweep: &Sweep<'_>) -> Option<(f64, f64)> {
    let all = || sweep.submissions.iter().flat_map(|swept| &swept.places).flat_map(|place| &place.trials);
    let range = |own: &dyn Fn(&Attempt<'_>) -> bool| {
        let numbers = all().filter(|trial| own(trial)).filter_map(|trial| sweep.outcome(trial));
        numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (value.min(low), value.max(high)))
    };
    let (low, high) = range(&|trial| trial.group != Group::Diverged);
    let (lowest, highest) = range(&|_| true);
    let room = (high - low) * 0.08;
    (low < high && high - low < WORTH * (highest - lowest)).then_some((low - room, high + room))
}
