//! Plateau: a value that is cut when what it is for no longer improves.

mod controller;
mod parameters;
mod state;

use rheostat_schedule::parameter::{Family, Method};
use rheostat_schedule::{Schedule, ScheduleSpec};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, in_schedule, out_of_range, refused_value};
use crate::{ControlError, Controller, ControllerMethod, Hyperparameter, MetricDirection, Setting};

pub use controller::PlateauController;

/// Reduction on a plateau: the value is multiplied by `factor` each time that evaluations have stopped getting better.
///
/// ```text
/// value     f(t) = max(m g(t), min(floor, g(t)))       g = `on`, or the constant `peak`; m = factor^(reductions so far)
/// better    x < best - d        (x > best + d for a metric that increases)
///           d = threshold |best|; absolute: d = threshold
/// reduce    at the evaluation after `patience` bad ones in a row, unless f would change by no more than smallest_change
/// cooldown  for as many evaluations after a reduction none counts as bad
/// ```
///
/// `t` is the update, `x` the mean of `accumulate` evaluations, smoothed as `a <- w x + (1 - w) a` if `smoothing = w` is
/// given. The first finite `x` is the best so far. The rule and its defaults are those of PyTorch's `ReduceLROnPlateau`,
/// except that a relative threshold is a share of `|best|`, which is right for metrics below 0 too, and `accumulate` is that
/// of optax's `reduce_on_plateau`. Every parameter with its default, range, unit and source is in [`Plateau::METHOD`].
///
/// ```
/// use rheostat_control::{Controller, ControllerMethod, Hyperparameter, MetricDirection, Observation, Plateau, Setting};
/// use rheostat_schedule::Frame;
///
/// let setting = Setting {
///     frame: Frame::steps(1_000),
///     evaluate_every: 50,
///     target: 0.9,
///     direction: MetricDirection::Increasing,
///     seed: 0,
/// };
/// let spec = Plateau { patience: 0, ..Plateau::from_peak(0.1) };
/// let mut controller = spec.resolve(Hyperparameter::LearningRate, &setting).map_err(|mut errors| errors.remove(0))?;
/// controller.begin();
/// let mut rates = Vec::new();
/// for (updates, loss) in [(50, 2.0), (100, 1.5), (150, 1.5)] {
///     let decision = controller.observe(&Observation::Evaluation { updates, loss, metric: 0.5 });
///     rates.extend(decision.hyperparameters.get(Hyperparameter::LearningRate));
/// }
/// assert_eq!(rates, [0.1, 0.1, 0.1 * 0.1]);
/// # Ok::<(), rheostat_control::ControlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plateau {
    /// The value before any reduction, in the hyperparameter's own unit; this or `on`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// The schedule that reductions multiply; this or `peak`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<ScheduleSpec>,
    /// What a reduction multiplies the value by; 0.1 (PyTorch).
    pub factor: f64,
    /// Bad evaluations tolerated; the one after them reduces; 10 (PyTorch).
    pub patience: u64,
    /// How much better than the best counts as better; 1e-4 (PyTorch).
    pub threshold: f64,
    /// The unit of `threshold`; relative (PyTorch).
    pub threshold_mode: ThresholdMode,
    /// Evaluations after a reduction that are not counted as bad; 0 (PyTorch).
    pub cooldown: u64,
    /// No reduction goes below this; it never raises the value; 0 (PyTorch's `min_lr`).
    pub floor: f64,
    /// A reduction by no more than this is not made; 1e-8 (PyTorch's `eps`).
    pub smallest_change: f64,
    /// Weight of the new value in an exponential average of the evaluations; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<f64>,
    /// Evaluations whose mean counts as one; 1 (optax's `accumulation_size`).
    pub accumulate: u64,
    /// What is evaluated.
    pub watch: Watch,
    /// What a value that is not finite counts as.
    pub on_non_finite: NonFinite,
}

/// The unit of `threshold`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThresholdMode {
    /// A share of the size of the best.
    #[default]
    Relative,
    /// The unit of what is watched.
    Absolute,
}

/// What a plateau is looked for in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// The validation loss, decreasing: it moves with every evaluation, where an accuracy comes in steps of one sample, and
    /// it turns when the model overfits, where the training loss goes on falling.
    #[default]
    Loss,
    /// The workload's metric, in its direction.
    Metric,
    /// The mean training loss since the evaluation before, decreasing.
    TrainLoss,
}

/// What a value that is not finite counts as. A magnitude above 1e100 counts as not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonFinite {
    /// As a bad evaluation; it enters no average.
    #[default]
    Worst,
    /// As none: it is left out.
    Ignore,
}

