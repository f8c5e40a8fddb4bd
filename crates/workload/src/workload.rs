use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rheostat_control::{Hyperparameter, Hyperparameters};
use rheostat_record::WorkloadFacts;

/// One training problem: a model, its data, its loss, its metric.
///
/// Host batches hold no tensors and use no random state of Burn, so a worker thread can assemble them ahead.
pub trait Workload: Send + Sync + 'static {
    /// The model.
    type Model: Module + 'static;
    /// Samples as plain host data.
    type Batch: Send + 'static;

    /// What everybody else needs to know of it.
    fn facts(&self) -> &'static WorkloadFacts;

    /// Training samples really present.
    fn samples(&self) -> u64;

    /// A freshly initialised model with every parameter drawn; the caller seeds the device first.
    fn model(&self, device: &Device) -> Self::Model;

    /// Assembles training samples, by their indices in `0..samples()`. Augmentation is a pure function of
    /// (seed, epoch, index), and mixing one of (seed, epoch, indices).
    fn batch(&self, indices: &[usize], seed: u64, epoch: u64, knobs: &BatchKnobs) -> Self::Batch;

    /// The mean loss over a batch, a tensor of one element. On an autodiff device dropout draws from the device's generator,
    /// which the caller seeds before every call.
    fn loss(&self, model: &Self::Model, batch: &Self::Batch, knobs: &Knobs, device: &Device) -> Tensor<1>;

    /// Loss and metric over a whole split, in fixed chunks, without dropout, label smoothing or augmentation. `model` is a
    /// `valid()` model and `device` the plain device it lives on.
    fn evaluate(&self, model: &Self::Model, split: Split, device: &Device) -> Evaluation;
}

/// Data that a model does not train on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Split {
    /// Watched during training; targets are values of it.
    Validation,
    /// Read once, at the end; never decides anything.
    Test,
}

/// Means over a split. Both are NaN if the model's outputs are not all finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Mean loss a sample, without label smoothing.
    pub loss: f64,
    /// The workload's metric.
    pub metric: f64,
}

/// The hyperparameters that act on a batch while it is assembled; they may differ from update to update. The default changes
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchKnobs {
    /// `alpha` of the Beta distribution that samples are mixed by, at least 0; 0 mixes nothing.
    pub mixup: f64,
    /// Side of the square cut out of every image, as a share of the image's side, from 0 to 1.
    pub cutout: f64,
    /// Side of the images as a share of their full side, more than 0 and at most 1.
    pub image_scale: f64,
}

impl Default for BatchKnobs {
    fn default() -> Self {
        Self { mixup: 0.0, cutout: 0.0, image_scale: 1.0 }
    }
}

impl From<&Hyperparameters> for BatchKnobs {
    fn from(values: &Hyperparameters) -> Self {
        let of = |which, otherwise| values.get(which).unwrap_or(otherwise);
        Self {
            mixup: of(Hyperparameter::Mixup, 0.0),
            cutout: of(Hyperparameter::Cutout, 0.0),
            image_scale: of(Hyperparameter::ImageScale, 1.0),
        }
    }
}

/// The hyperparameters that act inside the loss; they may differ from update to update.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Knobs {
    /// Probability that a unit is dropped, at least 0 and less than 1.
    pub dropout: f64,
    /// Mass taken from the true class and spread over all classes, at least 0 and less than 1.
    pub label_smoothing: f64,
    /// Share of the layers, counted from the input, that do not learn, from 0 to 1.
    pub frozen: f64,
}

impl From<&Hyperparameters> for Knobs {
    fn from(values: &Hyperparameters) -> Self {
        let of = |which| values.get(which).unwrap_or(0.0);
        Self {
            dropout: of(Hyperparameter::Dropout),
            label_smoothing: of(Hyperparameter::LabelSmoothing),
            frozen: of(Hyperparameter::Frozen),
        }
    }
}
