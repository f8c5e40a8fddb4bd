use rheostat_schedule::parameter::{Kind, Method};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, within};
use crate::optimizers::{
    Adam, Adamp, Adamw, HeavyBall, Lamb, Lion, Muon, Nadamw, Nesterov, Prodigy, Rmsprop, ScheduleFree, Sgd, Sgdw,
};
use crate::{ControlError, Hyperparameter};

/// What the specification of every optimizer says of its rule.
pub trait OptimizerMethod {
    /// Its name and parameters.
    fn method(&self) -> &'static Method;

    /// The value a hyperparameter has when nobody sets it; `None` for one that the rule lacks.
    fn default_of(&self, which: Hyperparameter) -> Option<f64>;

    /// How weight decay enters.
    fn decay(&self) -> DecayCoupling;

    /// What keeps its denominator away from 0; `None` for a rule that does not divide.
    fn epsilon(&self) -> Option<f64> {
        None
    }

    /// Whether it keeps a bias-corrected second moment of the gradient, for others to measure gradients with.
    fn has_second_moment(&self) -> bool {
        false
    }

    /// Whether its directions contain the learning rate already, so that no line search can choose a step along them.
    fn contains_rate(&self) -> bool {
        false
    }

    /// Checks what is not a hyperparameter.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    fn check(&self) -> Result<(), Vec<ControlError>> {
        Ok(())
    }
}

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
    /// SGD with momentum and decoupled weight decay.
    Sgdw(Sgdw),
    /// RMSprop.
    Rmsprop(Rmsprop),
    /// Adam.
    Adam(Adam),
    /// Adam with decoupled weight decay.
    Adamw(Adamw),
    /// AdamW with Nesterov momentum.
    Nadamw(Nadamw),
    /// Adam whose steps leave the norms of scale-invariant weights alone.
    Adamp(Adamp),
    /// Adam with one step size a tensor, in proportion to its norm.
    Lamb(Lamb),
    /// The sign of an interpolated momentum.
    Lion(Lion),
    /// Orthogonalised momentum for matrices, AdamW for everything else.
    Muon(Muon),
    /// AdamW that finds its step size.
    Prodigy(Prodigy),
    /// AdamW with an average of the weights in place of a schedule.
    ScheduleFree(ScheduleFree),
}

/// Every optimizer with its parameters, for validation, listings and reference pages.
pub const OPTIMIZERS: &[Method] = &[
    Sgd::METHOD,
    HeavyBall::METHOD,
    Nesterov::METHOD,
    Sgdw::METHOD,
    Rmsprop::METHOD,
    Adam::METHOD,
    Adamw::METHOD,
    Nadamw::METHOD,
    Adamp::METHOD,
    Lamb::METHOD,
    Lion::METHOD,
    Muon::METHOD,
    Prodigy::METHOD,
    ScheduleFree::METHOD,
];

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
    /// The rule's direction contains it: no choice, but what the rule is.
    #[serde(skip)]
    Inside,
}

impl DecayCoupling {
    /// Its name in recipes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LrCoupled => "lr_coupled",
            Self::L2 => "l2",
            Self::ScheduleMultiplier => "schedule_multiplier",
            Self::Independent => "independent",
            Self::Inside => "inside",
        }
    }
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
        self.inner().method()
    }

    fn inner(&self) -> &dyn OptimizerMethod {
        match self {
            Self::Sgd(spec) => spec,
            Self::HeavyBall(spec) => spec,
            Self::Nesterov(spec) => spec,
            Self::Sgdw(spec) => spec,
            Self::Rmsprop(spec) => spec,
            Self::Adam(spec) => spec,
            Self::Adamw(spec) => spec,
            Self::Nadamw(spec) => spec,
            Self::Adamp(spec) => spec,
            Self::Lamb(spec) => spec,
            Self::Lion(spec) => spec,
            Self::Muon(spec) => spec,
            Self::Prodigy(spec) => spec,
            Self::ScheduleFree(spec) => spec,
        }
    }

    /// The value a hyperparameter has when nobody sets it; `None` for one that the rule lacks.
    pub fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        self.inner().default_of(which)
    }

    /// How weight decay enters.
    pub fn decay(&self) -> DecayCoupling {
        self.inner().decay()
    }

    /// What keeps its denominator away from 0; `None` for a rule that does not divide.
    pub fn epsilon(&self) -> Option<f64> {
        self.inner().epsilon()
    }

    /// Whether it keeps a bias-corrected second moment of the gradient, for others to measure gradients with.
    pub fn has_second_moment(&self) -> bool {
        self.inner().has_second_moment()
    }

    /// Whether its directions contain the learning rate already, so that no line search can choose a step along them.
    pub fn contains_rate(&self) -> bool {
        self.inner().contains_rate()
    }

    /// Checks every constant of the rule.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    pub fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = Vec::new();
        for which in Hyperparameter::ALL {
            if let Some(value) = self.default_of(which) {
                errors.extend(self.check_value(which, value).err());
            }
        }
        errors.extend(self.check_decay().err());
        errors.extend(self.inner().check().err().into_iter().flatten());
        all_or_nothing(errors)
    }

    /// Refuses a coupling of weight decay that is not among those that the method declares.
    fn check_decay(&self) -> Result<(), ControlError> {
        match self.method().parameter("decay").map(|parameter| parameter.kind) {
            Some(Kind::Choice(permitted)) if !permitted.contains(&self.decay().name()) => {
                let why = format!("{} takes {}, not {}", self.name(), permitted.join(", "), self.decay().name());
                Err(contradiction("decay", why))
            }
            _ => Ok(()),
        }
    }

    /// Checks one value of a hyperparameter against its own range and the rule's, which may be narrower.
    ///
    /// # Errors
    /// [`ControlError::OutOfRange`], naming the hyperparameter.
    pub fn check_value(&self, which: Hyperparameter, value: f64) -> Result<(), ControlError> {
        which.check(value)?;
        self.method().parameter(which.name()).map_or(Ok(()), |parameter| within(parameter, value))
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
