use std::io;
use std::path::{Path, PathBuf};

/// Why a run directory could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
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
    /// The folder already holds a run.
    #[error("{} already holds a run; resume it with --resume {}, or choose another --out", path.display(), path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds other things than a run.
    #[error("{} is not empty and holds no run; choose another --out", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds no run.
    #[error("{} holds no run: manifest.json is missing", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// Another process writes this run.
    #[error("{} is being written by another process", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A later program wrote it.
    #[error("{} has format {found}; this program reads up to {known}: use a newer program", path.display())]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// The format it has.
        found: u64,
        /// The newest format known.
        known: u64,
    },
    /// A file is not what it should be.
    #[error("{}{}: {why}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where it applies.
        line: Option<usize>,
        /// What is wrong.
        why: String,
    },
    /// A controller asks for what was not recorded.
    #[error("the controller looks at {what}, which was not recorded: it cannot be replayed on this")]
    NotRecorded {
        /// What it asks for.
        what: &'static str,
    },
}

impl RecordError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, action, source }
    }

    pub(crate) fn damaged(path: &Path, why: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), line: None, why: why.to_string() }
    }
}
