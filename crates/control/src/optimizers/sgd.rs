use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::{DecayCoupling, Hyperparameter, OptimizerMethod};

/// Plain stochastic gradient descent: `theta <- theta - eta g`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { weight_decay: None, decay: DecayCoupling::L2 }
    }
}

impl Sgd {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "sgd",
        family: Family::Optimizer,
        summary: "plain stochastic gradient descent",
        parameters: &[parameters::WEIGHT_DECAY, parameters::DECAY],
        reference: parameters::TORCH,
    };
}

impl OptimizerMethod for Sgd {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.0)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }
}
