//! Single trials: those that failed, and what was drawn for each.

use rheostat_record::Status;
use rheostat_score::TrialRow;

use super::Study;
use super::field::Field;
use super::html::{Line, Table, cell};
use crate::html::named;
use crate::words;

/// Longer lists are in the file of the trials.
const LONGEST: usize = 200;

/// Trials that broke, in the order of the file.
pub(super) fn failures<'a>(study: &Study<'a>) -> Vec<&'a TrialRow> {
    let failed = |row: &&TrialRow| matches!(row.status.as_str(), "failed" | "diverged" | "interrupted");
    study.rows.iter().filter(failed).collect()
}

/// How a trial ended, in words.
pub(super) fn ended(row: &TrialRow) -> String {
    let status = match row.status.as_str() {
        "finished" => Status::Finished,
        "target_met" => Status::TargetMet,
        "diverged" => Status::Diverged,
        "time_limit" => Status::TimeLimit,
        "spent_limit" => Status::SpentLimit,
        "interrupted" => Status::Interrupted,
        other => return other.to_owned(),
    };
    words::status(Some(status)).to_owned()
}

/// The failures, and how many are left out.
pub(super) fn failed(study: &Study<'_>) -> (Table, usize) {
    let all = failures(study);
    let names = [
        ("Workload", ""),
        ("Study", "number"),
        ("Trial", "number"),
        ("Seed", "number"),
        ("Ended", ""),
        ("Updates", "number"),
        ("Why", "why"),
    ];
    let line = |row: &&TrialRow| Line {
        submission: named(&row.submission, study.colour(&row.submission), false),
        cells: vec![
            cell(&row.workload, ""),
            cell(row.study.to_string(), "number"),
            cell(row.trial.to_string(), "number"),
            cell(row.seed.to_string(), "number"),
            cell(ended(row), "bad"),
            cell(crate::number::count(row.steps), "number"),
            cell(&row.why, "why"),
        ],
    };
    let columns = names.map(|(name, class)| cell(name, class)).into();
    let table = Table { columns, lines: all.iter().take(LONGEST).map(line).collect() };
    (table, all.len().saturating_sub(LONGEST))
}

/// What was drawn, a column each; nothing if no trial drew anything. And how many trials are left out.
pub(super) fn points(study: &Study<'_>, field: &Field<'_>) -> (Table, usize) {
    let drawn: Vec<&TrialRow> = field.rows.iter().copied().filter(|row| !row.point.is_empty()).collect();
    let mut keys: Vec<&str> = Vec::new();
    for (key, _) in drawn.iter().flat_map(|row| pairs(row)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let clock = study.clock();
    let mut columns = vec![cell("Workload", ""), cell("Study", "number"), cell("Trial", "number")];
    columns.extend(keys.iter().map(|key| cell(*key, "number")));
    columns.extend([cell(format!("Target met, {}", clock.spoken()), "number"), cell("Best metric", "number")]);
    let line = |row: &&TrialRow| {
        let time = clock.time(row);
        let times = field.times(&row.submission, &row.workload, clock);
        let counts = times.is_some_and(|times| times.counted.iter().any(|(other, _)| std::ptr::eq(*other, *row)));
        let mut cells =
            vec![cell(&row.workload, ""), cell(row.study.to_string(), "number"), cell(row.trial.to_string(), "number")];
        let value = |key: &&str| pairs(row).find(|(own, _)| own == key).map_or("", |(_, value)| value);
        cells.extend(keys.iter().map(|key| cell(value(key), "number")));
        cells.push(match time.is_finite() {
            true => cell(clock.bare(time), if counts { "number best" } else { "number" }),
            false => cell("✘ missed", "number bad"),
        });
        cells.push(cell(row.best_metric.map(crate::number::short).unwrap_or_default(), "number"));
        Line { submission: named(&row.submission, study.colour(&row.submission), false), cells }
    };
    let left_out = drawn.len().saturating_sub(LONGEST);
    (Table { columns, lines: drawn.iter().take(LONGEST).map(line).collect() }, left_out)
}

/// What was drawn for a trial: `key = value` of each part.
pub(super) fn pairs(row: &TrialRow) -> impl Iterator<Item = (&str, &str)> {
    row.point.split(';').filter(|part| !part.trim().is_empty()).map(|part| match part.split_once('=') {
        Some((key, value)) => (key.trim(), value.trim()),
        None => ("drawn", part.trim()),
    })
}
