use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const REFERENCE: &str = "Defazio et al., The Road Less Scheduled, arXiv 2405.15682";
const RELEASED: &str = "facebookresearch/schedule_free";

/// Schedule-Free AdamW: no schedule but a warm-up, because the weights that count are an average.
///
/// The model holds `y`, where gradients are taken; `z` takes the steps, `x` is the average that is evaluated:
/// `z <- z - eta (g / (sqrt(v_hat) + epsilon) + lambda y)`, `x <- (1 - c) x + c z`, `y <- beta1 x + (1 - beta1) z`, where
/// `c = w / sum w` and `w = (k + 1)^step_power max(eta)^rate_power` in update `k`. `beta1` is the `momentum`, `eta` the learning
/// rate with its warm-up, `lambda` the weight decay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleFree {
    /// Which of two published rules.
    pub form: ScheduleFreeForm,
    /// The share beta1 of the average in `y` where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the second moment where no schedule sets it; 0.999 if absent, AlgoPerf's in its form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; 0 if absent, AlgoPerf's in its form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Keeps the denominator away from 0.
    pub epsilon: f64,
    /// The power of the update's number in its weight; 0 if absent, 0.75 in AlgoPerf's form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_power: Option<f64>,
    /// The power of the largest rate so far in an update's weight.
    pub rate_power: f64,
    /// Whether a recipe may set the rate by more than a constant with a warm-up: another schedule, or a controller.
    pub allow_schedule: bool,
}

/// The two published rules of Schedule-Free AdamW.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleFreeForm {
    /// That of the released library.
    #[default]
    Released,
    /// That of the winner of AlgoPerf's self-tuning rules, 2024: decay at `x` instead of `y`, decay and step both multiplied by
    /// `sqrt(1 - beta2^(k + 1))` with epsilon added before it, and other constants. It kept `v` in bf16; here it is as precise
    /// as the weights.
    #[serde(rename = "algoperf_2024")]
    Algoperf2024,
}

impl Default for ScheduleFree {
    fn default() -> Self {
        Self {
            form: ScheduleFreeForm::Released,
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-8,
            step_power: None,
            rate_power: 2.0,
            allow_schedule: false,
        }
    }
}

const STEP_POWER: Parameter =
    Parameter::new("step_power", Kind::Number, "power of the update's number in its weight; 0.75 in algoperf_2024")
        .at_least(0.0, "at least 0")
        .default("0.0")
        .source(RELEASED);
const RATE_POWER: Parameter =
    Parameter::new("rate_power", Kind::Number, "power of the largest rate so far in an update's weight")
        .at_least(0.0, "at least 0")
        .default("2.0")
        .source(RELEASED);
const EPSILON: Parameter = parameters::EPSILON_HAT.source(RELEASED);

impl ScheduleFree {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "schedule_free",
        family: Family::Optimizer,
        summary: "AdamW without a schedule: an average of the weights is evaluated",
        parameters: &[
            Parameter::choice("form", &["released", "algoperf_2024"], "which of two published rules")
                .default("\"released\"")
                .source(REFERENCE),
            parameters::BETA1
                .range(Bound::Excluded(0.0), Bound::Excluded(1.0), "more than 0 and less than 1")
                .source(REFERENCE),
            parameters::BETA2.source(RELEASED),
            parameters::WEIGHT_DECAY_INSIDE.source(RELEASED),
            EPSILON,
            STEP_POWER,
            RATE_POWER,
            Parameter::new(
                "allow_schedule",
                Kind::Boolean,
                "permit controllers, and schedules other than a constant with a warm-up",
            )
            .default("false")
            .source("the method wants none"),
        ],
        reference: REFERENCE,
    };

    /// The decay of the second moment where no schedule sets it.
    pub fn beta2(&self) -> f64 {
        self.beta2.unwrap_or(match self.form {
            ScheduleFreeForm::Released => 0.999,
            ScheduleFreeForm::Algoperf2024 => 0.9955159689799007,
        })
    }

    /// Weight decay where no schedule sets it.
    pub fn weight_decay(&self) -> f64 {
        self.weight_decay.unwrap_or(match self.form {
            ScheduleFreeForm::Released => 0.0,
            ScheduleFreeForm::Algoperf2024 => 0.08121616522670176,
        })
    }

    /// The power of the update's number in its weight.
    pub fn step_power(&self) -> f64 {
        self.step_power.unwrap_or(match self.form {
            ScheduleFreeForm::Released => 0.0,
            ScheduleFreeForm::Algoperf2024 => 0.75,
        })
    }
}

impl OptimizerMethod for ScheduleFree {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.9)),
            Hyperparameter::Beta2 => Some(self.beta2()),
            Hyperparameter::WeightDecay => Some(self.weight_decay()),
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
        let numbers = [(&EPSILON, self.epsilon), (&STEP_POWER, self.step_power()), (&RATE_POWER, self.rate_power)];
        all_or_nothing(out_of_range(numbers))
    }
}
