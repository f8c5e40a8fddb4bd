use crate::{Buffer, OptimError, Parameter, RuleValues, State, UpdateRule};

/// Plain gradient descent: the direction is the gradient.
#[derive(Debug)]
pub(super) struct Sgd;

impl UpdateRule for Sgd {
    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    fn counters(&self) -> &'static [&'static str] {
        &[]
    }

    fn direction(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        _state: Option<State>,
        _values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        Ok((gradient, State { slots: Vec::new(), counters: Vec::new() }))
    }

    fn is_gradient(&self) -> bool {
        true
    }
}
