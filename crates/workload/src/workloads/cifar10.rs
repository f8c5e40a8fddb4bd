use std::ops::Range;
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

/// The held-out images of a split: the first half for validation, the second for the test.
fn half(split: Split, count: usize) -> Range<usize> {
    match split {
        Split::Validation => 0..count / 2,
        Split::Test => count / 2..count,
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
        let range = half(split, held_out.len());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{ResNet, ResNetConfig, Shortcut};

    const TINY: ResNetConfig =
        ResNetConfig { widths: &[2, 4], blocks: 1, shortcut: Shortcut::Projected, zero_last_scale: false, classes: 10 };

    fn workload(reduction: usize) -> Cifar10<ResNet> {
        let facts = &crate::workloads::cifar10_resnet8::FACTS;
        let setup = Setup { facts, reduction, init: |device| TINY.init(device) };
        Cifar10 { data: Data::noise(40, 20), setup }
    }

    #[test]
    fn a_batch_is_a_function_of_seed_epoch_and_indices() {
        let workload = workload(1);
        let (some, more): (Vec<usize>, Vec<usize>) = ((0..20).collect(), (0..40).collect());
        let batch = workload.batch(&some, 1, 2);
        assert_eq!(batch, workload.batch(&some, 1, 2));
        assert_ne!(batch, workload.batch(&some, 1, 3));
        assert_ne!(batch, workload.batch(&some, 2, 2));
        // Company changes nothing: each sample is drawn for itself.
        let larger = workload.batch(&more, 1, 2);
        assert_eq!(batch.pixels, larger.pixels[..batch.pixels.len()]);
        assert_eq!(batch.labels, larger.labels[..20]);
    }

    #[test]
    fn batches_have_the_size_that_the_model_sees() {
        assert_eq!(workload(1).batch(&[0, 1, 2], 0, 0).pixels.len(), 3 * 3 * 32 * 32);
        assert_eq!(workload(2).batch(&[0, 1, 2], 0, 0).pixels.len(), 3 * 3 * 16 * 16);
        assert_eq!((workload(1).border(), workload(2).border()), (4, 2));
    }

    #[test]
    fn validation_and_test_share_no_image() {
        assert_eq!((half(Split::Validation, 10_000), half(Split::Test, 10_000)), (0..5000, 5000..10_000));
    }

    #[test]
    fn an_evaluation_is_the_mean_over_its_half_however_it_is_cut() {
        let device = Device::flex();
        let mut workload = workload(2);
        workload.data = Data::noise(1, 2 * CHUNK + 100);
        let model = workload.model(&device);
        let whole = workload.evaluate(&model, Split::Validation, &device);
        let mut pixels = Vec::new();
        let labels: Vec<u8> = (0..CHUNK + 50).map(|index| workload.data.held_out.label(index)).collect();
        for index in 0..CHUNK + 50 {
            render(workload.data.held_out.image(index), 2, View::default(), &mut pixels);
        }
        let mut tally = Tally::default();
        tally.add(model.forward(workload.images(&pixels, &device), 0.0), &labels);
        assert!((whole.loss - tally.accuracy().loss).abs() < 1e-6);
        assert_eq!(whole.metric, tally.accuracy().metric);
    }
}
