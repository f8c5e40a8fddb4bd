use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rheostat_record::Plan;
use rheostat_workload::{BatchKnobs, Workload, epoch_order};

use crate::TrainError;

/// Batches ready before they are needed: two hide any jitter and bound the memory.
const AHEAD: usize = 2;

/// One batch as the loop draws it.
pub(crate) struct Drawn<B> {
    /// The batch in as many parts as the recipe accumulates, each with its share of the samples.
    pub(crate) parts: Vec<(B, f64)>,
}

/// Draws batches in order on a thread of its own. What it draws is a pure function of seed, position and step, so starting at a
/// position equals having come there.
pub(crate) struct Loader<W: Workload> {
    source: Source<W>,
    batches: Receiver<Batch<W>>,
    position: u64,
}

type Batch<W> = (Drawn<<W as Workload>::Batch>, BatchKnobs);

/// What batches are drawn from.
struct Source<W> {
    workload: Arc<W>,
    plan: Plan,
    seed: u64,
    accumulate: u64,
}

impl<W> Clone for Source<W> {
    fn clone(&self) -> Self {
        Self { workload: self.workload.clone(), plan: self.plan.clone(), ..*self }
    }
}

impl<W: Workload> Source<W> {
    /// What acts on the batch of an update: schedules alone, since batches are drawn before controllers decide.
    fn knobs(&self, step: u64) -> BatchKnobs {
        BatchKnobs::from(&self.plan.base.at(step))
    }

    /// The batches from a position on, the first of them for the update `step`.
    fn draw(&self, first: u64, step: u64) -> Receiver<Batch<W>> {
        let (sender, batches) = sync_channel(AHEAD);
        let source = self.clone();
        thread::spawn(move || {
            let mut order: Option<(u64, Vec<u32>)> = None;
            for (position, step) in (first..).zip(step..) {
                let at = source.plan.batch_at(position);
                let order = match &mut order {
                    Some((epoch, order)) if *epoch == at.epoch => order,
                    stale => &mut stale.insert((at.epoch, epoch_order(source.seed, at.epoch, source.plan.samples()))).1,
                };
                let from = (at.first as usize).min(order.len());
                let to = ((at.first + at.size) as usize).min(order.len());
                let indices: Vec<usize> = order[from..to].iter().map(|index| *index as usize).collect();
                let part = indices.len().div_ceil(source.accumulate.max(1) as usize).max(1);
                let knobs = source.knobs(step);
                let parts = indices
                    .chunks(part)
                    .map(|chunk| {
                        let share = chunk.len() as f64 / indices.len() as f64;
                        (source.workload.batch(chunk, source.seed, at.epoch, &knobs), share)
                    })
                    .collect();
                // The receiver is gone when the run is over.
                if sender.send((Drawn { parts }, knobs)).is_err() {
                    return;
                }
            }
        });
        batches
    }
}

impl<W: Workload> Loader<W> {
    pub(crate) fn start(workload: Arc<W>, plan: Plan, seed: u64, accumulate: u64, first: u64) -> Self {
        let source = Source { workload, plan, seed, accumulate };
        // The update is this one unless some were skipped, which the first call of `next` tells.
        Self { batches: source.draw(first, first), source, position: first }
    }

    /// The next batch, for the update `step`.
    pub(crate) fn next(&mut self, step: u64) -> Result<Drawn<W::Batch>, TrainError> {
        let gone = TrainError::Loader { position: self.position };
        let Ok((mut drawn, knobs)) = self.batches.recv() else { return Err(gone) };
        if knobs != self.source.knobs(step) {
            // Updates were skipped, and what is drawn ahead was for later ones.
            self.batches = self.source.draw(self.position, step);
            let Ok((again, _)) = self.batches.recv() else { return Err(gone) };
            drawn = again;
        }
        self.position += 1;
        Ok(drawn)
    }
}
