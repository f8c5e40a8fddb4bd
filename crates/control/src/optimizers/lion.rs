use rheostat_schedule::parameter::{Family, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::{DecayCoupling, Hyperparameter, OptimizerMethod};

const BETA1: Parameter =
    Parameter { help: "weight of the momentum in the step, beta1", ..parameters::BETA1.source(parameters::CHEN) };

const BETA2: Parameter =
    Parameter { help: "decay of the momentum", ..parameters::BETA2.default("0.99").source(parameters::CHEN) };

/// Lion: `theta <- theta (1 - kappa) - eta sign(beta1 m + (1 - beta1) g)`, then `m <- beta2 m + (1 - beta2) g`; the sign of 0
/// is 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lion {
    /// The weight beta1 of the momentum in the step where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the momentum where no schedule sets it; 0.99 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for Lion {
    fn default() -> Self {
        Self { momentum: None, beta2: None, weight_decay: None, decay: DecayCoupling::LrCoupled }
    }
}

impl Lion {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "lion",
        family: Family::Optimizer,
        summary: "the sign of an interpolated momentum, decoupled weight decay",
        parameters: &[
            BETA1,
            BETA2,
            parameters::WEIGHT_DECAY.source(parameters::CHEN),
            parameters::DECAY_OUTSIDE.source(parameters::CHEN),
        ],
        reference: parameters::CHEN,
    };
}

impl OptimizerMethod for Lion {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.9)),
            Hyperparameter::Beta2 => Some(self.beta2.unwrap_or(0.99)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.0)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }
}
