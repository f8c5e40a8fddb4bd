//! Where `rheostat score` finds trials: tables, studies, and the directories that AlgoPerf's runs leave.

use std::path::{Path, PathBuf};

use rheostat_bench::StudyManifest;
use rheostat_score::{AlgoperfEdition, AlgoperfPath, Clock, ScoreError, Trial, TrialRow, read_results};

use crate::error::CliError;
use crate::studies;

/// The trials of a table, of a study's folder or table, or of a directory of AlgoPerf's runs.
pub(crate) fn trials(path: &Path, clock: Clock, edition: AlgoperfEdition) -> Result<Vec<Trial>, CliError> {
    if !path.is_dir() {
        return table(path, clock);
    }
    let inside = path.join("trials.csv");
    match StudyManifest::read(path)? {
        Some(study) => table(&studies::table(path, &study), clock),
        None if inside.exists() => table(&inside, clock),
        None => algoperf(path, clock, edition),
    }
}

/// The rows of a study's folder, or of its table.
pub(crate) fn rows(path: &Path) -> Result<Vec<TrialRow>, CliError> {
    if path.is_dir() {
        let study = studies::open(path)?;
        return study.map(|(_, rows)| rows).ok_or_else(|| CliError::Usage(format!("{} is no study", path.display())));
    }
    studies::rows(path)
}

fn table(path: &Path, clock: Clock) -> Result<Vec<Trial>, CliError> {
    read_results(&read(path)?, clock).map_err(wrong(path))
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(CliError::reading(path))
}

fn wrong(path: &Path) -> impl FnOnce(ScoreError) -> CliError {
    let path = path.to_owned();
    move |source| CliError::Score { path: Some(path), source }
}

/// Logs lie at `SUBMISSION/study_K/WORKLOAD_FRAMEWORK/trial_I/eval_measurements.csv`, below any other folders.
fn algoperf(root: &Path, clock: Clock, edition: AlgoperfEdition) -> Result<Vec<Trial>, CliError> {
    let mut logs = Vec::new();
    walk(root, &mut logs)?;
    // The order of a directory listing is nobody's business.
    logs.sort();
    let mut trials = Vec::new();
    for log in &logs {
        let Some((submission, path)) = place(root, log) else { continue };
        let workload = edition.workload(&path.workload).map_err(wrong(log))?;
        // Only external tuning draws hyperparameters, and it writes them down.
        let tuned = log.with_file_name("hparams.json").exists();
        let ruleset = if tuned { "external_tuning" } else { "self_tuning" };
        let trial = workload.trial(&read(log)?, ruleset, &submission, path.study, clock);
        trials.push(trial.map_err(wrong(log))?);
    }
    if trials.is_empty() {
        return Err(CliError::Usage(format!(
            "{} is no study and holds no AlgoPerf logs (SUBMISSION/study_K/WORKLOAD_FRAMEWORK/trial_I/eval_measurements.csv)",
            root.display()
        )));
    }
    Ok(trials)
}

fn walk(folder: &Path, logs: &mut Vec<PathBuf>) -> Result<(), CliError> {
    let entries = std::fs::read_dir(folder).map_err(CliError::reading(folder))?;
    for entry in entries {
        let entry = entry.map_err(CliError::reading(folder))?;
        let path = entry.path();
        // Links are not followed: they may lead in circles.
        if entry.file_type().map_err(CliError::reading(&path))?.is_dir() {
            walk(&path, logs)?;
        } else if entry.file_name() == "eval_measurements.csv" {
            logs.push(path);
        }
    }
    Ok(())
}

/// The submission is named by the folder that holds its studies, which may be the one that was given.
fn place(root: &Path, log: &Path) -> Option<(String, AlgoperfPath)> {
    let whole = std::fs::canonicalize(root).ok()?.join(log.strip_prefix(root).ok()?);
    let parts: Vec<&str> = whole.iter().map(|part| part.to_str().unwrap_or_default()).collect();
    let first = parts.len().checked_sub(4)?;
    let path = AlgoperfPath::parse(&parts[first..].join("/"))?;
    Some(((*parts.get(first.checked_sub(1)?)?).to_owned(), path))
}
