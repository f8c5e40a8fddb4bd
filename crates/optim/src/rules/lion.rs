use super::slots;
use crate::{Buffer, Formula, OptimError, Parameter, RuleValues, State, UpdateRule, Value};

/// Lion: the direction is `sign(beta1 m + (1 - beta1) g)`, then `m <- beta2 m + (1 - beta2) g`; the sign of 0 is 0.
#[derive(Debug)]
pub(super) struct Lion;

impl UpdateRule for Lion {
    fn slots(&self) -> &'static [&'static str] {
        &["moment"]
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
        let mut state = state.unwrap_or_else(|| State { slots: vec![gradient.zeros()], counters: Vec::new() });
        let vote = Vote { beta1: values.momentum, beta2: values.beta2 };
        let direction = gradient.apply(vote, slots(&mut state)?)?;
        Ok((direction, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        _state: &State,
        _values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        gradient.apply(Sign, [])
    }
}

#[derive(Clone, Copy)]
struct Vote {
    beta1: f64,
    beta2: f64,
}

impl Formula<1> for Vote {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [moment]: [V; 1]) -> (V, [V; 1]) {
        let blend = moment.clone().scale(self.beta1).plus(gradient.clone().scale(1.0 - self.beta1));
        let moment = moment.scale(self.beta2).plus(gradient.scale(1.0 - self.beta2));
        (blend.sign(), [moment])
    }
}

#[derive(Clone, Copy)]
struct Sign;

impl Formula<0> for Sign {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, state: [V; 0]) -> (V, [V; 0]) {
        (gradient.sign(), state)
    }
}
