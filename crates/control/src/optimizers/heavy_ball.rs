use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::within;
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

/// SGD with heavy-ball momentum: `v <- gamma v + (1 - damp) g`, `theta <- theta - eta v`; the first update takes `v = g`, as
/// torch does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeavyBall {
    /// The factor gamma where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Share of the gradient kept out of the velocity.
    pub dampening: f64,
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for HeavyBall {
    fn default() -> Self {
        Self { momentum: None, dampening: 0.0, weight_decay: None, decay: DecayCoupling::L2 }
    }
}

impl HeavyBall {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "heavy_ball",
        family: Family::Optimizer,
        summary: "SGD with heavy-ball momentum",
        parameters: &[parameters::MOMENTUM, parameters::DAMPENING, parameters::WEIGHT_DECAY, parameters::DECAY],
        reference: "Polyak 1964; torch.optim.SGD",
    };
}

impl OptimizerMethod for HeavyBall {
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

    fn check(&self) -> Result<(), Vec<ControlError>> {
        within(&parameters::DAMPENING, self.dampening).map_err(|error| vec![error])
    }
}
