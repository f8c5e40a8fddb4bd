//! The leaderboard of a page.

use super::Study;
use super::clock::Clock;
use super::field::Field;
use super::finding::often;
use crate::html::{Named, named};

/// A submission's place, with its score as a picture.
pub(super) struct Place {
    pub(super) rank: usize,
    pub(super) submission: Named,
    pub(super) score: String,
    pub(super) interval: String,
    /// Where the score and the interval lie, in percent.
    pub(super) at: String,
    pub(super) low: String,
    pub(super) width: String,
    pub(super) first: String,
    pub(super) reached: String,
}

pub(super) fn all(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Vec<Place> {
    let Some(board) = study.contest(clock, field.ruleset) else { return Vec::new() };
    let single = field.single();
    let share = |value: f64| format!("{:.2}", value.clamp(0.0, 1.0) * 100.0);
    let place = |entry: &rheostat_score::Entry| Place {
        rank: entry.rank,
        submission: named(&entry.submission, study.colour(&entry.submission), false),
        score: format!("{:.3}", entry.score),
        interval: if single { String::new() } else { format!("{:.2}–{:.2}", entry.low, entry.high) },
        at: share(entry.score),
        low: share(entry.low),
        width: share(if single { 0.0 } else { entry.high - entry.low }),
        first: if single { "–".to_owned() } else { often(entry.first) },
        reached: format!("{} of {}", entry.reached, entry.workloads),
    };
    board.entries.iter().map(place).collect()
}
