use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const REFERENCE: &str = "Mishchenko and Defazio, Prodigy, arXiv 2306.06101";

/// Prodigy: Adam whose step size is found during the run, from an estimate `d` of how far the weights have to go.
///
/// With `dlr = d eta bc` and `beta3 = sqrt(beta2)`: `r <- beta3 r + (d / d0) dlr <g, theta_0 - theta>`,
/// `m <- beta1 m + d (1 - beta1) g`, `v <- beta2 v + d^2 (1 - beta2) g^2`, `s <- beta3 s + (d / d0) dlr g`; then `d` grows to
/// `d_coef r / |s|_1` and `theta <- theta - dlr (m / (sqrt(v) + d epsilon) + lambda theta)`. Inner product and norm are over the
/// whole model. `eta` is the learning rate, which should be 1 with at most a cosine; `lambda` the weight decay, `theta_0` the
/// weights at the first update, `bc` is 1 or Adam's bias correction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prodigy {
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
    /// The first estimate; it only has to be too small.
    pub d0: f64,
    /// A factor on every estimate: what a rate would otherwise be tuned for.
    pub d_coef: f64,
    /// The most by which the estimate may grow in an update; any, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth_rate: Option<f64>,
    /// Whether `dlr` has Adam's bias correction.
    pub use_bias_correction: bool,
    /// Whether `s` takes gradients in without the learning rate, so that a warm-up or restarts do not raise the estimate.
    pub safeguard_warmup: bool,
}

impl Default for Prodigy {
    fn default() -> Self {
        Self {
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-8,
            d0: 1e-6,
            d_coef: 1.0,
            growth_rate: None,
            use_bias_correction: false,
            safeguard_warmup: false,
        }
    }
}

const EPSILON: Parameter = parameters::EPSILON_HAT.source(REFERENCE);
const D0: Parameter = Parameter::new("d0", Kind::Number, "the first estimate; it only has to be too small")
    .positive()
    .default("1e-6")
    .source(REFERENCE);
const D_COEF: Parameter = Parameter::new("d_coef", Kind::Number, "a factor on every estimate")
    .positive()
    .default("1.0")
    .source("konstmish/prodigy");
const GROWTH_RATE: Parameter =
    Parameter::new("growth_rate", Kind::Number, "the most by which the estimate may grow in an update; any, if absent")
        .at_least(1.0, "at least 1")
        .optional()
        .source("konstmish/prodigy");

impl Prodigy {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "prodigy",
        family: Family::Optimizer,
        summary: "AdamW whose step size is found from how far the weights have moved",
        parameters: &[
            parameters::BETA1.source(REFERENCE),
            parameters::BETA2.source(REFERENCE),
            parameters::WEIGHT_DECAY_INSIDE.source("konstmish/prodigy"),
            EPSILON,
            D0,
            D_COEF,
            GROWTH_RATE,
            Parameter::new("use_bias_correction", Kind::Boolean, "whether steps have Adam's bias correction")
                .default("false")
                .source("konstmish/prodigy"),
            Parameter::new(
                "safeguard_warmup",
                Kind::Boolean,
                "whether the denominator leaves the learning rate out: set it with a warm-up or restarts",
            )
            .default("false")
            .source("konstmish/prodigy"),
        ],
        reference: REFERENCE,
    };
}

impl OptimizerMethod for Prodigy {
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
        DecayCoupling::Inside
    }

    fn epsilon(&self) -> Option<f64> {
        Some(self.epsilon)
    }

    fn contains_rate(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(out_of_range([
            (&EPSILON, Some(self.epsilon)),
            (&D0, Some(self.d0)),
            (&D_COEF, Some(self.d_coef)),
            (&GROWTH_RATE, self.growth_rate),
        ]))
    }
}
