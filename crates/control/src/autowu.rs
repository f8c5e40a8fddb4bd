//! AutoWU: a warm-up that finds out by itself how high the rate may go.

mod controller;
mod history;
mod minimum;
mod options;
mod parameters;
mod smoothed;
mod state;

use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Method};
use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, out_of_range, span_within, within};
use crate::{ControlError, Controller, ControllerMethod, Hyperparameter, Setting};

pub use controller::{AutoWarmUpController, TestResult};
pub use minimum::{Minimum, MinimumTest};
pub use options::{Average, Decay, Fit, FloorUnit, Growth, NoDetection, NonFinite, Subset};
pub use smoothed::SmoothedLoss;

/// Fewest finite losses that a test looks at.
pub const FEWEST_LOSSES: u64 = 10;

/// Automated warm-up (AutoWU, arXiv 2107.05855): the rate rises from `low` towards `high` until the training loss has passed
/// its minimum; then it decays from the rate at that minimum.
///
/// ```text
/// warm-up   eta(t) = low exp(t ln(high / low) / N)            N = max_warmup; linear: low + (high - low) t / N
/// test      after every `test_every` updates a Gaussian process smooths the losses so far, at x = update / updates;
///           P = max_i Phi((m(1) - m(x_i)) / sqrt(d_i^2 + floor)) > confidence, `patience` times in a row, ends the warm-up
/// start     eta_s = low (eta / low)^x*                        x* = where the smoothed loss m is lowest
/// decay     eta(t) = eta_s (1 + cos(pi (t - s) / (T - s))) / 2     s updates done of T
/// ```
///
/// `d_i^2` is the variance of the difference between the smoothed loss at `x_i` and at 1. Defaults are the paper's and its
/// program's, except where the losses are thinned and fitted: `fit`, `standardize`, `floor_unit`, `subset`, `decay_offset`,
/// `on_no_detection` and `on_non_finite` name the published form as one of their values. Every parameter with its default,
/// range, unit and source is in [`AutoWarmUp::METHOD`].
///
/// ```
/// use rheostat_control::{AutoWarmUp, Controller, Hyperparameter, Observation};
/// use rheostat_schedule::Frame;
///
/// let frame = Frame::steps(1_000).steps_per_epoch(50);
/// let mut controller = AutoWarmUp::default().resolve(&frame, 0).map_err(|mut errors| errors.remove(0))?;
/// assert_eq!(controller.begin().hyperparameters.get(Hyperparameter::LearningRate), Some(1e-5));
/// let next = controller.observe(&Observation::Step { step: 0, loss: 2.3 });
/// assert!(next.hyperparameters.get(Hyperparameter::LearningRate) > Some(1e-5));
/// # Ok::<(), rheostat_control::ControlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoWarmUp {
    /// Rate of the first update; 1e-5 (the program).
    pub low: f64,
    /// Rate at the end of the longest warm-up; 1.0 (the program). SGD may need more.
    pub high: f64,
    /// Longest warm-up; 50 % of the run.
    pub max_warmup: Span,
    /// How the rate rises.
    pub growth: Growth,
    /// Updates between two tests; 1 epoch.
    pub test_every: Span,
    /// How sure a test must be, strictly more than this; 0.95.
    pub confidence: f64,
    /// Tests in a row that must be sure; 3.
    pub patience: u64,
    /// How the Gaussian process is fitted.
    pub fit: Fit,
    /// Whether `adam100` goes on from the fit of the test before, as the program does; true.
    pub warm_start: bool,
    /// Length scale of the smoothed loss, as a share of what has elapsed; 0.2.
    pub length_scale: f64,
    /// Places from 0 to 1 at which the smoothed loss is looked at; 500.
    pub grid_points: usize,
    /// Whether losses are scaled to mean 0 and variance 1 before the fit; true. The program does not.
    pub standardize: bool,
    /// Added to the variance of every difference; 1e-4 (the program, not in the paper).
    pub variance_floor: f64,
    /// The unit of `variance_floor`.
    pub floor_unit: FloorUnit,
    /// Which points stand for the losses.
    pub subset: Subset,
    /// Points of `bin_mean`; 64.
    pub bins: usize,
    /// Most points fitted, with `stride` and `random`; 100.
    pub fit_points: usize,
    /// Most points conditioned on, with `stride` and `random`; 500.
    pub predict_points: usize,
    /// Draws that vote in a test, with `random`; 5. With an even number a tie says no.
    pub tests: usize,
    /// The mean taken of the draws' rates, with `random`.
    pub start_rate: Average,
    /// The shape after the warm-up.
    pub decay: Decay,
    /// The cosine at the end of the run, with `constant_cosine`; 20 % of the run.
    pub cooldown: Span,
    /// 1 skips the first value of the cosine, so that the last update has rate 0, as the program does; 0.
    pub decay_offset: u64,
    /// What happens when the longest warm-up ends without a minimum.
    pub on_no_detection: NoDetection,
    /// What happens when a loss of the warm-up is not finite.
    pub on_non_finite: NonFinite,
}

