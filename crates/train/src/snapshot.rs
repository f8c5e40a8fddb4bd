use rheostat_record::Checkpoint;
use serde::{Deserialize, Serialize};

use crate::TrainError;

const WEIGHTS: &str = "snapshot-weights.safetensors";
const OPTIMIZER: &str = "snapshot-optimizer.safetensors";
const AVERAGE: &str = "snapshot-average.safetensors";

/// What a controller can have brought back. Bytes: clones of a model share running statistics.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The next update's number.
    pub(crate) step: u64,
    /// Batches drawn.
    pub(crate) position: u64,
    pub(crate) weights: Vec<u8>,
    pub(crate) moments: Vec<u8>,
    /// The average of the weights, in a run that keeps one.
    pub(crate) average: Option<Vec<u8>>,
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

    pub(crate) fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let average = self.average.as_ref().map(|average| (AVERAGE, average.as_slice()));
        [(WEIGHTS, self.weights.as_slice()), (OPTIMIZER, self.moments.as_slice())].into_iter().chain(average)
    }

    pub(crate) fn read(mark: Mark, checkpoint: &Checkpoint, averaging: bool) -> Result<Self, TrainError> {
        let Mark { step, position } = mark;
        let (weights, moments) = (checkpoint.file(WEIGHTS)?.to_vec(), checkpoint.file(OPTIMIZER)?.to_vec());
        let average = averaging.then(|| checkpoint.file(AVERAGE).map(<[u8]>::to_vec)).transpose()?;
        Ok(Self { step, position, weights, moments, average })
    }
}
