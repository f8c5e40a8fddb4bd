use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerMethod};

const REFERENCE: &str = "Jordan et al. 2024, Muon, kellerjordan.github.io/posts/muon";

/// Muon: matrices move along their orthogonalised momentum, everything else by AdamW.
///
/// `M <- mu M + (1 - mu) g`, `u = (1 - mu) g + mu M` (Nesterov) or `u = M`, `theta <- theta (1 - kappa) - eta s X`, where `X` is
/// `u` after five steps of a Newton-Schulz iteration, `s` the factor that [`MuonScale`] names and `mu` the `momentum`.
///
/// A matrix is a weight tensor of rank 2 or more that [`MuonAdamw::paths`] does not select. Rank 2 is `(inputs, outputs)`, as
/// Burn's linear layers have it; higher ranks, convolutions, are flattened to `(outputs, rest)`. Vectors (biases, norms) always
/// follow AdamW.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Muon {
    /// The factor mu of matrices where no schedule sets it; 0.95 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub momentum: Option<f64>,
    /// Whether the momentum looks ahead.
    pub nesterov: bool,
    /// How long a step is for matrices of different shapes.
    pub scale: MuonScale,
    /// Weight decay of all tensors where no schedule sets it; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// How weight decay enters.
    pub decay: DecayCoupling,
    /// What does not move by Muon, and how.
    #[serde(skip_serializing_if = "MuonAdamw::is_default")]
    pub adamw: MuonAdamw,
}

/// The factor on the orthogonalised momentum of a matrix from `inputs` to `outputs`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MuonScale {
    /// `sqrt(max(1, outputs / inputs))`: Jordan's code.
    #[default]
    Original,
    /// `0.2 sqrt(max(inputs, outputs))`, as long as a step of AdamW usually is, so that AdamW's rates fit: Liu et al.
    /// (arXiv 2502.16982).
    MatchRmsAdamw,
    /// `sqrt(outputs / inputs)`: Jordan's text; changes the outputs of a layer alike whatever its width.
    SpectralUnclamped,
}

/// The AdamW beside Muon: its constants do not move during a run, its rate follows Muon's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MuonAdamw {
    /// A regular expression on parameter paths: which matrices AdamW moves too, [`MuonAdamw::PATHS`] if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<String>,
    /// Its learning rate over Muon's.
    pub rate_ratio: f64,
    /// The decay of its first moment.
    pub momentum: f64,
    /// The decay of its second moment.
    pub beta2: f64,
    /// Keeps its denominator away from 0.
    pub epsilon: f64,
}

impl Default for MuonAdamw {
    fn default() -> Self {
        Self { paths: None, rate_ratio: 0.015, momentum: 0.9, beta2: 0.95, epsilon: 1e-10 }
    }
}

const PATHS: Parameter = Parameter::new(
    "paths",
    Kind::Text,
    "regular expression on parameter paths: matrices that AdamW moves too, as embeddings and heads should",
)
.default("'embed|token|position|(^|\\.)head\\.'")
.source(REFERENCE);
const RATE_RATIO: Parameter = Parameter::new("rate_ratio", Kind::Number, "AdamW's learning rate over Muon's")
    .positive()
    .default("0.015")
    .source("3e-4 / 0.02 in KellerJordan/Muon");
const MOMENTUM: Parameter = parameters::BETA1.source(REFERENCE);
const BETA2: Parameter = parameters::BETA2.default("0.95").source(REFERENCE);
const EPSILON: Parameter = parameters::EPSILON_HAT.default("1e-10").source(REFERENCE);
const ADAMW: &[Parameter] = &[PATHS, RATE_RATIO, MOMENTUM, BETA2, EPSILON];

impl MuonAdamw {
    /// Embeddings (of tokens, patches, positions) and heads, as the workloads call them.
    pub const PATHS: &str = r"embed|token|position|(^|\.)head\.";

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Muon {
    fn default() -> Self {
        Self {
            momentum: None,
            nesterov: true,
            scale: MuonScale::Original,
            weight_decay: None,
            decay: DecayCoupling::LrCoupled,
            adamw: MuonAdamw::default(),
        }
    }
}

impl Muon {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "muon",
        family: Family::Optimizer,
        summary: "orthogonalised momentum for matrices, AdamW for everything else",
        parameters: &[
            parameters::MOMENTUM.default("0.95").source(REFERENCE),
            parameters::NESTEROV.default("true").source(REFERENCE),
            Parameter::choice(
                "scale",
                &["original", "match_rms_adamw", "spectral_unclamped"],
                "how long a step is for matrices of different shapes",
            )
            .default("\"original\"")
            .source("torch.optim.Muon"),
            parameters::WEIGHT_DECAY.source(REFERENCE),
            parameters::DECAY_DECOUPLED,
            Parameter::new("adamw", Kind::Table(ADAMW), "what does not move by Muon, and how").optional(),
        ],
        reference: REFERENCE,
    };
}

impl OptimizerMethod for Muon {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn default_of(&self, which: Hyperparameter) -> Option<f64> {
        match which {
            Hyperparameter::Momentum => Some(self.momentum.unwrap_or(0.95)),
            Hyperparameter::WeightDecay => Some(self.weight_decay.unwrap_or(0.0)),
            _ => None,
        }
    }

    fn decay(&self) -> DecayCoupling {
        self.decay
    }

    fn epsilon(&self) -> Option<f64> {
        Some(self.adamw.epsilon)
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [
            (&RATE_RATIO, self.adamw.rate_ratio),
            (&MOMENTUM, self.adamw.momentum),
            (&BETA2, self.adamw.beta2),
            (&EPSILON, self.adamw.epsilon),
        ];
        all_or_nothing(out_of_range(numbers).into_iter().map(|error| error.within("adamw")).collect())
    }
}
