use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::{BiasCorrection, ControlError, DecayCoupling, EpsilonPlacement, Hyperparameter, OptimizerMethod};

/// Adam with decoupled weight decay: `theta <- theta (1 - kappa) - eta m_hat / (sqrt(v_hat) + epsilon)`, `kappa` from the
/// coupling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adamw {
    /// The decay beta1 of the first moment where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the second moment where no schedule sets it; 0.999 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; 0.01 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Keeps the denominator away from 0.
    pub epsilon: f64,
    /// Where epsilon stands.
    pub epsilon_placement: EpsilonPlacement,
    /// How weight decay enters.
    pub decay: DecayCoupling,
    /// What the bias correction remembers across a reset.
    pub bias_correction: BiasCorrection,
}

impl Default for Adamw {
    fn default() -> Self {
        Self {
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-8,
            epsilon_placement: EpsilonPlacement::Hat,
            decay: DecayCoupling::LrCoupled,
            bias_correction: BiasCorrection::Mass,
        }
    }
}

impl Adamw {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "adamw",
        family: Family::Optimizer,
        summary: "adaptive moments with decoupled weight decay",
        parameters: &[
            parameters::BETA1,
            parameters::BETA2,
            parameters::WEIGHT_DECAY_DECOUPLED,
            parameters::EPSILON,
            parameters::EPSILON_PLACEMENT,
            parameters::DECAY_DECOUPLED,
            parameters::BIAS_CORRECTION,
        ],
        reference: parameters::LOSHCHILOV_HUTTER,
    };
}

impl OptimizerMethod for Adamw {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.9)),
            Hyperparameter::Beta2 => Some(self.beta2.unwrap_or(0.999)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.01)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }

    fn epsilon(&self) -> Option<f64> {
        Some(self.epsilon)
    }

    fn has_second_moment(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        super::check_epsilon(self.epsilon, self.epsilon_placement).map_err(|error| vec![error])
    }
}
