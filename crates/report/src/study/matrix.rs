//! Submissions against workloads: how long each took to the target.

use rheostat_score::TrialRow;

use super::Study;
use super::clock::Clock;
use super::field::{Field, Workload};
use super::html::{Cell, Line, Table, cell};
use crate::html::named;
use crate::number::{capital, percent, plural, short, significant};

/// Of several workloads a column each; a single one has its facts side by side.
pub(super) fn table(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Table {
    match field.workloads.as_slice() {
        [one] => of_one(study, field, one, clock),
        _ => of_many(study, field, clock),
    }
}

fn of_many(study: &Study<'_>, field: &Field<'_>, clock: Clock) -> Table {
    let head = |workload: &Workload<'_>| {
        let role = match workload.role {
            "base" => String::new(),
            role => format!(", {}", crate::number::spoken(role)),
        };
        cell(workload.name, "number").detail(format!("to {}{role}", workload.goal()))
    };
    let columns = field.workloads.iter().map(head).collect();
    let line = |name: &&str| Line {
        submission: named(name, study.colour(name), false),
        cells: field.workloads.iter().map(|workload| of(field, name, workload, clock)).collect(),
    };
    Table { columns, lines: field.submissions.iter().map(line).collect() }
}

fn of(field: &Field<'_>, submission: &str, workload: &Workload<'_>, clock: Clock) -> Cell {
    let Some(times) = field.times(submission, workload.name, clock) else {
        return cell("not run", "number muted");
    };
    if times.median.is_infinite() {
        let best = field.best(workload, field.trials(submission, workload.name));
        let best = best.map(|best| format!(", best {}", short(best))).unwrap_or_default();
        let reached = match times.reached {
            0 if times.counted.len() == 1 => "in its one study".to_owned(),
            0 => format!("in all {} studies", times.counted.len()),
            _ => format!("reached in {}", times.studies()),
        };
        return cell("✘ missed", "number bad").detail(format!("{reached}{best}"));
    }
    let fastest = times.median == field.fastest(workload.name, clock);
    let mut detail = times.studies();
    if times.counted.len() > 1 {
        detail = format!("{}, {detail}", clock.range(times.low, times.high));
    }
    cell(clock.bare(times.median), if fastest { "number best" } else { "number" }).detail(detail)
}

fn of_one(study: &Study<'_>, field: &Field<'_>, workload: &Workload<'_>, clock: Clock) -> Table {
    let fastest = field.fastest(workload.name, clock);
    let names = ["Median", "Of the fastest", "Studies range", "Studies reached", "Trials reached"];
    let mut columns: Vec<Cell> = names.iter().map(|name| cell(*name, "number")).collect();
    columns.push(cell(format!("Best {}", workload.metric), "number"));
    columns.push(cell(format!("Mean test {}", workload.metric), "number"));
    columns.push(cell("Mean at end", "number"));
    let mut lines = Vec::new();
    for name in &field.submissions {
        let Some(times) = field.times(name, workload.name, clock) else { continue };
        let trials: Vec<_> = field.trials(name, workload.name).collect();
        let met = trials.iter().filter(|row| clock.time(row).is_finite()).count();
        let missed = times.median.is_infinite();
        let median = match missed {
            true => cell("✘ missed", "number bad"),
            false => cell(clock.told(times.median), if times.median == fastest { "number best" } else { "number" }),
        };
        let ratio = times.median / fastest;
        let ratio = if ratio.is_finite() && field.submissions.len() > 1 {
            format!("{} ×", significant(ratio, 3))
        } else {
            String::new()
        };
        let range = if times.reached == 0 { String::new() } else { clock.range(times.low, times.high) };
        let best = field.best(workload, trials.iter().copied()).map(short).unwrap_or_default();
        let loss = mean(&trials, |row| row.final_loss);
        let passes = mean(&trials, |row| row.passes().map(|passes| passes as f64));
        let cells = vec![
            median,
            cell(ratio, "number"),
            cell(range, "number"),
            cell(format!("{} of {}", times.reached, times.counted.len()), "number"),
            cell(format!("{met} of {}", trials.len()), "number"),
            cell(best, "number"),
            cell(mean(&trials, |row| row.test_metric).map(short).unwrap_or_default(), "number"),
            cell(passes.map(|passes| Clock::Passes.told(passes.round())).unwrap_or_default(), "number")
                .detail(loss.map(|loss| format!("loss {}", short(loss))).unwrap_or_default()),
        ];
        lines.push(Line { submission: named(name, study.colour(name), false), cells });
    }
    Table { columns, lines }.useful()
}

/// The mean of what trials have, NaN aside.
fn mean(trials: &[&TrialRow], of: impl Fn(&TrialRow) -> Option<f64>) -> Option<f64> {
    let known: Vec<f64> = trials.iter().filter_map(|row| of(row)).filter(|value| !value.is_nan()).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

/// What the times of the table are: `Median training time to accuracy 0.95 on digits-mlp`.
pub(super) fn title(field: &Field<'_>, clock: Clock) -> String {
    let what = capital(clock.spoken());
    match field.workloads.as_slice() {
        [one] => format!("{what} to {} on {}", one.goal(), one.name),
        _ => format!("{what} to the target, workload by workload"),
    }
}

/// What a cell holds, where that needs words.
pub(super) fn note(field: &Field<'_>) -> String {
    let trials: usize = field.rows.len();
    let met = field.rows.iter().filter(|row| Clock::ALL.into_iter().any(|clock| clock.time(row).is_finite()));
    let met = met.count();
    format!(
        "Medians over studies; of a study the best trial counts. The range is that of the studies that reached the target. In all {} reached it ({}).",
        format_args!("{met} of {}", plural(trials as u64, "trial")),
        percent(met as f64, trials as f64),
    )
}
