use rheostat_schedule::parameter::Method;
use serde::{Deserialize, Serialize};

use crate::{
    AdaptiveHeavyBall, AutoLrs, AutoWarmUp, ControlError, Controller, Cycles, GrowingBatch, Hyperparameter,
    InverseMomentum, OptimizerSpec, Plateau, ScheduledWeightDecay, Setting,
};

/// What the specification of every controller can do.
pub trait ControllerMethod {
    /// Its name and parameters.
    fn method(&self) -> &'static Method;

    /// Checks everything that does not depend on the run.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    fn check(&self) -> Result<(), Vec<ControlError>>;

    /// Checks that it works with this optimizer.
    ///
    /// # Errors
    /// What the optimizer lacks, or does otherwise than the method assumes.
    fn check_optimizer(&self, _optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        Ok(())
    }

    /// The controller of `which` for a run.
    ///
    /// # Errors
    /// What [`ControllerMethod::check`] finds, and what does not fit the run.
    fn resolve(&self, which: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>>;

    /// The key by which it goes on after a loss that is not finite without going back: then the host must skip such updates
    /// rather than end the run.
    fn goes_on_after_refusal(&self) -> Option<&'static str> {
        None
    }

    /// Whether what it sets follows from the learning rate of the same update, which must be known by then.
    fn follows_rate(&self) -> bool {
        false
    }

    /// The largest value it will set, if that is known before the run: what the weight-decay coupling `schedule_multiplier`
    /// refers to.
    fn peak(&self, setting: &Setting) -> Option<f64>;
}

/// A controller as a recipe names it: a table with `method` and that method's parameters.
///
/// ```
/// use rheostat_control::ControllerSpec;
///
/// let spec: ControllerSpec = toml::from_str("method = \"autowu\"\nhigh = 0.1\n")?;
/// assert_eq!(spec.name(), "autowu");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum ControllerSpec {
    /// Tries rates for a while, goes back, and trains with the best.
    Autolrs(AutoLrs),
    /// Raises the rate until the loss turns.
    Autowu(AutoWarmUp),
    /// Goes through cycles, with resets between them.
    Cycles(Cycles),
    /// Momentum from the curvature between two updates.
    AdaptiveHeavyBall(AdaptiveHeavyBall),
    /// Momentum against the rate.
    Inverse(InverseMomentum),
    /// Weight decay over Adam's mean second moment.
    Swd(ScheduledWeightDecay),
    /// A batch that grows where the schedule lowers the rate.
    Grow(GrowingBatch),
    /// Multiplies by a factor when evaluations stop getting better.
    Plateau(Plateau),
}

/// Every controller's description.
pub const CONTROLLERS: &[Method] = &[
    AutoLrs::METHOD,
    AutoWarmUp::METHOD,
    Cycles::METHOD,
    Plateau::METHOD,
    AdaptiveHeavyBall::METHOD,
    InverseMomentum::METHOD,
    ScheduledWeightDecay::METHOD,
    GrowingBatch::METHOD,
];

/// The controllers that can set this hyperparameter.
pub fn controllers_of(which: Hyperparameter) -> impl Iterator<Item = &'static Method> {
    CONTROLLERS.iter().filter(move |method| match method.name {
        "plateau" => which != Hyperparameter::BatchSize && !which.acts_on_batches(),
        "adaptive_heavy_ball" | "inverse" => which == Hyperparameter::Momentum,
        "swd" => which == Hyperparameter::WeightDecay,
        "grow" => which == Hyperparameter::BatchSize,
        _ => which == Hyperparameter::LearningRate,
    })
}

impl ControllerSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        self.method().name
    }

    fn inner(&self) -> &dyn ControllerMethod {
        match self {
            Self::Autolrs(spec) => spec,
            Self::Plateau(spec) => spec,
            Self::Autowu(spec) => spec,
            Self::Cycles(spec) => spec,
            Self::AdaptiveHeavyBall(spec) => spec,
            Self::Inverse(spec) => spec,
            Self::Swd(spec) => spec,
            Self::Grow(spec) => spec,
        }
    }

    /// The same with every learning rate it names multiplied by `factor`, where it sets `which`.
    #[must_use]
    pub fn with_rates_times(self, which: Hyperparameter, factor: f64) -> Self {
        match self {
            Self::Autolrs(spec) => Self::Autolrs(spec.with_rates_times(factor)),
            Self::Autowu(spec) => Self::Autowu(spec.with_rates_times(factor)),
            Self::Cycles(spec) => Self::Cycles(spec.with_rates_times(factor)),
            Self::Inverse(spec) => Self::Inverse(spec.with_rates_times(factor)),
            Self::Plateau(spec) if which == Hyperparameter::LearningRate => {
                Self::Plateau(spec.with_values_times(factor))
            }
            Self::Plateau(_) | Self::AdaptiveHeavyBall(_) | Self::Swd(_) | Self::Grow(_) => self,
        }
    }

    /// The same beside a learning rate whose schedule moves between these two: a range of rates that was left open is filled in.
    #[must_use]
    pub fn over_rates(self, low: f64, peak: f64) -> Self {
        match self {
            Self::Inverse(spec) => Self::Inverse(spec.over_rates(low, peak)),
            other => other,
        }
    }
}

impl ControllerMethod for ControllerSpec {
    fn method(&self) -> &'static Method {
        self.inner().method()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        self.inner().check()
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        self.inner().check_optimizer(optimizer)
    }

    fn resolve(&self, which: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        self.inner().resolve(which, setting)
    }

    fn goes_on_after_refusal(&self) -> Option<&'static str> {
        self.inner().goes_on_after_refusal()
    }

    fn follows_rate(&self) -> bool {
        self.inner().follows_rate()
    }

    fn peak(&self, setting: &Setting) -> Option<f64> {
        self.inner().peak(setting)
    }
}
