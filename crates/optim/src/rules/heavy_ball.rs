use rheostat_control::optimizers;
use rheostat_control::optimizers::HeavyBallForm;

use super::slots;
use crate::{Buffer, Formula, OptimError, Parameter, RuleValues, State, UpdateRule, Value};

const SLOTS: &[&str] = &["velocity"];

pub(super) fn rule(spec: &optimizers::HeavyBall) -> Box<dyn UpdateRule> {
    match spec.form {
        HeavyBallForm::Torch => Box::new(HeavyBall { dampening: spec.dampening }),
        HeavyBallForm::Polyak => Box::new(Polyak),
    }
}

/// Heavy-ball momentum: `v <- gamma v + (1 - dampening) g`, the direction is `v`; the first update takes `v = g`.
#[derive(Debug)]
pub(super) struct HeavyBall {
    pub(super) dampening: f64,
}

impl UpdateRule for HeavyBall {
    fn slots(&self) -> &'static [&'static str] {
        SLOTS
    }

    fn counters(&self) -> &'static [&'static str] {
        &[]
    }

    fn direction(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let Some(mut state) = state else {
            let first = State { slots: vec![gradient.clone()], counters: Vec::new() };
            return Ok((gradient, first));
        };
        let velocity = Velocity { momentum: values.momentum, intake: 1.0 - self.dampening };
        let direction = gradient.apply(velocity, slots(&mut state)?)?;
        Ok((direction, state))
    }
}

/// The same with the rate inside: `v <- gamma v + rate g` from 0, and the displacement is `v`, that is
/// `rate g + gamma (theta_last - theta)`.
#[derive(Debug)]
struct Polyak;

impl UpdateRule for Polyak {
    fn slots(&self) -> &'static [&'static str] {
        SLOTS
    }

    fn counters(&self) -> &'static [&'static str] {
        &[]
    }

    fn contains_rate(&self) -> bool {
        true
    }

    fn direction(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let mut state = state.unwrap_or_else(|| State { slots: vec![gradient.zeros()], counters: Vec::new() });
        let velocity = Velocity { momentum: values.momentum, intake: values.rate };
        let displacement = gradient.apply(velocity, slots(&mut state)?)?;
        Ok((displacement, state))
    }
}

#[derive(Clone, Copy)]
struct Velocity {
    momentum: f64,
    intake: f64,
}

impl Formula<1> for Velocity {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [velocity]: [V; 1]) -> (V, [V; 1]) {
        let velocity = velocity.scale(self.momentum).plus(gradient.scale(self.intake));
        (velocity.clone(), [velocity])
    }
}
