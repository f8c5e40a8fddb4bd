use burn::tensor::{Device, Tensor, TensorData};
use rheostat_control::Hyperparameter;
use rheostat_record::{Direction, Metric, WorkloadFacts};

use super::ImageBatch;
use crate::data::Digits;
use crate::data::digits::{CLASSES, PIXELS, Part, SIDE};
use crate::loss::Tally;
use crate::models::{Classifier, Mlp, MlpConfig, initialised};
use crate::{BatchKnobs, Evaluation, Knobs, Split, Workload, WorkloadError};

const CONFIG: MlpConfig = MlpConfig { inputs: PIXELS, hidden: 64, classes: CLASSES };

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "digits-mlp",
    summary: "a perceptron with two hidden layers of 64 on 8x8 handwritten digits, embedded in the program",
    dataset: None,
    samples: 1077,
    sample: "images",
    parameters: CONFIG.parameters() as u64,
    metric: Metric { name: "accuracy", direction: Direction::Increasing },
    target: 0.95,
    knobs: &[Hyperparameter::Dropout, Hyperparameter::LabelSmoothing, Hyperparameter::Mixup],
    methods: &[],
    recipe: include_str!("../../recipes/digits-mlp.toml"),
};

/// The smallest workload: trains in seconds and needs no download.
#[derive(Debug)]
pub struct DigitsMlp {
    digits: Digits,
}

impl DigitsMlp {
    /// Unpacks the embedded images.
    ///
    /// # Errors
    /// The images built into the program are not the ones expected.
    pub fn open() -> Result<Self, WorkloadError> {
        Ok(Self { digits: Digits::load()? })
    }
}

impl Workload for DigitsMlp {
    type Model = Mlp;
    type Batch = ImageBatch;

    fn facts(&self) -> &'static WorkloadFacts {
        &FACTS
    }

    fn samples(&self) -> u64 {
        self.digits.train.labels.len() as u64
    }

    fn model(&self, device: &Device) -> Mlp {
        initialised(CONFIG.init(device))
    }

    fn batch(&self, indices: &[usize], seed: u64, epoch: u64, knobs: &BatchKnobs) -> ImageBatch {
        let Part { pixels, labels } = &self.digits.train;
        let mut batch = ImageBatch::empty(SIDE);
        for &index in indices {
            batch.pixels.extend_from_slice(&pixels[index * PIXELS..(index + 1) * PIXELS]);
            batch.labels.push(labels[index]);
        }
        batch.mixed(knobs.mixup, indices, seed, epoch)
    }

    fn loss(&self, model: &Mlp, batch: &ImageBatch, knobs: &Knobs, device: &Device) -> Tensor<1> {
        let logits = model.forward(images(&batch.pixels, device), knobs.dropout);
        batch.loss(logits, knobs.label_smoothing, device)
    }

    fn evaluate(&self, model: &Mlp, split: Split, device: &Device) -> Evaluation {
        let part = match split {
            Split::Validation => &self.digits.validation,
            Split::Test => &self.digits.test,
        };
        let mut tally = Tally::default();
        tally.add(model.forward(images(&part.pixels, device), 0.0), &part.labels);
        tally.accuracy()
    }
}

fn images(pixels: &[f32], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(pixels.to_vec(), [pixels.len() / PIXELS, PIXELS]), device)
}
