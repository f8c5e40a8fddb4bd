use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, contradiction, within};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const EPSILON: Parameter = parameters::EPSILON_HAT.default("1e-6").source(parameters::YOU);

const WEIGHT_DECAY: Parameter = Parameter {
    help: "weight decay, which joins the direction before its norm is taken",
    ..parameters::WEIGHT_DECAY.default("0.01").source(parameters::YOU)
};

const NORM_RANGE: Parameter = Parameter::new(
    "norm_range",
    Kind::Pair,
    "[low, high] that the norm of the weights is brought into, none if absent",
)
.at_least(0.0, "at least 0, the first below the second")
.optional()
.source(parameters::YOU);

const ALWAYS_ADAPT: Parameter =
    Parameter::new("always_adapt", Kind::Boolean, "whether a tensor without weight decay has its ratio too")
        .default("true")
        .source(parameters::YOU);

const DEBIAS: Parameter = Parameter::new("debias", Kind::Boolean, "whether the moments are corrected for their bias")
    .default("true")
    .source(parameters::YOU);

/// LAMB: `u = m_hat / (sqrt(v_hat) + epsilon) + lambda theta`, `r = phi(|theta|) / |u|` for each tensor,
/// `theta <- theta - eta r u`; the ratio `r` is 1 if either norm is 0, and `phi` brings the norm into `norm_range`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lamb {
    /// The decay beta1 of the first moment where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the second moment where no schedule sets it; 0.999 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay lambda where no schedule sets it; 0.01 if absent. It is part of `u`, so no coupling applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Keeps the denominator away from 0.
    pub epsilon: f64,
    /// Lowest and highest norm of the weights that the ratio takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm_range: Option<[f64; 2]>,
    /// Whether a tensor without weight decay has its ratio too, rather than 1.
    pub always_adapt: bool,
    /// Whether the moments are corrected for their bias.
    pub debias: bool,
}

impl Default for Lamb {
    fn default() -> Self {
        Self {
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-6,
            norm_range: None,
            always_adapt: true,
            debias: true,
        }
    }
}

impl Lamb {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "lamb",
        family: Family::Optimizer,
        summary: "Adam's step for each tensor in proportion to its norm; large batches",
        parameters: &[
            parameters::BETA1.source(parameters::YOU),
            parameters::BETA2.source(parameters::YOU),
            WEIGHT_DECAY,
            EPSILON,
            NORM_RANGE,
            ALWAYS_ADAPT,
            DEBIAS,
        ],
        reference: parameters::YOU,
    };
}

impl OptimizerMethod for Lamb {
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
        DecayCoupling::Inside
    }

    fn epsilon(&self) -> Option<f64> {
        Some(self.epsilon)
    }

    fn has_second_moment(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = Vec::new();
        errors.extend(within(&EPSILON, self.epsilon).err());
        if let Some([low, high]) = self.norm_range {
            errors.extend([low, high].into_iter().filter_map(|bound| within(&NORM_RANGE, bound).err()));
            if low >= high {
                let why = format!("{low} is not below {high}");
                errors.push(contradiction(NORM_RANGE.name, why));
            }
        }
        all_or_nothing(errors)
    }
}
