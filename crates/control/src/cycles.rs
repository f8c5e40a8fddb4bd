//! Learning-rate cycles with resets between them, and cycles that end early.

mod check;
mod coefficient;
mod controller;
mod cycle;
mod early_switch;
mod parameters;
mod plan;
mod progress;
mod reset;
mod state;
mod weighing;

use rheostat_schedule::parameter::{Family, Method};
use rheostat_schedule::{Span, WarmupShape};
use serde::{Deserialize, Serialize};

use crate::{ControlError, Controller, ControllerMethod, Hyperparameter, Setting};

pub use coefficient::Coefficient;
pub use controller::CyclesController;
pub use cycle::{Cycle, Decay};
pub use early_switch::{EarlySwitch, LossTrend, OnExhausted, Replan, Switch};
pub use progress::{Progress, ProgressCurve};
pub use reset::{CycleMetric, CycleReset, ResetMode};

use cycle::Rates;
use plan::Plan;
use weighing::Weighing;

/// With an exponential decay, the floor of a cycle that names none, as a share of its peak: close to the 5.4 % at which the
/// thesis' exponential cycles end.
pub const EXPONENTIAL_FLOOR: f64 = 0.05;

/// A run in cycles (Tirpitz, Bachelor's thesis, Tübingen 2024): the rate rises, holds and falls again and again; between two cycles weights and optimizer state may be
/// reset, in whole or in part, and a cycle that gets nowhere may end before its time.
///
/// ```text
/// boundaries   B_i = floor(T (w_1 + ... + w_i) / (w_1 + ... + w_n))                  T updates, i = 1 .. n - 1
/// soft reset   theta <- (1 - tau) theta + tau theta_fresh      m <- (1 - tau alpha) m
///              tau = clip((target - y) / (target - reference), 0, 1)                 y the metric, see [`Coefficient`]
/// early end    l(t) = lambda L(t) + (1 - lambda) l(t - 1)                            L the validation loss, see [`LossTrend`]
/// ```
///
/// Each cycle is the plain schedule of its length: warm-up, hold, decay. There is no reset at or after the last update. A soft
/// reset is weighed with an evaluation of the very weights it resets, which the controller asks its host for. Every parameter
/// with its default, range, unit and source is in [`Cycles::METHOD`].
///
/// ```
/// use rheostat_control::{Controller, Cycles, Hyperparameter, MetricDirection, Setting};
/// use rheostat_schedule::Frame;
///
/// let frame = Frame::steps(900);
/// let direction = MetricDirection::Increasing;
/// let setting = Setting { frame, evaluate_every: 30, target: 0.9, direction, seed: 0 };
/// let cycles: Cycles = toml::from_str("peak = 0.1\nwarmup = \"0 %\"\n[reset]\nmode = \"soft\"\n")?;
/// let mut controller = cycles.resolve(&setting).map_err(|mut errors| errors.remove(0))?;
/// assert_eq!(controller.begin().hyperparameters.get(Hyperparameter::LearningRate), Some(0.1));
/// assert_eq!(controller.ends(), [300, 600, 900]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cycles {
    /// Highest rate of a cycle; 1e-3.
    pub peak: f64,
    /// Cycles of equal length, where `cycle` lists none; 3.
    pub count: u64,
    /// Warm-up of a cycle; 2 % of it.
    pub warmup: Span,
    /// Shape of the warm-up.
    pub warmup_shape: WarmupShape,
    /// Fraction of the peak the warm-up starts from; 0.
    pub warmup_from: f64,
    /// 1: the first update of a warm-up takes a step; 0: it is made at `warmup_from`, as in the thesis.
    pub warmup_first: u8,
    /// Time at the peak between warm-up and decay; 0 % of the cycle. The thesis' program holds before a linear or an
    /// exponential decay only.
    pub hold: Span,
    /// How a cycle falls.
    pub decay: Decay,
    /// Rate a cycle ends at; if absent 0, with an exponential decay [`EXPONENTIAL_FLOOR`] times its peak.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// The cycles one by one, in place of `count`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cycle: Vec<Cycle>,
    /// What is reset between two cycles; nothing if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<CycleReset>,
    /// When a cycle ends before its time; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_switch: Option<EarlySwitch>,
    /// Further cycles, one for each early switch when no planned cycle is left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queue: Vec<Cycle>,
}

