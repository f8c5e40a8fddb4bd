use rheostat_record::Target;

use crate::table::Table;
use crate::{AlgoperfWorkload, Clock, ScoreError, Trial};

impl AlgoperfWorkload {
    /// The trial that an `eval_measurements.csv` (or a `measurements.csv`) is the log of: its time is that of the first evaluation
    /// that met the target, from the column `score`, the accumulated seconds of submission, or by steps `global_step`. Its
    /// evaluation is counted from 0.
    ///
    /// An evaluation is a row in which any column of the validation split holds something; the other rows of `measurements.csv`
    /// are the submission's own. A metric that is empty or not finite never meets the target, and an empty log is that of a trial
    /// that ended before its first evaluation.
    ///
    /// # Errors
    /// A column is missing, a cell is no number, the time of the evaluation that met the target is none, or the clock is
    /// [`Clock::Passes`], which AlgoPerf does not count.
    pub fn trial(
        &self,
        log: &str,
        ruleset: &str,
        submission: &str,
        study: u64,
        clock: Clock,
    ) -> Result<Trial, ScoreError> {
        let met = first_met(log, &self.target, clock)?;
        Ok(Trial {
            ruleset: ruleset.to_owned(),
            submission: submission.to_owned(),
            workload: self.name.clone(),
            role: self.role.clone(),
            study,
            time_to_target: met.map_or(f64::INFINITY, |(_, time)| time),
            evaluation: met.map(|(evaluation, _)| evaluation),
        })
    }
}

/// Index and time of the first evaluation that met the target.
fn first_met(log: &str, target: &Target, clock: Clock) -> Result<Option<(u64, f64)>, ScoreError> {
    let (time, expected) = match clock {
        Clock::Seconds => ("score", "a time in seconds"),
        Clock::Steps => ("global_step", "a number of steps"),
        Clock::Passes => return Err(ScoreError::NotCounted(clock.name())),
    };
    if log.trim().is_empty() {
        return Ok(None);
    }
    let mut table = Table::new(log.as_bytes())?;
    let metric = table.needed(&format!("validation/{}", target.metric))?;
    let time = table.needed(time)?;
    let validation = table.columns("validation/");
    let mut evaluations = 0;
    while table.advance()? {
        if validation.iter().all(|&column| table.cell(column).is_empty()) {
            continue;
        }
        let value = if table.cell(metric).is_empty() { f64::NAN } else { table.parse(metric, "a number or empty")? };
        if target.met(value) {
            let time_to_target: f64 = table.parse(time, expected)?;
            if !(time_to_target.is_finite() && time_to_target >= 0.0) {
                return Err(table.wrong(time, expected));
            }
            return Ok(Some((evaluations, time_to_target)));
        }
        evaluations += 1;
    }
    Ok(None)
}
