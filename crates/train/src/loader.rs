use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rheostat_record::Plan;
use rheostat_workload::{Workload, epoch_order};

use crate::TrainError;

/// Batches ready before they are needed: two hide any jitter and bound the memory.
const AHEAD: usize = 2;

/// One batch as the loop draws it.
pub(crate) struct Drawn<B> {
    /// The batch in as many parts as the recipe accumulates, each with its share of the samples.
    pub(crate) parts: Vec<(B, f64)>,
}

/// Draws batches in order on a thread of its own. What it draws is a pure function of seed and position, so starting at a
/// position equals having come there.
pub(crate) struct Loader<B> {
    batches: Receiver<Drawn<B>>,
    position: u64,
}

impl<B: Send + 'static> Loader<B> {
    pub(crate) fn start<W: Workload<Batch = B>>(
        workload: Arc<W>,
        plan: Plan,
        seed: u64,
        accumulate: u64,
        first: u64,
    ) -> Self {
        let (sender, batches) = sync_channel(AHEAD);
        thread::spawn(move || {
            let mut order: Option<(u64, Vec<u32>)> = None;
            for position in first.. {
                let at = plan.batch_at(position);
                let order = match &mut order {
                    Some((epoch, order)) if *epoch == at.epoch => order,
                    stale => &mut stale.insert((at.epoch, epoch_order(seed, at.epoch, plan.samples()))).1,
                };
                let from = (at.first as usize).min(order.len());
                let to = ((at.first + at.size) as usize).min(order.len());
                let indices: Vec<usize> = order[from..to].iter().map(|index| *index as usize).collect();
                let part = indices.len().div_ceil(accumulate.max(1) as usize).max(1);
                let parts = indices
                    .chunks(part)
                    .map(|chunk| {
                        let share = chunk.len() as f64 / indices.len() as f64;
                        (workload.batch(chunk, seed, at.epoch), share)
                    })
                    .collect();
                // The receiver is gone when the run is over.
                if sender.send(Drawn { parts }).is_err() {
                    return;
                }
            }
        });
        Self { batches, position: first }
    }

    pub(crate) fn next(&mut self) -> Result<Drawn<B>, TrainError> {
        let drawn = self.batches.recv().map_err(|_| TrainError::Loader { position: self.position })?;
        self.position += 1;
        Ok(drawn)
    }
}
