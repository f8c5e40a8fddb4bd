use std::fmt;

use rheostat_schedule::Schedule;
use serde::{Deserialize, Serialize};

use crate::ControlError;

/// A quantity that may move during training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hyperparameter {
    /// Learning rate, the factor on the update direction.
    LearningRate,
    /// Heavy-ball factor of SGD, or Adam's beta1.
    Momentum,
    /// Decay of Adam's second moment.
    Beta2,
    /// Weight decay; what it multiplies is the optimizer's [`crate::DecayCoupling`].
    WeightDecay,
    /// Samples in one update.
    BatchSize,
    /// Bound on the global gradient norm.
    ClipNorm,
    /// Probability that a unit is dropped.
    Dropout,
    /// Mass taken from the true class and spread over all classes.
    LabelSmoothing,
    /// `alpha` of the Beta distribution that samples are mixed by; 0 mixes nothing.
    Mixup,
    /// Side of the square cut out of every training image, as a share of the image's side; 0 cuts nothing.
    Cutout,
    /// Side of the training images as a share of their full side.
    ImageScale,
    /// Share of the layers, counted from the input, that do not learn.
    Frozen,
}

impl Hyperparameter {
    /// Every hyperparameter, in the order of columns and reports.
    pub const ALL: [Self; 12] = [
        Self::LearningRate,
        Self::Momentum,
        Self::Beta2,
        Self::WeightDecay,
        Self::BatchSize,
        Self::ClipNorm,
        Self::Dropout,
        Self::LabelSmoothing,
        Self::Mixup,
        Self::Cutout,
        Self::ImageScale,
        Self::Frozen,
    ];

    /// Its name in recipes, events and columns.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LearningRate => "learning_rate",
            Self::Momentum => "momentum",
            Self::Beta2 => "beta2",
            Self::WeightDecay => "weight_decay",
            Self::BatchSize => "batch_size",
            Self::ClipNorm => "clip_norm",
            Self::Dropout => "dropout",
            Self::LabelSmoothing => "label_smoothing",
            Self::Mixup => "mixup",
            Self::Cutout => "cutout",
            Self::ImageScale => "image_scale",
            Self::Frozen => "frozen",
        }
    }

    /// The hyperparameter of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// What values it may take, in words.
    pub const fn range(self) -> &'static str {
        match self {
            Self::LearningRate | Self::WeightDecay | Self::Mixup => "finite and at least 0",
            Self::Momentum | Self::Beta2 | Self::Dropout | Self::LabelSmoothing => "at least 0 and less than 1",
            Self::BatchSize => "at least 1",
            Self::ClipNorm => "greater than 0",
            Self::Cutout | Self::Frozen => "at least 0 and at most 1",
            Self::ImageScale => "more than 0 and at most 1",
        }
    }

    /// Checks one value against [`Self::range`].
    ///
    /// # Errors
    /// [`ControlError::OutOfRange`], naming the hyperparameter.
    pub fn check(self, value: f64) -> Result<(), ControlError> {
        let permitted = match self {
            Self::LearningRate | Self::WeightDecay | Self::Mixup => value.is_finite() && value >= 0.0,
            Self::Momentum | Self::Beta2 | Self::Dropout | Self::LabelSmoothing => (0.0..1.0).contains(&value),
            Self::BatchSize => value.is_finite() && value >= 1.0,
            Self::ClipNorm => value > 0.0,
            Self::Cutout | Self::Frozen => (0.0..=1.0).contains(&value),
            Self::ImageScale => value > 0.0 && value <= 1.0,
        };
        if permitted {
            Ok(())
        } else {
            Err(ControlError::OutOfRange { field: self.name().to_owned(), value, range: self.range() })
        }
    }

    /// Whether only some workloads have it: it acts on samples, model or loss.
    pub const fn is_of_the_workload(self) -> bool {
        matches!(self, Self::Dropout | Self::LabelSmoothing | Self::Frozen) || self.acts_on_batches()
    }

    /// Whether it acts on samples while a batch is assembled. Batches are assembled ahead of their updates, so that such a value
    /// can follow a schedule and no controller.
    pub const fn acts_on_batches(self) -> bool {
        matches!(self, Self::Mixup | Self::Cutout | Self::ImageScale)
    }

    /// The first breakpoint of a curve, or update before one, whose value [`Self::check`] refuses, with that value. Between
    /// breakpoints a curve is monotone, so its values there tell its range. `total` is the length of the run.
    pub fn first_refused(self, curve: &Schedule, total: Option<u64>) -> Option<(u64, f64)> {
        let last = total.unwrap_or(u64::MAX).saturating_sub(1);
        let breakpoints = curve.breakpoints();
        let around = breakpoints.iter().flat_map(|step| [step.saturating_sub(1), *step]);
        let steps = around.chain([0, last]).filter(|step| *step <= last);
        steps.map(|step| (step, curve.at(step))).find(|(_, value)| self.check(*value).is_err())
    }
}

impl fmt::Display for Hyperparameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Values of some hyperparameters; the ones not set are somebody else's to decide.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hyperparameters {
    values: [Option<f64>; Hyperparameter::ALL.len()],
}

impl Hyperparameters {
    /// No value set.
    pub const fn new() -> Self {
        Self { values: [None; Hyperparameter::ALL.len()] }
    }

    /// The value, if set.
    pub fn get(&self, which: Hyperparameter) -> Option<f64> {
        self.values[which as usize]
    }

    /// Sets a value.
    pub fn set(&mut self, which: Hyperparameter, value: f64) {
        self.values[which as usize] = Some(value);
    }

    /// The same with one value set.
    #[must_use]
    pub fn with(mut self, which: Hyperparameter, value: f64) -> Self {
        self.set(which, value);
        self
    }

    /// The same with one value left for somebody else to decide.
    #[must_use]
    pub fn without(mut self, which: Hyperparameter) -> Self {
        self.values[which as usize] = None;
        self
    }

    /// These values, replaced by `other` where it has one.
    #[must_use]
    pub fn overridden_by(mut self, other: &Self) -> Self {
        for (which, value) in other.iter() {
            self.set(which, value);
        }
        self
    }

    /// The values set, in the order of [`Hyperparameter::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Hyperparameter, f64)> + '_ {
        Hyperparameter::ALL.into_iter().filter_map(|which| Some((which, self.get(which)?)))
    }
}

impl FromIterator<(Hyperparameter, f64)> for Hyperparameters {
    fn from_iter<I: IntoIterator<Item = (Hyperparameter, f64)>>(values: I) -> Self {
        let mut all = Self::new();
        for (which, value) in values {
            all.set(which, value);
        }
        all
    }
}
