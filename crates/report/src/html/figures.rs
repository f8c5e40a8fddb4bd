//! The charts of a page, each against updates and against training time.

use std::collections::BTreeSet;

use rheostat_record::document::nearest;

use super::{Named, named};
use crate::chart::{Axis, Chart, Level, Look, Marker, Panel, Scale, Series, SvgOptions, Theme};
use crate::cut::{cut_off, metric_axis, metric_window};
use crate::number::{count, short, shortened, spoken, time_unit};
use crate::view::{View, smoothed, window};
use crate::{ReportError, words};

/// A chart with what stands around it.
pub(super) struct Figure {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) by_steps: String,
    pub(super) by_seconds: String,
    pub(super) legend: Vec<Named>,
    pub(super) note: Option<String>,
    pub(super) values: Vec<Values>,
}

/// A series in numbers, for those who do not see it.
pub(super) struct Values {
    pub(super) name: String,
    pub(super) first: String,
    pub(super) lowest: String,
    pub(super) highest: String,
    pub(super) last: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Quantity<'a> {
    Loss,
    ValidationLoss,
    Metric,
    Hyperparameter(&'a str),
    Gradient,
}

impl<'a> Quantity<'a> {
    /// How its chart is asked for.
    fn name(self) -> &'a str {
        match self {
            Self::Loss => "training_loss",
            Self::ValidationLoss => "validation_loss",
            Self::Metric => "metric",
            Self::Hyperparameter(name) => name,
            Self::Gradient => "gradient_norm",
        }
    }
}

