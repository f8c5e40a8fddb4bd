use rheostat_control::optimizers;
use rheostat_control::optimizers::ScheduleFreeForm;

use super::moments::{Preconditioner, grown};
use super::slots;
use crate::{Buffer, Formula, OptimError, Parameter, RuleValues, State, UpdateRule, Value};

/// Schedule-Free AdamW. The weights of the model are `y`; `z` is state, and the average `x` follows from both:
/// `x = (y - (1 - beta1) z) / beta1`, with the beta1 that made `y`.
///
/// An update at rate 0 changes nothing. A soft reset moves `z` and `x` towards the fresh weights as it moves `y`.
#[derive(Debug)]
pub(super) struct ScheduleFree {
    form: ScheduleFreeForm,
    epsilon: f64,
    step_power: f64,
    rate_power: f64,
}

/// The numbers of a state.
#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    /// The weight that the second moment has accumulated.
    mass_2: f64,
    /// Updates in the average.
    updates: f64,
    /// The largest rate among them.
    largest_rate: f64,
    /// The sum of their weights.
    weight_sum: f64,
    /// The beta1 that made the weights of the model; 0 before the first update, where `z` and `x` begin.
    beta1: f64,
}

impl Numbers {
    fn read(state: &State) -> Result<Self, OptimError> {
        match state.counters[..] {
            [mass_2, updates, largest_rate, weight_sum, beta1] => {
                Ok(Self { mass_2, updates, largest_rate, weight_sum, beta1 })
            }
            _ => Err(OptimError::storage("a rule got another number of state numbers than it has")),
        }
    }

    fn write(self) -> Vec<f64> {
        vec![self.mass_2, self.updates, self.largest_rate, self.weight_sum, self.beta1]
    }
}

impl ScheduleFree {
    pub(super) fn new(spec: &optimizers::ScheduleFree) -> Self {
        Self { form: spec.form, epsilon: spec.epsilon, step_power: spec.step_power(), rate_power: spec.rate_power }
    }
}

impl UpdateRule for ScheduleFree {
    fn slots(&self) -> &'static [&'static str] {
        &["z", "moment_2"]
    }

    fn counters(&self) -> &'static [&'static str] {
        &["mass_2", "updates", "largest_rate", "weight_sum", "beta1"]
    }

    fn direction(
        &self,
        gradient: Buffer,
        parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let mut weights = parameter.values()?;
        let mut state = match state {
            Some(state) => state,
            None => State { slots: vec![weights.clone(), gradient.zeros()], counters: Numbers::default().write() },
        };
        if values.rate == 0.0 {
            return Ok((gradient.zeros(), state));
        }
        let mut numbers = Numbers::read(&state)?;
        let [z, second] = slots(&mut state)?;
        if numbers.beta1 == 0.0 {
            *z = weights.clone();
            numbers.beta1 = values.momentum;
        }
        let before = numbers.beta1;
        numbers.mass_2 = grown(numbers.mass_2, values.beta2);
        numbers.updates += 1.0;
        numbers.largest_rate = numbers.largest_rate.max(values.rate);
        let weight = numbers.updates.powf(self.step_power) * numbers.largest_rate.powf(self.rate_power);
        numbers.weight_sum += weight;
        numbers.beta1 = values.momentum;
        // Rates so small that their powers vanish weigh nothing.
        let share = if numbers.weight_sum > 0.0 { weight / numbers.weight_sum } else { 0.0 };
        let (step, scale_2, decay_at_x) = match self.form {
            ScheduleFreeForm::Released => (values.rate, 1.0 / numbers.mass_2, false),
            ScheduleFreeForm::Algoperf2024 => (values.rate * numbers.mass_2.sqrt(), 1.0, true),
        };
        let formula = Step {
            before,
            beta1: values.momentum,
            beta2: values.beta2,
            preconditioner: Preconditioner { scale_1: 1.0, scale_2, epsilon: self.epsilon },
            step,
            weight_decay: values.weight_decay,
            decay_at_x,
            share,
        };
        let direction = gradient.apply(formula, [z, second, &mut weights])?;
        state.counters = numbers.write();
        Ok((direction, state))
    }

    fn contains_rate(&self) -> bool {
        true
    }

    fn evaluation_weights(
        &self,
        weights: &dyn Fn() -> Result<Buffer, OptimError>,
        state: &State,
    ) -> Result<Option<Buffer>, OptimError> {
        let beta1 = Numbers::read(state)?.beta1;
        match state.slots.first() {
            Some(z) if beta1 != 0.0 => Ok(Some(weights()?.stepped(1.0 / beta1, z, (1.0 - beta1) / beta1)?)),
            _ => Ok(None),
        }
    }

    /// The average needs nothing else: it follows from weights and `z`, which have moved alike. Its share of fresh weights counts
    /// for nothing in the sum of weights, so that at `tau` 1 it begins anew.
    fn move_copies(
        &self,
        mut state: State,
        fresh: &dyn Fn() -> Result<Buffer, OptimError>,
        tau: f64,
    ) -> Result<State, OptimError> {
        let mut numbers = Numbers::read(&state)?;
        if numbers.beta1 != 0.0 {
            numbers.weight_sum *= 1.0 - tau;
            let [z, _] = slots(&mut state)?;
            *z = z.clone().stepped(1.0 - tau, &fresh()?, -tau)?;
            state.counters = numbers.write();
        }
        Ok(state)
    }

    fn scale(&self, mut state: State, factor: f64) -> Result<State, OptimError> {
        let mut numbers = Numbers::read(&state)?;
        numbers.mass_2 *= factor;
        let [_, second] = slots(&mut state)?;
        *second = second.clone().scaled(factor)?;
        state.counters = numbers.write();
        Ok(state)
    }
}

#[derive(Clone, Copy)]
struct Step {
    /// The beta1 that made `y`.
    before: f64,
    beta1: f64,
    beta2: f64,
    preconditioner: Preconditioner,
    step: f64,
    weight_decay: f64,
    decay_at_x: bool,
    share: f64,
}

impl Formula<3> for Step {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [z, second, y]: [V; 3]) -> (V, [V; 3]) {
        let Self { before, beta1, beta2, share, .. } = self;
        let square = gradient.clone().times(gradient.clone());
        let second = second.scale(beta2).plus(square.scale(1.0 - beta2));
        // The average times the beta1 that made y.
        let average = y.clone().plus(z.clone().scale(before - 1.0));
        let (step, [second]) = self.preconditioner.apply(gradient, [second]);
        let decayed = if self.decay_at_x { average.clone().scale(1.0 / before) } else { y.clone() };
        let z = z.plus(step.plus(decayed.scale(self.weight_decay)).scale(-self.step));
        let next = average.scale((1.0 - share) * beta1 / before).plus(z.clone().scale(beta1 * share + (1.0 - beta1)));
        (y.clone().plus(next.scale(-1.0)), [z, second, y])
    }
}
