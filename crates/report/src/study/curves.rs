//! How the validation metric grew, submission by submission.

use super::Study;
use crate::chart::{Axis, Chart, Level, Look, Panel, Series, SvgOptions, Theme};
use crate::cut::metric_window;
use crate::number::{capital, plural, short, significant, time_unit};
use crate::view::{Verdict, View};
use crate::words::comparable;

/// The runs of one workload.
pub(super) struct Curves {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) note: String,
    pub(super) by_steps: String,
    pub(super) by_seconds: String,
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
    let longest = views.iter().map(View::train_seconds).filter(|time| time.is_finite()).fold(0.0, f64::max);
    let (unit, name) = time_unit(longest);
    let met = views.iter().filter(|view| matches!(view.verdict, Verdict::Met { .. })).count();
    let title = format!(
        "{workload}: {} of {}, {met} of which met the target",
        capital(&metric),
        plural(views.len() as u64, "run")
    );
    let window = metric_window(&views).filter(|_| comparable(&views));
    let id = format!("curves-{index}");
    let draw = |x: Axis, at: &dyn Fn(u64, f64) -> f64| {
        let axis = Axis::new(format!("validation {metric}"));
        let mut panel = Panel::new(match window {
            Some((low, high)) => axis.only(low, high),
            None => axis,
        });
        // Those without a colour of their own behind the others, and the best above all.
        let mut order: Vec<usize> = (0..views.len()).collect();
        order.sort_by_key(|run| std::cmp::Reverse(colours[*run]));
        for run in order {
            let points = views[run].evaluations.iter().map(|seen| (at(seen.step, seen.seconds), seen.metric));
            let look = if views.len() > 6 { Look::Line } else { Look::Dots };
            panel = panel.series(Series::new(names[run], points).colour(colours[run]).look(look).crosses());
        }
        if let Some(target) = views[0].target.as_ref().filter(|_| comparable(&views)) {
            panel = panel.level(Level::new(format!("target {}", short(target.value)), target.value));
        }
        let chart =
            Chart::new(&title, x).described(format!("{title}. Times to the target are in the tables.")).panel(panel);
        chart.svg(&SvgOptions {
            width: 560.0,
            panel_height: 250.0,
            theme: Theme::Page,
            column: (views.len() as f64 / 20.0).clamp(1.0, 8.0),
            labelled_by: Some(id.clone()),
        })
    };
    let end = views.iter().map(View::reached).fold(0.0, f64::max);
    let cut = window.map(|(low, high)| match views[0].run.manifest.direction {
        rheostat_record::Direction::Increasing => format!("Values below {} are cut off.", significant(low, 2)),
        rheostat_record::Direction::Decreasing => format!("Values above {} are cut off.", significant(high, 2)),
    });
    Some(Curves {
        by_steps: draw(Axis::new("updates").whole().through(end), &|step, _| step as f64),
        by_seconds: draw(Axis::new(format!("training time ({name})")).through(0.0), &|_, seconds| seconds / unit),
        id: id.clone(),
        title,
        note: cut.unwrap_or_default(),
    })
}
