use super::slots;
use crate::{Buffer, Formula, OptimError, Parameter, RuleValues, State, UpdateRule, Value};

/// Nesterov momentum: `v <- gamma v + g`, the direction is `gamma v + g`.
#[derive(Debug)]
pub(super) struct Nesterov;

impl UpdateRule for Nesterov {
    fn slots(&self) -> &'static [&'static str] {
        &["velocity"]
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
        let direction = gradient.apply(LookAhead { momentum: values.momentum }, slots(&mut state)?)?;
        Ok((direction, state))
    }
}

#[derive(Clone, Copy)]
struct LookAhead {
    momentum: f64,
}

impl Formula<1> for LookAhead {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [velocity]: [V; 1]) -> (V, [V; 1]) {
        let velocity = velocity.scale(self.momentum).plus(gradient.clone());
        (velocity.clone().scale(self.momentum).plus(gradient), [velocity])
    }
}
