use rheostat_control::optimizers;

use super::adam::Adam;
use crate::{Buffer, OptimError, Parameter, RuleValues, State, UpdateRule};

/// LAMB: `u` is Adam's direction plus `lambda theta`, the direction is `r u` with `r = phi(|theta|) / |u|` of the tensor, 1 if
/// either norm is 0; `phi` brings the norm into a range.
#[derive(Debug)]
pub(super) struct Lamb {
    adam: Adam,
    norm_range: Option<[f64; 2]>,
    always_adapt: bool,
}

impl Lamb {
    pub(super) fn new(spec: &optimizers::Lamb) -> Self {
        let adam = Adam { debias: spec.debias, ..Adam::with_epsilon(spec.epsilon) };
        Self { adam, norm_range: spec.norm_range, always_adapt: spec.always_adapt }
    }

    /// `r u` of Adam's direction.
    fn adapted(&self, adam: Buffer, parameter: &Parameter<'_>, values: &RuleValues) -> Result<Buffer, OptimError> {
        if values.weight_decay == 0.0 && !self.always_adapt {
            return Ok(adam);
        }
        let weights = parameter.values()?;
        let norm = weights.dot(&weights)?.sqrt();
        let direction = if values.weight_decay == 0.0 { adam } else { adam.add_scaled(weights, values.weight_decay)? };
        let length = direction.dot(&direction)?.sqrt();
        if norm == 0.0 || length == 0.0 {
            return Ok(direction);
        }
        let norm = self.norm_range.map_or(norm, |[low, high]| norm.clamp(low, high));
        direction.scaled(norm / length)
    }
}

impl UpdateRule for Lamb {
    fn slots(&self) -> &'static [&'static str] {
        self.adam.slots()
    }

    fn counters(&self) -> &'static [&'static str] {
        self.adam.counters()
    }

    fn direction(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let (direction, state) = self.adam.direction(gradient, parameter, state, values)?;
        Ok((self.adapted(direction, parameter, values)?, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: &State,
        values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        let direction = self.adam.without_momentum(gradient, parameter, state, values)?;
        self.adapted(direction, parameter, values)
    }

    fn second_moment(&self, state: &State, values: &RuleValues) -> Result<Option<f64>, OptimError> {
        self.adam.second_moment(state, values)
    }

    fn scale(&self, state: State, factor: f64) -> Result<State, OptimError> {
        self.adam.scale(state, factor)
    }
}
