use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::{DecayCoupling, Hyperparameter, OptimizerMethod};

/// SGD with momentum and decoupled weight decay: `v <- gamma v + g`, `theta <- theta (1 - kappa) - eta v`, or
/// `- eta (gamma v + g)` with `nesterov`; `kappa` from the coupling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgdw {
    /// The factor gamma where no schedule sets it; 0.875 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Weight decay where no schedule sets it; 5e-4 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Nesterov momentum instead of the heavy ball.
    pub nesterov: bool,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for Sgdw {
    fn default() -> Self {
        Self { momentum: None, weight_decay: None, nesterov: false, decay: DecayCoupling::ScheduleMultiplier }
    }
}

impl Sgdw {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "sgdw",
        family: Family::Optimizer,
        summary: "SGD with momentum and decoupled weight decay",
        parameters: &[
            parameters::MOMENTUM.default("0.875").source(parameters::COMPOSER),
            parameters::WEIGHT_DECAY.default("5e-4").source(parameters::COMPOSER),
            parameters::NESTEROV.source(parameters::COMPOSER),
            parameters::DECAY_OF_SCHEDULE,
        ],
        reference: parameters::LOSHCHILOV_HUTTER,
    };
}

impl OptimizerMethod for Sgdw {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.875)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(5e-4)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }
}
