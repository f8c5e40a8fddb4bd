//! What controllers decide, carried out.

use std::collections::VecDeque;

use rheostat_control::{Action, Decision, Observation, Reason, Reset};
use rheostat_optim::WeightAverage;
use rheostat_record::Event;
use rheostat_workload::Workload;
use rheostat_workload::random::{Purpose, seed};

use super::Session;
use crate::TrainError;
use crate::accounts::Phase;
use crate::loader::Loader;
use crate::snapshot::Snapshot;

/// An action's name in events and messages.
pub(super) fn name(action: &Action) -> &'static str {
    match action {
        Action::Save => "save",
        Action::Restore => "restore",
        Action::Reset(_) => "reset",
        Action::Evaluate => "evaluate",
        Action::Stop(_) => "stop",
    }
}

impl<W: Workload> Session<'_, W> {
    /// Tells the controller; what it wants done is the caller's to have done.
    pub(super) fn tell(&mut self, seen: &Observation) -> Result<Vec<Action>, TrainError> {
        let decision = self.controller.observe(seen);
        self.take(decision)
    }

    /// Takes over what the controller decided for the next update.
    pub(super) fn take(&mut self, decision: Decision) -> Result<Vec<Action>, TrainError> {
        self.state.decide(&decision.hyperparameters);
        self.record_decision(&decision)?;
        Ok(decision.actions)
    }

    fn record_decision(&mut self, decision: &Decision) -> Result<(), TrainError> {
        let Some(Reason(reason)) = &decision.reason else { return Ok(()) };
        let called = match (decision.turn(), decision.actions.as_slice()) {
            (Some(turn), _) => turn.name().to_owned(),
            (None, []) => "note".to_owned(),
            (None, actions) => actions.iter().map(name).collect::<Vec<_>>().join(", "),
        };
        self.record(&Event::Decision { step: self.state.step, decision: called, reason: reason.clone() })
    }

    /// Carries out actions in their order; an evaluation may ask for more.
    pub(super) fn perform(&mut self, actions: Vec<Action>) -> Result<(), TrainError> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            self.clock.switch(Phase::Control, &self.device)?;
            match action {
                Action::Save => self.save()?,
                Action::Restore => self.restore()?,
                Action::Reset(reset) => self.reset(reset)?,
                Action::Evaluate if self.state.evaluated == Some(self.state.spent) => {}
                Action::Evaluate => actions.extend(self.evaluate(Phase::Control)?),
                Action::Stop(reason) => self.state.stopping = Some(reason),
            }
        }
        self.clock.switch(Phase::Recording, &self.device)
    }

    fn save(&mut self) -> Result<(), TrainError> {
        // Not two at a time: they are as large as the run. An error here ends it, and a checkpoint has a copy of its own.
        self.snapshot = None;
        self.snapshot = self.as_it_stands()?;
        Ok(())
    }

    /// Weights and moments at this moment.
    pub(super) fn as_it_stands(&self) -> Result<Option<Snapshot>, TrainError> {
        let Some(model) = &self.model else { return Ok(None) };
        let (step, position) = (self.state.step, self.state.position);
        let failed = |source| TrainError::Optimizer { step, source };
        let weights = rheostat_optim::weights(model).map_err(failed)?;
        let moments = self.optimizer.save().map_err(failed)?;
        let average = self.average.as_ref().map(WeightAverage::save).transpose().map_err(failed)?;
        Ok(Some(Snapshot { step, position, weights, moments, average }))
    }

    fn restore(&mut self) -> Result<(), TrainError> {
        let step = self.state.step;
        let failed = |source| TrainError::Optimizer { step, source };
        let model = self.take_model()?;
        let Some(snapshot) = &self.snapshot else { return Err(TrainError::NoSnapshot { step }) };
        let model = rheostat_optim::load_weights(model, &snapshot.weights).map_err(failed)?;
        if let (Some(average), Some(bytes)) = (&mut self.average, &snapshot.average) {
            average.load(&model, bytes).map_err(failed)?;
        }
        self.model = Some(model);
        self.optimizer.load(&snapshot.moments).map_err(failed)?;
        (self.state.step, self.state.position) = (snapshot.step, snapshot.position);
        let (recipe, position) = (self.recipe, snapshot.position);
        self.loader = Loader::start(self.workload.clone(), self.plan.clone(), recipe.seed, recipe.accumulate, position);
        self.weights_moved();
        self.forget_after(self.state.step);
        self.record(&Event::Restore { step: self.state.step })
    }

    fn reset(&mut self, reset: Reset) -> Result<(), TrainError> {
        let Reset { tau, alpha, draw, buffers } = reset;
        let step = self.state.step;
        let failed = |source| TrainError::Optimizer { step, source };
        let model = self.take_model()?;
        self.device.seed(seed(self.recipe.seed, Purpose::Init, draw));
        let fresh = self.workload.model(&self.device);
        self.model = Some(rheostat_optim::reset_weights(model, &fresh, tau, buffers).map_err(failed)?);
        self.optimizer.reset_copies(&fresh, tau).map_err(failed)?;
        self.optimizer.scale_state(1.0 - tau * alpha).map_err(failed)?;
        if let Some(average) = &mut self.average {
            average.reset(&fresh, tau).map_err(failed)?;
        }
        self.weights_moved();
        self.record(&Event::Reset { step, tau, alpha })
    }

    /// Something else than an update moved the weights.
    fn weights_moved(&mut self) {
        self.state.evaluated = None;
        self.motion.forget();
    }
}
