use std::collections::BTreeMap;

use rheostat_control::{Hyperparameter, Turn};

use super::{Replay, Said, WarmUp};
use crate::chart::{Axis, Band, Chart, Level, Look, Marker, Panel, Scale, Series, SvgOptions, Theme};
use crate::number::{capital, count, plural, short, shortest, spoken};
use crate::view::{smoothed, window};
use crate::{ReportError, words};

/// Colours by their places in the palette: the losses, what is smoothed of them, the tests, evaluations, hyperparameters.
const LOSS: usize = 0;
const RATE: usize = 1;
const CURVE: usize = 5;
const TEST: usize = 2;
const VALIDATION: usize = 3;
const METRIC: usize = 2;
const OTHER: usize = 6;

/// Standard deviations on both sides of the mean: 95 of 100 curves lie within.
const WIDTH: f64 = 2.0;
/// Losses this many times as far above the lowest as both the first ones and 95 in 100 would crush the others.
const OUTLYING: f64 = 2.0;
/// So many losses are the first ones.
const FIRST: usize = 20;
/// Pixels down of each panel of a picture.
const HEIGHT: f64 = 190.0;

/// A panel with what is said above it when it stands alone.
pub(super) struct Part {
    pub(super) title: String,
    pub(super) panel: Panel,
}

impl Replay {
    /// The losses, what the controller looked at and the hyperparameters that move, with every turn marked.
    pub fn chart(&self) -> Chart {
        let parts = parts(self);
        let described = parts.iter().map(|part| part.title.as_str()).collect::<Vec<_>>().join(". ");
        let chart = frame(self, self.title()).described(format!("{described}."));
        parts.into_iter().fold(chart, |chart, part| chart.panel(part.panel))
    }

    /// The picture as SVG.
    pub fn svg(&self, theme: Theme) -> String {
        self.chart().svg(&options(theme))
    }

    /// The picture as PNG, `scale` pixels for each of the SVG's.
    ///
    /// # Errors
    /// As [`Chart::png`].
    pub fn png(&self, theme: Theme, scale: f32) -> Result<Vec<u8>, ReportError> {
        self.chart().png(&options(theme), scale)
    }
}

fn options(theme: Theme) -> SvgOptions {
    SvgOptions { theme, panel_height: HEIGHT, ..SvgOptions::default() }
}

/// A chart with the horizontal axis and the markers, and no panel yet.
pub(super) fn frame(replay: &Replay, title: String) -> Chart {
    let end = replay.rows.iter().map(|row| row.step + 1).max().unwrap_or(1);
    let mut chart = Chart::new(title, Axis::new("updates").whole().through(end as f64));
    if let Some(WarmUp { curve, .. }) = &replay.warm_up
        && let Some(lowest) = curve.updates.get(curve.lowest)
    {
        chart = chart.marker(Marker::new("lowest", *lowest).colour(CURVE));
    }
    for said in &replay.decisions {
        if let Some(turn) = said.turn {
            chart = chart.marker(Marker::new(turn.name(), said.updates as f64));
        }
    }
    chart
}

pub(super) fn title(replay: &Replay) -> String {
    let updates = plural(replay.rows.len() as u64, "update");
    let last = replay.decisions.iter().rfind(|said| said.turn.is_some());
    match (&replay.warm_up, last) {
        (Some(warm_up), Some(Said { updates: done, turn: Some(turn), rates: Some((_, rate)), .. }))
            if warm_up.decided =>
        {
            let rate = shortest(*rate, 3);
            match turn {
                Turn::Stop => format!("The run is ended after {}", plural(*done, "update")),
                Turn::Restore => {
                    format!(
                        "The loss blew up after {}: rolled back, the rate decays from {rate}",
                        plural(*done, "update")
                    )
                }
                _ => format!("The warm-up ends after {}; the rate decays from {rate}", plural(*done, "update")),
            }
        }
        (Some(_), _) => format!("After {updates} the rate still rises: no minimum of the loss is past"),
        (None, None) => format!("In {updates} the controller stays its course"),
        (None, Some(_)) => {
            let mut counts: BTreeMap<Turn, u64> = BTreeMap::new();
            for turn in replay.decisions.iter().filter_map(|said| said.turn) {
                *counts.entry(turn).or_default() += 1;
            }
            let parts: Vec<String> = counts.iter().rev().map(|(turn, times)| plural(*times, noun(*turn))).collect();
            format!("{} in {updates}", capital(&parts.join(", ")))
        }
    }
}

