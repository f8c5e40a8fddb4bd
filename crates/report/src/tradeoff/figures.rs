//! The pictures of a workload.

use rheostat_score::{Clock, Curve, Difference, Tradeoff, TradeoffMode};

use super::grids::{MODES, curves};
use super::{Tradeoffs, cycles, told, words};
use crate::ReportError;
use crate::chart::palette::REST;
use crate::chart::{Axis, Band, Bar, Bars, Chart, Level, Look, Panel, Scale, Series, SvgOptions};
use crate::number::{spoken, time_unit};

/// A picture with a name for its file.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    stem: String,
    pub(super) kind: Kind,
    drawing: Drawing,
}

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tradeoff,
    Improvement,
    Cost,
    Cycles,
}

#[derive(Debug, Clone, PartialEq)]
enum Drawing {
    Chart(Chart),
    Bars(Bars),
}

impl Figure {
    /// The name of its file without an extension: `digits-tradeoff`. Letters that a path might not take are dashes.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// What it shows, as a title.
    pub fn title(&self) -> &str {
        match &self.drawing {
            Drawing::Chart(chart) => chart.title(),
            Drawing::Bars(bars) => bars.title(),
        }
    }

    /// As an `<svg>` element.
    pub fn svg(&self, options: &SvgOptions) -> String {
        match &self.drawing {
            Drawing::Chart(chart) => chart.svg(options),
            Drawing::Bars(bars) => bars.svg(options),
        }
    }

    /// As a PNG file, `scale` pixels for each of the SVG's.
    ///
    /// # Errors
    /// As [`Chart::png`].
    pub fn png(&self, options: &SvgOptions, scale: f32) -> Result<Vec<u8>, ReportError> {
        match &self.drawing {
            Drawing::Chart(chart) => chart.png(options, scale),
            Drawing::Bars(bars) => bars.png(options, scale),
        }
    }
}

/// Every picture that the read-outs have something for, workload by workload: the tradeoff curves, the improvement over the
/// baseline, a cyclic run, and what the curves cost.
pub fn figures(tradeoffs: &Tradeoffs<'_>) -> Vec<Figure> {
    tradeoffs.all.iter().flat_map(|tradeoff| of(tradeoffs, tradeoff)).collect()
}

/// Those of one workload.
pub(super) fn of(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff) -> Vec<Figure> {
    let stem = |what: &str| {
        let safe = |letter: char| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' };
        format!("{}-{what}", tradeoff.workload.chars().map(safe).collect::<String>())
    };
    let figure = |what, kind, drawing: Option<Drawing>| Some(Figure { stem: stem(what), kind, drawing: drawing? });
    let all = [
        figure("tradeoff", Kind::Tradeoff, plot(tradeoffs, tradeoff).map(Drawing::Chart)),
        figure("improvement", Kind::Improvement, improvement(tradeoffs, tradeoff).map(Drawing::Chart)),
        figure("cyclic-run", Kind::Cycles, cycles::chart(tradeoffs, tradeoff).map(Drawing::Chart)),
        figure("cost", Kind::Cost, bars(tradeoffs, tradeoff).map(Drawing::Bars)),
    ];
    all.into_iter().flatten().collect()
}

/// The axis of costs, and what a cost is divided by.
fn axis(tradeoff: &Tradeoff) -> (Axis, f64) {
    let longest = tradeoff.curves.iter().filter_map(Curve::range).map(|(_, high)| high).fold(0.0, f64::max);
    let (unit, label) = match tradeoff.clock {
        Clock::Seconds => {
            let (unit, name) = time_unit(longest);
            (unit, format!("training time ({name})"))
        }
        clock => (1.0, told::clock(clock).to_owned()),
    };
    let axis = Axis::new(label).scale(Scale::Log);
    (if tradeoff.clock == Clock::Steps { axis.marks(steps(tradeoff)) } else { axis }, unit)
}

/// Updates at the points.
fn steps(tradeoff: &Tradeoff) -> Vec<f64> {
    let mut steps: Vec<u64> = tradeoff.curves.iter().flat_map(|curve| curve.points.iter().map(|at| at.step)).collect();
    steps.sort_unstable();
    steps.dedup();
    steps.into_iter().map(|step| step as f64).collect()
}

fn look(mode: TradeoffMode) -> Look {
    match mode {
        TradeoffMode::Standard => Look::Dots,
        TradeoffMode::Cyclic => Look::Dashes,
    }
}

