use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const EPSILON: Parameter = parameters::EPSILON.positive().source(parameters::HEO);

const DELTA: Parameter =
    Parameter::new("delta", Kind::Number, "largest cosine of gradient and weights, times the root of the length")
        .at_least(0.0, "at least 0")
        .default("0.1")
        .source(parameters::HEO);

const WD_RATIO: Parameter =
    Parameter::new("wd_ratio", Kind::Number, "share of the weight decay that a projected tensor takes")
        .range(Bound::Included(0.0), Bound::Included(1.0), "0 to 1")
        .default("0.1")
        .source(parameters::HEO);

/// AdamP: the step `u` of Adam, and for a tensor of two or more axes whose gradient is nearly orthogonal to its weights,
/// `u - theta_hat <theta_hat, u>`: without the part that would only change their norm.
///
/// It is tested by rows (the first axis), then as a whole: `max |cos(g, theta)| < delta / sqrt(length)`. A projected tensor
/// takes the share `wd_ratio` of the weight decay only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adamp {
    /// The decay beta1 of the first moment where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the second moment where no schedule sets it; 0.999 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Keeps denominators away from 0: that of Adam, those of the cosines, and the norms.
    pub epsilon: f64,
    /// How far from orthogonal gradient and weights may be for the projection.
    pub delta: f64,
    /// Share of the weight decay that a projected tensor takes.
    pub wd_ratio: f64,
    /// Whether the step looks ahead along the momentum.
    pub nesterov: bool,
    /// How weight decay enters; not through the gradient, whose angle to the weights decides.
    pub decay: DecayCoupling,
}

impl Default for Adamp {
    fn default() -> Self {
        Self {
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-8,
            delta: 0.1,
            wd_ratio: 0.1,
            nesterov: false,
            decay: DecayCoupling::LrCoupled,
        }
    }
}

impl Adamp {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "adamp",
        family: Family::Optimizer,
        summary: "Adam without the part of a step that only changes norms",
        parameters: &[
            parameters::BETA1,
            parameters::BETA2,
            parameters::WEIGHT_DECAY.source(parameters::HEO),
            EPSILON,
            DELTA,
            WD_RATIO,
            parameters::NESTEROV.source(parameters::HEO),
            parameters::DECAY_OUTSIDE.source(parameters::HEO),
        ],
        reference: parameters::HEO,
    };
}

impl OptimizerMethod for Adamp {
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
        let numbers = [(&EPSILON, self.epsilon), (&DELTA, self.delta), (&WD_RATIO, self.wd_ratio)];
        all_or_nothing(out_of_range(numbers))
    }
}
