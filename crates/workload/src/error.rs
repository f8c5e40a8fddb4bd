use std::io;
use std::path::{Path, PathBuf};

/// Why a workload could not be opened or its data not be had.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// There is no workload of that name.
    #[error("no workload is called {name:?}; there are {}", known.join(", "))]
    UnknownWorkload {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// There is no dataset of that name.
    #[error("no dataset is called {name:?}; there are {}", known.join(", "))]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// The workload needs data, and nobody said where it lies.
    #[error(
        "the workload needs the dataset {dataset}: give its folder with --data DIR or RHEOSTAT_DATA; \
         `rheostat data fetch {dataset} --data DIR` downloads it"
    )]
    NoDataFolder {
        /// The dataset.
        dataset: &'static str,
    },
    /// A file is not there.
    #[error(
        "{} is missing; `rheostat data fetch {dataset} --data DIR` downloads it, \
         and --data DIR or RHEOSTAT_DATA says where it lies",
        path.display()
    )]
    Missing {
        /// The file looked for.
        path: PathBuf,
        /// The dataset it belongs to.
        dataset: &'static str,
    },
    /// A file does not hold what its format demands.
    #[error("{} is damaged: {found}; expected {expected}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        found: String,
        /// What would be right.
        expected: String,
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
    /// A download failed.
    #[error("downloading {url} failed: {reason}")]
    Download {
        /// The address.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// A download arrived, but is not the published file.
    #[error("{url} is not the published file: {found}; expected {expected}; nothing was kept")]
    WrongDownload {
        /// The address.
        url: String,
        /// What arrived.
        found: String,
        /// What was published.
        expected: String,
    },
    /// A download would replace a file that is not the published one.
    #[error("{} exists and is not the published file; move it away first", path.display())]
    Occupied {
        /// The file in the way.
        path: PathBuf,
    },
}

impl WorkloadError {
    pub(crate) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), action, source }
    }

    pub(crate) fn damaged(path: &Path, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), found: found.into(), expected: expected.into() }
    }
}