impl Default for Plateau {
    fn default() -> Self {
        Self {
            peak: None,
            on: None,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            threshold_mode: ThresholdMode::default(),
            cooldown: 0,
            floor: 0.0,
            smallest_change: 1e-8,
            smoothing: None,
            accumulate: 1,
            watch: Watch::default(),
            on_non_finite: NonFinite::default(),
        }
    }
}

impl Plateau {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "plateau",
        family: Family::Controller,
        summary: "multiplies by a factor when evaluations stop getting better",
        parameters: &[
            parameters::PEAK,
            parameters::ON,
            parameters::FACTOR,
            parameters::PATIENCE,
            parameters::THRESHOLD,
            parameters::THRESHOLD_MODE,
            parameters::COOLDOWN,
            parameters::FLOOR,
            parameters::SMALLEST_CHANGE,
            parameters::SMOOTHING,
            parameters::ACCUMULATE,
            parameters::WATCH,
            parameters::ON_NON_FINITE,
        ],
        reference: parameters::LIBRARY,
    };

    /// Reductions of a constant.
    pub fn from_peak(peak: f64) -> Self {
        Self { peak: Some(peak), ..Self::default() }
    }

    /// Reductions of a schedule.
    pub fn over(schedule: impl Into<ScheduleSpec>) -> Self {
        Self { on: Some(schedule.into()), ..Self::default() }
    }

    /// The same with every value multiplied by `factor`; a smallest change stays what it is.
    #[must_use]
    pub fn with_values_times(mut self, factor: f64) -> Self {
        self.peak = self.peak.map(|peak| peak * factor);
        self.on = self.on.map(|on| ScheduleSpec::product(on, factor).into());
        self.floor *= factor;
        self
    }

    /// The schedule that reductions multiply, checked to stay within the range of `which`.
    fn schedule(&self, which: Hyperparameter, setting: &Setting) -> Result<Schedule, ControlError> {
        let (key, spec) = match (&self.peak, &self.on) {
            (Some(peak), None) => ("peak", ScheduleSpec::from(*peak)),
            (None, Some(on)) => ("on", on.clone()),
            _ => return Err(self.one_of_two()),
        };
        let schedule = spec.resolve(&setting.frame).map_err(|error| in_schedule("on", error))?;
        match which.first_refused(&schedule, setting.frame.total_steps) {
            None => Ok(schedule),
            Some((_, value)) if key == "peak" => {
                Err(ControlError::OutOfRange { field: key.to_owned(), value, range: which.range() })
            }
            Some(refused) => Err(refused_value(key, which, refused)),
        }
    }

    fn one_of_two(&self) -> ControlError {
        let why = match self.peak {
            Some(_) => "cannot be given together with `on`: the schedule says the value; leave one of the two out",
            None => "missing: give a number, or a schedule as `on`",
        };
        contradiction("peak", why)
    }
}

impl ControllerMethod for Plateau {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = Vec::new();
        if self.peak.is_some() == self.on.is_some() {
            errors.push(self.one_of_two());
        }
        errors.extend(self.on.iter().flat_map(ScheduleSpec::check).map(|error| in_schedule("on", error)));
        let numbers = [
            (&parameters::PEAK, self.peak),
            (&parameters::FACTOR, Some(self.factor)),
            (&parameters::PATIENCE, Some(self.patience as f64)),
            (&parameters::THRESHOLD, Some(self.threshold)),
            (&parameters::COOLDOWN, Some(self.cooldown as f64)),
            (&parameters::FLOOR, Some(self.floor)),
            (&parameters::SMALLEST_CHANGE, Some(self.smallest_change)),
            (&parameters::SMOOTHING, self.smoothing),
            (&parameters::ACCUMULATE, Some(self.accumulate as f64)),
        ];
        errors.extend(out_of_range(numbers));
        all_or_nothing(errors)
    }

    fn resolve(&self, which: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        self.check()?;
        if which == Hyperparameter::BatchSize {
            let why = "a batch size changes at epoch boundaries only, by a schedule or by `grow`".to_owned();
            return Err(vec![contradiction("method", why)]);
        }
        if which.acts_on_batches() {
            let why =
                "batches are assembled ahead of their updates: a number or a schedule alone can say how".to_owned();
            return Err(vec![contradiction("method", why)]);
        }
        let schedule = self.schedule(which, setting).map_err(|error| vec![error])?;
        let direction = match self.watch {
            Watch::Metric => setting.direction,
            Watch::Loss | Watch::TrainLoss => MetricDirection::Decreasing,
        };
        Ok(Box::new(PlateauController::new(self.clone(), which, schedule, direction)))
    }

    fn peak(&self, setting: &Setting) -> Option<f64> {
        match &self.on {
            Some(on) => Some(on.resolve(&setting.frame).ok()?.peak()),
            None => self.peak,
        }
    }
}
