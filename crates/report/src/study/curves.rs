//! How the validation metric grew, submission by submission.

use super::Study;
use super::clock::Clock;
use crate::chart::{Axis, Chart, Level, Look, Panel, Series, SvgOptions, Theme};
use crate::cut::{cut_off, metric_axis, metric_window};
use crate::number::{capital, plural, short, time_unit};
use crate::view::{Evaluation, Verdict, View};
use crate::words::comparable;

/// The runs of one workload.
pub(super) struct Curves {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) views: Vec<ByClock>,
}

/// What is drawn along one clock; nothing where the runs do not say.
pub(super) struct ByClock {
    pub(super) class: &'static str,
    pub(super) by: &'static str,
    pub(super) svg: String,
}

pub(super) fn all(study: &Study<'_>) -> Vec<Curves> {
    let mut workloads: Vec<&str> = study.runs.iter().map(|(_, run)| run.manifest.workload.as_str()).collect();
    workloads.sort_unstable();
    workloads.dedup();
    workloads.iter().enumerate().filter_map(|(index, workload)| curves(study, workload, index)).collect()
}

fn curves(study: &Study<'_>, workload: &str, index: usize) -> Option<Curves> {
    let own = study.runs.iter().filter(|(_, run)| run.manifest.workload == workload);
    let (colours, views): (Vec<usize>, Vec<View<'_>>) =
        own.map(|(submission, run)| (study.colour(submission), View::new(run))).unzip();
    let names = study.runs.iter().filter(|(_, run)| run.manifest.workload == workload);
    let names: Vec<&str> = names.map(|(submission, _)| submission.as_str()).collect();
    if views.iter().all(|view| view.evaluations.is_empty()) {
        return None;
    }
    let metric = views.first().filter(|_| comparable(&views)).map_or("metric".to_owned(), View::metric);
    let met = views.iter().filter(|view| matches!(view.verdict, Verdict::Met { .. })).count();
    let title = format!(
        "{workload}: {} of {}, {met} of which met the target",
        capital(&metric),
        plural(views.len() as u64, "run")
    );
    let window = metric_window(&views).filter(|_| comparable(&views));
    let id = format!("curves-{index}");
    let draw = |clock: Clock| {
        let (x, unit) = axis(clock, &views)?;
        // Of restored runs the steps that stand are drawn, not all that were made.
        let at = |seen: &Evaluation| match clock {
            Clock::Steps => seen.step as f64,
            clock => clock.cost(seen).map_or(f64::NAN, |cost| cost / unit),
        };
        let mut panel = Panel::new(metric_axis(&metric, window));
        // Those without a colour of their own behind the others, and the best above all.
        let mut order: Vec<usize> = (0..views.len()).collect();
        order.sort_by_key(|run| std::cmp::Reverse(colours[*run]));
        for run in order {
            let points = views[run].evaluations.iter().map(|seen| (at(seen), seen.metric));
            let look = if views.len() > 6 { Look::Line } else { Look::Dots };
            panel = panel.series(Series::new(names[run], points).colour(colours[run]).look(look).crosses());
        }
        if let Some(target) = views[0].target.as_ref().filter(|_| comparable(&views)) {
            panel = panel.level(Level::new(format!("target {}", short(target.value)), target.value));
        }
        let chart =
            Chart::new(&title, x).described(format!("{title}. Times to the target are in the tables.")).panel(panel);
        Some(chart.svg(&SvgOptions {
            width: 560.0,
            panel_height: 250.0,
            theme: Theme::Page,
            column: (views.len() as f64 / 20.0).clamp(1.0, 8.0),
            labelled_by: Some(id.clone()),
        }))
    };
    let by = |clock: Clock| ByClock { class: clock.class(), by: clock.spoken(), svg: draw(clock).unwrap_or_default() };
    Some(Curves { views: study.clocks().into_iter().map(by).collect(), note: cut_off(&views, window), id, title })
}

/// The axis of a clock through the whole of these runs, and what costs are divided by; nothing if a run does not say its cost.
pub(super) fn axis(clock: Clock, views: &[View<'_>]) -> Option<(Axis, f64)> {
    let largest = |values: &mut dyn Iterator<Item = f64>| values.filter(|value| value.is_finite()).fold(0.0, f64::max);
    match clock {
        Clock::Seconds => {
            let (unit, name) = time_unit(largest(&mut views.iter().map(View::train_seconds)));
            Some((Axis::new(format!("training time ({name})")).through(0.0), unit))
        }
        Clock::Steps => {
            Some((Axis::new("updates").whole().through(largest(&mut views.iter().map(View::reached))), 1.0))
        }
        Clock::Passes => {
            let costs = views.iter().flat_map(|view| &view.evaluations).map(|seen| clock.cost(seen));
            let end = largest(&mut costs.collect::<Option<Vec<f64>>>()?.into_iter());
            Some((Axis::new("forward and backward passes").whole().through(end), 1.0))
        }
    }
}
