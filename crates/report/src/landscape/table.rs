use rheostat_record::Landscape;

use super::words;
use crate::number::{count, exact, shortest, significant};

/// Every loss as a line of CSV: `step,batch,step_size,loss,chosen`. `step` is the update that was walked along, `batch` the update
/// that the batch was drawn for. The first line of a batch has step size 0; `chosen` is `true` at the step size that was taken.
/// Numbers are in the shortest form that reads back as the same.
pub fn csv(landscape: &Landscape) -> String {
    let mut text = "step,batch,step_size,loss,chosen\n".to_owned();
    let mut batch = |step: u64, batch: u64, chosen: f64, [loss, after]: [f64; 2], losses: &[f64]| {
        let mut row = |size: f64, loss: f64, chosen: bool| {
            text.push_str(&format!("{step},{batch},{},{},{chosen}\n", exact(size), exact(loss)));
        };
        row(0.0, loss, false);
        row(chosen, after, true);
        for (size, loss) in landscape.sizes.iter().zip(losses) {
            row(*size, *loss, false);
        }
    };
    for column in &landscape.columns {
        batch(column.step, column.step, column.chosen, [column.loss, column.after], &column.losses);
    }
    if let Some(last) = landscape.columns.last() {
        for other in &landscape.others {
            batch(last.step, other.step, last.chosen, [other.loss, other.after], &other.losses);
        }
    }
    text
}

/// One row an update, for people: the step sizes and what becomes of the loss there. Of more than `rows` updates some are left out,
/// evenly; the first and the last stay. The first row is the head.
pub fn table(landscape: &Landscape, rows: usize) -> Vec<Vec<String>> {
    let head = ["update", "step taken", "best step", "best / taken", "loss", "after step taken", "after best step"];
    let mut table = vec![head.map(str::to_owned).to_vec()];
    let columns = &landscape.columns;
    let shown = columns.len().min(rows.max(1));
    let place = |row: usize| row * columns.len().saturating_sub(1) / shown.saturating_sub(1).max(1);
    for column in (0..shown).filter_map(|row| columns.get(place(row))) {
        let best = landscape.best(column);
        let or_none = |told: Option<String>| told.unwrap_or_else(|| "none".to_owned());
        let size = |size: f64| if size > 0.0 { shortest(size, 3) } else { "none".to_owned() };
        table.push(vec![
            count(column.step),
            size(column.chosen),
            or_none(best.map(|(best, _)| size(best))),
            or_none(words::ratio(landscape, column).map(|ratio| significant(ratio, 2))),
            significant(column.loss, 4),
            significant(column.after, 4),
            or_none(best.map(|(_, loss)| significant(loss, 4))),
        ]);
    }
    table
}
