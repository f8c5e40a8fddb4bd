use rheostat_schedule::parameter::{Family, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const FORM: Parameter =
    Parameter::choice("form", &["torch", "polyak"], "whether the learning rate multiplies the velocity or enters it")
        .default("\"torch\"")
        .source("torch.optim.SGD; Polyak 1964");

/// Where the learning rate enters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeavyBallForm {
    /// `v <- gamma v + (1 - damp) g`, `theta <- theta - eta v`: a new rate applies to past gradients too.
    #[default]
    Torch,
    /// `v <- gamma v + eta g`, `theta <- theta - v`, or `theta_next = theta - eta g + gamma (theta - theta_last)`: past
    /// gradients keep the rate they had. As TensorFlow and Keras have it, and the programs of SLS.
    Polyak,
}

/// SGD with heavy-ball momentum: `v <- gamma v + (1 - damp) g`, `theta <- theta - eta v`; the first update takes `v = g`, as
/// torch does. [`HeavyBallForm::Polyak`] differs where the rate moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeavyBall {
    /// Where the learning rate enters.
    pub form: HeavyBallForm,
    /// The factor gamma where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Share of the gradient kept out of the velocity; torch's form only.
    pub dampening: f64,
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for HeavyBall {
    fn default() -> Self {
        Self {
            form: HeavyBallForm::default(),
            momentum: None,
            dampening: 0.0,
            weight_decay: None,
            decay: DecayCoupling::L2,
        }
    }
}

impl HeavyBall {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "heavy_ball",
        family: Family::Optimizer,
        summary: "SGD with heavy-ball momentum",
        parameters: &[FORM, parameters::MOMENTUM, parameters::DAMPENING, parameters::WEIGHT_DECAY, parameters::DECAY],
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

    fn contains_rate(&self) -> bool {
        self.form == HeavyBallForm::Polyak
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = out_of_range([(&parameters::DAMPENING, self.dampening)]);
        if errors.is_empty() && self.dampening != 0.0 && self.form == HeavyBallForm::Polyak {
            let why = "the polyak form takes the whole gradient: leave it out, or set form = \"torch\"";
            errors.push(contradiction(parameters::DAMPENING.name, why));
        }
        all_or_nothing(errors)
    }
}
