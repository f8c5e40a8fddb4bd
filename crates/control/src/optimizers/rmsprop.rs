use rheostat_schedule::parameter::{Family, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::within;
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const FORM: Parameter = Parameter::choice("form", &["torch", "tf"], "which of the two rules of this name")
    .default("\"torch\"")
    .source("torch.optim.RMSprop; TensorFlow's RMSProp");

const BETA2: Parameter = Parameter {
    default: None,
    help: "decay of the average of squared gradients; 0.99 for torch, 0.9 for tf",
    ..parameters::BETA2.source("torch.optim.RMSprop; Choi et al., arXiv 1910.05446")
};

const EPSILON: Parameter = Parameter {
    default: None,
    help: "keeps the denominator away from 0; 1e-8 for torch, must be given for tf",
    ..parameters::EPSILON.at_least(0.0, "at least 0; more than 0 for tf").source(parameters::TORCH)
};

/// Which rule of this name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RmspropForm {
    /// `v = 0` at first, `b <- gamma b + g / (sqrt(v) + epsilon)`, the direction is `b`.
    #[default]
    Torch,
    /// `v = 1` at first, `b <- gamma b + eta g / sqrt(v + epsilon)`, the weights move by `b`: a change of rate reaches them
    /// as gradually as a gradient does.
    Tf,
}

/// RMSprop: `v <- beta2 v + (1 - beta2) g^2`, the gradient over the root of `v`, with momentum; by one of two forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rmsprop {
    /// Which rule of this name.
    pub form: RmspropForm,
    /// The factor gamma where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the average of squares where no schedule sets it; if absent 0.99 for torch, 0.9 for TensorFlow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Keeps the denominator away from 0; if absent 1e-8 for torch. TensorFlow's has no default: libraries differ, and it
    /// stands inside the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for Rmsprop {
    fn default() -> Self {
        Self {
            form: RmspropForm::Torch,
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: None,
            decay: DecayCoupling::L2,
        }
    }
}

impl Rmsprop {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "rmsprop",
        family: Family::Optimizer,
        summary: "the gradient over the root of its mean square",
        parameters: &[
            FORM,
            parameters::MOMENTUM.default("0.0"),
            BETA2,
            parameters::WEIGHT_DECAY,
            EPSILON,
            parameters::DECAY,
        ],
        reference: "Tieleman and Hinton 2012; Choi et al., arXiv 1910.05446",
    };
}

impl OptimizerMethod for Rmsprop {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        let beta2 = match self.form {
            RmspropForm::Torch => 0.99,
            RmspropForm::Tf => 0.9,
        };
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.0)),
            Hyperparameter::Beta2 => Some(self.beta2.unwrap_or(beta2)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.0)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }

    fn epsilon(&self) -> Option<f64> {
        Some(self.epsilon.unwrap_or(1e-8))
    }

    fn contains_rate(&self) -> bool {
        self.form == RmspropForm::Tf
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let refused = match (self.form, self.epsilon) {
            (RmspropForm::Tf, None) => Some(ControlError::Contradiction {
                field: FORM.name.to_owned(),
                why: "tf needs an epsilon, for which libraries differ: set epsilon = 1e-10, or 1e-7 as Keras"
                    .to_owned(),
            }),
            (RmspropForm::Tf, Some(epsilon)) => within(&EPSILON.positive(), epsilon).err(),
            (RmspropForm::Torch, epsilon) => epsilon.and_then(|epsilon| within(&EPSILON, epsilon).err()),
        };
        refused.map_or(Ok(()), |error| Err(vec![error]))
    }
}
