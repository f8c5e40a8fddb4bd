use std::path::Path;

use rheostat_control::TrainingMethodSpec;
use rheostat_record::WorkloadFacts;

use super::cifar10::{ACCURACY, Cifar10, DATASET, SAMPLES, Setup, VIT_KNOBS, VIT_METHODS};
use crate::WorkloadError;
use crate::models::{Readout, Vit, VitConfig};

/// The small transformer of omihub777/ViT-CIFAR, with perceptrons of four times the width as in Dosovitskiy et al. 2020.
const CONFIG: VitConfig = VitConfig {
    side: 32,
    patch: 4,
    width: 384,
    layers: 7,
    heads: 12,
    hidden: 1536,
    readout: Readout::ClassToken,
    classes: 10,
};

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "cifar10-vit",
    summary: "a vision transformer of 7 layers and width 384 on CIFAR-10",
    dataset: DATASET,
    samples: SAMPLES,
    sample: "images",
    parameters: CONFIG.parameters() as u64,
    metric: ACCURACY,
    target: 0.75,
    knobs: VIT_KNOBS,
    methods: VIT_METHODS,
    recipe: include_str!("../../recipes/cifar10-vit.toml"),
};

/// Reads the data.
pub(crate) fn open(data: Option<&Path>, methods: &[TrainingMethodSpec]) -> Result<Cifar10<Vit>, WorkloadError> {
    Cifar10::open(data, methods, Setup { facts: &FACTS, reduction: 1, init: |_, device| CONFIG.init(device) })
}
