//! One update: batch, loss, gradient, step.

use std::collections::BTreeMap;

use rheostat_control::{Change, Hyperparameter, Hyperparameters, Observation, Opening};
use rheostat_optim::{Gradients, Searched};
use rheostat_record::Event;
use rheostat_workload::random::{Purpose, seed};
use rheostat_workload::{Knobs, Workload};

use super::Session;
use super::evaluator::Evaluator;
use crate::TrainError;
use crate::accounts::Phase;

/// What one update came to.
pub(super) struct Step {
    pub(super) loss: f64,
    pub(super) gradient_norm: f64,
    /// The hyperparameters it used, for the model and each parameter group.
    pub(super) used: Vec<Hyperparameters>,
    /// How the line search found the step, if the recipe has one.
    pub(super) searched: Option<Searched>,
}

impl Step {
    /// Whether the update was made; otherwise it was refused and changed nothing.
    pub(super) fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient_norm.is_finite()
    }
}

/// One hyperparameter of the model and of each parameter group; 0 where it is not set.
pub(super) fn each(used: &[Hyperparameters], which: Hyperparameter) -> Vec<f64> {
    used.iter().map(|values| values.get(which).unwrap_or(0.0)).collect()
}

/// An update failed midway and the run went on all the same.
fn gone() -> TrainError {
    TrainError::Device("the model is gone".into())
}

