//! What quality each submission had at the same cost, where runs go on beyond their targets.

use rheostat_record::{Direction, Status};

use super::Study;
use super::clock::Clock;
use super::curves::axis;
use super::html::{Line, Table, cell};
use crate::chart::{Band, Chart, Level, Look, Panel, Series, SvgOptions, Theme};
use crate::cut::{cut_off, metric_axis, metric_window};
use crate::html::{Picture, named};
use crate::number::{capital, median, short};
use crate::view::{Evaluation, View};
use crate::words::comparable;

/// As many curves as can be told apart with dots and bands.
const CROWD: usize = 6;

/// One workload.
pub(super) struct Quality {
    pub(super) note: String,
    pub(super) views: Vec<AtCost>,
}

/// What one clock says.
pub(super) struct AtCost {
    pub(super) class: &'static str,
    pub(super) heading: String,
    pub(super) table: Table,
    pub(super) picture: Picture,
}

/// The runs of one submission together.
struct Curve<'s> {
    submission: &'s str,
    points: Vec<Point>,
    /// Whether most of its runs came to their ends.
    whole: bool,
}

/// One evaluation of all runs of a submission.
#[derive(Clone, Copy)]
struct Point {
    cost: f64,
    median: f64,
    low: f64,
    high: f64,
}

/// Every workload on which several submissions ran to their ends. Where a study draws several trials, a median over them would
/// mix what was drawn; where runs stop at their targets, there is no quality beyond.
pub(super) fn all(study: &Study<'_>) -> Vec<Quality> {
    if study.rows.iter().any(|row| row.trial > 0) {
        return Vec::new();
    }
    let mut workloads: Vec<&str> = study.runs.iter().map(|(_, run)| run.manifest.workload.as_str()).collect();
    workloads.sort_unstable();
    workloads.dedup();
    workloads.iter().enumerate().filter_map(|(index, workload)| quality(study, workload, index)).collect()
}

fn quality(study: &Study<'_>, workload: &str, index: usize) -> Option<Quality> {
    let own = study.runs.iter().filter(|(_, run)| run.manifest.workload == workload);
    let (names, views): (Vec<&str>, Vec<View<'_>>) = own.map(|(name, run)| (name.as_str(), View::new(run))).unzip();
    if !comparable(&views) || views.iter().any(|view| view.status() == Some(Status::TargetMet)) {
        return None;
    }
    let window = metric_window(&views);
    let at_cost = |clock: Clock| {
        let (x, unit) = axis(clock, &views)?;
        let curves = curves(&names, &views, clock);
        let ends = curves.iter().filter(|curve| curve.whole).filter_map(|curve| curve.points.last());
        let equal = ends.map(|end| end.cost).min_by(f64::total_cmp).filter(|_| curves.len() > 1)?;
        let id = format!("quality-{index}-{}", clock.name());
        let title = format!("Validation {} on {workload} by {}", views[0].metric(), clock.spoken());
        let mut panel = panel(study, &curves, &views[0], window, unit);
        if let Some(target) = &views[0].target {
            panel = panel.level(Level::new(format!("target {}", short(target.value)), target.value));
        }
        let described = format!("{title}, medians of the runs of each submission. Values are in the table.");
        let chart = Chart::new(&title, x).described(described).panel(panel);
        let options = SvgOptions {
            width: 560.0,
            panel_height: 250.0,
            theme: Theme::Page,
            column: (curves.len() as f64 / 20.0).clamp(1.0, 8.0),
            labelled_by: Some(id.clone()),
        };
        Some(AtCost {
            class: clock.class(),
            heading: format!("{workload} after {}, where the cheapest ends", clock.told(equal)),
            table: table(study, &curves, &views[0], clock, equal),
            picture: Picture { id, title, svg: chart.svg(&options) },
        })
    };
    let shown: Vec<AtCost> = study.clocks().into_iter().filter_map(at_cost).collect();
    (!shown.is_empty()).then(|| Quality { note: cut_off(&views, window), views: shown })
}

/// The submissions' curves, in the order of their names.
fn curves<'n>(names: &[&'n str], views: &[View<'_>], clock: Clock) -> Vec<Curve<'n>> {
    let mut submissions = names.to_vec();
    submissions.sort_unstable();
    submissions.dedup();
    let curve = |submission: &'n str| {
        let own: Vec<&View<'_>> =
            names.iter().zip(views).filter(|(name, _)| **name == submission).map(|(_, view)| view).collect();
        let broken = own.iter().filter(|view| matches!(view.status(), Some(Status::Diverged | Status::Interrupted)));
        let whole = 2 * broken.count() < own.len();
        Curve { submission, points: points(&own, clock), whole }
    };
    submissions.into_iter().map(curve).filter(|curve| !curve.points.is_empty()).collect()
}

