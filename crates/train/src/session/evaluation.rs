//! Evaluations, and what follows from them.

use burn::module::Module;
use rheostat_control::{Action, Observation};
use rheostat_record::{Cost, Event, Score, TestWeights};
use rheostat_workload::{Split, Workload};

use super::Session;
use crate::TrainError;
use crate::accounts::Phase;

impl<W: Workload> Session<'_, W> {
    /// Evaluates on the validation split and tells the controller; what it wants done is the caller's to have done. The time is
    /// booked on `account`: the recipe's own evaluations are not training, a controller's are.
    pub(super) fn evaluate(&mut self, account: Phase) -> Result<Vec<Action>, TrainError> {
        self.clock.switch(account, &self.device)?;
        let averaged = self.averaged()?;
        let score = self.score(averaged.as_ref(), Split::Validation);
        self.clock.switch(Phase::Recording, &self.device)?;
        let train_seconds = self.clock.accounts().training();
        self.keep_best(score, averaged.as_ref())?;
        let target = &self.recipe.target;
        self.state.last = Some(score);
        self.state.evaluations += 1;
        self.state.evaluated = Some(self.state.spent);
        if self.state.steps_to_target.is_none() && target.met(score.metric) {
            self.state.steps_to_target = Some(self.state.spent);
            self.state.seconds_to_target = Some(train_seconds);
            self.state.forwards_to_target = Some(self.state.forwards);
            self.state.backwards_to_target = Some(self.state.backwards);
            self.state.evaluations_to_target = Some(self.state.evaluations);
        }
        self.record(&Event::Evaluation {
            step: score.step,
            val_loss: score.loss,
            val_metric: score.metric,
            train_seconds,
            cost: Some(Cost {
                spent: self.state.spent,
                forwards: self.state.forwards,
                backwards: self.state.backwards,
            }),
        })?;
        self.clock.switch(Phase::Control, &self.device)?;
        let told = Observation::Evaluation { updates: score.step, loss: score.loss, metric: score.metric };
        let actions = self.tell(&told)?;
        self.clock.switch(Phase::Recording, &self.device)?;
        Ok(actions)
    }

    /// Keeps an evaluation that is the best of the run, or of the cycle up to the next read-out point, with the weights it was made
    /// with if the recipe wants those tested.
    fn keep_best(&mut self, score: Score, averaged: Option<&W::Model>) -> Result<(), TrainError> {
        let direction = self.recipe.target.direction;
        let improves = |best: Option<Score>| {
            best.is_none_or(|best| direction.better(score.metric, best.metric)) && !score.metric.is_nan()
        };
        let of_run = improves(self.state.best);
        let of_cycle = !self.plan.read_outs.is_empty() && improves(self.state.cycle_best);
        let wanted = (of_run || of_cycle) && self.recipe.test == TestWeights::Best;
        let weights = if wanted { self.weights_of(averaged)? } else { None };
        if of_cycle {
            self.state.cycle_best = Some(score);
            self.cycle_best.clone_from(&weights);
        }
        if of_run {
            self.state.best = Some(score);
            self.best = weights;
        }
        Ok(())
    }

    /// The weights to evaluate, test and keep in place of those that train: an average, where there is one.
    pub(super) fn averaged(&self) -> Result<Option<W::Model>, TrainError> {
        let step = self.state.step;
        let found = match (&self.model, &self.average) {
            (Some(model), Some(average)) => average.evaluation_weights(model, step),
            (Some(model), None) => self.optimizer.evaluation_weights(model),
            (None, _) => Ok(None),
        };
        found.map_err(|source| TrainError::Optimizer { step, source })
    }

    /// The weights after an update join their average, if they are due.
    pub(super) fn average(&mut self) -> Result<(), TrainError> {
        let step = self.state.step;
        if let (Some(average), Some(model)) = (&mut self.average, &self.model) {
            self.clock.switch(Phase::Update, &self.device)?;
            average.observe(model, step).map_err(|source| TrainError::Optimizer { step, source })?;
        }
        Ok(())
    }

    fn score(&self, averaged: Option<&W::Model>, split: Split) -> Score {
        self.score_of(averaged.or(self.model.as_ref()), self.state.step, split)
    }

    fn score_of(&self, model: Option<&W::Model>, step: u64, split: Split) -> Score {
        match model {
            Some(model) => {
                let found = self.workload.evaluate(&model.valid(), split, &self.device.clone().inner());
                Score { step, loss: found.loss, metric: found.metric }
            }
            None => Score { step, loss: f64::NAN, metric: f64::NAN },
        }
    }

    /// The weights that are evaluated now, in bytes: clones of a model share running statistics.
    fn weights_of(&self, averaged: Option<&W::Model>) -> Result<Option<Vec<u8>>, TrainError> {
        let failed = |source| TrainError::Optimizer { step: self.state.step, source };
        averaged.or(self.model.as_ref()).map(rheostat_optim::weights).transpose().map_err(failed)
    }

    /// The test split with the weights that the recipe names: those of the best evaluation, or the present ones.
    pub(super) fn test_of(&self, best: Option<Score>, weights: Option<&[u8]>) -> Result<Score, TrainError> {
        match (weights, best, &self.model) {
            (Some(weights), Some(best), Some(model)) => {
                let failed = |source| TrainError::Optimizer { step: best.step, source };
                let model = rheostat_optim::load_weights(model.clone(), weights).map_err(failed)?;
                Ok(self.score_of(Some(&model), best.step, Split::Test))
            }
            _ => Ok(self.score(self.averaged()?.as_ref(), Split::Test)),
        }
    }
}