/// Quality against cost: standard curves solid, cyclic ones dashed, their intervals as bands, and the frontier as grey stairs.
fn plot(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff) -> Option<Chart> {
    let (x, unit) = axis(tradeoff);
    let mut panel = Panel::new(Axis::new(told::quality(tradeoff)));
    let stairs = stairs(tradeoff, unit);
    if !stairs.is_empty() {
        panel = panel.series(Series::new("Pareto frontier", stairs).colour(REST));
    }
    let all: Vec<&Curve> = curves(tradeoff).collect();
    for curve in &all {
        for stretch in curve.points.chunk_by(|a, b| a.point + 1 == b.point) {
            let ends = stretch.iter().filter_map(|at| {
                let (low, high) = at.quality.interval()?;
                Some((at.cost / unit, low, high))
            });
            let ends: Vec<(f64, f64, f64)> = ends.collect();
            if ends.len() > 1 {
                panel = panel.band(Band::new("", ends).colour(tradeoffs.colour(&curve.submission)));
            }
        }
    }
    for curve in &all {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for pair in curve.points.windows(2) {
            points.push((pair[0].cost / unit, pair[0].quality.mean));
            if pair[0].point + 1 != pair[1].point {
                points.push((pair[1].cost / unit, f64::NAN));
            }
        }
        points.extend(curve.points.last().map(|at| (at.cost / unit, at.quality.mean)));
        let name = format!("{}, {}", curve.submission, curve.mode.name());
        let series = Series::new(name, points).colour(tradeoffs.colour(&curve.submission)).look(look(curve.mode));
        panel = panel.series(series);
    }
    let title = words::plot(tradeoff);
    let described = format!("{title}. Standard curves are solid, cyclic ones dashed. The values are in the tables.");
    (!all.is_empty()).then(|| Chart::new(title, x).described(described).panel(panel))
}

/// The best quality that a cost is known to buy, of several submissions in the mode that they are compared in.
fn stairs(tradeoff: &Tradeoff, unit: f64) -> Vec<(f64, f64)> {
    let mode = words::reference(tradeoff);
    let several = tradeoff.curves.iter().filter(|curve| Some(curve.mode) == mode).count() > 1;
    let mut stairs: Vec<(f64, f64)> = Vec::new();
    for point in tradeoff.frontier.iter().filter(|point| several && Some(point.mode) == mode) {
        stairs.extend(stairs.last().map(|last| (point.cost / unit, last.1)));
        stairs.push((point.cost / unit, point.quality));
    }
    let end = tradeoff.curves.iter().filter(|curve| Some(curve.mode) == mode).filter_map(Curve::range);
    let end = end.map(|(_, high)| high / unit).fold(0.0, f64::max);
    stairs.extend(stairs.last().filter(|last| last.0 < end).map(|last| (end, last.1)));
    stairs
}

/// The difference from the baseline in both modes, by the updates of the points.
fn improvement(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff) -> Option<Chart> {
    let baseline = tradeoff.baseline.as_deref()?;
    let metric = spoken(&tradeoff.metric);
    let mut panel = Panel::new(Axis::new(format!("{metric} minus {baseline}"))).level(Level::new(baseline, 0.0));
    let own = |submission: &String| {
        MODES.map(|mode| tradeoff.differences.iter().find(|own| own.submission == *submission && own.mode == mode))
    };
    let all: Vec<&Difference> = tradeoff.submissions.iter().flat_map(own).flatten().collect();
    for own in all {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for pair in own.difference.points.windows(2) {
            points.push((pair[0].step as f64, pair[0].difference.mean));
            if pair[0].point + 1 != pair[1].point {
                points.push((pair[1].step as f64, f64::NAN));
            }
        }
        points.extend(own.difference.points.last().map(|at| (at.step as f64, at.difference.mean)));
        let name = format!("{}, {}", own.submission, own.mode.name());
        panel = panel.series(Series::new(name, points).colour(tradeoffs.colour(&own.submission)).look(look(own.mode)));
    }
    let better = match tradeoff.direction {
        rheostat_record::Direction::Increasing => "higher is better",
        rheostat_record::Direction::Decreasing => "lower is better",
    };
    let title = format!("Difference from {baseline} on {}: {better}", tradeoff.workload);
    let described = format!("{title}. Standard curves are solid, cyclic ones dashed. The values are in the table.");
    let x = Axis::new("updates at the point").scale(Scale::Log).marks(steps(tradeoff));
    (!tradeoff.differences.is_empty()).then(|| Chart::new(title, x).described(described).panel(panel))
}

/// What the standard runs cost together beside the cyclic run, a seed.
fn bars(tradeoffs: &Tradeoffs<'_>, tradeoff: &Tradeoff) -> Option<Bars> {
    let (unit, name) = match tradeoff.clock {
        Clock::Seconds => time_unit(tradeoff.costs.iter().filter_map(|cost| cost.standard).fold(0.0, f64::max)),
        clock => (1.0, told::clock(clock)),
    };
    let title = words::cost_title(tradeoff);
    let mut bars = Bars::new(&title, format!("{name} a seed")).described(format!("{title}."));
    let mut some = false;
    for cost in &tradeoff.costs {
        let (Some(cyclic), Some(standard), Some(ratio)) = (cost.cyclic, cost.standard, cost.ratio) else { continue };
        some = true;
        let seeds = cost.seeds.iter().filter(|seed| seed.cyclic.is_some() && seed.standard.is_some()).count() as f64;
        let colour = tradeoffs.colour(&cost.submission);
        let told = |total: f64| told::cost(tradeoff.clock, total / seeds);
        let label = format!("{}, {} times as much", told(standard), told::ratio(ratio, 3));
        let bar = |name: &str, total: f64, label: String| {
            Bar::new(&cost.submission, name, total / seeds / unit, label).colour(colour)
        };
        bars = bars.bar(bar("standard runs", standard, label)).bar(bar("cyclic run", cyclic, told(cyclic)).hollow());
    }
    some.then_some(bars)
}
