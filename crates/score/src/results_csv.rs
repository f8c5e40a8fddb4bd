use std::collections::BTreeSet;

use csv::StringRecord;

use crate::{Role, ScoreError, Trial};

/// Trials from a table with a header and the columns `ruleset`, `submission`, `workload`, `role` (`base`, `held_out` or `extra`),
/// `study`, `time_to_target_s` (`inf` if the target was missed) and, if there is one, `eval_index`. Other columns are ignored.
///
/// The base of a held-out variant is the base workload with the longest name that the variant's name begins with.
///
/// # Errors
/// A column is missing, a cell does not hold what its column does, or a variant has no base; each names its line.
pub fn read_results(text: &str) -> Result<Vec<Trial>, ScoreError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(damaged)?.clone();
    let place = |column: &'static str| header.iter().position(|name| name == column);
    let needed = |column| place(column).ok_or(ScoreError::Column(column));
    let [ruleset, submission, workload] = [needed("ruleset")?, needed("submission")?, needed("workload")?];
    let [role, study, time] = [needed("role")?, needed("study")?, needed("time_to_target_s")?];
    let evaluation = place("eval_index");
    let rows: Vec<StringRecord> = reader.records().collect::<Result<_, _>>().map_err(damaged)?;

    let cell = |row: &StringRecord, column: usize| row.get(column).unwrap_or_default().trim().to_owned();
    let bases: BTreeSet<String> =
        rows.iter().filter(|row| cell(row, role) == "base").map(|row| cell(row, workload)).collect();
    let mut trials = Vec::with_capacity(rows.len());
    for row in &rows {
        let line = row.position().map_or(0, csv::Position::line);
        let wrong = |column, value: String, expected| ScoreError::Cell { line, column, value, expected };
        let name = cell(row, workload);
        let role = match cell(row, role).as_str() {
            "base" => Role::Base,
            "extra" => Role::Extra,
            "held_out" => {
                Role::HeldOut(base(&bases, &name).ok_or_else(|| ScoreError::Variant { line, workload: name.clone() })?)
            }
            other => return Err(wrong("role", other.to_owned(), "base, held_out or extra")),
        };
        let number = cell(row, study);
        let seconds = cell(row, time);
        let index = evaluation.map(|column| cell(row, column)).unwrap_or_default();
        let time_to_target: f64 =
            seconds.parse().map_err(|_| wrong("time_to_target_s", seconds.clone(), "a time in seconds or inf"))?;
        if time_to_target < 0.0 {
            return Err(wrong("time_to_target_s", seconds, "a time in seconds or inf"));
        }
        trials.push(Trial {
            ruleset: cell(row, ruleset),
            submission: cell(row, submission),
            workload: name,
            role,
            study: number.parse().map_err(|_| wrong("study", number.clone(), "the number of a study"))?,
            time_to_target,
            evaluation: match index.as_str() {
                "" => None,
                index => {
                    Some(index.parse().map_err(|_| wrong("eval_index", index.to_owned(), "a whole number or empty"))?)
                }
            },
        });
    }
    Ok(trials)
}

fn damaged(error: csv::Error) -> ScoreError {
    ScoreError::Table(error.to_string())
}

/// The base workload that a variant belongs to.
fn base(bases: &BTreeSet<String>, variant: &str) -> Option<String> {
    let belongs = |base: &&String| variant.strip_prefix(base.as_str()).is_some_and(|rest| rest.starts_with('_'));
    bases.iter().filter(belongs).max_by_key(|base| base.len()).cloned()
}
