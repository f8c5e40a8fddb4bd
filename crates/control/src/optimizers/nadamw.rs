use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, contradiction, within};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const FORM: Parameter = Parameter::choice("form", &["algoperf", "dozat"], "which of the two rules of this name")
    .default("\"algoperf\"")
    .source("AlgoPerf's baseline; torch.optim.NAdam");

const WEIGHT_DECAY: Parameter = Parameter {
    default: None,
    help: "weight decay; `decay` says what it multiplies; 0.01 for algoperf, 0 for dozat",
    ..parameters::WEIGHT_DECAY.source("AlgoPerf's baseline; torch.optim.NAdam")
};

const MOMENTUM_DECAY: Parameter =
    Parameter::new("momentum_decay", Kind::Number, "how fast beta1 warms up, psi; 4e-3 if absent; dozat only")
        .at_least(0.0, "at least 0")
        .optional()
        .source(parameters::TORCH);

/// Which rule of this name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NadamwForm {
    /// `(beta1 m + (1 - beta1) g) / c1` in place of `m / c1`, corrected as if it were the first moment itself.
    #[default]
    Algoperf,
    /// Dozat's, as torch has it: beta1 warms up, and gradient and moment are corrected each by its own product of beta1s.
    Dozat,
}

/// AdamW with Nesterov momentum: `theta <- theta (1 - kappa) - eta n_hat / (sqrt(v_hat) + epsilon)`, `n_hat` the first moment
/// with a look-ahead, by one of two forms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nadamw {
    /// Which rule of this name.
    pub form: NadamwForm,
    /// The decay beta1 of the first moment where no schedule sets it; 0.9 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// The decay of the second moment where no schedule sets it; 0.999 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beta2: Option<f64>,
    /// Weight decay where no schedule sets it; if absent 0.01 for AlgoPerf's form, 0 for Dozat's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Keeps the denominator away from 0.
    pub epsilon: f64,
    /// How fast beta1 warms up, Dozat's form only: `mu_t = beta1 (1 - 0.96^(psi t) / 2)`; 4e-3 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
}

impl Default for Nadamw {
    fn default() -> Self {
        Self {
            form: NadamwForm::Algoperf,
            momentum: None,
            beta2: None,
            weight_decay: None,
            epsilon: 1e-8,
            momentum_decay: None,
            decay: DecayCoupling::LrCoupled,
        }
    }
}

impl Nadamw {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "nadamw",
        family: Family::Optimizer,
        summary: "AdamW with Nesterov momentum",
        parameters: &[
            FORM,
            parameters::BETA1,
            parameters::BETA2,
            WEIGHT_DECAY,
            parameters::EPSILON_HAT,
            MOMENTUM_DECAY,
            parameters::DECAY_DECOUPLED,
        ],
        reference: "Dozat 2016; Choi et al., arXiv 1910.05446; Dahl et al., AlgoPerf, arXiv 2306.07179",
    };

    /// The speed psi at which beta1 warms up.
    pub fn psi(&self) -> f64 {
        self.momentum_decay.unwrap_or(4e-3)
    }
}

impl OptimizerMethod for Nadamw {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        let weight_decay = match self.form {
            NadamwForm::Algoperf => 0.01,
            NadamwForm::Dozat => 0.0,
        };
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.9)),
            Hyperparameter::Beta2 => Some(self.beta2.unwrap_or(0.999)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(weight_decay)),
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
        let mut errors = Vec::new();
        errors.extend(within(&parameters::EPSILON_HAT, self.epsilon).err());
        errors.extend(self.momentum_decay.and_then(|psi| within(&MOMENTUM_DECAY, psi).err()));
        if self.form == NadamwForm::Algoperf && self.momentum_decay.is_some() {
            let why = "algoperf's form has a beta1 that stands still: leave it out, or set form = \"dozat\"".to_owned();
            errors.push(contradiction(MOMENTUM_DECAY.name, why));
        }
        all_or_nothing(errors)
    }
}
