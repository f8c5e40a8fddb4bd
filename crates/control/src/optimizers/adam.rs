use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::{BiasCorrection, ControlError, DecayCoupling, EpsilonPlacement, Hyperparameter, OptimizerMethod};

/// Adam: `m <- beta1 m + (1 - beta1) g`, `v <- beta2 v + (1 - beta2) g^2`, `theta <- theta - eta m_hat / (sqrt(v_hat) + epsilon)`,
/// the hats divided by the weight that each moving average has accumulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// The decay beta1 of the first moment where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the second moment where no schedule sets it; 0.999 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; 0 if absent.
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

impl Default for Adam {
    fn default() -> Self {
        Self {
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-8,
            epsilon_placement: EpsilonPlacement::Hat,
            decay: DecayCoupling::L2,
            bias_correction: BiasCorrection::Mass,
        }
    }
}

impl Adam {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "adam",
        family: Family::Optimizer,
        summary: "adaptive moments; weight decay joins the gradient",
        parameters: &[
            parameters::BETA1,
            parameters::BETA2,
            parameters::WEIGHT_DECAY,
            parameters::EPSILON,
            parameters::EPSILON_PLACEMENT,
            parameters::DECAY,
            parameters::BIAS_CORRECTION,
        ],
        reference: parameters::KINGMA_BA,
    };
}

impl OptimizerMethod for Adam {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.9)),
            Hyperparameter::Beta2 => Some(self.beta2.unwrap_or(0.999)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.0)),
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
