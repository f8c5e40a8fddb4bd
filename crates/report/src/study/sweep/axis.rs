//! Along which coordinate of its points a submission is swept.

use rheostat_score::TrialRow;

use crate::study::list::pairs;

/// Coordinates whose keys begin so are one axis: the rate of a constant schedule and the peak of another compare.
const RATE: &str = "learning_rate";

/// The first coordinate that is a learning rate and a number, else the first number that differs between the trials.
pub(super) fn key<'a>(rows: &[&'a TrialRow]) -> Option<&'a str> {
    let mut keys: Vec<(&str, f64, bool)> = Vec::new();
    for (key, value) in rows.iter().flat_map(|row| numbers(row)) {
        match keys.iter_mut().find(|(known, ..)| *known == key) {
            Some((_, first, differs)) => *differs |= *first != value,
            None => keys.push((key, value, false)),
        }
    }
    let rate = keys.iter().find(|(key, ..)| key.starts_with(RATE));
    rate.or_else(|| keys.iter().find(|(.., differs)| *differs)).map(|(key, ..)| *key)
}

/// Where a trial lies on the axis of this key.
pub(super) fn value(row: &TrialRow, key: &str) -> Option<f64> {
    numbers(row).find(|(own, _)| *own == key).map(|(_, value)| value)
}

/// Other coordinates that differ between these trials: at one value of the axis they lie together.
pub(super) fn others<'a>(rows: &[&'a TrialRow], key: &str) -> Vec<&'a str> {
    let mut known: Vec<(&str, &str, bool)> = Vec::new();
    for (other, value) in rows.iter().flat_map(|row| pairs(row)).filter(|(other, _)| *other != key) {
        match known.iter_mut().find(|(name, ..)| *name == other) {
            Some((_, first, differs)) => *differs |= *first != value,
            None => known.push((other, value, false)),
        }
    }
    known.into_iter().filter(|(.., differs)| *differs).map(|(name, ..)| name).collect()
}

/// What the axis of a key is called.
pub(super) fn name(key: &str) -> String {
    if key.starts_with(RATE) { "learning rate".to_owned() } else { key.to_owned() }
}

fn numbers(row: &TrialRow) -> impl Iterator<Item = (&str, f64)> {
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok().filter(|value| value.is_finite());
    pairs(row).filter_map(move |(key, value)| Some((key, number(value)?)))
}
