use std::path::Path;

use rheostat_control::TrainingMethodSpec;
use rheostat_record::WorkloadFacts;

use super::cifar10::{ACCURACY, Cifar10, DATASET, RESNET_KNOBS, RESNET_METHODS, SAMPLES, Setup, blurs};
use crate::WorkloadError;
use crate::models::{ResNet, ResNetConfig, Shortcut};

/// He et al. 2016, section 4.2, with their shortcuts without parameters.
const CONFIG: ResNetConfig = ResNetConfig {
    widths: &[16, 32, 64],
    blocks: 3,
    shortcut: Shortcut::Padded,
    zero_last_scale: false,
    blurpool: false,
    classes: 10,
};

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "cifar10-resnet20",
    summary: "the residual network of 20 layers of He et al. 2016 on CIFAR-10",
    dataset: DATASET,
    samples: SAMPLES,
    sample: "images",
    parameters: CONFIG.parameters() as u64,
    metric: ACCURACY,
    target: 0.90,
    knobs: RESNET_KNOBS,
    methods: RESNET_METHODS,
    recipe: include_str!("../../recipes/cifar10-resnet20.toml"),
};

/// Reads the data.
pub(crate) fn open(data: Option<&Path>, methods: &[TrainingMethodSpec]) -> Result<Cifar10<ResNet>, WorkloadError> {
    Cifar10::open(
        data,
        methods,
        Setup {
            facts: &FACTS,
            reduction: 1,
            init: |methods, device| ResNetConfig { blurpool: blurs(methods), ..CONFIG }.init(device),
        },
    )
}