impl Default for AutoWarmUp {
    fn default() -> Self {
        Self {
            low: 1e-5,
            high: 1.0,
            max_warmup: Span::Fraction(0.5),
            growth: Growth::default(),
            test_every: Span::Epochs(1.0),
            confidence: 0.95,
            patience: 3,
            fit: Fit::default(),
            warm_start: true,
            length_scale: 0.2,
            grid_points: 500,
            standardize: true,
            variance_floor: 1e-4,
            floor_unit: FloorUnit::default(),
            subset: Subset::default(),
            bins: 64,
            fit_points: 100,
            predict_points: 500,
            tests: 5,
            start_rate: Average::default(),
            decay: Decay::default(),
            cooldown: Span::Fraction(0.2),
            decay_offset: 0,
            on_no_detection: NoDetection::default(),
            on_non_finite: NonFinite::default(),
        }
    }
}

/// Spans of an [`AutoWarmUp`] in updates.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lengths {
    total: u64,
    max_warmup: u64,
    test_every: u64,
    /// Update at which the cosine of `constant_cosine` begins.
    cooldown_from: u64,
}

impl AutoWarmUp {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "autowu",
        family: Family::Controller,
        summary: "raises the rate until the loss turns, then decays from the best rate",
        parameters: &[
            parameters::LOW,
            parameters::HIGH,
            parameters::MAX_WARMUP,
            parameters::GROWTH,
            parameters::TEST_EVERY,
            parameters::CONFIDENCE,
            parameters::PATIENCE,
            parameters::FIT,
            parameters::WARM_START,
            parameters::LENGTH_SCALE,
            parameters::GRID_POINTS,
            parameters::STANDARDIZE,
            parameters::VARIANCE_FLOOR,
            parameters::FLOOR_UNIT,
            parameters::SUBSET,
            parameters::BINS,
            parameters::FIT_POINTS,
            parameters::PREDICT_POINTS,
            parameters::TESTS,
            parameters::START_RATE,
            parameters::DECAY,
            parameters::COOLDOWN,
            parameters::DECAY_OFFSET,
            parameters::ON_NO_DETECTION,
            parameters::ON_NON_FINITE,
        ],
        reference: parameters::PAPER,
    };

    /// The published program: 100 iterations of Adam that go on from test to test, five random draws, losses as they are, the
    /// last update at rate 0, non-finite losses left out.
    pub fn published() -> Self {
        Self {
            fit: Fit::Adam100,
            standardize: false,
            floor_unit: FloorUnit::Absolute,
            subset: Subset::Random,
            decay_offset: 1,
            on_no_detection: NoDetection::DecayFromCurrent,
            on_non_finite: NonFinite::Mask,
            ..Self::default()
        }
    }

    /// Checks everything that does not depend on the run.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    pub fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [
            (&parameters::LOW, self.low),
            (&parameters::HIGH, self.high),
            (&parameters::CONFIDENCE, self.confidence),
            (&parameters::PATIENCE, self.patience as f64),
            (&parameters::LENGTH_SCALE, self.length_scale),
            (&parameters::GRID_POINTS, self.grid_points as f64),
            (&parameters::VARIANCE_FLOOR, self.variance_floor),
            (&parameters::BINS, self.bins as f64),
            (&parameters::FIT_POINTS, self.fit_points as f64),
            (&parameters::PREDICT_POINTS, self.predict_points as f64),
            (&parameters::TESTS, self.tests as f64),
            (&parameters::DECAY_OFFSET, self.decay_offset as f64),
        ];
        let mut errors = out_of_range(numbers);
        if errors.iter().all(|error| !matches!(error.field(), "low" | "high")) && self.low >= self.high {
            let why = format!("{} is not less than `high` = {}: the rate must rise", self.low, self.high);
            errors.push(contradiction("low", why));
        }
        for (parameter, span) in [(parameters::MAX_WARMUP, self.max_warmup), (parameters::COOLDOWN, self.cooldown)] {
            errors.extend(span_within(&parameter, span, Bound::Excluded(1.0)).err());
        }
        errors.extend(within(&parameters::TEST_EVERY, self.test_every.amount()).err());
        all_or_nothing(errors)
    }

    /// What is permitted and probably not meant.
    fn warning(&self) -> Option<String> {
        let votes = self.subset == Subset::Random && self.tests.is_multiple_of(2);
        votes.then(|| format!("`tests` = {} draws may tie, which says no: an odd number cannot", self.tests))
    }

    /// The same with every rate multiplied by `factor`.
    #[must_use]
    pub fn with_rates_times(mut self, factor: f64) -> Self {
        self.low *= factor;
        self.high *= factor;
        self
    }

    /// The controller for a run of that frame. `run_seed` keys the draws of `subset = "random"`; nothing else is random.
    ///
    /// # Errors
    /// Those of [`AutoWarmUp::check`]; a run of unknown length; tests in epochs when the updates in an epoch are unknown; a
    /// warm-up or cooldown that is not shorter than the run; a warm-up too short for `patience` tests.
    pub fn resolve(&self, frame: &Frame, run_seed: u64) -> Result<AutoWarmUpController, Vec<ControlError>> {
        self.check()?;
        let lengths = self.lengths(frame)?;
        Ok(AutoWarmUpController::new(self.clone(), lengths, run_seed))
    }

    fn lengths(&self, frame: &Frame) -> Result<Lengths, Vec<ControlError>> {
        let Some(total) = frame.total_steps else {
            let why = "it is a share of a run whose length is unknown; the decay ends with the run".to_owned();
            return Err(vec![contradiction("max_warmup", why)]);
        };
        let mut errors = Vec::new();
        let mut steps = |field: &str, span: Span| match frame.to_steps(span, 0) {
            Ok(steps) => steps,
            Err(error) => {
                errors.push(contradiction(field, error.to_string()));
                0
            }
        };
        let max_warmup = steps("max_warmup", self.max_warmup);
        let test_every = steps("test_every", self.test_every);
        let cooldown = match self.decay {
            Decay::Cosine => 0,
            Decay::ConstantCosine => steps("cooldown", self.cooldown),
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        for (field, length) in [("max_warmup", max_warmup), ("cooldown", cooldown)] {
            if length >= total {
                errors.push(contradiction(field, format!("{length} updates of a run of {total} leave no decay")));
            }
        }
        if max_warmup / test_every.max(1) < self.patience {
            let why = format!(
                "{max_warmup} updates hold {} tests, one every {test_every}; `patience` = {} asks for as many in a row: \
                 lengthen the warm-up, or test more often with `test_every`",
                max_warmup / test_every.max(1),
                self.patience
            );
            errors.push(contradiction("max_warmup", why));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Lengths { total, max_warmup, test_every, cooldown_from: total - cooldown })
    }
}

impl ControllerMethod for AutoWarmUp {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        Self::check(self)
    }

    fn resolve(&self, _: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        Ok(Box::new(Self::resolve(self, &setting.frame, setting.seed)?))
    }

    fn goes_on_after_refusal(&self) -> Option<&'static str> {
        matches!(self.on_non_finite, NonFinite::Mask | NonFinite::SwitchNow).then_some("on_non_finite")
    }

    fn peak(&self, _: &Setting) -> Option<f64> {
        None
    }
}
