//! Which part of a chart is worth its height.

use rheostat_record::Direction;

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
