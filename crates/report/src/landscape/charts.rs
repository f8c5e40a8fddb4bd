use rheostat_record::{Column, Landscape};

use super::words;
use crate::chart::{Axis, Chart, Level, Look, Panel, Scale, Series, Tile, Tiles};
use crate::number::{plural, shortest};

/// Places in the palette: the step that was taken, the best step, the mean of batches; and the two of the height map, which lie on
/// its own colours.
const TAKEN: usize = 1;
const BEST: usize = 2;
const MEAN: usize = 3;
const ON_MAP: usize = 7;

/// Losses that change by less than this share of themselves are no landscape; a picture shows at least so much.
const LEAST: f64 = 0.01;

/// The pictures that there is something for, each with a name for its file.
///
/// - `update`: the loss of the last batch against the step size, with the step taken and the best one (figure 2 of the paper).
/// - `updates`: the same for the last updates that came one after the other, older ones paler (figure 3).
/// - `batches`: other batches along the last update, and the mean of all. A step that is good for one batch shows here what it does
///   to the others.
/// - `map`: the loss of every update measured as a height map, with the steps taken and the best ones (figure 4, on its side).
pub fn charts(landscape: &Landscape) -> Vec<(&'static str, Chart)> {
    let Some(last) = landscape.columns.last() else { return Vec::new() };
    let mut charts = vec![("update", update(landscape, last))];
    let together = landscape.consecutive(landscape.others.len() + 1);
    if together.len() > 1 {
        charts.push(("updates", updates(landscape, together)));
    }
    if !landscape.others.is_empty() {
        charts.push(("batches", batches(landscape, last)));
    }
    if landscape.columns.len() > 1 {
        charts.push(("map", map(landscape)));
    }
    charts
}

fn sizes() -> Axis {
    Axis::new("step size").scale(Scale::Log).exponents()
}

fn dots(name: &str, colour: usize, points: impl IntoIterator<Item = (f64, f64)>) -> Series {
    Series::new(name, points).colour(colour).look(Look::Points)
}

/// One dot, with its step size in the legend; there may be none.
fn named(name: &str, colour: usize, point: Option<(f64, f64)>) -> Series {
    let size = point.map_or("none".to_owned(), |(size, _)| shortest(size, 2));
    dots(&format!("{name}: {size}"), colour, point)
}

/// The stretch worth showing: all that lies below where the update begins, and as much above it.
fn window(begin: f64, least: f64, losses: impl Iterator<Item = f64>) -> (f64, f64) {
    let low = losses.filter(|loss| loss.is_finite()).fold(begin, f64::min);
    let fall = (begin - low).max(least);
    (begin - fall * 1.15, begin + fall)
}

fn update(landscape: &Landscape, column: &Column) -> Chart {
    let points = landscape.points(column);
    let (low, high) = window(column.loss, LEAST * column.loss.abs(), points.iter().map(|point| point.1));
    let best = landscape.best(column);
    let taken = (column.chosen > 0.0).then_some((column.chosen, column.after));
    let panel = Panel::new(Axis::new("loss of the batch").only(low, high))
        .level(Level::new("before the update", column.loss))
        .series(Series::new("after a step of this size", points).crosses())
        .series(named("best step", BEST, best))
        .series(named("step taken", TAKEN, taken));
    Chart::new(words::of_update(landscape, column), sizes())
        .described("The loss of one batch against the size of the step along its own update.")
        .panel(panel)
}

/// The change of a loss in percent of what it was.
fn change(loss: f64, before: f64) -> f64 {
    (loss - before) / before.abs() * 100.0
}

fn changes(points: Vec<(f64, f64)>, before: f64) -> Vec<(f64, f64)> {
    points.into_iter().map(|(size, loss)| (size, change(loss, before))).collect()
}

/// A panel of changes in percent with its lines.
fn panel_of_changes(lines: Vec<Series>) -> Panel {
    let values = lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
    let (low, high) = window(0.0, LEAST * 100.0, values);
    let panel = Panel::new(Axis::new("change of the loss in %").only(low, high));
    lines.into_iter().fold(panel.level(Level::new("before the update", 0.0)), Panel::series)
}

fn updates(landscape: &Landscape, columns: &[Column]) -> Chart {
    let line = |(index, column): (usize, &Column)| {
        let newest = index + 1 == columns.len();
        let name = if newest { format!("update {}", column.step) } else { "the updates before".to_owned() };
        let look = if newest { Look::Line } else { Look::Faint };
        Series::new(name, changes(landscape.points(column), column.loss)).look(look)
    };
    let mut lines: Vec<Series> = columns.iter().enumerate().map(line).collect();
    let taken = columns.iter().filter(|column| column.chosen > 0.0);
    let taken = taken.map(|column| (column.chosen, change(column.after, column.loss)));
    let best = columns.iter().filter_map(|column| {
        let (size, loss) = landscape.best(column)?;
        Some((size, change(loss, column.loss)))
    });
    lines.extend([dots("best steps", BEST, best), dots("steps taken", TAKEN, taken)]);
    let title = format!("The last {}, each batch along its own", plural(columns.len() as u64, "update"));
    Chart::new(title, sizes())
        .described(
            "The change of the loss of a batch against the size of the step along its own update, for several updates.",
        )
        .panel(panel_of_changes(lines))
}

