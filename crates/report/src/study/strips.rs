//! Every trial's time to the target as a dot, submission by submission, so that the spread between seeds is seen.

use super::Study;
use super::clock::Clock;
use super::field::{Field, Workload};
use crate::chart::axis::{Range, Spread};
use crate::chart::{Axis, Scale};
use crate::html::{Named, named};
use crate::number::time_unit;

/// One workload.
pub(super) struct Strips {
    pub(super) title: String,
    pub(super) axis: String,
    pub(super) lanes: Vec<Lane>,
    pub(super) ticks: Vec<(String, String)>,
    pub(super) missed: bool,
}

/// One submission.
pub(super) struct Lane {
    pub(super) submission: Named,
    pub(super) spots: Vec<Spot>,
    /// Where the median lies.
    pub(super) median: Option<String>,
    pub(super) missed: String,
    /// The same in words.
    pub(super) words: String,
}

/// One trial.
pub(super) struct Spot {
    /// In percent from the left, and in pixels from the middle.
    pub(super) at: String,
    pub(super) down: i32,
    /// Whether it is the one of its study that counts.
    pub(super) counted: bool,
    pub(super) words: String,
}

/// Dots nearer than this, in percent, would hide each other.
const NEAR: f64 = 1.7;
const APART: i32 = 6;

pub(super) fn all(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Vec<Strips> {
    let strips = field.workloads.iter().map(|workload| strips(study, field, workload, clock));
    // Where every trial missed, the table has said so.
    strips.filter(|strips| strips.lanes.iter().any(|lane| !lane.spots.is_empty())).collect()
}

fn strips(study: &Study<'_>, field: &Field<'_>, workload: &Workload<'_>, clock: Clock) -> Strips {
    let own = field.rows.iter().filter(|row| row.workload == workload.name);
    let all: Vec<f64> = own.map(|row| clock.time(row)).filter(|time| time.is_finite()).collect();
    let (unit, name) = match clock {
        Clock::Seconds => time_unit(all.iter().copied().fold(0.0, f64::max)),
        clock => (1.0, clock.spoken()),
    };
    let scaled = |time: f64| time / unit;
    let spreads = field.submissions.iter().filter_map(|submission| {
        let times = field.trials(submission, workload.name).map(|row| scaled(clock.time(row)));
        Spread::of(times)
    });
    let spreads: Vec<Spread> = spreads.collect();
    let axis = Axis::new("").scale(Scale::Auto);
    let axis = if clock == Clock::Seconds { axis } else { axis.whole() };
    let range = Range::up(&axis, all.iter().map(|time| scaled(*time)), &spreads);
    let percent = |at: f64| format!("{:.2}", at * 100.0);
    let place = |time: f64| range.place(scaled(time)).map(|at| at.clamp(0.0, 1.0));
    let lanes: Vec<Lane> = field
        .submissions
        .iter()
        .filter_map(|submission| {
            let times = field.times(submission, workload.name, clock)?;
            let mut spots: Vec<(f64, Spot)> = Vec::new();
            let (mut missed, mut told) = (0, Vec::new());
            for row in field.trials(submission, workload.name) {
                let time = clock.time(row);
                let Some(at) = place(time) else {
                    missed += 1;
                    continue;
                };
                told.push(clock.told(time));
                let counted = times.counted.iter().any(|(other, _)| std::ptr::eq(*other, row));
                let words = format!(
                    "{submission}, study {}, trial {}, seed {}: {}",
                    row.study,
                    row.trial,
                    row.seed,
                    clock.told(time)
                );
                spots.push((at, Spot { at: percent(at), down: 0, counted, words }));
            }
            if missed > 0 {
                told.push(format!("{missed} missed"));
            }
            Some(Lane {
                submission: named(submission, study.colour(submission), false),
                spots: apart(spots),
                median: place(times.median).map(percent),
                missed: if missed > 0 { format!("✘ {missed}") } else { String::new() },
                words: format!("{submission}: {}", told.join(", ")),
            })
        })
        .collect();
    let scale = if range.is_log() { ", log scale" } else { "" };
    let axis = match clock {
        Clock::Seconds => format!("training time ({name}{scale})"),
        clock => format!("{}{}", clock.spoken(), if scale.is_empty() { "" } else { " (log scale)" }),
    };
    Strips {
        title: format!("{}, to {}", workload.name, workload.goal()),
        axis,
        missed: lanes.iter().any(|lane| !lane.missed.is_empty()),
        lanes,
        ticks: range.ticks(5).into_iter().map(|tick| (percent(tick.at), tick.label)).collect(),
    }
}

/// Dots in one place above and below each other.
fn apart(mut spots: Vec<(f64, Spot)>) -> Vec<Spot> {
    spots.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut begin = 0;
    for index in 0..spots.len() {
        while (spots[index].0 - spots[begin].0) * 100.0 >= NEAR {
            begin += 1;
        }
        // The first in the middle, then in turns below and above; more than seven share places.
        let taken: Vec<i32> = spots[begin..index].iter().map(|(_, spot)| spot.down).collect();
        let levels = [0, 1, -1, 2, -2].map(|level| level * APART);
        spots[index].1.down = levels.into_iter().find(|level| !taken.contains(level)).unwrap_or(0);
    }
    spots.into_iter().map(|(_, spot)| spot).collect()
}
