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

#[cfg(test)]
mod tests {
    use rheostat_record::{Recipe, RecipeText};
    use rheostat_workload::WORKLOADS;
    use rheostat_workload::workloads::DigitsMlp;

    use super::*;

    /// The digits, mixed more and more.
    fn source() -> Source<DigitsMlp> {
        let text = "workload = \"digits-mlp\"\nbatch_size = 8\n[mixup]\nmethod = \"linear\"\nstart = 0.1\nend = 1.0\n";
        let text = RecipeText { name: "test.toml", text, sets: &[], resolved: false };
        let plan = Recipe::read(&text, WORKLOADS).unwrap().plan(1077).unwrap();
        Source { workload: Arc::new(DigitsMlp::open().unwrap()), plan, seed: 3, accumulate: 2 }
    }

    /// The batch at a position for an update, from nothing before it.
    fn alone(position: u64, step: u64) -> Vec<rheostat_workload::workloads::ImageBatch> {
        let (drawn, knobs) = source().draw(position, step).recv().unwrap();
        assert_eq!(knobs, source().knobs(step));
        drawn.parts.into_iter().map(|(batch, _)| batch).collect()
    }

    #[test]
    fn a_batch_is_drawn_for_its_update_also_after_skipped_ones() {
        let Source { workload, plan, seed, accumulate } = source();
        let mut loader = Loader::start(workload, plan, seed, accumulate, 0);
        // The updates that the loop asks for: the third and fifth batch were skipped, and one was gone back to.
        for (position, step) in [0, 1, 2, 2, 3, 3, 4, 5, 1].into_iter().enumerate() {
            let drawn = loader.next(step).unwrap();
            let parts: Vec<_> = drawn.parts.into_iter().map(|(batch, _)| batch).collect();
            assert_eq!(parts, alone(position as u64, step), "batch {position} for update {step}");
        }
        assert_ne!(alone(3, 2), alone(3, 3), "the update matters");
    }
}
