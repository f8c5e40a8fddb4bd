use rheostat_control::{BiasCorrection, EpsilonPlacement, optimizers};

use super::moments::{self, Averages, LookAhead, Moments, Preconditioner, grown};
use super::slots;
use crate::{Buffer, OptimError, Parameter, RuleValues, State, UpdateRule};

/// Adam: `m <- beta1 m + (1 - beta1) g`, `v <- beta2 v + (1 - beta2) g^2`, the direction is `m_hat / (sqrt(v_hat) + epsilon)`.
///
/// The hats divide by the weight that each average has accumulated, `c <- beta c + (1 - beta)`, which is `1 - beta^n` while
/// beta stands still and stays exact when it moves. A soft reset scales the weights with the moments, so the corrected
/// moments do not jump. `Keep` and `Restart` count updates instead, as the thesis code and a new optimizer would.
#[derive(Debug)]
pub(super) struct Adam {
    pub(super) epsilon: f64,
    pub(super) placement: EpsilonPlacement,
    pub(super) correction: BiasCorrection,
    /// Whether the moments are corrected at all.
    pub(super) debias: bool,
    /// Whether the direction is that of `beta1 m + (1 - beta1) g` in place of `m`.
    pub(super) look_ahead: bool,
}

impl Adam {
    pub(super) fn new(spec: &optimizers::Adam) -> Self {
        Self {
            epsilon: spec.epsilon,
            placement: spec.epsilon_placement,
            correction: spec.bias_correction,
            debias: true,
            look_ahead: false,
        }
    }

    /// The rule at its defaults but for epsilon.
    pub(super) fn with_epsilon(epsilon: f64) -> Self {
        Self::new(&optimizers::Adam { epsilon, ..optimizers::Adam::default() })
    }

    /// The counters after one more update.
    fn counted(&self, counters: &[f64], values: &RuleValues) -> Vec<f64> {
        match (self.correction, counters) {
            (BiasCorrection::Mass, &[mass_1, mass_2, ..]) => {
                vec![grown(mass_1, values.momentum), grown(mass_2, values.beta2)]
            }
            (_, counters) => counters.iter().map(|updates| updates + 1.0).collect(),
        }
    }

    /// The weights that the two averages have accumulated.
    fn masses(&self, counters: &[f64], values: &RuleValues) -> (f64, f64) {
        match (self.correction, counters) {
            _ if !self.debias => (1.0, 1.0),
            (BiasCorrection::Mass, &[mass_1, mass_2, ..]) => (mass_1, mass_2),
            (_, &[updates]) => (1.0 - values.momentum.powf(updates), 1.0 - values.beta2.powf(updates)),
            _ => (1.0, 1.0),
        }
    }

    /// What the two moments are multiplied by: the inverse weights of their averages, or one factor for the whole direction.
    fn scales(&self, counters: &[f64], values: &RuleValues) -> (f64, f64) {
        let (mass_1, mass_2) = self.masses(counters, values);
        match self.placement {
            EpsilonPlacement::Hat => (1.0 / mass_1, 1.0 / mass_2),
            EpsilonPlacement::Raw => (mass_2.sqrt() / mass_1, 1.0),
        }
    }
}

impl UpdateRule for Adam {
    fn slots(&self) -> &'static [&'static str] {
        moments::SLOTS
    }

    fn counters(&self) -> &'static [&'static str] {
        match self.correction {
            BiasCorrection::Mass => &["mass_1", "mass_2"],
            BiasCorrection::Keep | BiasCorrection::Restart => &["updates"],
        }
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
        state.counters = self.counted(&state.counters, values);
        let (scale_1, scale_2) = self.scales(&state.counters, values);
        let averages = Averages { beta1: values.momentum, beta2: values.beta2 };
        let preconditioner = Preconditioner { scale_1, scale_2, epsilon: self.epsilon };
        let slots = slots(&mut state)?;
        let direction = if self.look_ahead {
            let (of_moment, of_gradient) = (values.momentum, 1.0 - values.momentum);
            gradient.apply(LookAhead { averages, of_moment, of_gradient, preconditioner }, slots)?
        } else {
            gradient.apply(Moments { averages, preconditioner }, slots)?
        };
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
        // Without momentum the first average is the gradient and weighs 1.
        let unit = RuleValues { momentum: 0.0, ..*values };
        let counters = match (self.correction, state.counters.as_slice()) {
            (BiasCorrection::Mass, &[_, mass_2, ..]) => vec![1.0, mass_2],
            _ => state.counters.clone(),
        };
        let (scale_1, scale_2) = self.scales(&counters, &unit);
        let [_, second] = slots(&mut state)?;
        gradient.apply(Preconditioner { scale_1, scale_2, epsilon: self.epsilon }, [second])
    }

    fn second_moment(&self, state: &State, values: &RuleValues) -> Result<Option<f64>, OptimError> {
        let (_, mass) = self.masses(&state.counters, values);
        state.slots.last().map(|second| Ok(second.sum()? / mass)).transpose()
    }

    fn scale(&self, state: State, factor: f64) -> Result<State, OptimError> {
        let slots = state.slots.into_iter().map(|slot| slot.scaled(factor)).collect::<Result<_, _>>()?;
        let counters = match self.correction {
            BiasCorrection::Mass => state.counters.iter().map(|mass| mass * factor).collect(),
            BiasCorrection::Keep => state.counters,
            BiasCorrection::Restart => vec![0.0; state.counters.len()],
        };
        Ok(State { slots, counters })
    }

    fn reset(&self, state: State) -> Option<State> {
        match self.correction {
            BiasCorrection::Keep => {
                let slots = state.slots.iter().map(Buffer::zeros).collect();
                Some(State { slots, counters: state.counters })
            }
            BiasCorrection::Mass | BiasCorrection::Restart => None,
        }
    }
}
