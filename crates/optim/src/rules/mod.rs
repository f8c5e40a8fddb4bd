//! The update rules, one file a method. Each yields a direction; the step along it is somebody else's.

mod adam;
mod adamp;
mod adamw;
mod heavy_ball;
mod lamb;
mod lion;
mod moments;
mod muon;
mod nadamw;
mod nesterov;
mod prodigy;
mod rmsprop;
mod schedule_free;
mod sgd;
mod sgdw;

use std::fmt;
use std::sync::Arc;

use rheostat_control::OptimizerSpec;

use crate::layout::Layout;
use crate::{Buffer, OptimError};

/// Turns gradients into directions: (gradient, parameter, state, hyperparameters) -> (direction, state).
///
/// The weights then move by `theta <- theta (1 - kappa) - eta direction`, so that line searches, schedules, soft resets and
/// averaging work with every rule. A rule keeps nothing itself: its state goes in and comes out, one [`State`] a tensor.
pub trait UpdateRule: fmt::Debug + Send + Sync {
    /// Names of the state tensors, each as long as the parameter.
    fn slots(&self) -> &'static [&'static str];

    /// Names of the state numbers.
    fn counters(&self) -> &'static [&'static str];

    /// The direction for one tensor, and its next state.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be accessed.
    fn direction(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError>;

    /// Whether its directions contain the learning rate already. They are displacements then: the weights move by
    /// `theta <- theta (1 - kappa) - direction`, so that no line search can choose a step along them; one that looks along the
    /// plain gradient can choose the rate before they are made.
    fn contains_rate(&self) -> bool {
        false
    }

    /// Whether its directions are the gradients that it gets: a line search then holds one of the two.
    fn is_gradient(&self) -> bool {
        false
    }

    /// What completes an update once every tensor has had its turn, for rules that measure the whole model; by default nothing.
    fn whole_model(&self) -> Option<&dyn WholeModel> {
        None
    }

    /// The weights to evaluate in place of `weights`, those that the last update left; by default none.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be accessed.
    fn evaluation_weights(
        &self,
        weights: &dyn Fn() -> Result<Buffer, OptimError>,
        state: &State,
    ) -> Result<Option<Buffer>, OptimError> {
        let _ = (weights, state);
        Ok(None)
    }

    /// The direction that this gradient would have without momentum, from the state that [`UpdateRule::direction`] has just
    /// reached; the gradient itself by default.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be accessed.
    fn without_momentum(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: &State,
        values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        let _ = (parameter, state, values);
        Ok(gradient)
    }

    /// The largest share of the decay outside the direction that any update has its tensors take.
    fn largest_decay_share(&self) -> f64 {
        1.0
    }

    /// The share of that decay that this tensor takes in the update that has just reached this state; the largest by default.
    fn decay_share(&self, state: &State) -> f64 {
        let _ = state;
        self.largest_decay_share()
    }

    /// The sum over this tensor of the bias-corrected second moment; `None` for a rule without one.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    fn second_moment(&self, state: &State, values: &RuleValues) -> Result<Option<f64>, OptimError> {
        let _ = (state, values);
        Ok(None)
    }

    /// The state with its copies of the weights moved towards the fresh ones by `tau`, more than 0 and at most 1, as a reset moves
    /// the weights; by default there are none.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be accessed.
    fn move_copies(
        &self,
        state: State,
        fresh: &dyn Fn() -> Result<Buffer, OptimError>,
        tau: f64,
    ) -> Result<State, OptimError> {
        let _ = (fresh, tau);
        Ok(state)
    }

    /// Scales the moments by `factor`, between 0 and 1: a soft reset.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be accessed.
    fn scale(&self, state: State, factor: f64) -> Result<State, OptimError> {
        let slots = state.slots.into_iter().map(|slot| slot.scaled(factor)).collect::<Result<_, _>>()?;
        Ok(State { slots, counters: state.counters })
    }

    /// What is left of a state after a hard reset; by default nothing.
    fn reset(&self, state: State) -> Option<State> {
        let _ = state;
        None
    }
}

