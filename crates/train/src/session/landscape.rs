//! The loss of the batch along an update, at step sizes other than the one that is taken.

use rheostat_control::{Hyperparameter, Hyperparameters};
use rheostat_optim::Update;
use rheostat_record::{Column, OtherBatch};
use rheostat_workload::Workload;

use super::Session;
use super::evaluator::Evaluator;
use super::update::each;
use crate::TrainError;
use crate::accounts::Phase;
use crate::train::LandscapeGrid;

impl LandscapeGrid {
    /// Whether this update is among the last, each of which is measured.
    fn is_late(&self, step: u64) -> bool {
        step < self.until && step.saturating_add(self.batches) >= self.until
    }

    fn measures(&self, step: u64) -> bool {
        step < self.until && step.is_multiple_of(self.every.max(1)) || self.is_late(step)
    }
}

impl<W: Workload> Session<'_, W> {
    /// Whether the loss along the next update is to be measured.
    pub(super) fn measures(&self) -> bool {
        self.host.landscape.as_ref().is_some_and(|grid| grid.measures(self.state.step))
    }

    /// Measures the loss of the batch along an update that is about to be made at the rates in `used`, if that is asked for.
    ///
    /// The run does not notice: the trial points are copies, the masks are seeded before every forward pass, and neither passes nor
    /// training seconds are billed. The time is that of evaluations.
    pub(super) fn measure(
        &mut self,
        batch: &Evaluator<W::Batch>,
        model: &W::Model,
        loss: f64,
        update: &Update,
        used: &[Hyperparameters],
    ) -> Result<(), TrainError> {
        let step = self.state.step;
        let Some(grid) = self.host.landscape.as_ref().filter(|grid| grid.measures(step)) else { return Ok(()) };
        self.clock.switch(Phase::Evaluation, &self.device)?;
        let rates = each(used, Hyperparameter::LearningRate);
        let chosen = rates[0];
        // Without a step that was taken, the groups' shares are all there is to go by.
        let scales: Vec<f64> = match chosen > 0.0 {
            true => rates.iter().map(|rate| rate / chosen).collect(),
            false => self.plan.rate_factors.clone(),
        };
        let last = step + 1 == grid.until;
        let batches: Vec<_> =
            std::iter::once(batch).chain(self.kept.iter().filter(|_| last).map(|(_, batch)| batch)).collect();
        let losses_at = |step_sizes: &[f64], decay: bool| -> Result<Vec<f64>, TrainError> {
            let trial = self.optimizer.try_update(model, update, step_sizes, decay);
            match trial.map_err(|source| TrainError::Optimizer { step, source })? {
                Some(trial) => {
                    Ok(batches.iter().map(|batch| batch.loss(&*self.workload, &trial, &self.device)).collect())
                }
                None => Ok(vec![f64::INFINITY; batches.len()]),
            }
        };
        let after = losses_at(&rates, true)?;
        let sizes = grid.sizes.iter().map(|size| scales.iter().map(|scale| scale * size).collect::<Vec<_>>());
        let at_sizes = sizes.map(|sizes| losses_at(&sizes, true)).collect::<Result<Vec<_>, _>>()?;
        let of_batch = |index: usize| at_sizes.iter().map(|losses| losses[index]).collect();
        let mut others = Vec::new();
        if batches.len() > 1 {
            let before = losses_at(&vec![0.0; rates.len()], false)?;
            for (index, (step, _)) in self.kept.iter().enumerate().map(|(index, kept)| (index + 1, kept)) {
                let (loss, after) = (before[index], after[index]);
                others.push(OtherBatch { step: *step, loss, after, losses: of_batch(index) });
            }
        }
        let column = Column { step, chosen, loss, after: after[0], losses: of_batch(0) };
        self.observer.landscape(column, others);
        self.clock.switch(Phase::Update, &self.device)
    }

    /// Keeps the batch of an update that was made, if it is measured along the last one too.
    pub(super) fn keep(&mut self, batch: Evaluator<W::Batch>) {
        let step = self.state.step;
        let Some(grid) = self.host.landscape.as_ref().filter(|grid| grid.is_late(step)) else { return };
        self.kept.push_back((step, batch));
        while self.kept.len() as u64 >= grid.batches {
            self.kept.pop_front();
        }
    }
}
