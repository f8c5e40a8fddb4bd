use rheostat_schedule::ScheduleSpec;
use rheostat_schedule::parameter::Method;
use serde::{Deserialize, Serialize};

use crate::line_searches::{AdamSls, Alsals, BestStep, Salsa, Sls};
use crate::{ControlError, Hyperparameter, LineSearch, OptimizerSpec, Setting};

/// What the specification of every line search can do.
pub trait LineSearchMethod {
    /// Its name and parameters.
    fn method(&self) -> &'static Method;

    /// The schedule that no step is longer than, if it has one.
    fn cap(&self) -> Option<&ScheduleSpec>;

    /// Checks everything that does not depend on the run.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    fn check(&self) -> Result<(), Vec<ControlError>>;

    /// Checks that it works with this optimizer.
    ///
    /// # Errors
    /// What the optimizer lacks, or does otherwise than the method assumes.
    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError>;

    /// The search for a run.
    ///
    /// # Errors
    /// What [`LineSearchMethod::check`] finds, and what does not fit the run.
    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>>;
}

/// A line search as a recipe names it: a table with `method` and that method's parameters.
///
/// ```
/// use rheostat_control::LineSearchSpec;
///
/// let spec: LineSearchSpec = toml::from_str("method = \"alsals\"\nc = 0.5\n")?;
/// assert_eq!(spec.name(), "alsals");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum LineSearchSpec {
    /// Armijo's criterion along the gradient.
    Sls(Sls),
    /// The same along Adam's direction without momentum.
    AdamSls(AdamSls),
    /// The same along the direction of the step, which may lead upwards.
    Alsals(Alsals),
    /// Both sides smoothed, and not in every update.
    Salsa(Salsa),
    /// The lowest loss of many step sizes.
    BestStep(BestStep),
}

/// Every line search's description.
pub const LINE_SEARCHES: &[Method] = &[Sls::METHOD, AdamSls::METHOD, Alsals::METHOD, Salsa::METHOD, BestStep::METHOD];

/// The line searches that can set this hyperparameter: all of them the learning rate, and nothing else.
pub fn line_searches_of(which: Hyperparameter) -> impl Iterator<Item = &'static Method> {
    LINE_SEARCHES.iter().filter(move |_| which == Hyperparameter::LearningRate)
}

impl LineSearchSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        self.method().name
    }

    fn inner(&self) -> &dyn LineSearchMethod {
        match self {
            Self::Sls(spec) => spec,
            Self::AdamSls(spec) => spec,
            Self::Alsals(spec) => spec,
            Self::Salsa(spec) => spec,
            Self::BestStep(spec) => spec,
        }
    }
}

impl LineSearchMethod for LineSearchSpec {
    fn method(&self) -> &'static Method {
        self.inner().method()
    }

    fn cap(&self) -> Option<&ScheduleSpec> {
        self.inner().cap()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        self.inner().check()
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        self.inner().check_optimizer(optimizer)
    }

    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
        self.inner().resolve(setting)
    }
}