/// Evaluation by evaluation the medians of cost and metric, as long as the median run goes on.
fn points(runs: &[&View<'_>], clock: Clock) -> Vec<Point> {
    let Some(direction) = runs.first().map(|view| view.run.manifest.direction) else { return Vec::new() };
    let worst = match direction {
        Direction::Increasing => f64::NEG_INFINITY,
        Direction::Decreasing => f64::INFINITY,
    };
    let mut steps: Vec<u64> = runs.iter().flat_map(|view| view.evaluations.iter().map(|seen| seen.step)).collect();
    steps.sort_unstable();
    steps.dedup();
    let point = |step: u64| {
        let at = |view: &&View<'_>| view.evaluations.iter().rfind(|seen| seen.step == step).copied();
        let seen: Vec<Evaluation> = runs.iter().filter_map(at).collect();
        let cost = median(seen.iter().filter_map(|seen| clock.cost(seen)).collect()).unwrap_or(f64::NAN);
        let metrics = seen.iter().map(|seen| seen.metric).filter(|metric| metric.is_finite());
        let mut metrics: Vec<f64> = metrics.collect();
        let (low, high) = (
            metrics.iter().copied().fold(f64::INFINITY, f64::min),
            metrics.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        );
        metrics.resize(runs.len(), worst);
        Point { cost, median: median(metrics).unwrap_or(f64::NAN), low, high }
    };
    steps.into_iter().map(point).take_while(|point| point.median.is_finite() && point.cost.is_finite()).collect()
}

fn panel(study: &Study<'_>, curves: &[Curve<'_>], first: &View<'_>, window: Option<(f64, f64)>, unit: f64) -> Panel {
    let mut panel = Panel::new(metric_axis(&first.metric(), window));
    // Those without a colour of their own behind the others.
    let mut order: Vec<&Curve<'_>> = curves.iter().collect();
    order.sort_by_key(|curve| std::cmp::Reverse(study.colour(curve.submission)));
    let crowded = curves.len() > CROWD;
    for curve in order.iter().filter(|_| !crowded) {
        if curve.points.iter().any(|point| point.low < point.high) {
            let ends = curve.points.iter().map(|point| (point.cost / unit, point.low, point.high));
            panel = panel.band(Band::new("", ends).colour(study.colour(curve.submission)));
        }
    }
    for curve in order {
        let points = curve.points.iter().map(|point| (point.cost / unit, point.median));
        let look = if crowded { Look::Line } else { Look::Dots };
        panel = panel.series(Series::new(curve.submission, points).colour(study.colour(curve.submission)).look(look));
    }
    panel
}

/// What each submission had at this cost, and what it came to at which; the best at this cost first.
fn table(study: &Study<'_>, curves: &[Curve<'_>], first: &View<'_>, clock: Clock, equal: f64) -> Table {
    let metric = first.metric();
    let direction = first.run.manifest.direction;
    let mut lines: Vec<(Point, bool, &Curve<'_>)> = Vec::new();
    for curve in curves {
        let last = curve.points.last().filter(|last| last.cost < equal && !curve.whole);
        let at = curve.points.iter().rfind(|point| point.cost <= equal);
        lines.extend(at.map(|at| (*at, last.is_some(), curve)));
    }
    let better = |a: f64, b: f64| match direction {
        Direction::Increasing => b.total_cmp(&a),
        Direction::Decreasing => a.total_cmp(&b),
    };
    lines.sort_by(|a, b| a.1.cmp(&b.1).then(better(a.0.median, b.0.median)));
    let best = lines.first().map(|(at, ..)| at.median);
    let line = |(at, broken, curve): &(Point, bool, &Curve<'_>)| {
        let range = match at.low < at.high {
            true => format!("{}–{}, ", short(at.low), short(at.high)),
            false => String::new(),
        };
        let value = match broken {
            true => cell("✘ broke off", "number bad"),
            false => cell(short(at.median), if Some(at.median) == best { "number best" } else { "number" }),
        };
        let end = curve.points.last().unwrap_or(at);
        let last = cell(short(end.median), "number").detail(format!("after {}", clock.told(end.cost)));
        Line {
            submission: named(curve.submission, study.colour(curve.submission), false),
            cells: vec![value.detail(format!("{range}after {}", clock.told(at.cost))), last],
        }
    };
    let names = [capital(&metric), format!("Last {metric}")];
    Table { columns: names.map(|name| cell(name, "number")).into(), lines: lines.iter().map(line).collect() }
}
