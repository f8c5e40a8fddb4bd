use serde::{Deserialize, Serialize};

use crate::Direction;

/// The newest run-directory format that this program writes and reads.
pub const FORMAT: u64 = 1;

/// `manifest.json`: what is needed to repeat a run, written before anything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Format of the run directory.
    pub format: u64,
    /// Name of the run.
    pub id: String,
    /// The resolved recipe, as TOML.
    pub recipe: String,
    /// SHA-256 of the resolved recipe, in hexadecimal.
    pub recipe_hash: String,
    /// The workload's name.
    pub workload: String,
    /// The run seed, from which every random stream follows.
    pub seed: u64,
    /// Updates of the whole budget.
    pub budget_steps: u64,
    /// Updates of one epoch, at the batch size the run begins with.
    pub steps_per_epoch: u64,
    /// Training samples really present.
    pub samples: u64,
    /// Trainable parameters.
    pub parameters: u64,
    /// Name of the validation metric.
    pub metric: String,
    /// Which way the metric improves.
    pub direction: Direction,
    /// The metric's value to be reached, if any.
    pub target: Option<f64>,
    /// Program and version.
    pub program: String,
    /// Commit the program was built from, with `-dirty` if files were changed; absent outside a checkout.
    pub commit: Option<String>,
    /// The device that trained.
    pub device: String,
    /// The processor's name.
    pub processor: String,
    /// Threads used for computing.
    pub threads: usize,
    /// Whether the fused kernels computed, rather than Burn's own operations alone.
    #[serde(default)]
    pub kernels: bool,
    /// Operating system and architecture.
    pub system: String,
    /// When the run began, in seconds since 1970 (UTC).
    pub started: u64,
}
