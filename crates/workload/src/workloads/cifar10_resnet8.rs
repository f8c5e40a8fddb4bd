use std::path::Path;

use rheostat_control::TrainingMethodSpec;
use rheostat_record::WorkloadFacts;

use super::cifar10::{ACCURACY, Cifar10, DATASET, RESNET_KNOBS, RESNET_METHODS, SAMPLES, Setup, blurs};
use crate::WorkloadError;
use crate::models::{ResNet, ResNetConfig, Shortcut};

const CONFIG: ResNetConfig = ResNetConfig {
    widths: &[16, 32, 64],
    blocks: 1,
    shortcut: Shortcut::Projected,
    zero_last_scale: true,
    blurpool: false,
    classes: 10,
};

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "cifar10-resnet8",
    summary: "a residual network of 8 layers on CIFAR-10 averaged to 16x16",
    dataset: DATASET,
    samples: SAMPLES,
    sample: "images",
    parameters: CONFIG.parameters() as u64,
    metric: ACCURACY,
    target: 0.60,
    knobs: RESNET_KNOBS,
    methods: RESNET_METHODS,
    recipe: include_str!("../../recipes/cifar10-resnet8.toml"),
};

/// Reads the data.
pub(crate) fn open(data: Option<&Path>, methods: &[TrainingMethodSpec]) -> Result<Cifar10<ResNet>, WorkloadError> {
    Cifar10::open(
        data,
        methods,
        Setup {
            facts: &FACTS,
            reduction: 2,
            init: |methods, device| ResNetConfig { blurpool: blurs(methods), ..CONFIG }.init(device),
        },
    )
}
