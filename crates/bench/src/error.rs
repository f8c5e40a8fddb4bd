use std::io;
use std::path::{Path, PathBuf};

use rheostat_record::{DocumentError, RecordError, RunError};

/// Why a study cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The folder holds a study already.
    #[error("{} already holds results; go on with --resume, or choose another --out", path.display())]
    Occupied {
        /// The folder or table.
        path: PathBuf,
    },
    /// A row of the table is of another recipe than the study now has for it.
    #[error(
        "{}: {trial} was run with another recipe than the study has now; give the submission another name, or take its rows out",
        path.display()
    )]
    Changed {
        /// The table of results.
        path: PathBuf,
        /// The trial.
        trial: String,
    },
    /// The table of results is damaged.
    #[error("{}: {why}", path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// What is wrong, with its line.
        why: String,
    },
    /// The operating system refused.
    #[error("{}: {action} failed: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// A trial could not be run here at all.
    #[error("{trial}: {source}")]
    Trial {
        /// The trial.
        trial: String,
        /// Why.
        source: RunError,
    },
    /// The study's recipes are wrong.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A run directory could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl BenchError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }
}
