//! One cyclic run: its learning rate, its metric, and where it was read out.

use rheostat_record::Run;
use rheostat_score::{Quality, ReadOutRow, Tradeoff, TradeoffMode};

use super::Tradeoffs;
use crate::chart::{Axis, Chart, Look, Marker, Panel, Series};
use crate::cut::metric_window;
use crate::number::{count, short};
use crate::view::View;

/// The learning rate above the validation metric, over the updates.
pub(super) fn chart(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff) -> Option<Chart> {
    let (submission, run) = run(tradeoffs, tradeoff)?;
    let view = View::new(run);
    let rates = view.hyperparameters.get("learning_rate")?;
    let read_outs: Vec<&ReadOutRow> = tradeoffs.rows.iter().filter(|row| of(row, submission, run)).collect();
    let metric = view.metric();
    let rates = Series::new("learning rate", view.updates.iter().copied().zip(rates.iter().copied())).colour(1);
    let metrics = view.evaluations.iter().map(|seen| (seen.step as f64, seen.metric));
    // With the weights that the curves show.
    let read_out = |row: &&ReadOutRow| match tradeoff.quality {
        Quality::Best => Some((row.best_step? as f64, row.best_metric?)),
        Quality::End | Quality::Test => Some((row.step as f64, row.end_metric?)),
    };
    let points: Vec<(f64, f64)> = read_outs.iter().filter_map(read_out).collect();
    let axis = Axis::new(format!("validation {metric}"));
    let axis = match metric_window(std::slice::from_ref(&view)) {
        // Early evaluations may be cut off, read-outs may not.
        Some((low, high)) => {
            let values = || points.iter().map(|(_, metric)| *metric);
            axis.only(values().fold(low, f64::min), values().fold(high, f64::max))
        }
        None => axis,
    };
    let told: Vec<String> = points.iter().map(|(_, metric)| short(*metric)).collect();
    let title = format!("A cyclic run of {submission} on {}, seed {}", tradeoff.workload, run.manifest.seed);
    let mut chart = Chart::new(&title, Axis::new("updates").whole().through(view.reached()))
        .described(format!("{title}. {metric} at the read-outs: {}.", told.join(", ")))
        .panel(Panel::new(Axis::new("learning rate")).series(rates))
        .panel(
            Panel::new(axis)
                .series(Series::new(format!("validation {metric}"), metrics).colour(2).crosses())
                .series(Series::new("read-outs", points).colour(0).look(Look::Points)),
        );
    for row in &read_outs {
        chart = chart.marker(Marker::new(count(row.step), row.step as f64));
    }
    Some(chart)
}

/// The first run of the baseline, or else of whoever has one.
fn run<'a>(tradeoffs: &Tradeoffs<'a>, tradeoff: &Tradeoff) -> Option<&'a (String, Run)> {
    let mut own = tradeoffs.runs.iter().filter(|(submission, run)| {
        run.manifest.workload == tradeoff.workload && tradeoffs.rows.iter().any(|row| of(row, submission, run))
    });
    let first = own.clone().next();
    own.find(|(submission, _)| Some(submission) == tradeoff.baseline.as_ref()).or(first)
}

/// Whether a read-out is of this cyclic run.
fn of(row: &ReadOutRow, submission: &str, run: &Run) -> bool {
    row.mode == TradeoffMode::Cyclic
        && row.submission == submission
        && row.workload == run.manifest.workload
        && row.recipe_hash == run.manifest.recipe_hash
        && row.seed == run.manifest.seed
}
