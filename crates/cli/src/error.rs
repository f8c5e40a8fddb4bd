use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use miette::{GraphicalReportHandler, LabeledSpan, MietteDiagnostic, NamedSource};
use rheostat_bench::BenchError;
use rheostat_record::{Diagnostic, DocumentError, RecordError};
use rheostat_report::ReportError;
use rheostat_score::ScoreError;
use rheostat_train::TrainError;
use rheostat_workload::WorkloadError;

/// Exit codes, as DESIGN.md section 6 lists them.
pub(crate) mod exit {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const BUG: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const DATA: u8 = 3;
    pub(crate) const DIVERGED: u8 = 4;
    pub(crate) const RECORD: u8 = 5;
    pub(crate) const TARGET_MISSED: u8 = 6;
    pub(crate) const INTERRUPTED: u8 = 130;
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Recipe(#[from] DocumentError),
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Report(#[from] rheostat_report::ReportError),
    #[error("{}: {action} failed: {source}", path.display())]
    File { path: PathBuf, action: &'static str, source: std::io::Error },
    #[error("{}{source}", path.as_ref().map(|path| format!("{}: ", path.display())).unwrap_or_default())]
    Score { path: Option<PathBuf>, source: ScoreError },
    #[error(transparent)]
    Bench(#[from] BenchError),
    #[error("{0}")]
    Usage(String),
    #[error("writing to stdout failed: {0}")]
    Stdout(#[from] std::io::Error),
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

impl CliError {
    pub(crate) fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, action: "reading", source }
    }

    pub(crate) fn writing(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, action: "writing", source }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Recipe(_) | Self::Usage(_) | Self::Train(TrainError::Recipe(_)) => exit::USAGE,
            Self::File { action: "reading", .. } | Self::Score { path: None, .. } => exit::USAGE,
            Self::Report(ReportError::Chart { .. }) => exit::USAGE,
            Self::Score { .. } => exit::DATA,
            Self::Workload(_) | Self::Train(TrainError::Workload(_) | TrainError::DataChanged { .. }) => exit::DATA,
            Self::Record(error) | Self::Train(TrainError::Record(error)) => match error {
                // A wrong folder is a wrong argument; everything else is the record.
                RecordError::Occupied { .. } | RecordError::NotEmpty { .. } | RecordError::NoRun { .. } => exit::USAGE,
                _ => exit::RECORD,
            },
            Self::Train(TrainError::Optimizer { .. } | TrainError::Control { .. }) => exit::DIVERGED,
            Self::Train(TrainError::Setup(_) | TrainError::Threads(_)) => exit::USAGE,
            Self::Train(TrainError::Checkpoint { .. }) => exit::RECORD,
            Self::File { .. } | Self::Stdout(_) => exit::RECORD,
            Self::Bench(error) => match error {
                BenchError::Occupied { .. } | BenchError::Changed { .. } | BenchError::Document(_) => exit::USAGE,
                BenchError::Trial { .. } => exit::DATA,
                _ => exit::RECORD,
            },
            Self::Train(_) | Self::Report(_) | Self::Json(_) => exit::BUG,
        }
    }

    /// Tells the person: with the place drawn on a terminal, in single unwrapped lines elsewhere.
    pub(crate) fn report(&self) {
        let terminal = std::io::stderr().is_terminal();
        match self {
            Self::Recipe(error) | Self::Train(TrainError::Recipe(error)) | Self::Bench(BenchError::Document(error)) => {
                for diagnostic in &error.diagnostics {
                    if terminal {
                        eprint!("{}", drawn(diagnostic));
                    } else {
                        eprintln!("{diagnostic}");
                    }
                }
            }
            // A closed pipe is the reader's choice, not an error to talk about.
            Self::Stdout(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            other => eprintln!("error: {other}"),
        }
    }
}

fn drawn(diagnostic: &Diagnostic) -> String {
    let source = &diagnostic.origin.source;
    let span = diagnostic.origin.span.clone();
    let label = LabeledSpan::at(span, "here");
    let mut shown = MietteDiagnostic::new(diagnostic.message.clone()).with_label(label);
    shown.help.clone_from(&diagnostic.help);
    let report = miette::Report::new(shown).with_source_code(NamedSource::new(&source.name, source.text.clone()));
    let mut text = String::new();
    match GraphicalReportHandler::new().render_report(&mut text, report.as_ref()) {
        Ok(()) => text,
        Err(_) => format!("{diagnostic}\n"),
    }
}