/// What is along the horizontal axis.
#[derive(Clone, Copy)]
enum Along {
    Updates,
    /// With the seconds of one unit.
    Time(f64),
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 230.0;
/// About as many points are drawn in all, so that a page of many runs stays small.
const POINTS: f64 = 90_000.0;
/// With more runs than this, values under their means would be a blur.
const RAW_RUNS: usize = 2;
/// With more runs than this, markers would be a fence.
const MARKED_RUNS: usize = 3;

/// Every chart that the runs have something for.
pub(super) fn all(views: &[View<'_>]) -> Vec<Figure> {
    let quantities = quantities(views);
    let lines = (views.len() * quantities.len() * 2) as f64;
    let column = (lines * 2.0 * WIDTH / POINTS).clamp(1.0, 24.0);
    let figure = |(index, quantity): (usize, &Quantity<'_>)| figure(views, *quantity, index, column);
    quantities.iter().enumerate().map(figure).collect()
}

/// One of them by name, against updates.
pub(super) fn named_chart(views: &[View<'_>], name: &str) -> Result<Chart, ReportError> {
    let quantities = quantities(views);
    let Some(quantity) = quantities.iter().find(|quantity| quantity.name() == name) else {
        let known: Vec<&str> = quantities.iter().map(|quantity| quantity.name()).collect();
        let help = nearest(name, &known).unwrap_or_default();
        return Err(ReportError::Chart { name: name.to_owned(), help });
    };
    Ok(chart(views, *quantity, Along::Updates, updates(views), &title(views, *quantity)))
}

fn quantities<'v>(views: &'v [View<'_>]) -> Vec<Quantity<'v>> {
    let moving: BTreeSet<&str> = views
        .iter()
        .flat_map(|view| {
            view.hyperparameters.keys().copied().filter(|name| view.moves(name) || *name == "learning_rate")
        })
        .collect();
    let mut quantities = vec![Quantity::Metric, Quantity::Loss];
    quantities.extend(moving.contains("learning_rate").then_some(Quantity::Hyperparameter("learning_rate")));
    // Where the metric is the loss, the metric's chart has shown it.
    quantities.extend(views.iter().any(|view| !view.metric_is_loss()).then_some(Quantity::ValidationLoss));
    quantities.extend(moving.into_iter().filter(|name| *name != "learning_rate").map(Quantity::Hyperparameter));
    quantities.push(Quantity::Gradient);
    quantities.retain(|quantity| views.iter().any(|view| has(view, *quantity)));
    quantities
}

/// The runs by colour; nothing for a single one.
pub(super) fn runs_legend(views: &[View<'_>]) -> Vec<Named> {
    if views.len() < 2 {
        return Vec::new();
    }
    let named = |(index, view): (usize, &View<'_>)| named(view.id(), index, false);
    views.iter().enumerate().map(named).collect()
}

fn has(view: &View<'_>, quantity: Quantity<'_>) -> bool {
    match quantity {
        Quantity::Loss => !view.losses.is_empty(),
        Quantity::Gradient => view.gradients.iter().any(|norm| norm.is_finite()),
        Quantity::ValidationLoss | Quantity::Metric => !view.evaluations.is_empty(),
        Quantity::Hyperparameter(name) => view.hyperparameters.contains_key(name),
    }
}

fn title(views: &[View<'_>], quantity: Quantity<'_>) -> String {
    match quantity {
        Quantity::Loss => words::loss(views),
        Quantity::ValidationLoss => words::validation_loss(views),
        Quantity::Metric => words::metric(views),
        Quantity::Hyperparameter(name) => words::hyperparameter(views, name),
        Quantity::Gradient => words::gradient(views),
    }
}

fn updates(views: &[View<'_>]) -> Axis {
    Axis::new("updates").whole().through(views.iter().map(View::reached).fold(0.0, f64::max))
}

fn figure(views: &[View<'_>], quantity: Quantity<'_>, index: usize, column: f64) -> Figure {
    let title = title(views, quantity);
    let longest = views.iter().map(View::train_seconds).filter(|time| time.is_finite()).fold(0.0, f64::max);
    let (unit, name) = time_unit(longest);
    let id = format!("figure-{index}");
    let options =
        SvgOptions { width: WIDTH, panel_height: HEIGHT, theme: Theme::Page, column, labelled_by: Some(id.clone()) };
    let by_steps = chart(views, quantity, Along::Updates, updates(views), &title);
    let by_seconds =
        chart(views, quantity, Along::Time(unit), Axis::new(format!("training time ({name})")).through(0.0), &title);
    let mut legend = Vec::new();
    if let [view] = views
        && let Some(series) = smoothed_series(quantity, view)
        && series > 1
    {
        let colour = colour(views, quantity, 0);
        legend.push(named(&format!("mean of {} updates", count(series as u64)), colour, false));
        legend.push(named("every update", colour, true));
    }
    let note = match quantity {
        Quantity::Loss | Quantity::Gradient if views.len() > RAW_RUNS => {
            Some("Means over 2.5 % of each run’s updates.".to_owned())
        }
        Quantity::Metric if words::comparable(views) => {
            Some(cut_off(views, metric_window(views))).filter(|note| !note.is_empty())
        }
        _ => None,
    };
    Figure {
        id,
        title: title.clone(),
        by_steps: by_steps.svg(&options),
        by_seconds: by_seconds.svg(&options),
        legend,
        note,
        values: views.iter().filter(|view| has(view, quantity)).map(|view| values(view, quantity)).collect(),
    }
}

/// The window of the mean that is drawn, if one is.
fn smoothed_series(quantity: Quantity<'_>, view: &View<'_>) -> Option<usize> {
    matches!(quantity, Quantity::Loss | Quantity::Gradient).then(|| window(view.losses.len()))
}

/// A colour for each run; of a single run, for each quantity.
fn colour(views: &[View<'_>], quantity: Quantity<'_>, run: usize) -> usize {
    if views.len() > 1 {
        return run;
    }
    match quantity {
        Quantity::Loss => 0,
        Quantity::ValidationLoss => 3,
        Quantity::Metric => 2,
        Quantity::Hyperparameter("learning_rate") => 1,
        Quantity::Hyperparameter(_) => 6,
        Quantity::Gradient => 7,
    }
}

fn chart(views: &[View<'_>], quantity: Quantity<'_>, along: Along, x: Axis, title: &str) -> Chart {
    let axis = match quantity {
        Quantity::Loss => Axis::new("training loss").scale(Scale::Auto),
        Quantity::ValidationLoss => Axis::new("validation loss").scale(Scale::Auto),
        Quantity::Metric if words::comparable(views) => {
            metric_axis(&views.first().map(View::metric).unwrap_or_default(), metric_window(views))
        }
        Quantity::Metric => Axis::new("validation metric"),
        Quantity::Hyperparameter("batch_size") => Axis::new("samples a batch").whole(),
        Quantity::Hyperparameter(name) => Axis::new(spoken(name)).scale(Scale::Auto),
        Quantity::Gradient => Axis::new("gradient norm").scale(Scale::Auto),
    };
    let mut panel = Panel::new(axis);
    for (run, view) in views.iter().enumerate() {
        let colour = colour(views, quantity, run);
        for series in series(view, quantity, along, views.len() <= RAW_RUNS) {
            panel = panel.series(series.colour(colour));
        }
    }
    let target = views.first().and_then(|view| view.target.as_ref());
    if let Some(target) = target.filter(|_| quantity == Quantity::Metric && words::comparable(views)) {
        panel = panel.level(Level::new(format!("target {}", short(target.value)), target.value));
    }
    let mut chart = Chart::new(title, x).described(description(views, quantity, title)).panel(panel);
    if views.len() > MARKED_RUNS {
        return chart;
    }
    for (run, view) in views.iter().enumerate() {
        for moment in view.moments.iter().filter(|moment| moment.is_turn()) {
            let marker = Marker::new(shortened(moment.what, 18), at(along, moment.step as f64, moment.seconds));
            chart = chart.marker(if views.len() > 1 { marker.colour(run) } else { marker });
        }
        if let Some(met) = view.first_met().filter(|_| quantity == Quantity::Metric) {
            let colour = if views.len() > 1 { run } else { 2 };
            chart = chart.marker(Marker::new("target met", at(along, met.step as f64, met.seconds)).colour(colour));
        }
    }
    chart
}

fn at(along: Along, update: f64, seconds: f64) -> f64 {
    match along {
        Along::Updates => update,
        Along::Time(unit) => seconds / unit,
    }
}

/// What is drawn of one run.
fn series(view: &View<'_>, quantity: Quantity<'_>, along: Along, raw: bool) -> Vec<Series> {
    let steps = || view.updates.iter().zip(&view.seconds).map(|(update, seconds)| at(along, *update, *seconds));
    let by_step = |values: &[f64]| Series::new(view.id(), steps().zip(values.iter().copied()).collect::<Vec<_>>());
    let by_evaluation = |value: fn(&crate::view::Evaluation) -> f64| {
        let points = view.evaluations.iter().map(|seen| (at(along, seen.step as f64, seen.seconds), value(seen)));
        Series::new(view.id(), points).look(Look::Dots).crosses()
    };
    let averaged = |values: &[f64]| {
        let window = window(values.len());
        let mut all = vec![by_step(&smoothed(values, window))];
        if raw && window > 1 {
            let mut every = by_step(values).look(Look::Faint);
            every.name = format!("{}, every update", view.id());
            all.push(every.crosses());
        } else {
            // Where single values were not finite shows even if only means are drawn.
            let odd = steps().zip(values).filter(|(_, value)| !value.is_finite()).map(|(x, _)| (x, f64::NAN));
            all.push(Series::new("", odd).crosses());
        }
        all
    };
    match quantity {
        Quantity::Loss => averaged(&view.losses),
        Quantity::Gradient => averaged(&view.gradients),
        Quantity::ValidationLoss => vec![by_evaluation(|seen| seen.loss)],
        Quantity::Metric => vec![by_evaluation(|seen| seen.metric)],
        Quantity::Hyperparameter(name) => {
            view.hyperparameters.get(name).map(|values| vec![by_step(values)]).unwrap_or_default()
        }
    }
}

fn points(view: &View<'_>, quantity: Quantity<'_>) -> Vec<(f64, f64)> {
    let by_step = |values: &[f64]| view.updates.iter().copied().zip(values.iter().copied()).collect();
    let by_evaluation = |value: fn(&crate::view::Evaluation) -> f64| {
        view.evaluations.iter().map(|seen| (seen.step as f64, value(seen))).collect()
    };
    match quantity {
        Quantity::Loss => by_step(&view.losses),
        Quantity::Gradient => by_step(&view.gradients),
        Quantity::ValidationLoss => by_evaluation(|seen| seen.loss),
        Quantity::Metric => by_evaluation(|seen| seen.metric),
        Quantity::Hyperparameter(name) => {
            view.hyperparameters.get(name).map(|values| by_step(values)).unwrap_or_default()
        }
    }
}

fn values(view: &View<'_>, quantity: Quantity<'_>) -> Values {
    let points = points(view, quantity);
    let finite = || points.iter().filter(|point| point.1.is_finite());
    let told = |point: Option<&(f64, f64)>| point.map(|(_, y)| short(*y)).unwrap_or_default();
    let placed = |point: Option<&(f64, f64)>| {
        point.map(|(x, y)| format!("{} at {}", short(*y), count(*x as u64))).unwrap_or_default()
    };
    Values {
        name: view.id().to_owned(),
        first: told(points.first()),
        lowest: placed(finite().min_by(|one, other| one.1.total_cmp(&other.1))),
        highest: placed(finite().max_by(|one, other| one.1.total_cmp(&other.1))),
        last: told(points.last()),
    }
}

fn description(views: &[View<'_>], quantity: Quantity<'_>, title: &str) -> String {
    match views {
        [view] => {
            let values = values(view, quantity);
            format!(
                "{title}. First {}, lowest {}, highest {}, last {}.",
                values.first, values.lowest, values.highest, values.last
            )
        }
        _ => format!("{title}. {} runs; their values are in the table below.", views.len()),
    }
}
