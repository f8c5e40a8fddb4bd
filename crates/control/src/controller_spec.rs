use rheostat_schedule::parameter::Method;
use serde::{Deserialize, Serialize};

use crate::{AutoWarmUp, ControlError, Controller, Hyperparameter, Setting};

/// What the specification of every controller can do.
pub trait ControllerMethod {
    /// Its name and parameters.
    fn method(&self) -> &'static Method;

    /// Checks everything that does not depend on the run.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    fn check(&self) -> Result<(), Vec<ControlError>>;

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
    /// Raises the rate until the loss turns.
    Autowu(AutoWarmUp),
}

/// Every controller's description.
pub const CONTROLLERS: &[Method] = &[AutoWarmUp::METHOD];

/// The controllers that can set this hyperparameter.
pub fn controllers_of(which: Hyperparameter) -> impl Iterator<Item = &'static Method> {
    CONTROLLERS.iter().filter(move |_| which == Hyperparameter::LearningRate)
}

impl ControllerSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        self.method().name
    }

    fn inner(&self) -> &dyn ControllerMethod {
        match self {
            Self::Autowu(spec) => spec,
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

    fn resolve(&self, which: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        self.inner().resolve(which, setting)
    }

    fn goes_on_after_refusal(&self) -> Option<&'static str> {
        self.inner().goes_on_after_refusal()
    }

    fn peak(&self, setting: &Setting) -> Option<f64> {
        self.inner().peak(setting)
    }
}
