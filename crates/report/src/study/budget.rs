//! What the budget was used for.

use rheostat_score::TrialRow;

use super::Study;
use super::clock::Clock;
use super::field::Field;
use crate::html::{Named, named};
use crate::number::{duration, percent, plural};

/// Where the time of a submission's trials went.
pub(super) struct Spending {
    pub(super) submission: Named,
    pub(super) words: String,
    /// Shares of the longest, in percent.
    pub(super) until: String,
    pub(super) beyond: String,
    pub(super) evaluation: String,
    pub(super) recording: String,
}

pub(super) fn all(study: &Study<'_>, field: &Field<'_>) -> Vec<Spending> {
    let of =
        |name: &str| -> Vec<&TrialRow> { field.rows.iter().copied().filter(|row| row.submission == name).collect() };
    let longest = field.submissions.iter().map(|name| parts(&of(name)).iter().sum::<f64>()).fold(0.0, f64::max);
    if longest <= 0.0 {
        return Vec::new();
    }
    let spending = |name: &&str| {
        let rows = of(name);
        let [until, beyond, evaluation, recording] = parts(&rows);
        let total = until + beyond + evaluation + recording;
        let share = |part: f64| format!("{:.2}", part / longest * 100.0);
        Spending {
            submission: named(name, study.colour(name), false),
            words: format!(
                "{} in {}: {} training until the target, {} beyond or without it, {} evaluation, {} recording. {}",
                duration(total),
                plural(rows.len() as u64, "trial"),
                percent(until, total),
                percent(beyond, total),
                percent(evaluation, total),
                percent(recording, total),
                updates(&rows),
            ),
            until: share(until),
            beyond: share(beyond),
            evaluation: share(evaluation),
            recording: share(recording),
        }
    };
    field.submissions.iter().map(spending).collect()
}

/// Seconds of training until the target and after it, of evaluation and of recording.
fn parts(rows: &[&TrialRow]) -> [f64; 4] {
    let clean = |value: f64| if value.is_finite() { value.max(0.0) } else { 0.0 };
    let mut sums = [0.0; 4];
    for row in rows {
        let training = clean(row.train_s);
        let until = clean(Clock::Seconds.time(row)).min(training);
        for (sum, part) in sums.iter_mut().zip([until, training - until, clean(row.eval_s), clean(row.record_s)]) {
            *sum += part;
        }
    }
    sums
}

/// Of the budget's updates: how many were made, and how many until the target.
fn updates(rows: &[&TrialRow]) -> String {
    let budget: f64 = rows.iter().map(|row| row.budget_steps as f64).sum();
    let made: f64 = rows.iter().map(|row| row.steps as f64).sum();
    let met = || rows.iter().filter(|row| row.steps_to_target.is_some());
    let made = format!("{} of the budget’s updates were made", percent(made, budget));
    let until: f64 = met().filter_map(|row| row.steps_to_target).map(|steps| steps as f64).sum();
    match met().count() {
        0 => format!("{made}."),
        some => {
            let share = percent(until, met().map(|row| row.budget_steps as f64).sum());
            let whose = if some == rows.len() { "" } else { " of those that met it" };
            format!("{made}; the target was met after {share}{whose}.")
        }
    }
}
