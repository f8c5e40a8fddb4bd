use rheostat_control::optimizers::{self, NadamwForm};

use super::adam::Adam;
use super::moments::{self, Averages, LookAhead, Preconditioner, grown};
use super::slots;
use crate::{Buffer, OptimError, Parameter, RuleValues, State, UpdateRule};

/// The rule of either form.
pub(super) fn rule(spec: &optimizers::Nadamw) -> Box<dyn UpdateRule> {
    match spec.form {
        NadamwForm::Algoperf => Box::new(Adam { look_ahead: true, ..Adam::with_epsilon(spec.epsilon) }),
        NadamwForm::Dozat => Box::new(Dozat { epsilon: spec.epsilon, psi: spec.psi() }),
    }
}

/// Dozat's form, as torch has it: with `mu_t = beta1 (1 - 0.96^(psi t) / 2)` and `P` the product of all `mu` so far, the
/// numerator is `(1 - mu_t) / (1 - P) g + mu_(t+1) / (1 - mu_(t+1) P) m`, with `m` Adam's.
///
/// `1 - P` is the weight of an average whose decay is `mu_t`. So it is kept, and a soft reset scales it with the moments.
#[derive(Debug)]
struct Dozat {
    epsilon: f64,
    psi: f64,
}

impl Dozat {
    /// `mu` of an update, counted from 1.
    fn momentum(&self, update: f64, beta1: f64) -> f64 {
        beta1 * (1.0 - 0.5 * 0.96_f64.powf(update * self.psi))
    }

    fn preconditioner(&self, mass_2: f64) -> Preconditioner {
        Preconditioner { scale_1: 1.0, scale_2: 1.0 / mass_2, epsilon: self.epsilon }
    }
}

/// The three numbers of its state: the weights of the averages and how many updates there were.
fn counters(state: &State) -> Result<[f64; 3], OptimError> {
    let counters = state.counters.as_slice().try_into();
    counters.map_err(|_| OptimError::storage("a rule got another number of state numbers than it has"))
}

impl UpdateRule for Dozat {
    fn slots(&self) -> &'static [&'static str] {
        moments::SLOTS
    }

    fn counters(&self) -> &'static [&'static str] {
        &["mass_1", "mass_2", "updates"]
    }

    fn direction(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: Option<State>,
        values: &RuleValues,
    ) -> Result<(Buffer, State), OptimError> {
        let mut state = state.unwrap_or_else(|| State {
            slots: vec![gradient.zeros(), gradient.zeros()],
            counters: vec![0.0; self.counters().len()],
        });
        let [mass_1, mass_2, updates] = counters(&state)?;
        let updates = updates + 1.0;
        let (now, next) = (self.momentum(updates, values.momentum), self.momentum(updates + 1.0, values.momentum));
        let (mass_1, mass_2) = (grown(mass_1, now), grown(mass_2, values.beta2));
        state.counters = vec![mass_1, mass_2, updates];
        let look_ahead = LookAhead {
            averages: Averages { beta1: values.momentum, beta2: values.beta2 },
            of_moment: next / grown(mass_1, next),
            of_gradient: (1.0 - now) / mass_1,
            preconditioner: self.preconditioner(mass_2),
        };
        let direction = gradient.apply(look_ahead, slots(&mut state)?)?;
        Ok((direction, state))
    }

    fn without_momentum(
        &self,
        gradient: Buffer,
        _parameter: &Parameter<'_>,
        state: &State,
        _values: &RuleValues,
    ) -> Result<Buffer, OptimError> {
        let [_, mass_2, _] = counters(state)?;
        let mut state = state.clone();
        let [_, second] = slots(&mut state)?;
        gradient.apply(self.preconditioner(mass_2), [second])
    }

    fn second_moment(&self, state: &State, _values: &RuleValues) -> Result<Option<f64>, OptimError> {
        let [_, mass_2, _] = counters(state)?;
        state.slots.last().map(|second| Ok(second.sum()? / mass_2)).transpose()
    }

    fn scale(&self, state: State, factor: f64) -> Result<State, OptimError> {
        let [mass_1, mass_2, updates] = counters(&state)?;
        let slots = state.slots.into_iter().map(|slot| slot.scaled(factor)).collect::<Result<_, _>>()?;
        Ok(State { slots, counters: vec![mass_1 * factor, mass_2 * factor, updates] })
    }
}
