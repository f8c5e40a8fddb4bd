use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::{DecayCoupling, Hyperparameter, OptimizerMethod};

/// SGD with Nesterov momentum: `v <- gamma v + g`, `theta <- theta - eta (gamma v + g)`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nesterov {
    /// The factor gamma where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for Nesterov {
    fn default() -> Self {
        Self { momentum: None, weight_decay: None, decay: DecayCoupling::L2 }
    }
}

impl Nesterov {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "nesterov",
        family: Family::Optimizer,
        summary: "SGD with Nesterov momentum",
        parameters: &[parameters::MOMENTUM, parameters::WEIGHT_DECAY, parameters::DECAY],
        reference: "Sutskever et al. 2013; torch.optim.SGD",
    };
}

impl OptimizerMethod for Nesterov {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.9)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.0)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }
}
