//! Targets of AlgoPerf on the validation split, from the target files of mlcommons/submissions_algorithms, editions 0.5 and 0.6.

use rheostat_record::{Direction, Target};
use serde::{Deserialize, Serialize};

use crate::{Role, ScoreError};

/// An edition of AlgoPerf: which workloads it scores. The targets of both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlgoperfEdition {
    /// The first competition: 8 base workloads, 6 held-out variants.
    #[serde(rename = "0.5")]
    V05,
    /// The rolling leaderboard: 9 base workloads, none held out.
    #[serde(rename = "0.6")]
    V06,
}

/// A workload of AlgoPerf, as one edition counts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlgoperfWorkload {
    /// Without the framework.
    pub name: String,
    /// What it counts for; variants that were not drawn and workloads for development are extra.
    pub role: Role,
    /// What its validation metric has to come to.
    pub target: Target,
}

impl AlgoperfEdition {
    /// Both.
    pub const ALL: [Self; 2] = [Self::V05, Self::V06];

    /// The name by which [`named`](AlgoperfEdition::named) finds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::V05 => "0.5",
            Self::V06 => "0.6",
        }
    }

    /// The edition of this name.
    ///
    /// # Errors
    /// [`ScoreError::Unknown`] with the nearest name if there is none.
    pub fn named(name: &str) -> Result<Self, ScoreError> {
        let found = Self::ALL.into_iter().find(|edition| edition.name() == name);
        found.ok_or_else(|| ScoreError::unknown("edition of AlgoPerf", name, Self::ALL.map(Self::name)))
    }

    /// All workloads with a target, families together.
    pub fn workloads(self) -> impl Iterator<Item = AlgoperfWorkload> {
        let variants = |family: &'static Family| family.targets.iter().map(move |target| (family, target));
        FAMILIES.iter().flat_map(variants).map(move |(family, &(name, value))| AlgoperfWorkload {
            name: name.to_owned(),
            role: self.role(family.targets[0].0, name),
            target: Target { metric: family.metric.to_owned(), value, direction: family.direction },
        })
    }

    /// The workload of this name, which bears no framework.
    ///
    /// # Errors
    /// [`ScoreError::Unknown`] with the nearest name if there is none.
    pub fn workload(self, name: &str) -> Result<AlgoperfWorkload, ScoreError> {
        let names = || FAMILIES.iter().flat_map(|family| family.targets.iter().map(|&(name, _)| name));
        self.workloads()
            .find(|workload| workload.name == name)
            .ok_or_else(|| ScoreError::unknown("workload of AlgoPerf", name, names()))
    }

    fn role(self, base: &str, name: &str) -> Role {
        match self {
            Self::V05 | Self::V06 if BASES.contains(&name) => Role::Base,
            Self::V06 if name == "finewebedu_lm" => Role::Base,
            Self::V05 if HELD_OUT.contains(&name) => Role::HeldOut(base.to_owned()),
            Self::V05 | Self::V06 => Role::Extra,
        }
    }
}

/// Workloads with one metric: the base first, then its variants.
struct Family {
    metric: &'static str,
    direction: Direction,
    targets: &'static [(&'static str, f64)],
}

const fn family(metric: &'static str, direction: Direction, targets: &'static [(&'static str, f64)]) -> Family {
    Family { metric, direction, targets }
}

/// Of both editions.
const BASES: [&str; 8] = [
    "criteo1tb",
    "fastmri",
    "imagenet_resnet",
    "imagenet_vit",
    "librispeech_conformer",
    "librispeech_deepspeech",
    "ogbg",
    "wmt",
];

/// Drawn for the first competition.
const HELD_OUT: [&str; 6] = [
    "criteo1tb_embed_init",
    "fastmri_tanh",
    "imagenet_resnet_large_bn_init",
    "librispeech_conformer_layernorm",
    "ogbg_model_size",
    "wmt_glu_tanh",
];

const FAMILIES: &[Family] = &[
    family(
        "loss",
        Direction::Decreasing,
        &[
            ("criteo1tb", 0.123735),
            ("criteo1tb_test", 0.123735),
            ("criteo1tb_layernorm", 0.123757),
            ("criteo1tb_embed_init", 0.129657),
            ("criteo1tb_resnet", 0.12415),
        ],
    ),
    family(
        "ssim",
        Direction::Increasing,
        &[
            ("fastmri", 0.723653),
            ("fastmri_model_size", 0.723559),
            ("fastmri_tanh", 0.71784),
            ("fastmri_layernorm", 0.723284),
        ],
    ),
    // The rules state the error, the logs hold the accuracy: 1 - 0.22569.
    family(
        "accuracy",
        Direction::Increasing,
        &[
            ("imagenet_resnet", 0.77431),
            ("imagenet_resnet_silu", 0.75445),
            ("imagenet_resnet_gelu", 0.76765),
            ("imagenet_resnet_large_bn_init", 0.76526),
        ],
    ),
    family(
        "accuracy",
        Direction::Increasing,
        &[
            ("imagenet_vit", 0.77309),
            ("imagenet_vit_glu", 0.75738),
            ("imagenet_vit_post_ln", 0.75312),
            ("imagenet_vit_map", 0.77113),
        ],
    ),
    family(
        "wer",
        Direction::Decreasing,
        &[
            ("librispeech_conformer", 0.085884),
            ("librispeech_conformer_attention_temperature", 0.109977),
            ("librispeech_conformer_layernorm", 0.09731),
            ("librispeech_conformer_gelu", 0.094114),
        ],
    ),
    family(
        "wer",
        Direction::Decreasing,
        &[
            ("librispeech_deepspeech", 0.119936),
            ("librispeech_deepspeech_tanh", 0.150883),
            ("librispeech_deepspeech_no_resnet", 0.131564),
            ("librispeech_deepspeech_norm_and_spec_aug", 0.14342),
        ],
    ),
    family("ppl", Direction::Decreasing, &[("finewebedu_lm", 22.2995)]),
    family(
        "mean_average_precision",
        Direction::Increasing,
        &[("ogbg", 0.28098), ("ogbg_gelu", 0.27771), ("ogbg_silu", 0.282178), ("ogbg_model_size", 0.269446)],
    ),
    family(
        "bleu",
        Direction::Increasing,
        &[("wmt", 30.8491), ("wmt_post_ln", 30.0779), ("wmt_attention_temp", 29.3379), ("wmt_glu_tanh", 29.5779)],
    ),
    family("accuracy", Direction::Increasing, &[("cifar", 0.85)]),
    family("accuracy", Direction::Increasing, &[("mnist", 0.97)]),
];
