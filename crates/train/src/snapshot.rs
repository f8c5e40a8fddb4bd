use rheostat_record::Checkpoint;
use serde::{Deserialize, Serialize};

use crate::TrainError;

const WEIGHTS: &str = "snapshot-weights.safetensors";
const OPTIMIZER: &str = "snapshot-optimizer.safetensors";

/// What a controller can have brought back. Bytes: clones of a model share running statistics.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The next update's number.
    pub(crate) step: u64,
    /// Batches drawn.
    pub(crate) position: u64,
    pub(crate) weights: Vec<u8>,
    pub(crate) moments: Vec<u8>,
}

/// The part of a snapshot that stands in the state of a checkpoint; the rest are files of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    step: u64,
    position: u64,
}

impl Snapshot {
    pub(crate) fn mark(&self) -> Mark {
        Mark { step: self.step, position: self.position }
    }

    pub(crate) fn files(&self) -> [(&'static str, &[u8]); 2] {
        [(WEIGHTS, &self.weights), (OPTIMIZER, &self.moments)]
    }

    pub(crate) fn read(mark: Mark, checkpoint: &Checkpoint) -> Result<Self, TrainError> {
        let Mark { step, position } = mark;
        let (weights, moments) = (checkpoint.file(WEIGHTS)?.to_vec(), checkpoint.file(OPTIMIZER)?.to_vec());
        Ok(Self { step, position, weights, moments })
    }
}
