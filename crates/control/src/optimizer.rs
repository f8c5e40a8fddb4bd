use rheostat_schedule::parameter::Method;
use serde::{Deserialize, Serialize};

use crate::optimizers::{Adam, Adamw, HeavyBall, Nesterov, Sgd};
use crate::{ControlError, Hyperparameter};

/// Which optimizer, with the constants of its rule. What moves per update (rate, momentum, ...) arrives with every step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum OptimizerSpec {
    /// Plain stochastic gradient descent.
    Sgd(Sgd),
    /// SGD with heavy-ball momentum.
    HeavyBall(HeavyBall),
    /// SGD with Nesterov momentum.
    Nesterov(Nesterov),
    /// Adam.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    Adamw(Adamw),
}

/// Every optimizer with its parameters, for validation, listings and reference pages.
pub const OPTIMIZERS: &[Method] = &[Sgd::METHOD, HeavyBall::METHOD, Nesterov::METHOD, Adam::METHOD, Adamw::METHOD];

/// How weight decay `lambda` enters an update at rate `eta`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecayCoupling {
    /// `theta` shrinks by `1 - eta lambda`: torch's AdamW, optax, AlgoPerf.
    LrCoupled,
    /// The gradient gets `+ lambda theta`: torch's `weight_decay` of SGD and Adam.
    L2,
    /// `theta` shrinks by `1 - (eta / eta_base) lambda`, `eta_base` the schedule's peak: Loshchilov and Hutter's text
    /// (arXiv 1711.05101), Composer.
    ScheduleMultiplier,
    /// `theta` shrinks by `1 - lambda`, whatever the rate.
    Independent,
}

/// Where Adam's epsilon stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpsilonPlacement {
    /// `m_hat / (sqrt(v_hat) + epsilon)`: torch, optax.
    #[default]
    Hat,
    /// `m / (sqrt(v) + epsilon)`, corrected afterwards: the efficient form of Kingma and Ba (arXiv 1412.6980, section 2).
    Raw,
}

/// What Adam's bias correction remembers across a reset of its moments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BiasCorrection {
    /// The weight accumulated in each moving average: exact when a beta moves or the moments are scaled.
    #[default]
    Mass,
    /// The number of updates; it continues across a reset.
    Keep,
    /// The number of updates since the last reset.
    Restart,
}

impl OptimizerSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        self.method().name
    }

    /// The method's description.
    pub fn method(&self) -> &'static Method {
        match self {
            Self::Sgd(_) => &Sgd::METHOD,
            Self::HeavyBall(_) => &HeavyBall::METHOD,
            Self::Nesterov(_) => &Nesterov::METHOD,
            Self::Adam(_) => &Adam::METHOD,
            Self::Adamw(_) => &Adamw::METHOD,
        }
    }

    /// The value a hyperparameter has when nobody sets it; `None` for one that the rule lacks.
    pub fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        use Hyperparameter::{Beta2, Momentum, WeightDecay};
        match (self, which) {
            (Self::Sgd(spec), WeightDecay) => Some(spec.weight_decay.unwrap_or(0.0)),
            (Self::HeavyBall(spec), WeightDecay) => Some(spec.weight_decay.unwrap_or(0.0)),
            (Self::HeavyBall(spec), Momentum) => Some(spec.momentum.unwrap_or(0.9)),
            (Self::Nesterov(spec), WeightDecay) => Some(spec.weight_decay.unwrap_or(0.0)),
            (Self::Nesterov(spec), Momentum) => Some(spec.momentum.unwrap_or(0.9)),
            (Self::Adam(spec), WeightDecay) => Some(spec.weight_decay.unwrap_or(0.0)),
            (Self::Adam(spec), Momentum) => Some(spec.momentum.unwrap_or(0.9)),
            (Self::Adam(spec), Beta2) => Some(spec.beta2.unwrap_or(0.999)),
            (Self::Adamw(spec), WeightDecay) => Some(spec.weight_decay.unwrap_or(0.01)),
            (Self::Adamw(spec), Momentum) => Some(spec.momentum.unwrap_or(0.9)),
            (Self::Adamw(spec), Beta2) => Some(spec.beta2.unwrap_or(0.999)),
            _ => None,
        }
    }

    /// How weight decay enters.
    pub fn decay(&self) -> DecayCoupling {
        match self {
            Self::Sgd(spec) => spec.decay,
            Self::HeavyBall(spec) => spec.decay,
            Self::Nesterov(spec) => spec.decay,
            Self::Adam(spec) => spec.decay,
            Self::Adamw(spec) => spec.decay,
        }
    }

    /// Checks every constant of the rule.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    pub fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = Vec::new();
        for which in Hyperparameter::ALL {
            if let Some(value) = self.default_of(which) {
                errors.extend(which.check(value).err());
            }
        }
        match self {
            Self::HeavyBall(spec) => errors.extend(spec.check().err()),
            Self::Adam(spec) => errors.extend(spec.check().err()),
            Self::Adamw(spec) => errors.extend(spec.check().err()),
            Self::Sgd(_) | Self::Nesterov(_) => {}
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Refuses a hyperparameter that this rule does not have.
    ///
    /// # Errors
    /// [`ControlError::NoSuchHyperparameter`].
    pub fn accepts(&self, which: Hyperparameter) -> Result<(), ControlError> {
        let of_the_rule = matches!(which, Hyperparameter::Momentum | Hyperparameter::Beta2);
        if !of_the_rule || self.default_of(which).is_some() {
            return Ok(());
        }
        let available: Vec<_> = Hyperparameter::ALL
            .into_iter()
            .filter(|known| self.default_of(*known).is_some())
            .map(Hyperparameter::name)
            .collect();
        Err(ControlError::NoSuchHyperparameter {
            optimizer: self.name(),
            hyperparameter: which,
            available: available.join(", "),
        })
    }
}