impl<W: Workload> Session<'_, W> {
    /// The hyperparameters of the next update, for the model and each parameter group.
    fn values(&self) -> Result<Vec<Hyperparameters>, TrainError> {
        let step = self.state.step;
        let decided = self.state.decided();
        let values: Vec<_> =
            (0..=self.plan.groups.len()).map(|group| self.plan.group_values(group, step, &decided)).collect();
        self.check(&values)?;
        Ok(values)
    }

    fn check(&self, values: &[Hyperparameters]) -> Result<(), TrainError> {
        let step = self.state.step;
        for (which, value) in values.iter().flat_map(Hyperparameters::iter) {
            which.check(value).map_err(|source| TrainError::Control { step, source })?;
        }
        Ok(())
    }

    /// Parameters and moments stay as they are if anything is not finite.
    pub(super) fn update(&mut self) -> Result<Step, TrainError> {
        let mut used = self.values()?;
        let step = self.state.step;
        let failed = |source| TrainError::Optimizer { step, source };
        let (batch, loss, mut gradients) = self.differentiate(&used)?;
        self.state.spent += 1;
        self.state.position += 1;
        self.clock.switch(Phase::Update, &self.device)?;
        let gradient_norm = gradients.norm().map_err(failed)?;
        if !loss.is_finite() || !gradient_norm.is_finite() {
            return Ok(Step { loss, gradient_norm, used, searched: None });
        }
        let asks = self.controller.asks();
        if asks.gradient {
            // What only the controller wants to see is its cost.
            self.clock.switch(Phase::Control, &self.device)?;
            let change = match (asks.change, &self.model) {
                (true, Some(model)) => self.motion.observe(model, &gradients).map_err(failed)?,
                _ => None,
            };
            let rate = used[0].get(Hyperparameter::LearningRate).unwrap_or(0.0);
            if asks.change {
                let (gradient_change, parameter_change) =
                    change.map(|Change { gradient, parameters }| (gradient, parameters)).unzip();
                self.record_within(&Event::Change { step, rate, gradient_change, parameter_change })?;
            }
            self.decide_within(&Observation::Gradient { step, rate, norm: gradient_norm, change })?;
            used = self.values()?;
        }
        let clipped = used[0].get(Hyperparameter::ClipNorm).filter(|largest| gradient_norm > *largest);
        if let Some(largest) = clipped {
            gradients.clip(largest).map_err(failed)?;
        }
        let found = match self.search.open(step, used[0].get(Hyperparameter::LearningRate)) {
            Opening::Search(along) => {
                let clipping = match clipped {
                    Some(_) => gradients.norm().map_err(failed)? / gradient_norm,
                    None => 1.0,
                };
                self.search(&batch, loss, gradients, clipping, &mut used, along)?
            }
            Opening::Settled(verdict) => {
                self.settle(&mut used, verdict.step_size)?;
                self.make_step(&batch, loss, gradients, &mut used)?;
                Searched::without_looking(verdict)
            }
        };
        self.keep(batch);
        let searched = self.plan.line_search.is_some().then_some(found);
        Ok(Step { loss, gradient_norm, used, searched })
    }

    /// The hyperparameters with the step size that was found, which groups take as they would a scheduled rate.
    pub(super) fn settle(&self, used: &mut [Hyperparameters], step_size: f64) -> Result<(), TrainError> {
        if self.plan.line_search.is_some() {
            let decided = self.state.decided().with(Hyperparameter::LearningRate, step_size);
            for (group, used) in used.iter_mut().enumerate() {
                *used = self.plan.group_values(group, self.state.step, &decided);
            }
        }
        self.check(used)
    }

    /// Steps along what the optimizer makes of the gradients, at the rates in `used`.
    fn make_step(
        &mut self,
        batch: &Evaluator<W::Batch>,
        loss: f64,
        gradients: Gradients,
        used: &mut Vec<Hyperparameters>,
    ) -> Result<(), TrainError> {
        let step = self.state.step;
        let failed = |source| TrainError::Optimizer { step, source };
        let model = self.take_model()?;
        if !self.controller.asks().moments && !self.measures() {
            self.model = Some(self.optimizer.step(model, gradients, used).map_err(failed)?);
            return Ok(());
        }
        let mut update = self.optimizer.direction(&model, gradients, used).map_err(failed)?;
        if self.controller.asks().moments {
            self.clock.switch(Phase::Control, &self.device)?;
            let second_moment = self.optimizer.mean_second_moment(&update).map_err(failed)?;
            let rate = used[0].get(Hyperparameter::LearningRate).unwrap_or(0.0);
            self.record_within(&Event::Moments { step, rate, second_moment })?;
            if let Some(second) = second_moment {
                self.decide_within(&Observation::Moments { step, rate, second })?;
                *used = self.values()?;
            }
            let decays = each(used, Hyperparameter::WeightDecay);
            self.optimizer.set_weight_decay(&mut update, &decays).map_err(failed)?;
        }
        self.measure(batch, &model, loss, &update, used)?;
        let rates = each(used, Hyperparameter::LearningRate);
        self.model = Some(self.optimizer.apply(model, &update, &rates).map_err(failed)?);
        Ok(())
    }

    /// The model, to be given back changed.
    pub(super) fn take_model(&mut self) -> Result<W::Model, TrainError> {
        self.model.take().ok_or_else(gone)
    }

    /// The next batch, its loss and its gradient.
    fn differentiate(&mut self, used: &[Hyperparameters]) -> Result<(Evaluator<W::Batch>, f64, Gradients), TrainError> {
        let step = self.state.step;
        let failed = |source| TrainError::Optimizer { step, source };
        self.clock.switch(Phase::Data, &self.device)?;
        let batch = Evaluator {
            drawn: self.loader.next(step)?,
            knobs: Knobs::from(&used[0]),
            masks: seed(self.recipe.seed, Purpose::Dropout, self.state.position),
        };
        let Some(model) = &self.model else { return Err(gone()) };
        let (mut loss, mut sum): (f64, Option<Gradients>) = (0.0, None);
        for part in 0..batch.parts() {
            self.clock.switch(Phase::Forward, &self.device)?;
            let (output, share) = batch.forward(&*self.workload, model, part, &self.device);
            loss += share * f64::from(output.clone().into_scalar::<f32>());
            self.clock.switch(Phase::Backward, &self.device)?;
            let mut gradients = Gradients::of(model, output.backward()).map_err(failed)?;
            gradients.scale(share).map_err(failed)?;
            match &mut sum {
                Some(sum) => sum.add(gradients).map_err(failed)?,
                None => sum = Some(gradients),
            }
            self.state.forwards += 1;
            self.state.backwards += 1;
        }
        let gradients = sum.ok_or(TrainError::Loader { position: self.state.position })?;
        Ok((batch, loss, gradients))
    }

    /// Records what a controller is about to be told in the middle of an update.
    fn record_within(&mut self, event: &Event) -> Result<(), TrainError> {
        self.clock.switch(Phase::Recording, &self.device)?;
        self.record(event)?;
        self.clock.switch(Phase::Update, &self.device)
    }

    /// Tells the controller something in the middle of an update: it may change this update's hyperparameters and nothing else.
    fn decide_within(&mut self, seen: &Observation) -> Result<(), TrainError> {
        self.clock.switch(Phase::Control, &self.device)?;
        let decision = self.controller.observe(seen);
        if let Some(action) = decision.actions.first() {
            return Err(TrainError::Undriven { step: self.state.step, action: super::effects::name(action) });
        }
        self.take(decision)?;
        self.clock.switch(Phase::Update, &self.device)
    }

    pub(super) fn record_step(&mut self, step: &Step) -> Result<(), TrainError> {
        if let Some(Searched { verdict, decrease, trials, probes, loss_after, .. }) = step.searched {
            let (outcome, step_size) = (verdict.outcome.name().to_owned(), verdict.step_size);
            let step = self.state.step;
            self.record(&Event::Search { step, outcome, step_size, decrease, trials, probes, loss_after })?;
        }
        let mut hyperparameters: BTreeMap<String, f64> =
            step.used[0].iter().map(|(which, value)| (which.name().to_owned(), value)).collect();
        for (index, group) in self.plan.groups.iter().enumerate() {
            let shares = self.plan.rate_factors[index + 1] != 1.0;
            let own = group.at(self.state.step);
            let differs =
                |which: Hyperparameter| own.get(which).is_some() || (shares && which == Hyperparameter::LearningRate);
            for (which, value) in step.used[index + 1].iter().filter(|(which, _)| differs(*which)) {
                hyperparameters.insert(format!("group.{}.{which}", index + 1), value);
            }
        }
        let drawn = self.plan.batch_at(self.state.position - 1);
        hyperparameters.insert(Hyperparameter::BatchSize.name().to_owned(), drawn.size as f64);
        self.record(&Event::Step {
            step: self.state.step,
            loss: step.loss,
            gradient_norm: step.gradient_norm,
            train_seconds: self.clock.accounts().training(),
            hyperparameters,
        })
    }
}
