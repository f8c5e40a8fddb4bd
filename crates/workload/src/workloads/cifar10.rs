use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rheostat_record::{Direction, Metric, WorkloadFacts};

use crate::augment::{View, render, side};
use crate::data::Cifar10 as Data;
use crate::data::cifar10::{COLOURS, NAME};
use crate::loss::{self, Tally};
use crate::models::{Classifier, initialised};
use crate::{Evaluation, Knobs, Split, Workload, WorkloadError};

/// The same for every model on this dataset.
pub(super) const ACCURACY: Metric = Metric { name: "accuracy", direction: Direction::Increasing };
pub(super) const DATASET: Option<&str> = Some(NAME);
pub(super) const SAMPLES: u64 = 50_000;

/// Images in one pass of an evaluation.
const CHUNK: usize = 250;

/// A model that sorts the photographs of CIFAR-10 into their classes.
#[derive(Debug)]
pub struct Cifar10<M> {
    data: Data,
    setup: Setup<M>,
}

/// What tells the workloads on this dataset apart.
#[derive(Debug)]
pub(super) struct Setup<M> {
    pub(super) facts: &'static WorkloadFacts,
    /// Rows and columns of the squares that are averaged to one pixel.
    pub(super) reduction: usize,
    pub(super) init: fn(&Device) -> M,
}

/// Normalised images with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageBatch {
    pixels: Vec<f32>,
    labels: Vec<u8>,
}

impl<M> Cifar10<M> {
    pub(super) fn open(data: Option<&Path>, setup: Setup<M>) -> Result<Self, WorkloadError> {
        let folder = data.ok_or(WorkloadError::NoDataFolder { dataset: NAME })?;
        Ok(Self { data: Data::load(folder)?, setup })
    }

    /// The border of the random crop: an eighth of the image, 4 pixels at 32x32.
    fn border(&self) -> usize {
        side(self.setup.reduction) / 8
    }

    fn images(&self, pixels: &[f32], device: &Device) -> Tensor<4> {
        let side = side(self.setup.reduction);
        let count = pixels.len() / (COLOURS * side * side);
        Tensor::from_data(TensorData::new(pixels.to_vec(), [count, COLOURS, side, side]), device)
    }

    fn empty_batch(&self, count: usize) -> ImageBatch {
        let side = side(self.setup.reduction);
        ImageBatch { pixels: Vec::with_capacity(count * COLOURS * side * side), labels: Vec::with_capacity(count) }
    }
}

impl<M: Classifier<4> + 'static> Workload for Cifar10<M> {
    type Model = M;
    type Batch = ImageBatch;

    fn facts(&self) -> &'static WorkloadFacts {
        self.setup.facts
    }

    fn samples(&self) -> u64 {
        self.data.train.len() as u64
    }

    fn model(&self, device: &Device) -> M {
        initialised((self.setup.init)(device))
    }

    fn batch(&self, indices: &[usize], seed: u64, epoch: u64) -> ImageBatch {
        let mut batch = self.empty_batch(indices.len());
        for &index in indices {
            let view = View::random(seed, epoch, index, self.border());
            render(self.data.train.image(index), self.setup.reduction, view, &mut batch.pixels);
            batch.labels.push(self.data.train.label(index));
        }
        batch
    }

    fn loss(&self, model: &M, batch: &ImageBatch, knobs: &Knobs, device: &Device) -> Tensor<1> {
        let logits = model.forward(self.images(&batch.pixels, device), knobs.dropout);
        loss::cross_entropy(logits, loss::targets(&batch.labels, device), knobs.label_smoothing)
    }

    fn evaluate(&self, model: &M, split: Split, device: &Device) -> Evaluation {
        let held_out = &self.data.held_out;
        let middle = held_out.len() / 2;
        let range = match split {
            Split::Validation => 0..middle,
            Split::Test => middle..held_out.len(),
        };
        let mut tally = Tally::default();
        for start in range.clone().step_by(CHUNK) {
            let mut batch = self.empty_batch(CHUNK);
            for index in start..range.end.min(start + CHUNK) {
                render(held_out.image(index), self.setup.reduction, View::default(), &mut batch.pixels);
                batch.labels.push(held_out.label(index));
            }
            tally.add(model.forward(self.images(&batch.pixels, device), 0.0), &batch.labels);
        }
        tally.accuracy()
    }
}
