use rheostat_record::{Column, Landscape};

use crate::number::{plural, significant};

/// What the landscape comes to, in a sentence.
pub fn headline(landscape: &Landscape) -> String {
    let columns = landscape.spread();
    let updates = plural(columns.len() as u64, "update");
    let mut ratios: Vec<f64> = columns.into_iter().filter_map(|column| ratio(landscape, column)).collect();
    ratios.sort_by(f64::total_cmp);
    // Of an even number the lower of the two in the middle.
    match ratios.get(ratios.len().saturating_sub(1) / 2) {
        Some(median) => format!("The best step of a batch is {} (median of {updates})", beside_taken(*median)),
        None => format!("No best step was found beside a step that was taken ({updates})"),
    }
}

/// What the best step is of the one that was taken; `None` where there is none of either.
pub(super) fn ratio(landscape: &Landscape, column: &Column) -> Option<f64> {
    let (best, _) = landscape.best(column)?;
    (column.chosen > 0.0).then(|| best / column.chosen)
}

/// What picture there is of one update.
pub(super) fn of_update(landscape: &Landscape, column: &Column) -> String {
    let update = format!("Update {}", column.step);
    match (landscape.best(column), ratio(landscape, column)) {
        (Some(_), Some(ratio)) => format!("{update}: the best step for its batch is {}", beside_taken(ratio)),
        (Some(_), None) => format!("{update}: no step was taken, though there are some that lower the loss"),
        (None, _) => format!("{update}: no step lowers the loss of its batch"),
    }
}

/// `12 times the one taken`, `the one taken`, and `about` that where they differ by little.
fn beside_taken(ratio: f64) -> String {
    let about = significant(ratio, 2);
    match about.as_str() {
        "1" if ratio == 1.0 => "the one taken".to_owned(),
        "1" => "about the one taken".to_owned(),
        _ => format!("{about} times the one taken"),
    }
}

/// A share as percents: `12 %`, `0.34 %`.
pub(super) fn percents(share: f64) -> String {
    format!("{} %", significant(share * 100.0, 2))
}