fn noun(turn: Turn) -> &'static str {
    match turn {
        Turn::Reduce => "reduction",
        Turn::Switch => "turn",
        Turn::Reset => "reset",
        Turn::Restore => "rollback",
        Turn::Stop => "stop",
    }
}

/// What a controller looked at: the losses, and its tests of them.
pub(super) fn looked_at(replay: &Replay) -> Vec<Part> {
    std::iter::once(losses(replay)).chain(replay.warm_up.as_ref().map(tests)).collect()
}

/// Everything there is to draw, from the losses down to the hyperparameters.
pub(super) fn parts(replay: &Replay) -> Vec<Part> {
    let mut parts = looked_at(replay);
    let metric_is_loss = replay.evaluations.iter().all(|seen| seen.metric.to_bits() == seen.loss.to_bits());
    let evaluated = |name: &str, values: Vec<(f64, f64)>, colour: usize| {
        let title = format!("Validation {name}");
        let axis = Axis::new(title.to_lowercase()).scale(Scale::Auto);
        let series = Series::new(title.to_lowercase(), values).look(Look::Dots).colour(colour).crosses();
        Part { title, panel: Panel::new(axis).series(series) }
    };
    let validation = |value: fn(&super::Evaluation) -> f64| -> Vec<(f64, f64)> {
        replay.evaluations.iter().map(|seen| (seen.updates as f64, value(seen))).collect()
    };
    let (of_loss, of_metric) = (validation(|seen| seen.loss), validation(|seen| seen.metric));
    let any = |values: &[(f64, f64)]| values.iter().any(|point| point.1.is_finite());
    parts.extend(any(&of_loss).then(|| evaluated("loss", of_loss, VALIDATION)));
    parts.extend((any(&of_metric) && !metric_is_loss).then(|| evaluated("metric", of_metric, METRIC)));
    parts.extend(Hyperparameter::ALL.into_iter().filter_map(|which| hyperparameter(replay, which)));
    parts
}

fn losses(replay: &Replay) -> Part {
    let values: Vec<f64> = replay.rows.iter().map(|row| row.loss).collect();
    let at = |values: &[f64]| -> Vec<(f64, f64)> {
        replay.rows.iter().zip(values).map(|(row, value)| (row.step as f64, *value)).collect()
    };
    let mut axis = Axis::new("training loss").scale(Scale::Auto);
    let cut = window_of(&values);
    if let Some((low, high)) = cut {
        axis = axis.only(low, high);
    }
    let mut panel = Panel::new(axis);
    let mut title = "Training loss".to_owned();
    let width = window(values.len());
    panel = panel.series(Series::new("every update", at(&values)).look(Look::Faint).colour(LOSS).crosses());
    // Where the Gaussian process has smoothed the losses no other mean is needed.
    let past = replay.warm_up.as_ref().and_then(|warm_up| warm_up.curve.updates.last());
    let until = |past: &f64| replay.rows.iter().position(|row| (row.step + 1) as f64 >= *past);
    let since = past.map_or(0, |past| until(past).map_or(values.len(), |at| at + 1));
    let rest = smoothed(values.get(since..).unwrap_or_default(), width);
    if width > 1 && !rest.is_empty() {
        let rest = replay.rows.iter().skip(since).map(|row| row.step as f64).zip(rest);
        panel = panel.series(Series::new(format!("mean of {} updates", count(width as u64)), rest).colour(LOSS));
    }
    match &replay.warm_up {
        None if width > 1 => {}
        None => panel = panel.series(Series::new("training loss", at(&values)).colour(LOSS)),
        Some(WarmUp { curve, decided, .. }) => {
            // A band that reaches below 0 would take a log axis away from losses that do not.
            let lowest = values.iter().copied().filter(|loss| loss.is_finite()).fold(f64::INFINITY, f64::min);
            let least = if lowest > 0.0 { lowest * 0.5 } else { f64::NEG_INFINITY };
            let mean = || curve.updates.iter().copied().zip(curve.mean.iter().copied());
            let band = mean()
                .zip(&curve.deviation)
                .map(|((x, mean), deviation)| (x, (mean - WIDTH * deviation).max(least), mean + WIDTH * deviation));
            panel = panel
                .band(Band::new("two standard deviations", band).colour(CURVE))
                .series(Series::new("smoothed by the Gaussian process", mean()).colour(CURVE));
            if let (Some(at), Some(loss)) = (curve.updates.get(curve.lowest), curve.mean.get(curve.lowest)) {
                panel = panel.series(Series::new("", [(*at, *loss)]).look(Look::Points).colour(CURVE));
                let test = if *decided { "deciding" } else { "last" };
                title = format!(
                    "At the {test} test the smoothed loss was lowest at update {}: {}",
                    count(at.round() as u64),
                    short(*loss)
                );
            }
        }
    }
    if let Some((_, high)) = cut {
        title = format!("{title} (values above {} are cut off)", short(high));
    }
    Part { title, panel }
}

