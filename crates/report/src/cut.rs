//! Which part of a chart is worth its height.

use rheostat_record::Direction;

use crate::chart::Axis;
use crate::number::significant;
use crate::view::View;

/// The stretch of the metric in which runs differ, if the first few evaluations would take most of the height.
pub(crate) fn metric_window(views: &[View<'_>]) -> Option<(f64, f64)> {
    let direction = views.first()?.run.manifest.direction;
    let metrics = views.iter().flat_map(|view| view.evaluations.iter().map(|seen| seen.metric));
    let mut values: Vec<f64> = metrics.filter(|metric| metric.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (*values.first()?, *values.last()?);
    let cut = values.len() / 7;
    let (mut from, mut to) = match direction {
        Direction::Increasing => (values[cut], high),
        Direction::Decreasing => (low, values[values.len() - 1 - cut]),
    };
    if let Some(target) = views.first()?.target.as_ref() {
        (from, to) = (from.min(target.value), to.max(target.value));
    }
    let room = (to - from) * 0.08;
    let (from, to) = match direction {
        Direction::Increasing => (from, to + room),
        Direction::Decreasing => (from - room, to),
    };
    (to > from && to - from < 0.6 * (high - low)).then_some((from, to))
}

/// The axis of a metric, or of that stretch of it.
pub(crate) fn metric_axis(metric: &str, window: Option<(f64, f64)>) -> Axis {
    let axis = Axis::new(format!("validation {metric}"));
    match window {
        Some((low, high)) => axis.only(low, high),
        None => axis,
    }
}

/// Which part of the metric is not shown, in words.
pub(crate) fn cut_off(views: &[View<'_>], window: Option<(f64, f64)>) -> String {
    let direction = views.first().map(|view| view.run.manifest.direction);
    match (window, direction) {
        (Some((low, _)), Some(Direction::Increasing)) => format!("Values below {} are cut off.", significant(low, 2)),
        (Some((_, high)), Some(Direction::Decreasing)) => format!("Values above {} are cut off.", significant(high, 2)),
        _ => String::new(),
    }
}
