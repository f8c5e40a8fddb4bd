use rheostat_control::ControlError;
use rheostat_optim::OptimError;
use rheostat_record::{DocumentError, RecordError};
use rheostat_workload::WorkloadError;

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The recipe does not fit the data.
    #[error(transparent)]
    Recipe(#[from] DocumentError),
    /// The data is missing or damaged.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// The run could not be recorded, so it has failed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The optimizer cannot be made for this model: a group that selects nothing, say.
    #[error("the recipe does not fit the model: {0}")]
    Setup(OptimError),
    /// The optimizer refused.
    #[error("update {step}: {source}")]
    Optimizer {
        /// The update, from 0.
        step: u64,
        /// What it refused.
        source: OptimError,
    },
    /// A controller gave a value outside its range, or its saved state is damaged.
    #[error("update {step}: {source}")]
    Control {
        /// The update, from 0.
        step: u64,
        /// What was wrong.
        source: ControlError,
    },
    /// A controller asked for an effect in the middle of an update.
    #[error(
        "update {step}: the controller asks to {action} in the middle of an update, where hyperparameters alone can change"
    )]
    Undriven {
        /// Updates done.
        step: u64,
        /// What it asked for.
        action: &'static str,
    },
    /// A line search cannot compare losses of this workload.
    #[error("update {step}: {why}")]
    Search {
        /// The update, from 0.
        step: u64,
        /// What came out differently.
        why: String,
    },
    /// A controller asked to go back and had never asked to save.
    #[error("after {step} updates: the controller asks for a snapshot to be brought back, and there is none")]
    NoSnapshot {
        /// Updates done.
        step: u64,
    },
    /// A checkpoint's files are whole but do not fit this run.
    #[error("checkpoint of step {step}: {why}")]
    Checkpoint {
        /// Updates done.
        step: u64,
        /// What does not fit.
        why: String,
    },
    /// The training set has another size than when the run began.
    #[error("the run began with {began} training samples and the data now has {now}; resume it with the same data")]
    DataChanged {
        /// Samples in the manifest.
        began: u64,
        /// Samples found.
        now: u64,
    },
    /// The recipe asks for more threads than could be set, or they were set before.
    #[error("the number of threads cannot be set: {0}")]
    Threads(String),
    /// The compute device failed.
    #[error("the device failed: {0}")]
    Device(String),
    /// The thread that reads batches ahead ended early.
    #[error("the data loader stopped before batch {position}")]
    Loader {
        /// Batches drawn before.
        position: u64,
    },
}
