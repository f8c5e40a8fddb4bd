use std::ops::Range;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rheostat_control::training_methods::{Autoaugment, Blurpool, Randaugment};
use rheostat_control::{Hyperparameter, TrainingMethodSpec};
use rheostat_record::{Direction, Metric, WorkloadFacts};

use super::ImageBatch;
use crate::augment::{Hole, View, render, side};
use crate::data::Cifar10 as Data;
use crate::data::cifar10::{COLOURS, NAME, SIDE};
use crate::loss::Tally;
use crate::models::{Classifier, initialised};
use crate::policy::Policy;
use crate::resize::scaled_side;
use crate::{BatchKnobs, Evaluation, Knobs, Split, Workload, WorkloadError};

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
    methods: Vec<TrainingMethodSpec>,
    /// What distorts the stored images.
    policy: Option<Policy>,
}

/// What tells the workloads on this dataset apart.
#[derive(Debug)]
pub(super) struct Setup<M> {
    pub(super) facts: &'static WorkloadFacts,
    /// Rows and columns of the squares that are averaged to one pixel.
    pub(super) reduction: usize,
    pub(super) init: fn(&[TrainingMethodSpec], &Device) -> M,
}

/// Whether the recipe wants a blur before each stride.
pub(super) fn blurs(methods: &[TrainingMethodSpec]) -> bool {
    methods.iter().any(|method| matches!(method, TrainingMethodSpec::Blurpool(_)))
}

/// What recipes may move in residual networks here, and the methods they know besides.
pub(super) const RESNET_KNOBS: &[Hyperparameter] = &[
    Hyperparameter::LabelSmoothing,
    Hyperparameter::Mixup,
    Hyperparameter::Cutout,
    Hyperparameter::ImageScale,
    Hyperparameter::Frozen,
];
pub(super) const RESNET_METHODS: &[&str] = &[Blurpool::METHOD.name, Randaugment::METHOD.name, Autoaugment::METHOD.name];

/// The same for transformers, whose positions are those of one image size.
pub(super) const VIT_KNOBS: &[Hyperparameter] =
    &[Hyperparameter::Dropout, Hyperparameter::LabelSmoothing, Hyperparameter::Mixup, Hyperparameter::Cutout];
pub(super) const VIT_METHODS: &[&str] = &[Randaugment::METHOD.name, Autoaugment::METHOD.name];

impl<M> Cifar10<M> {
    pub(super) fn open(
        data: Option<&Path>,
        methods: &[TrainingMethodSpec],
        setup: Setup<M>,
    ) -> Result<Self, WorkloadError> {
        let folder = data.ok_or(WorkloadError::NoDataFolder { dataset: NAME })?;
        Ok(Self { data: Data::load(folder)?, setup, methods: methods.to_vec(), policy: Policy::of(methods) })
    }

    /// Rows and columns of an image at full size.
    fn side(&self) -> usize {
        side(self.setup.reduction)
    }

    /// The border of the random crop: an eighth of the image, 4 pixels at 32x32.
    fn border(&self) -> usize {
        self.side() / 8
    }
}

