//! How numbers that suit one batch size are carried over to another.

use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{ControlError, Hyperparameter, OptimizerSpec};

/// Carries rates over from a reference batch of `B0` samples to one of `B`.
///
/// ```text
/// eta   <- eta k^p                        k = B / B0; the largest rate at most `maximum`
/// beta  <- 1 - k (1 - beta)               of both moments, with adam_sde
/// eps   <- eps / sqrt(k)                  with adam_sde
/// ```
///
/// | `rule` | `p` | for | source |
/// |---|---|---|---|
/// | `linear` | 1 | SGD; needs a warm-up where `k` is large | Goyal and others, arXiv 1706.02677 |
/// | `sqrt` | 1/2 | Adam and its kin | Hoffer and others, arXiv 1705.08741 |
/// | `power` | `exponent` | what lies between | |
/// | `adam_sde` | 1/2 | Adam, with its moments and epsilon | Malladi and others, arXiv 2205.10287 |
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | | `rule` | | required |
/// | `B0` | `reference` | samples | 256 (Goyal and others) |
/// | `p` | `exponent` | | required with `power`, else fixed |
/// | | `maximum` | learning rate | none |
///
/// `adam_sde` has a limit: `k (1 - beta)` must stay below 1, so that `beta1` = 0.9 allows batches of less than 10 `B0`. Weight decay
/// is left as it is.
///
/// ```
/// use rheostat_control::{BatchScaling, Hyperparameter, ScalingRule};
///
/// let sqrt = BatchScaling::new(ScalingRule::Sqrt);
/// assert_eq!(0.001 * sqrt.rate_factor(16_384), 0.008);
/// let sde = BatchScaling::new(ScalingRule::AdamSde);
/// assert!((sde.beta(1024, Hyperparameter::Momentum, 0.9)? - 0.6).abs() < 1e-12);
/// # Ok::<(), rheostat_control::ControlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchScaling {
    /// How the rate goes with the batch size.
    pub rule: ScalingRule,
    /// The batch size that the numbers are for; 256.
    #[serde(default = "reference")]
    pub reference: u64,
    /// The exponent of `power`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponent: Option<f64>,
    /// The largest rate that scaling may lead to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
}

/// How the rate goes with the batch size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalingRule {
    /// In proportion.
    Linear,
    /// As its square root.
    Sqrt,
    /// As a power of it.
    Power,
    /// As its square root, with Adam's moments and epsilon.
    AdamSde,
}

const fn reference() -> u64 {
    256
}

const GOYAL: &str = "Goyal and others, Accurate, Large Minibatch SGD, arXiv 1706.02677";

const RULE: Parameter = Parameter::choice(
    "rule",
    &["linear", "sqrt", "power", "adam_sde"],
    "how the learning rate goes with the batch size: in proportion, as its root, as a power, as its root with Adam's moments",
)
.source(GOYAL);
const REFERENCE: Parameter =
    Parameter::new("reference", Kind::Integer, "the batch size that the recipe's numbers are for")
        .at_least(1.0, "at least 1")
        .default("256")
        .unit("samples")
        .source(GOYAL);
const EXPONENT: Parameter =
    Parameter::new("exponent", Kind::Number, "the exponent of `power`: 1 for SGD, 0.5 for Adam")
        .range(Bound::Included(0.0), Bound::Included(1.0), "0 to 1")
        .optional();
const MAXIMUM: Parameter =
    Parameter::new("maximum", Kind::Number, "the largest learning rate that scaling may lead to").positive().optional();

impl BatchScaling {
    /// Its parameters.
    pub const PARAMETERS: &[Parameter] = &[RULE, REFERENCE, EXPONENT, MAXIMUM];

    /// That rule, from batches of 256. The rule `power` needs an exponent besides.
    pub fn new(rule: ScalingRule) -> Self {
        Self { rule, reference: reference(), exponent: None, maximum: None }
    }

    /// Checks every number.
    ///
    /// # Errors
    /// All that is out of range, each naming its key; an exponent that is missing or without use.
    pub fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [(&REFERENCE, Some(self.reference as f64)), (&EXPONENT, self.exponent), (&MAXIMUM, self.maximum)];
        let mut errors = out_of_range(numbers);
        let why = match (self.rule, self.exponent) {
            (ScalingRule::Power, None) => Some("missing: `power` needs a number from 0 to 1"),
            (ScalingRule::Power, Some(_)) | (_, None) => None,
            (_, Some(_)) => Some("only `power` takes one: the other rules have their own"),
        };
        errors.extend(why.map(|why| contradiction(EXPONENT.name, why)));
        all_or_nothing(errors)
    }

    /// `k = B / B0`.
    fn ratio(&self, batch: u64) -> f64 {
        batch as f64 / self.reference as f64
    }

    /// What a rate is multiplied by at batches of that size, whatever `maximum` is: `k^p`.
    pub fn rate_factor(&self, batch: u64) -> f64 {
        let ratio = self.ratio(batch);
        match self.rule {
            ScalingRule::Linear => ratio,
            ScalingRule::Sqrt | ScalingRule::AdamSde => ratio.sqrt(),
            ScalingRule::Power => ratio.powf(self.exponent.unwrap_or(1.0)),
        }
    }

    /// What rates of which the largest is `peak` are all multiplied by, so that it stays within `maximum`: the curve keeps its shape.
    pub fn capped_rate_factor(&self, batch: u64, peak: f64) -> f64 {
        let factor = self.rate_factor(batch);
        match self.maximum {
            Some(maximum) if peak * factor > maximum => maximum / peak,
            _ => factor,
        }
    }

    /// The decay of a moment at batches of that size; with another rule than `adam_sde` as it is.
    ///
    /// # Errors
    /// [`ControlError::Contradiction`] if `k (1 - beta)` is not less than 1: the average would be of no more than one gradient.
    pub fn beta(&self, batch: u64, which: Hyperparameter, beta: f64) -> Result<f64, ControlError> {
        if self.rule != ScalingRule::AdamSde {
            return Ok(beta);
        }
        let ratio = self.ratio(batch);
        let away = ratio * (1.0 - beta);
        // 10 (1 - 0.9) is 1 but for rounding.
        if away < 1.0 - 1e-12 {
            return Ok(1.0 - away);
        }
        let why = format!(
            "{beta} at {ratio} times the reference batch, where adam_sde needs {ratio} (1 - {beta}) to be less than 1"
        );
        Err(contradiction(which.name(), why))
    }

    /// The optimizer with the epsilon for batches of that size; with another rule than `adam_sde` as it is.
    ///
    /// # Errors
    /// [`ControlError::Contradiction`] if `adam_sde` meets another optimizer than Adam.
    pub fn optimizer(&self, batch: u64, optimizer: &OptimizerSpec) -> Result<OptimizerSpec, ControlError> {
        let mut scaled = optimizer.clone();
        if self.rule != ScalingRule::AdamSde {
            return Ok(scaled);
        }
        let epsilon = match &mut scaled {
            OptimizerSpec::Adam(spec) => &mut spec.epsilon,
            OptimizerSpec::Adamw(spec) => &mut spec.epsilon,
            other => {
                let why = format!("adam_sde is about Adam's moments, and the optimizer is {}", other.name());
                return Err(contradiction(RULE.name, why));
            }
        };
        *epsilon /= self.ratio(batch).sqrt();
        Ok(scaled)
    }
}
