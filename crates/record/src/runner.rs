use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::{EventSink, Manifest, Recipe, RecordError, RunResult, WorkloadFacts};

/// One run that somebody wants done.
#[derive(Debug, Clone, Copy)]
pub struct TrialSpec<'a> {
    /// What it is called, in messages.
    pub id: &'a str,
    /// What is to be run.
    pub recipe: &'a Recipe,
    /// A folder for this trial alone; what an earlier attempt left there is gone on with.
    pub folder: &'a Path,
    /// Compute threads.
    pub threads: usize,
    /// Whether the fused kernels compute.
    pub kernels: bool,
    /// Set to true to end the run after the current update, so that it can be gone on with.
    pub stop: &'a AtomicBool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialResult {
    /// How the run was set up.
    pub manifest: Manifest,
    /// What it came to.
    pub result: RunResult,
}

/// Runs trials: in a process of their own, on a cluster, or as a script for tests.
pub trait Runner: Sync {
    /// What it can train.
    fn workloads(&self) -> &[WorkloadFacts];

    /// Runs a trial to its end, or goes on with it; one that is over gives its recorded result. Events go to the sink as they
    /// happen; a sink that refuses one ends the run.
    ///
    /// # Errors
    /// [`RunError`]; all but [`RunError::Failed`] leave the trial undone.
    fn run(&self, trial: &TrialSpec<'_>, sink: &mut dyn EventSink) -> Result<TrialResult, RunError>;
}

/// Why a trial came to no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The trial itself failed, and would again: it crashed, or was killed for memory.
    #[error("{why}")]
    Failed {
        /// What was seen of it.
        why: String,
    },
    /// It was asked to stop, and can be gone on with.
    #[error("interrupted")]
    Interrupted,
    /// Another process is at it.
    #[error("another process is running it")]
    Busy,
    /// It could not be run here at all: missing data, a wrong setting. The others would fare no better.
    #[error("{why}")]
    Unable {
        /// What was seen of it.
        why: String,
    },
    /// The program that runs it could not be started or watched.
    #[error("{what}: {source}")]
    Process {
        /// What was tried.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
    /// Its record could not be written or read.
    #[error(transparent)]
    Record(#[from] RecordError),
}
