//! One update whose step size a line search chooses.

use rheostat_control::{Direction, Hyperparameter, Hyperparameters, Reason, StopReason};
use rheostat_optim::{Gradients, SearchError, Searched, Searching, find_step_size};
use rheostat_record::Event;
use rheostat_workload::Workload;

use super::Session;
use super::evaluator::Evaluator;
use crate::TrainError;
use crate::accounts::Phase;

impl<W: Workload> Session<'_, W> {
    /// Searches along the direction and takes the step. A search that gives up ends the run.
    pub(super) fn search(
        &mut self,
        batch: &Evaluator<W::Batch>,
        loss: f64,
        gradients: Gradients,
        clipping: f64,
        used: &mut [Hyperparameters],
        along: Direction,
    ) -> Result<Searched, TrainError> {
        let step = self.state.step;
        let failed = |source| TrainError::Optimizer { step, source };
        let model = self.take_model()?;
        let searching =
            Searching { along, scales: &self.plan.rate_factors, clipping, may_turn: self.search.may_turn() };
        let without_rate: Vec<_> = used.iter().map(|values| values.without(Hyperparameter::LearningRate)).collect();
        let mut line = self.optimizer.line(&model, gradients, &without_rate, searching).map_err(failed)?;

        let Self { workload, optimizer, search, clock, device, state, .. } = self;
        // Once in a run: whether the workload's loss repeats, on which every comparison rests.
        let verify = !std::mem::replace(&mut state.loss_repeats, true);
        let evaluate = |trial: &W::Model| -> Result<f64, TrainError> {
            clock.switch(Phase::Forward, device)?;
            let loss = batch.loss(&**workload, trial, device);
            state.forwards += batch.parts() as u64;
            clock.switch(Phase::Update, device)?;
            Ok(loss)
        };
        match find_step_size(optimizer, &model, &mut line, loss, &mut **search, verify, evaluate) {
            Ok(found) => {
                self.settle(used, found.verdict.step_size)?;
                self.measure(batch, &model, loss, line.taken(found.verdict.along), used)?;
                self.model = Some(self.optimizer.take(model, line, &found.verdict).map_err(failed)?);
                if let Some(Reason(reason)) = &found.gave_up {
                    self.state.stopping = Some(StopReason::Diverged);
                    self.record(&Event::Decision { step, decision: "stop".to_owned(), reason: reason.clone() })?;
                }
                Ok(found)
            }
            Err(SearchError::Optimizer(source)) => Err(failed(source)),
            Err(SearchError::Loss(error)) => Err(error),
            Err(error @ (SearchError::NonFinite { .. } | SearchError::NotRepeatable { .. })) => {
                Err(TrainError::Search { step, why: error.to_string() })
            }
        }
    }
}
