use std::path::Path;

use rheostat_control::TrainingMethodSpec;
use rheostat_record::WorkloadFacts;

use super::cifar10::{ACCURACY, Cifar10, DATASET, RESNET_KNOBS, RESNET_METHODS, SAMPLES, Setup, blurs};
use crate::WorkloadError;
use crate::models::{ResNet, ResNetConfig, Shortcut};

/// The stages of the ImageNet network behind a stem for small images.
const CONFIG: ResNetConfig = ResNetConfig {
    widths: &[64, 128, 256, 512],
    blocks: 2,
    shortcut: Shortcut::Projected,
    zero_last_scale: false,
    blurpool: false,
    classes: 10,
};

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "cifar10-resnet18",
    summary: "a residual network of 18 layers at full width on CIFAR-10",
    dataset: DATASET,
    samples: SAMPLES,
    sample: "images",
    parameters: CONFIG.parameters() as u64,
    metric: ACCURACY,
    target: 0.93,
    knobs: RESNET_KNOBS,
    methods: RESNET_METHODS,
    recipe: include_str!("../../recipes/cifar10-resnet18.toml"),
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
