//! Studies as commands meet them: read from a file, found again in a folder, reported.

use std::path::{Path, PathBuf};

use rheostat_bench::{BenchError, Keyed, ReadOutTable, Study, StudyManifest, TrialKey};
use rheostat_record::{Event, RecordError, Run};
use rheostat_report::chart::SvgOptions;
use rheostat_report::study::{self, Study as Report};
use rheostat_report::tradeoff::{self, Tradeoffs};
use rheostat_score::{Clock, ReadOutRow, Rules, TableRow, TradeoffMode, TradeoffOptions, TrialRow, read_rows};
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
    read_with(file, text, &|recipe: &str| std::fs::read_to_string(beside.join(recipe)))
}

/// The same with recipes from elsewhere.
pub(crate) fn read_with(file: &str, text: &str, include: &Include) -> Result<Study, CliError> {
    Ok(Study::read(file, text, WORKLOADS, include).map_err(BenchError::from)?)
}

/// The text of a recipe that a study names.
type Include<'a> = dyn Fn(&str) -> std::io::Result<String> + 'a;

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
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Show<'a> {
    /// Times to targets and scores, told by this clock.
    Scores(Option<Clock>),
    /// What comes out at which rate.
    Sweep,
    /// Quality against cost.
    Curves(&'a TradeoffOptions),
}

/// Writes the page and prints what the format asks for.
pub(crate) fn report(
    study: &StudyManifest,
    rows: &[TrialRow],
    folder: &Path,
    page: &Path,
    show: Show<'_>,
    global: &Global,
) -> Result<(), CliError> {
    let read_outs = table(folder, study).with_file_name(ReadOutTable::FILE);
    let mut usual = TradeoffOptions::default();
    if let Show::Scores(Some(clock)) = show {
        usual.clock = clock;
    }
    let options = match show {
        Show::Curves(options) => Some(options),
        Show::Scores(_) if read_outs.exists() => Some(&usual),
        Show::Scores(_) | Show::Sweep => None,
    };
    if let Some(options) = options {
        let mut rows: Vec<ReadOutRow> = self::rows(&read_outs)?;
        let place = |row: &ReadOutRow| study.submissions.iter().position(|name| *name == row.submission);
        rows.sort_by_key(|row| place(row).unwrap_or(usize::MAX));
        return curves((&study.name, study.read_outs), &rows, Some(folder), page.parent(), options, global);
    }
    let runs = runs(rows, folder)?;
    let study = Report::new(&study.name, rows, &Rules::default()).rules(RULES).runs(&runs).planned(study.wanted);
    let study = match show {
        Show::Scores(Some(clock)) => study.clocked(clock),
        _ => study,
    };
    match (global.format, show) {
        (Format::Json, _) => output::json(&rows)?,
        (Format::Csv, Show::Scores(_) | Show::Curves(_)) => output::text(&study::csv(&study))?,
        (Format::Csv, Show::Sweep) => output::text(&study::sweep_csv(&study))?,
        (Format::Text, Show::Scores(_) | Show::Curves(_)) => output::text(&study::summary(&study, &summary_options()))?,
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

/// Draws tradeoff curves: prints what the format asks for, and writes page and pictures into a folder. `runs` is the folder of the
/// study, whose cyclic runs are drawn as long as they are there.
pub(crate) fn curves(
    (name, wanted): (&str, usize),
    rows: &[ReadOutRow],
    runs: Option<&Path>,
    folder: Option<&Path>,
    options: &TradeoffOptions,
    global: &Global,
) -> Result<(), CliError> {
    let runs = runs.map(|study| cyclic_runs(rows, study)).transpose()?.unwrap_or_default();
    let tradeoffs = Tradeoffs::new(name, rows, options).map_err(|source| CliError::Score { path: None, source })?;
    let tradeoffs = tradeoffs.runs(&runs).planned(wanted);
    match global.format {
        Format::Json => output::json(&tradeoffs.analysis())?,
        Format::Csv => output::text(&tradeoff::csv(&tradeoffs))?,
        Format::Text => output::text(&tradeoff::summary(&tradeoffs, &summary_options()))?,
    }
    let Some(folder) = folder else { return Ok(()) };
    let mut files = vec![
        ("report.html".to_owned(), tradeoff::html(&tradeoffs)?.into_bytes()),
        ("report.md".to_owned(), tradeoff::markdown(&tradeoffs).into_bytes()),
    ];
    let drawn = SvgOptions::default();
    for figure in tradeoff::figures(&tradeoffs) {
        files.push((format!("{}.svg", figure.stem()), figure.svg(&drawn).into_bytes()));
        files.push((format!("{}.png", figure.stem()), figure.png(&drawn, 2.0)?));
    }
    for (file, bytes) in &files {
        let path = folder.join(file);
        std::fs::write(&path, bytes).map_err(CliError::writing(&path))?;
    }
    let names: Vec<&str> = files.iter().map(|(file, _)| file.as_str()).collect();
    eprintln!("wrote {} into {}", names.join(", "), folder.display());
    Ok(())
}

/// The first cyclic run of each submission whose directory is still there.
fn cyclic_runs(rows: &[ReadOutRow], study: &Path) -> Result<Vec<(String, Run)>, CliError> {
    let mut runs: Vec<(String, Run)> = Vec::new();
    for row in rows.iter().filter(|row| row.mode == TradeoffMode::Cyclic) {
        let known =
            |(submission, run): &(String, Run)| *submission == row.submission && run.manifest.workload == row.workload;
        if runs.iter().any(known) {
            continue;
        }
        match Run::open(&study.join(Keyed::key(row).0.folder()).join("run")) {
            Ok(run) => runs.push((row.submission.clone(), run)),
            Err(RecordError::NoRun { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(runs)
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
