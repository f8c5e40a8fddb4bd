use rheostat_schedule::ScheduleSpec;
use rheostat_schedule::parameter::Method;
use serde::{Deserialize, Serialize};

use crate::training_methods::{
    Autoaugment, Blurpool, Cutout, LabelSmoothing, LayerFreezing, Mixup, ProgressiveResizing, Randaugment,
};
use crate::{ControlError, Hyperparameter};

/// What the specification of every training method can do.
pub trait TrainingMethod {
    /// Its name and parameters.
    fn method(&self) -> &'static Method;

    /// Checks everything that does not depend on the run.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    fn check(&self) -> Result<(), Vec<ControlError>> {
        Ok(())
    }

    /// The hyperparameter that it is another name for, and how that moves; nothing if the method changes samples or model as a
    /// whole.
    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        None
    }
}

/// A training method as a recipe names it in `methods`: its name, or a table with `method` and that method's parameters.
///
/// ```
/// use rheostat_control::{Hyperparameter, TrainingMethod, TrainingMethodSpec};
///
/// let spec: TrainingMethodSpec = toml::from_str("method = \"mixup\"\nalpha = 0.4\n")?;
/// assert_eq!(spec.schedule(), Some((Hyperparameter::Mixup, 0.4.into())));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum TrainingMethodSpec {
    /// Spreads a share of each label over all classes.
    LabelSmoothing(LabelSmoothing),
    /// Trains on mixtures of two samples.
    Mixup(Mixup),
    /// Cuts a square out of every image.
    Cutout(Cutout),
    /// Distorts every image by some random operations.
    Randaugment(Randaugment),
    /// Distorts every image by one of the learned policies.
    Autoaugment(Autoaugment),
    /// Blurs before each stride.
    Blurpool(Blurpool),
    /// Begins with small images.
    ProgressiveResizing(ProgressiveResizing),
    /// Stops training the first layers before the others.
    LayerFreezing(LayerFreezing),
}

/// Every training method's description.
pub const TRAINING_METHODS: &[Method] = &[
    LabelSmoothing::METHOD,
    Mixup::METHOD,
    Cutout::METHOD,
    Randaugment::METHOD,
    Autoaugment::METHOD,
    Blurpool::METHOD,
    ProgressiveResizing::METHOD,
    LayerFreezing::METHOD,
];

impl TrainingMethodSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        self.method().name
    }

    fn inner(&self) -> &dyn TrainingMethod {
        match self {
            Self::LabelSmoothing(spec) => spec,
            Self::Mixup(spec) => spec,
            Self::Cutout(spec) => spec,
            Self::Randaugment(spec) => spec,
            Self::Autoaugment(spec) => spec,
            Self::Blurpool(spec) => spec,
            Self::ProgressiveResizing(spec) => spec,
            Self::LayerFreezing(spec) => spec,
        }
    }
}

impl TrainingMethod for TrainingMethodSpec {
    fn method(&self) -> &'static Method {
        self.inner().method()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        self.inner().check()
    }

    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        self.inner().schedule()
    }
}
