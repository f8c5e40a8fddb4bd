//! A schedule under batches that grow.

use std::sync::Arc;

use crate::frame::BatchPiece;
use crate::schedule::Schedule;

/// How batches grow over a run, and how a rate goes with them; see [`Schedule::grown`].
///
/// ```
/// use rheostat_schedule::{BatchGrowth, BatchPiece};
/// // 1000 samples: an epoch is 100 updates of 10, then 10 updates of 100.
/// let pieces = vec![
///     BatchPiece { first_step: 0, batch: 10, steps_per_epoch: 100 },
///     BatchPiece { first_step: 100, batch: 100, steps_per_epoch: 10 },
/// ];
/// let growth = BatchGrowth { start: 10, samples: 1000, exponent: 1.0, pieces, total_steps: 110 };
/// assert_eq!((growth.reference_step(99), growth.reference_step(103)), (99, 130));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BatchGrowth {
    /// Samples in a step of the reference; at least 1.
    pub start: u64,
    /// Training samples, the length of an epoch.
    pub samples: u64,
    /// The power of the batch size that the value goes with, 0 to 1.
    pub exponent: f64,
    /// The batch sizes in force.
    pub pieces: Vec<BatchPiece>,
    /// Steps of the run.
    pub total_steps: u64,
}

impl BatchGrowth {
    /// The step of the reference that has seen as many samples as step `step` of the run. What an epoch leaves out counts as seen
    /// at its end.
    pub fn reference_step(&self, step: u64) -> u64 {
        self.place(step).0
    }

    /// The step of the reference and the batch size.
    fn place(&self, step: u64) -> (u64, u64) {
        let start = self.start.max(1);
        match BatchPiece::locate(&self.pieces, step) {
            Some(place) => {
                let within = place.step.saturating_mul(place.batch) / start;
                (place.epoch.saturating_mul(self.samples / start).saturating_add(within), place.batch)
            }
            None => (step, start),
        }
    }

    /// The first steps of the run at which the steps `marks` of the reference are reached, and those at which the batch changes.
    fn marks(&self, marks: &[u64]) -> Vec<u64> {
        let start = self.start.max(1);
        let reference_epoch = (self.samples / start).max(1);
        let mut found: Vec<_> = self.pieces.iter().map(|piece| piece.first_step).collect();
        let mut first_epoch = 0;
        for (index, piece) in self.pieces.iter().enumerate() {
            let per_epoch = piece.steps_per_epoch.max(1);
            let next = self.pieces.get(index + 1).map_or(u64::MAX, |next| next.first_step);
            let epochs = next.saturating_sub(piece.first_step) / per_epoch;
            for mark in marks {
                let (epoch, within) = (mark / reference_epoch, mark % reference_epoch);
                if let Some(epoch) = epoch.checked_sub(first_epoch).filter(|epoch| *epoch < epochs) {
                    let within = within.saturating_mul(start).div_ceil(piece.batch.max(1)).min(per_epoch);
                    found.push(piece.first_step.saturating_add(epoch.saturating_mul(per_epoch)).saturating_add(within));
                }
            }
            first_epoch = first_epoch.saturating_add(epochs);
        }
        found
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grown(Arc<(Schedule, BatchGrowth)>);

impl Grown {
    pub(crate) fn new(reference: Schedule, growth: BatchGrowth) -> Self {
        Self(Arc::new((reference, growth)))
    }

    pub(crate) fn at(&self, t: u64) -> f64 {
        let (reference, growth) = &*self.0;
        let (step, batch) = growth.place(t);
        reference.at(step) * (batch as f64 / growth.start.max(1) as f64).powf(growth.exponent)
    }

    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        let (reference, growth) = &*self.0;
        growth.marks(&reference.breakpoints()).into_iter().filter(|mark| *mark < limit).collect()
    }
}