/// The stretch that shows what the losses do, if a few of them would crush the others.
fn window_of(losses: &[f64]) -> Option<(f64, f64)> {
    let mut finite: Vec<f64> = losses.iter().copied().filter(|loss| loss.abs() < 1e300).collect();
    let mut first: Vec<f64> = finite.iter().copied().take(FIRST).collect();
    for values in [&mut first, &mut finite] {
        values.sort_unstable_by(f64::total_cmp);
    }
    let (low, high) = (*finite.first()?, *finite.last()?);
    let most = finite.get((finite.len() - 1) * 95 / 100)?.max(*first.get(first.len() / 2)?);
    let height = most - low;
    (height > 0.0 && high - low > OUTLYING * height).then_some((low - 0.08 * height, most + 0.2 * height))
}

fn tests(warm_up: &WarmUp) -> Part {
    let tests = warm_up.tests.iter().map(|test| (test.updates as f64, test.probability));
    let confidence = Level::new(format!("confidence {}", short(warm_up.confidence)), warm_up.confidence);
    let panel = Panel::new(Axis::new("probability that the loss was lower before").only(-0.03, 1.06))
        .level(confidence)
        .series(Series::new("test", tests).look(Look::Dots).colour(TEST));
    let positive = warm_up.tests.iter().filter(|test| test.positive).count() as u64;
    let of = plural(warm_up.tests.len() as u64, "test");
    Part { title: format!("{} of {of} were more than {} sure", count(positive), short(warm_up.confidence)), panel }
}

/// The learning rate always, another hyperparameter if it moves.
fn hyperparameter(replay: &Replay, which: Hyperparameter) -> Option<Part> {
    let points = replay.rows.iter().filter_map(|row| Some((row.step as f64, row.used.get(which)?)));
    let (updates, values): (Vec<f64>, Vec<f64>) = points.unzip();
    let first = values.first()?;
    let rate = which == Hyperparameter::LearningRate;
    if !rate && values.iter().all(|value| value == first) {
        return None;
    }
    let name = spoken(which.name());
    let title = words::shape(&capital(&name), &updates, &values);
    // Reductions are by factors.
    let reduced = replay.decisions.iter().any(|said| said.turn == Some(Turn::Reduce));
    let scale = if reduced && values.iter().all(|value| *value > 0.0) { Scale::Log } else { Scale::Auto };
    let axis = Axis::new(name.clone()).scale(scale).exponents();
    let series = Series::new(name, updates.into_iter().zip(values)).colour(if rate { RATE } else { OTHER });
    let mut panel = Panel::new(axis).series(series);
    if let Some(WarmUp { curve, .. }) = replay.warm_up.as_ref().filter(|_| rate)
        && let Some(at) = curve.updates.get(curve.lowest)
    {
        panel = panel.series(Series::new("", [(*at, curve.test.rate)]).look(Look::Points).colour(CURVE));
    }
    Some(Part { title, panel })
}
