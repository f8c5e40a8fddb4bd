use rheostat_control::optimizers;

use super::moments::{Preconditioner, grown};
use super::{Underway, slots};
use crate::{Buffer, Formula, OptimError, Parameter, RuleValues, State, UpdateRule, Value, WholeModel};

/// Prodigy: Adam in units of an estimated distance `d`, which is one number for the whole model. Each tensor's state has a copy
/// of the numbers that all share, so that states stay apart.
///
/// Tensors at rate 0 stay and do not count.
#[derive(Debug)]
pub(super) struct Prodigy {
    spec: optimizers::Prodigy,
}

/// The numbers that all tensors share.
#[derive(Debug, Clone, Copy)]
struct Shared {
    /// The estimate; 0 in a state that has not been told yet.
    distance: f64,
    /// The largest estimate, growth aside.
    largest: f64,
    numerator: f64,
    /// The weights that the two moments have accumulated.
    mass_1: f64,
    mass_2: f64,
}

impl Shared {
    fn read(state: &State) -> Option<Self> {
        match state.counters[..] {
            [distance, largest, numerator, mass_1, mass_2] if distance > 0.0 => {
                Some(Self { distance, largest, numerator, mass_1, mass_2 })
            }
            _ => None,
        }
    }

    fn write(self) -> Vec<f64> {
        vec![self.distance, self.largest, self.numerator, self.mass_1, self.mass_2]
    }
}

impl Prodigy {
    pub(super) fn new(spec: &optimizers::Prodigy) -> Self {
        Self { spec: spec.clone() }
    }

    /// The estimate after an update, `None` where there is nothing to estimate from.
    fn estimate(&self, shared: &mut Shared, norm: f64) {
        let Shared { distance, largest, numerator, .. } = shared;
        let found = self.spec.d_coef * *numerator / norm;
        if *distance == self.spec.d0 {
            *distance = distance.max(found);
        }
        *largest = largest.max(found);
        *distance = self.spec.growth_rate.map_or(*largest, |growth| largest.min(*distance * growth));
    }
}

impl UpdateRule for Prodigy {
    fn slots(&self) -> &'static [&'static str] {
        &["moment_1", "moment_2", "s", "start"]
    }

    fn counters(&self) -> &'static [&'static str] {
        &["distance", "largest", "numerator", "mass_1", "mass_2"]
    }

    /// Keeps the gradient for [`WholeModel::complete`].
    fn direction(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let state = match state {
            Some(state) => state,
            None => {
                let zeros = gradient.zeros();
                State {
                    slots: vec![zeros.clone(), zeros.clone(), zeros, parameter.values()?],
                    counters: vec![0.0; self.counters().len()],
                }
            }
        };
        Ok((if values.rate == 0.0 { gradient.zeros() } else { gradient }, state))
    }

    fn whole_model(&self) -> Option<&dyn WholeModel> {
        Some(self)
    }

    fn contains_rate(&self) -> bool {
        true
    }

    /// The estimate and where it started from stay.
    fn scale(&self, mut state: State, factor: f64) -> Result<State, OptimError> {
        let [first, second, sum, _] = slots(&mut state)?;
        for slot in [first, second, sum] {
            *slot = slot.clone().scaled(factor)?;
        }
        if let [_, _, _, mass_1, mass_2] = &mut state.counters[..] {
            (*mass_1, *mass_2) = (*mass_1 * factor, *mass_2 * factor);
        }
        Ok(state)
    }
}

impl WholeModel for Prodigy {
    fn complete(&self, tensors: &mut [Underway<'_>]) -> Result<(), OptimError> {
        let d0 = self.spec.d0;
        let known = tensors.iter().find_map(|tensor| tensor.state.as_ref().and_then(Shared::read));
        let fresh = Shared { distance: d0, largest: d0, numerator: 0.0, mass_1: 0.0, mass_2: 0.0 };
        let mut shared = known.unwrap_or(fresh);
        let moves = |tensor: &&mut Underway<'_>| tensor.direction.is_some() && tensor.values.rate > 0.0;
        let Some(values) = tensors.iter_mut().find(moves).map(|tensor| tensor.values) else { return Ok(()) };

        shared.mass_1 = grown(shared.mass_1, values.momentum);
        shared.mass_2 = grown(shared.mass_2, values.beta2);
        let correction = if self.spec.use_bias_correction { shared.mass_2.sqrt() / shared.mass_1 } else { 1.0 };
        let distance = shared.distance;
        let step = distance * values.rate * correction;
        shared.numerator *= values.beta2.sqrt();
        let mut norm = 0.0;
        for tensor in tensors.iter_mut().filter(moves) {
            let (Some(gradient), Some(state)) = (tensor.direction.take(), tensor.state.as_mut()) else { continue };
            let [first, second, sum, start] = slots(state)?;
            let walked = start.clone().add_scaled(tensor.parameter.values()?, -1.0)?;
            shared.numerator += distance / d0 * step * gradient.dot(&walked)?;
            let intake = distance / d0 * if self.spec.safeguard_warmup { distance } else { step };
            let moments = Moments { beta1: tensor.values.momentum, beta2: tensor.values.beta2, distance, intake };
            gradient.apply(moments, [&mut *first, second, &mut *sum])?;
            norm += sum.sum_of_magnitudes()?;
            *tensor.direction = Some(first.clone());
        }
        if norm > 0.0 {
            self.estimate(&mut shared, norm);
        }
        // Without any gradient so far nothing moves, not even by decay.
        let step = if norm > 0.0 { step } else { 0.0 };
        let ratio = Preconditioner { scale_1: step, scale_2: 1.0, epsilon: shared.distance * self.spec.epsilon };
        for tensor in tensors.iter_mut().filter(moves) {
            let (Some(first), Some(state)) = (tensor.direction.take(), tensor.state.as_mut()) else { continue };
            let [_, second, _, _] = slots(state)?;
            let mut direction = if step == 0.0 { first } else { first.apply(ratio, [second])? };
            if tensor.values.weight_decay != 0.0 {
                direction = direction.add_scaled(tensor.parameter.values()?, step * tensor.values.weight_decay)?;
            }
            *tensor.direction = Some(direction);
        }
        for state in tensors.iter_mut().filter_map(|tensor| tensor.state.as_mut()) {
            state.counters = shared.write();
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
struct Moments {
    beta1: f64,
    beta2: f64,
    distance: f64,
    intake: f64,
}

impl Formula<3> for Moments {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [first, second, sum]: [V; 3]) -> (V, [V; 3]) {
        let Self { beta1, beta2, distance, intake } = self;
        let square = gradient.clone().times(gradient.clone());
        let first = first.scale(beta1).plus(gradient.clone().scale(distance * (1.0 - beta1)));
        let second = second.scale(beta2).plus(square.scale(distance * distance * (1.0 - beta2)));
        let sum = sum.scale(beta2.sqrt()).plus(gradient.clone().scale(intake));
        (gradient, [first, second, sum])
    }
}
