use std::path::Path;

use rheostat_control::TrainingMethodSpec;
use rheostat_record::WorkloadFacts;

use super::cifar10::{ACCURACY, Cifar10, DATASET, SAMPLES, Setup, VIT_KNOBS, VIT_METHODS};
use crate::WorkloadError;
use crate::models::{Readout, Vit, VitConfig};

const CONFIG: VitConfig =
    VitConfig { side: 16, patch: 4, width: 64, layers: 4, heads: 4, hidden: 256, readout: Readout::Mean, classes: 10 };

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "cifar10-vit-mini",
    summary: "a vision transformer of 4 layers and width 64 on CIFAR-10 averaged to 16x16",
    dataset: DATASET,
    samples: SAMPLES,
    sample: "images",
    parameters: CONFIG.parameters() as u64,
    metric: ACCURACY,
    target: 0.50,
    knobs: VIT_KNOBS,
    methods: VIT_METHODS,
    recipe: include_str!("../../recipes/cifar10-vit-mini.toml"),
};

/// Reads the data.
pub(crate) fn open(data: Option<&Path>, methods: &[TrainingMethodSpec]) -> Result<Cifar10<Vit>, WorkloadError> {
    Cifar10::open(data, methods, Setup { facts: &FACTS, reduction: 2, init: |_, device| CONFIG.init(device) })
}