fn images(batch: &ImageBatch, device: &Device) -> Tensor<4> {
    let shape = [batch.labels.len(), COLOURS, batch.side, batch.side];
    Tensor::from_data(TensorData::new(batch.pixels.clone(), shape), device)
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
        initialised((self.setup.init)(&self.methods, device))
    }

    fn batch(&self, indices: &[usize], seed: u64, epoch: u64, knobs: &BatchKnobs) -> ImageBatch {
        let side = self.side();
        let mut batch = ImageBatch::empty(side);
        batch.pixels.reserve(indices.len() * COLOURS * side * side);
        for &index in indices {
            let view = View::random(seed, epoch, index, self.border());
            let start = batch.pixels.len();
            let image = self.data.train.image(index);
            let distorted = self.policy.map(|policy| policy.apply(image, SIDE, seed, epoch, index));
            render(distorted.as_deref().unwrap_or(image), self.setup.reduction, view, &mut batch.pixels);
            if let Some(hole) = Hole::random(seed, epoch, index, side, knobs.cutout) {
                hole.cut(&mut batch.pixels[start..], side);
            }
            batch.labels.push(self.data.train.label(index));
        }
        batch.resized(scaled_side(side, knobs.image_scale)).mixed(knobs.mixup, indices, seed, epoch)
    }

    fn loss(&self, model: &M, batch: &ImageBatch, knobs: &Knobs, device: &Device) -> Tensor<1> {
        let logits = model.forward_frozen(images(batch, device), knobs.dropout, knobs.frozen);
        batch.loss(logits, knobs.label_smoothing, device)
    }

    fn evaluate(&self, model: &M, split: Split, device: &Device) -> Evaluation {
        let held_out = &self.data.held_out;
        let range = half(split, held_out.len());
        let mut tally = Tally::default();
        for start in range.clone().step_by(CHUNK) {
            let mut batch = ImageBatch::empty(self.side());
            for index in start..range.end.min(start + CHUNK) {
                render(held_out.image(index), self.setup.reduction, View::default(), &mut batch.pixels);
                batch.labels.push(held_out.label(index));
            }
            tally.add(model.forward(images(&batch, device), 0.0), &batch.labels);
        }
        tally.accuracy()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::cifar10::PIXELS;
    use crate::models::{ResNet, ResNetConfig, Shortcut};

    const TINY: ResNetConfig = ResNetConfig {
        widths: &[2, 4],
        blocks: 1,
        shortcut: Shortcut::Projected,
        zero_last_scale: false,
        blurpool: false,
        classes: 10,
    };

    const PLAIN: BatchKnobs = BatchKnobs { mixup: 0.0, cutout: 0.0, image_scale: 1.0 };

    fn workload(reduction: usize) -> Cifar10<ResNet> {
        let facts = &crate::workloads::cifar10_resnet8::FACTS;
        let setup = Setup { facts, reduction, init: |_, device| TINY.init(device) };
        Cifar10 { data: Data::noise(40, 20), setup, methods: Vec::new(), policy: None }
    }

    #[test]
    fn a_batch_is_a_function_of_seed_epoch_and_indices() {
        let workload = workload(1);
        let (some, more): (Vec<usize>, Vec<usize>) = ((0..20).collect(), (0..40).collect());
        let batch = workload.batch(&some, 1, 2, &PLAIN);
        assert_eq!(batch, workload.batch(&some, 1, 2, &PLAIN));
        assert_ne!(batch, workload.batch(&some, 1, 3, &PLAIN));
        assert_ne!(batch, workload.batch(&some, 2, 2, &PLAIN));
        // Company changes nothing: each sample is drawn for itself.
        let larger = workload.batch(&more, 1, 2, &PLAIN);
        assert_eq!(batch.pixels, larger.pixels[..batch.pixels.len()]);
        assert_eq!(batch.labels, larger.labels[..20]);
    }

    #[test]
    fn batches_have_the_size_that_the_model_sees() {
        assert_eq!(workload(1).batch(&[0, 1, 2], 0, 0, &PLAIN).pixels.len(), 3 * 3 * 32 * 32);
        assert_eq!(workload(2).batch(&[0, 1, 2], 0, 0, &PLAIN).pixels.len(), 3 * 3 * 16 * 16);
        assert_eq!((workload(1).border(), workload(2).border()), (4, 2));
    }

    #[test]
    fn a_hole_is_cut_out_of_what_the_model_would_have_seen() {
        let batch = |cutout| workload(2).batch(&[3, 4], 0, 0, &BatchKnobs { cutout, ..PLAIN });
        let (plain, cut) = (batch(0.0), batch(0.5));
        let changed = |image: usize| {
            let pixels = image * 768..(image + 1) * 768;
            pixels
                .filter(|&place| plain.pixels[place] != cut.pixels[place])
                .inspect(|&place| assert_eq!(cut.pixels[place], 0.0))
                .count()
        };
        for image in 0..2 {
            assert!((3 * 16..=3 * 64).contains(&changed(image)), "{}", changed(image));
        }
        assert_eq!(plain.labels, cut.labels);
    }

    #[test]
    fn smaller_images_are_the_full_ones_averaged_and_then_mixed() {
        let batch =
            |mixup, image_scale| workload(1).batch(&[3, 4, 5], 0, 0, &BatchKnobs { mixup, image_scale, ..PLAIN });
        let half = batch(0.0, 0.5);
        assert_eq!((half.side, half.pixels.len()), (16, 3 * 3 * 16 * 16));
        assert_eq!(half, batch(0.0, 1.0).resized(16));
        assert_eq!(batch(0.3, 0.5), half.mixed(0.3, &[3, 4, 5], 0, 0));
    }

    #[test]
    fn a_policy_distorts_training_images_before_anything_else() {
        let mut distorting = workload(1);
        let plain = distorting.batch(&[0, 1, 2, 3], 0, 0, &PLAIN);
        distorting.policy = Some(Policy::Learned);
        let distorted = distorting.batch(&[0, 1, 2, 3], 0, 0, &PLAIN);
        assert_ne!(plain, distorted);
        assert_eq!(plain.labels, distorted.labels);
        let mut expected = Vec::new();
        let image = Policy::Learned.apply(distorting.data.train.image(2), SIDE, 0, 0, 2);
        render(&image, 1, View::random(0, 0, 2, 4), &mut expected);
        assert_eq!(distorted.pixels[2 * PIXELS..3 * PIXELS], expected);
    }

    #[test]
    fn a_model_takes_images_of_every_side() {
        let device = Device::flex().autodiff();
        let workload = workload(1);
        let model = workload.model(&device);
        for image_scale in [0.1, 0.5, 0.6, 1.0] {
            let batch = workload.batch(&[0, 1], 0, 0, &BatchKnobs { image_scale, ..PLAIN });
            let loss = workload.loss(&model, &batch, &Knobs::default(), &device);
            assert!(loss.clone().into_scalar::<f32>().is_finite(), "{image_scale}");
            let _ = loss.backward();
        }
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
        let mut batch = ImageBatch::empty(16);
        for index in 0..CHUNK + 50 {
            render(workload.data.held_out.image(index), 2, View::default(), &mut batch.pixels);
            batch.labels.push(workload.data.held_out.label(index));
        }
        let mut tally = Tally::default();
        tally.add(model.forward(images(&batch, &device), 0.0), &batch.labels);
        assert!((whole.loss - tally.accuracy().loss).abs() < 1e-6);
        assert_eq!(whole.metric, tally.accuracy().metric);
    }
}