impl Default for Cycles {
    fn default() -> Self {
        Self {
            peak: 1e-3,
            count: 3,
            warmup: Span::Fraction(0.02),
            warmup_shape: WarmupShape::default(),
            warmup_from: 0.0,
            warmup_first: 1,
            hold: Span::Fraction(0.0),
            decay: Decay::default(),
            floor: None,
            cycle: Vec::new(),
            reset: None,
            early_switch: None,
            queue: Vec::new(),
        }
    }
}

impl Cycles {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "cycles",
        family: Family::Controller,
        summary: "cycles of the rate, with resets between them and early ends",
        parameters: &[
            parameters::PEAK,
            parameters::COUNT,
            parameters::WARMUP,
            parameters::WARMUP_SHAPE,
            parameters::WARMUP_FROM,
            parameters::WARMUP_FIRST,
            parameters::HOLD,
            parameters::DECAY,
            parameters::FLOOR,
            parameters::CYCLE,
            parameters::RESET,
            parameters::EARLY_SWITCH,
            parameters::QUEUE,
        ],
        reference: parameters::THESIS,
    };

    /// Checks everything that does not depend on the run.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    pub fn check(&self) -> Result<(), Vec<ControlError>> {
        check::all(self)
    }

    /// The controller for a run.
    ///
    /// # Errors
    /// Those of [`Cycles::check`]; a run of unknown length; cycles that do not fit the run or their warm-up; a target that is not
    /// better than the reference; early switching without evaluations.
    pub fn resolve(&self, setting: &Setting) -> Result<CyclesController, Vec<ControlError>> {
        self.check()?;
        let plan = Plan::new(self, setting);
        let weighing = self.reset.as_ref().filter(|reset| reset.mode == ResetMode::Soft);
        let weighing = weighing.map(|reset| Weighing::new(reset, setting)).transpose();
        let evaluated = match &self.early_switch {
            Some(_) if setting.evaluate_every == 0 => Err(vec![ControlError::Contradiction {
                field: "early_switch".to_owned(),
                why: "the run makes no evaluations to look at: set `evaluate_every`".to_owned(),
            }]),
            _ => Ok(()),
        };
        match (plan, weighing, evaluated) {
            (Ok(plan), Ok(weighing), Ok(())) => {
                let warnings = check::warnings(self, &plan, setting);
                Ok(CyclesController::new(self, plan, weighing, warnings))
            }
            (plan, weighing, evaluated) => {
                Err([plan.err(), weighing.err(), evaluated.err()].into_iter().flatten().flatten().collect())
            }
        }
    }

    /// The same with every rate multiplied by `factor`.
    #[must_use]
    pub fn with_rates_times(mut self, factor: f64) -> Self {
        self.peak *= factor;
        let times = |rate: f64| rate * factor;
        self.floor = self.floor.map(times);
        for cycle in self.cycle.iter_mut().chain(&mut self.queue) {
            cycle.peak = cycle.peak.map(times);
            cycle.floor = cycle.floor.map(times);
        }
        self
    }

    /// The tables of the planned cycles.
    fn tables(&self) -> Vec<Cycle> {
        if self.cycle.is_empty() { (0..self.count).map(|_| Cycle::default()).collect() } else { self.cycle.clone() }
    }

    /// The rates of a cycle: its own numbers, and those it inherits.
    fn rates(&self, own: &Cycle) -> Rates {
        let peak = own.peak.unwrap_or(self.peak);
        let decay = own.decay.unwrap_or(self.decay);
        let lowest = if decay == Decay::Exponential { EXPONENTIAL_FLOOR * peak } else { 0.0 };
        Rates {
            peak,
            warmup: own.warmup.unwrap_or(self.warmup),
            warmup_shape: own.warmup_shape.unwrap_or(self.warmup_shape),
            warmup_from: self.warmup_from,
            warmup_first: self.warmup_first,
            hold: own.hold.unwrap_or(self.hold),
            decay,
            floor: own.floor.or(self.floor).unwrap_or(lowest),
        }
    }
}

impl ControllerMethod for Cycles {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        Self::check(self)
    }

    fn resolve(&self, _: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        Ok(Box::new(Self::resolve(self, setting)?))
    }

    /// A switch without a reset changes the rate only.
    fn goes_on_after_refusal(&self) -> Option<&'static str> {
        let resets = self.reset.as_ref().is_some_and(|reset| reset.mode != ResetMode::None);
        (self.early_switch.is_some() && !resets).then_some("early_switch")
    }

    /// The largest peak of all cycles, the queue's included.
    fn peak(&self, _: &Setting) -> Option<f64> {
        let tables = self.tables();
        Some(tables.iter().chain(&self.queue).map(|table| self.rates(table).peak).fold(0.0, f64::max))
    }
}
