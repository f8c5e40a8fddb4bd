use rheostat_control::OptimizerMethod;
use rheostat_control::optimizers::{self, RmspropForm};

use super::slots;
use crate::{Buffer, Formula, OptimError, Parameter, RuleValues, State, UpdateRule, Value};

/// RMSprop: `v <- beta2 v + (1 - beta2) g^2`, then by the form `b <- gamma b + g / (sqrt(v) + epsilon)` from `v = 0`, the
/// direction is `b`; or `b <- gamma b + eta g / sqrt(v + epsilon)` from `v = 1`, the displacement is `b`.
#[derive(Debug)]
pub(super) struct Rmsprop {
    form: RmspropForm,
    epsilon: f64,
}

impl Rmsprop {
    pub(super) fn new(spec: &optimizers::Rmsprop) -> Self {
        Self { form: spec.form, epsilon: spec.epsilon().unwrap_or_default() }
    }

    /// What the two averages are before the first update.
    fn initial(&self) -> [f64; 2] {
        match self.form {
            RmspropForm::Torch => [0.0, 0.0],
            RmspropForm::Tf => [1.0, 0.0],
        }
    }

    fn quotient(&self, values: &RuleValues) -> Quotient {
        match self.form {
            RmspropForm::Torch => Quotient { rate: 1.0, inside: 0.0, outside: self.epsilon },
            RmspropForm::Tf => Quotient { rate: values.rate, inside: self.epsilon, outside: 0.0 },
        }
    }

    /// The averages moved towards what they are at first.
    fn towards_initial(&self, slots: Vec<Buffer>, share: f64) -> Result<Vec<Buffer>, OptimError> {
        let back = |(slot, value): (Buffer, f64)| slot.apply(Towards { value, share }, []);
        slots.into_iter().zip(self.initial()).map(back).collect()
    }
}

impl UpdateRule for Rmsprop {
    fn slots(&self) -> &'static [&'static str] {
        &["mean_square", "velocity"]
    }

    fn counters(&self) -> &'static [&'static str] {
        &[]
    }

    fn contains_rate(&self) -> bool {
        self.form == RmspropForm::Tf
    }

    fn direction(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let mut state = match state {
            Some(state) => state,
            None => {
                let slots = self.towards_initial(vec![gradient.zeros(), gradient.zeros()], 1.0)?;
                State { slots, counters: Vec::new() }
            }
        };
        let step = Step { decay: values.beta2, momentum: values.momentum, quotient: self.quotient(values) };
        let direction = gradient.apply(step, slots(&mut state)?)?;
        Ok((direction, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: &State,
        values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        let mut state = state.clone();
        let [square, _] = slots(&mut state)?;
        gradient.apply(self.quotient(values), [square])
    }

    /// Towards a new optimizer's averages, which in one of the forms are not 0.
    fn scale(&self, state: State, factor: f64) -> Result<State, OptimError> {
        Ok(State { slots: self.towards_initial(state.slots, 1.0 - factor)?, counters: state.counters })
    }
}

#[derive(Clone, Copy)]
struct Step {
    decay: f64,
    momentum: f64,
    quotient: Quotient,
}

impl Formula<2> for Step {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [square, velocity]: [V; 2]) -> (V, [V; 2]) {
        let newest = gradient.clone().times(gradient.clone());
        let square = square.scale(self.decay).plus(newest.scale(1.0 - self.decay));
        let (quotient, [square]) = self.quotient.apply(gradient, [square]);
        let velocity = velocity.scale(self.momentum).plus(quotient);
        (velocity.clone(), [square, velocity])
    }
}

/// `rate g / (sqrt(v + inside) + outside)`.
#[derive(Clone, Copy)]
struct Quotient {
    rate: f64,
    inside: f64,
    outside: f64,
}

impl Formula<1> for Quotient {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, [square]: [V; 1]) -> (V, [V; 1]) {
        let denominator = square.clone().shift(self.inside).root().shift(self.outside);
        (gradient.scale(self.rate).over(denominator), [square])
    }
}

/// `(1 - share) x + share value`.
#[derive(Clone, Copy)]
struct Towards {
    value: f64,
    share: f64,
}

impl Formula<0> for Towards {
    #[inline(always)]
    fn apply<V: Value>(self, x: V, state: [V; 0]) -> (V, [V; 0]) {
        (x.scale(1.0 - self.share).shift(self.share * self.value), state)
    }
}
