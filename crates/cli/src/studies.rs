//! Studies as commands meet them: read from a file, found again in a folder, reported.

use std::path::{Path, PathBuf};

use rheostat_bench::{BenchError, Study, StudyManifest, TrialKey};
use rheostat_record::{Event, RecordError, Run};
use rheostat_report::study::{self, Study as Report};
use rheostat_score::{Rules, TableRow, TrialRow, read_rows};
use rheostat_workload::WORKLOADS;

use crate::arguments::{Format, Global};
use crate::commands::summary_options;
use crate::error::CliError;
use crate::output;

/// The rules that our own studies are scored by, in words.
const RULES: &str = "Of each study the fastest trial counts, of each workload the median over studies; the score is the exact \
                     integral of the performance profile for ratios from 1 to 4.";

/// Reads a study's text. Recipes that it names are beside the file.
pub(crate) fn read(file: &str, text: &str) -> Result<Study, CliError> {
    let beside = Path::new(file).parent().unwrap_or(Path::new(""));
    let include = |recipe: &str| std::fs::read_to_string(beside.join(recipe));
    Ok(Study::read(file, text, WORKLOADS, &include).map_err(BenchError::from)?)
}

/// The study of a folder with the rows of its table; nothing if the folder holds none.
pub(crate) fn open(folder: &Path) -> Result<Option<(StudyManifest, Vec<TrialRow>)>, CliError> {
    let Some(manifest) = StudyManifest::read(folder)? else { return Ok(None) };
    let rows = rows(&table(folder, &manifest))?;
    Ok(Some((manifest, rows)))
}

/// The rows of a table of results.
pub(crate) fn rows<R: TableRow>(table: &Path) -> Result<Vec<R>, CliError> {
    let bytes = std::fs::read(table).map_err(CliError::reading(table))?;
    let read = read_rows(bytes).map_err(|source| CliError::Score { path: Some(table.to_owned()), source })?;
    Ok(read.rows)
}

/// Where the results of a study are: in its folder, or where they were kept when it was run.
pub(crate) fn table(folder: &Path, manifest: &StudyManifest) -> PathBuf {
    let inside = folder.join("trials.csv");
    if inside.exists() { inside } else { PathBuf::from(&manifest.results) }
}

/// What is printed of a study; its page shows everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Show {
    /// Times to targets and scores.
    Scores,
    /// What comes out at which rate.
    Sweep,
}

/// Writes the page and prints what the format asks for.
pub(crate) fn report(
    (name, wanted): (&str, usize),
    rows: &[TrialRow],
    folder: &Path,
    page: &Path,
    show: Show,
    global: &Global,
) -> Result<(), CliError> {
    let runs = runs(rows, folder)?;
    let study = Report::new(name, rows, &Rules::default()).rules(RULES).runs(&runs).planned(wanted);
    match (global.format, show) {
        (Format::Json, _) => output::json(&rows)?,
        (Format::Csv, Show::Scores) => output::text(&study::csv(&study))?,
        (Format::Csv, Show::Sweep) => output::text(&study::sweep_csv(&study))?,
        (Format::Text, Show::Scores) => output::text(&study::summary(&study, &summary_options()))?,
        (Format::Text, Show::Sweep) => output::text(&study::sweep_summary(&study, &summary_options()))?,
    }
    if rows.is_empty() {
        return Ok(());
    }
    let markdown = page.with_extension("md");
    std::fs::write(page, study::html(&study)?).map_err(CliError::writing(page))?;
    std::fs::write(&markdown, study::markdown(&study)).map_err(CliError::writing(&markdown))?;
    eprintln!("wrote {} and {}", page.display(), markdown.display());
    Ok(())
}

/// The runs of the rows whose directories are still there.
fn runs(rows: &[TrialRow], folder: &Path) -> Result<Vec<(String, Run)>, CliError> {
    let mut runs = Vec::new();
    for row in rows {
        match Run::open(&folder.join(TrialKey::of(row).folder()).join("run")) {
            Ok(mut run) => {
                // The page draws evaluations; the steps of many runs would fill the memory.
                run.events.retain(|event| !matches!(event, Event::Step { .. }));
                runs.push((row.submission.clone(), run));
            }
            Err(RecordError::NoRun { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(runs)
}