fn batches(landscape: &Landscape, column: &Column) -> Chart {
    let others = &landscape.others;
    let count = (others.len() + 1) as f64;
    let before = (column.loss + others.iter().map(|other| other.loss).sum::<f64>()) / count;
    let mean = |own: f64, of: &dyn Fn(usize) -> f64| (own + (0..others.len()).map(of).sum::<f64>()) / count;
    let means: Vec<f64> = (column.losses.iter().enumerate())
        .map(|(at, own)| mean(*own, &|other| others[other].losses.get(at).copied().unwrap_or(f64::NAN)))
        .collect();
    let after = mean(column.after, &|other| others[other].after);
    let curve =
        |after: f64, losses: &[f64], before: f64| changes(landscape.curve(column.chosen, after, losses), before);
    let means = curve(after, &means, before);
    let lowest = means.iter().copied().filter(|point| point.1 < 0.0).min_by(|one, other| one.1.total_cmp(&other.1));

    let mut lines: Vec<Series> = others
        .iter()
        .map(|other| {
            let points = curve(other.after, &other.losses, other.loss);
            Series::new("the batches before", points).look(Look::Faint)
        })
        .collect();
    lines.push(Series::new("the update's own batch", changes(landscape.points(column), column.loss)));
    lines.push(Series::new(format!("mean of {} batches", others.len() + 1), means).colour(MEAN));
    let taken = (column.chosen > 0.0).then_some((column.chosen, change(after, before)));
    lines.extend([named("best step for the mean", BEST, lowest), named("step taken", TAKEN, taken)]);
    let title = match (lowest, landscape.best(column)) {
        (Some((size, _)), Some((own, _))) => format!(
            "Update {}: best for its own batch is a step of {}, for {} batches one of {}",
            column.step,
            shortest(own, 2),
            others.len() + 1,
            shortest(size, 2)
        ),
        _ => format!("Update {}: no step lowers the mean loss of {} batches", column.step, others.len() + 1),
    };
    Chart::new(title, sizes())
        .described(
            "The change of the losses of several batches against the size of the step along the update of one of them.",
        )
        .panel(panel_of_changes(lines))
}

fn map(landscape: &Landscape) -> Chart {
    let columns = landscape.spread();
    let places: Vec<f64> = columns.iter().map(|column| column.step as f64).collect();
    let logarithms: Vec<f64> = landscape.sizes.iter().map(|size| size.ln()).collect();
    let across = between(&places);
    let up: Vec<(f64, f64)> = between(&logarithms).into_iter().map(|(low, high)| (low.exp(), high.exp())).collect();
    let full = full(landscape, &columns);
    let tiles = columns.iter().zip(&across).flat_map(|(column, across)| {
        up.iter().zip(&column.losses).map(|(up, loss)| {
            let value = if loss.is_finite() { change(*loss, column.loss) / 100.0 / full } else { f64::NAN };
            Tile { across: *across, up: *up, value }
        })
    });
    let by = words::percents(full);
    let tiles = Tiles::new(
        format!("loss falls (full: by {by})"),
        format!("loss rises (full: by {by})"),
        "loss is not a number",
        tiles,
    );
    let taken = columns.iter().map(|column| {
        let size = if column.chosen > 0.0 { column.chosen } else { f64::NAN };
        (column.step as f64, size)
    });
    let best = columns.iter().filter_map(|column| Some((column.step as f64, landscape.best(column)?.0)));
    let (low, high) = up.iter().fold((f64::INFINITY, 0.0f64), |(low, high), up| (low.min(up.0), high.max(up.1)));
    let panel = Panel::new(Axis::new("step size").scale(Scale::Log).exponents().only(low, high))
        .tiles(tiles)
        .series(Series::new("step taken", taken).colour(ON_MAP))
        .series(Series::new("best step", best).colour(ON_MAP).look(Look::Rings));
    Chart::new(words::headline(landscape), Axis::new("updates").whole())
        .described(
            "How the loss of each update's batch changes with the size of the step, as a height map over the updates.",
        )
        .panel(panel)
}

/// The change of the loss at which colours are full: all but the tenth of the updates with the deepest falls show their own.
fn full(landscape: &Landscape, columns: &[&Column]) -> f64 {
    let fall = |column: &&Column| Some(-change(landscape.best(column)?.1, column.loss) / 100.0);
    let mut falls: Vec<f64> = columns.iter().filter_map(fall).filter(|fall| fall.is_finite()).collect();
    falls.sort_by(f64::total_cmp);
    let at = falls.len().saturating_sub(1) * 9 / 10;
    falls.get(at).copied().unwrap_or(0.0).max(LEAST)
}

/// Tiles that meet halfway between these places; the outer ones reach as far to the other side.
fn between(places: &[f64]) -> Vec<(f64, f64)> {
    let half = |index: usize| match (places.get(index), places.get(index + 1)) {
        (Some(one), Some(next)) => (next - one) / 2.0,
        _ => 0.5,
    };
    let last = places.len().saturating_sub(1);
    let tile = |(index, place): (usize, &f64)| {
        let before = half(index.saturating_sub(1));
        let after = half(if index == last { index.saturating_sub(1) } else { index });
        (place - before, place + after)
    };
    places.iter().enumerate().map(tile).collect()
}
