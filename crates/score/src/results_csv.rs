use std::collections::BTreeSet;

use crate::table::Table;
use crate::{Clock, Role, ScoreError, Trial};

/// Trials from a table with a header and the columns `ruleset`, `submission`, `workload`, `role` (`base`, `held_out` or `extra`),
/// `study`, those of the clock and, if there are such, `eval_index` and `base`. Other columns are ignored.
///
/// The clock's columns are `time_to_target_s` for seconds, `steps_to_target` for steps, and `forwards_to_target` and
/// `backwards_to_target`, which are added, for passes. A cell that is empty, `inf` or `NaN` says that the target was missed.
///
/// The base of a held-out variant is what `base` says; where that is empty, the base workload of the table with the longest name
/// that the variant's name begins with.
///
/// # Errors
/// A column is missing, a cell does not hold what its column does, or a variant has no base; each names its line.
pub fn read_results(text: &str, clock: Clock) -> Result<Vec<Trial>, ScoreError> {
    let mut table = Table::new(text.as_bytes())?;
    let [ruleset, submission] = [table.needed("ruleset")?, table.needed("submission")?];
    let [workload, role, study] = [table.needed("workload")?, table.needed("role")?, table.needed("study")?];
    let times = columns(clock).iter().map(|name| table.needed(name)).collect::<Result<Vec<_>, _>>()?;
    let [evaluation, base] = [table.column("eval_index"), table.column("base")];

    let mut trials: Vec<Trial> = Vec::new();
    // Variants that wait until all base workloads are known, with their lines.
    let mut without_base: Vec<(usize, u64)> = Vec::new();
    while table.advance()? {
        let named = base.map_or("", |column| table.cell(column));
        let role = match table.cell(role) {
            "base" => Role::Base,
            "extra" => Role::Extra,
            "held_out" => {
                if named.is_empty() {
                    without_base.push((trials.len(), table.line()));
                }
                Role::HeldOut(named.to_owned())
            }
            _ => return Err(table.wrong(role, "base, held_out or extra")),
        };
        let mut time_to_target = 0.0;
        for &column in &times {
            time_to_target += time(&table, column, clock)?;
        }
        trials.push(Trial {
            ruleset: table.cell(ruleset).to_owned(),
            submission: table.cell(submission).to_owned(),
            workload: table.cell(workload).to_owned(),
            role,
            study: table.parse(study, "the number of a study")?,
            time_to_target,
            evaluation: match evaluation.filter(|&column| !table.cell(column).is_empty()) {
                None => None,
                Some(column) => Some(table.parse(column, "a whole number or empty")?),
            },
        });
    }
    find_bases(&mut trials, &without_base)?;
    Ok(trials)
}

/// What a clock is read from; several are added.
fn columns(clock: Clock) -> &'static [&'static str] {
    match clock {
        Clock::Seconds => &["time_to_target_s"],
        Clock::Steps => &["steps_to_target"],
        Clock::Passes => &["forwards_to_target", "backwards_to_target"],
    }
}

/// Infinite where the target was missed.
fn time(table: &Table<'_>, column: usize, clock: Clock) -> Result<f64, ScoreError> {
    let expected = match clock {
        Clock::Seconds => "a time in seconds or inf",
        Clock::Steps | Clock::Passes => "a count, or empty",
    };
    if table.cell(column).is_empty() {
        return Ok(f64::INFINITY);
    }
    let time: f64 = table.parse(column, expected)?;
    if time < 0.0 {
        return Err(table.wrong(column, expected));
    }
    Ok(if time.is_nan() { f64::INFINITY } else { time })
}

/// Variants that name no base get one by their own names.
fn find_bases(trials: &mut [Trial], without_base: &[(usize, u64)]) -> Result<(), ScoreError> {
    if without_base.is_empty() {
        return Ok(());
    }
    let bases: BTreeSet<String> =
        trials.iter().filter(|trial| trial.role == Role::Base).map(|trial| trial.workload.clone()).collect();
    for &(index, line) in without_base {
        let workload = &trials[index].workload;
        let belongs = |base: &&String| workload.strip_prefix(base.as_str()).is_some_and(|rest| rest.starts_with('_'));
        let base = bases.iter().filter(belongs).max_by_key(|base| base.len());
        let base = base.ok_or_else(|| ScoreError::Variant { line, workload: workload.clone() })?;
        trials[index].role = Role::HeldOut(base.clone());
    }
    Ok(())
}