/// The part of a rule that sees all tensors of an update at once, and so needs one learning rate for them.
pub trait WholeModel {
    /// Completes their directions and states.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be accessed.
    fn complete(&self, tensors: &mut [Underway<'_>]) -> Result<(), OptimError>;
}

/// What a rule remembers of one tensor; absent before its first update.
#[derive(Debug, Clone)]
pub struct State {
    /// In the order of [`UpdateRule::slots`].
    pub slots: Vec<Buffer>,
    /// In the order of [`UpdateRule::counters`].
    pub counters: Vec<f64>,
}

/// The hyperparameters of one update that rules read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleValues {
    /// Heavy-ball factor or beta1.
    pub momentum: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Weight decay, for rules whose directions contain it.
    pub weight_decay: f64,
    /// The learning rate, for rules whose directions contain it; 0 where a line search has yet to find it.
    pub rate: f64,
}

/// One tensor in an update that is under way.
pub struct Underway<'a> {
    /// The tensor.
    pub parameter: Parameter<'a>,
    /// What [`UpdateRule::direction`] gave; nothing where there was no gradient.
    pub direction: &'a mut Option<Buffer>,
    /// Its state; nothing before its first update.
    pub state: &'a mut Option<State>,
    /// Its hyperparameters.
    pub values: RuleValues,
}

/// The tensor that a direction is for, read only when a rule asks.
pub struct Parameter<'a> {
    /// Where it stands in the model.
    pub path: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    pub(crate) read: &'a dyn Fn() -> Result<Buffer, OptimError>,
}

impl Parameter<'_> {
    /// A copy of its values.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if they cannot be read.
    pub fn values(&self) -> Result<Buffer, OptimError> {
        (self.read)()
    }
}

/// The rule of each tensor of a model.
pub(crate) fn rules_of(spec: &OptimizerSpec, layout: &Layout) -> Result<Vec<Arc<dyn UpdateRule>>, OptimError> {
    let mut rules = vec![Arc::from(rule_of(spec)); layout.tensors.len()];
    if let OptimizerSpec::Muon(spec) = spec {
        muon::take_matrices(spec, layout, &mut rules)?;
    }
    Ok(rules)
}

/// The rule of a specification; the matrices of Muon have rules of their own.
pub(crate) fn rule_of(spec: &OptimizerSpec) -> Box<dyn UpdateRule> {
    match spec {
        OptimizerSpec::Sgd(_) => Box::new(sgd::Sgd),
        OptimizerSpec::HeavyBall(spec) => heavy_ball::rule(spec),
        OptimizerSpec::Nesterov(_) => Box::new(nesterov::Nesterov),
        OptimizerSpec::Sgdw(spec) => sgdw::rule(spec),
        OptimizerSpec::Rmsprop(spec) => Box::new(rmsprop::Rmsprop::new(spec)),
        OptimizerSpec::Adam(spec) => Box::new(adam::Adam::new(spec)),
        OptimizerSpec::Adamw(spec) => Box::new(adamw::rule(spec)),
        OptimizerSpec::Nadamw(spec) => nadamw::rule(spec),
        OptimizerSpec::Adamp(spec) => Box::new(adamp::Adamp::new(spec)),
        OptimizerSpec::Lamb(spec) => Box::new(lamb::Lamb::new(spec)),
        OptimizerSpec::Lion(_) => Box::new(lion::Lion),
        OptimizerSpec::Muon(spec) => Box::new(muon::Beside::new(spec)),
        OptimizerSpec::Prodigy(spec) => Box::new(prodigy::Prodigy::new(spec)),
        OptimizerSpec::ScheduleFree(spec) => Box::new(schedule_free::ScheduleFree::new(spec)),
    }
}

/// The `S` state tensors of a rule.
fn slots<const S: usize>(state: &mut State) -> Result<[&mut Buffer; S], OptimError> {
    let slots: Vec<_> = state.slots.iter_mut().collect();
    slots.try_into().map_err(|_| OptimError::storage("a rule got another number of state tensors than it has"))
}

#[cfg(test)]
mod tests;
