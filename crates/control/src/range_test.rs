//! The learning-rate range test: one update at each of many rising rates, and what their losses say.

mod controller;
mod curve;
mod suggestions;

use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};
use rheostat_schedule::{Endpoint, Frame, Schedule, ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use crate::ControlError;
use crate::autowu::Growth;
use crate::check::{all_or_nothing, contradiction, out_of_range};

pub use controller::RangeTestController;
pub use curve::RangeCurve;
pub use suggestions::Suggestions;

/// The learning-rate range test of Smith (arXiv 1506.01186, section 3.3), with fastai's stopping rule and suggestions.
///
/// ```text
/// exponential  eta_i = lo (hi / lo)^(i / (n - 1))        linear  eta_i = lo + (hi - lo) i / (n - 1)        i = 0 .. n - 1
/// smoothed     s_i = e_i / (1 - b^(i + 1)),  e_i = b e_(i-1) + (1 - b) loss_i
/// end          s_i > d min_(j <= i) s_j, or a loss that is not finite
/// ```
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `lo` | `low` | learning rate | 1e-7 (fastai) |
/// | `hi` | `high` | learning rate | 10 (fastai) |
/// | `n` | `steps` | updates | 100 (fastai) |
/// | | `growth` | | exponential (fastai); linear over some epochs is Smith's |
/// | `b` | `smoothing` | | 0.98 (fastai) |
/// | `d` | `divergence` | | 4 (fastai) |
/// | | `skip_start` | points | a tenth of `steps` (fastai) |
/// | | `skip_end` | points | 5 (fastai) |
///
/// Both ends of the grid are used; fastai divides by `n` and stops one ratio short of `high`. Smith reads accuracies, this the
/// training loss.
///
/// ```
/// use rheostat_control::RangeTest;
///
/// let rates = RangeTest { low: 1e-4, high: 1.0, ..RangeTest::default() }.rising()?;
/// assert_eq!((rates.at(0), rates.at(99)), (1e-4, 1.0));
/// assert!((rates.at(33) / rates.at(32) - 1e4_f64.powf(1.0 / 99.0)).abs() < 1e-12);
/// # Ok::<(), rheostat_control::ControlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RangeTest {
    /// Rate of the first update; 1e-7 (fastai).
    pub low: f64,
    /// Rate of the last update; 10 (fastai).
    pub high: f64,
    /// Updates; 100 (fastai).
    pub steps: u64,
    /// How the rate rises; exponentially (fastai).
    pub growth: Growth,
    /// Weight of the past in the smoothed loss; 0.98 (fastai).
    pub smoothing: f64,
    /// The test ends when the smoothed loss exceeds this multiple of its best; 4 (fastai).
    pub divergence: f64,
    /// Points left out at the beginning of the curve, where the average has seen little; a tenth of `steps` (fastai).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_start: Option<u64>,
    /// Points left out at its end, where the loss blows up; 5 (fastai).
    pub skip_end: u64,
}

impl Default for RangeTest {
    fn default() -> Self {
        Self {
            low: 1e-7,
            high: 10.0,
            steps: 100,
            growth: Growth::Exponential,
            smoothing: 0.98,
            divergence: 4.0,
            skip_start: None,
            skip_end: 5,
        }
    }
}

/// Fewest points that say anything.
const FEWEST: u64 = 10;

const SMITH: &str = "Smith, Cyclical Learning Rates for Training Neural Networks, arXiv 1506.01186";
const FASTAI: &str = "fastai";

const LOW: Parameter = Parameter::new("low", Kind::Number, "rate of the first update, less than `high`")
    .positive()
    .default("1e-7")
    .source(FASTAI);
const HIGH: Parameter =
    Parameter::new("high", Kind::Number, "rate of the last update").positive().default("10.0").source(FASTAI);
const STEPS: Parameter = Parameter::new("steps", Kind::Integer, "updates, one at each rate")
    .at_least(FEWEST as f64, "at least 10")
    .default("100")
    .unit("updates")
    .source(FASTAI);
const GROWTH: Parameter = Parameter::choice("growth", &["exponential", "linear"], "how the rate rises")
    .default("\"exponential\"")
    .source(SMITH);
const SMOOTHING: Parameter = Parameter::new("smoothing", Kind::Number, "weight of the past in the smoothed loss")
    .range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1")
    .default("0.98")
    .source(FASTAI);
const DIVERGENCE: Parameter = Parameter::new(
    "divergence",
    Kind::Number,
    "the test ends when the smoothed loss exceeds this multiple of its best",
)
.range(Bound::Excluded(1.0), Bound::Unbounded, "more than 1")
.default("4.0")
.source(FASTAI);
const SKIP_START: Parameter =
    Parameter::new("skip_start", Kind::Integer, "points left out at the beginning of the curve; a tenth of `steps`")
        .at_least(0.0, "at least 0")
        .optional()
        .unit("points")
        .source(FASTAI);
const SKIP_END: Parameter = Parameter::new("skip_end", Kind::Integer, "points left out at the end of the curve")
    .at_least(0.0, "at least 0")
    .default("5")
    .unit("points")
    .source(FASTAI);

impl RangeTest {
    /// Its parameters.
    pub const PARAMETERS: &[Parameter] = &[LOW, HIGH, STEPS, GROWTH, SMOOTHING, DIVERGENCE, SKIP_START, SKIP_END];

    /// Checks every number.
    ///
    /// # Errors
    /// All that is out of range, each naming its parameter; a rate that does not rise; a curve of which nothing is left to read.
    pub fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [
            (&LOW, self.low),
            (&HIGH, self.high),
            (&STEPS, self.steps as f64),
            (&SMOOTHING, self.smoothing),
            (&DIVERGENCE, self.divergence),
        ];
        let mut errors = out_of_range(numbers);
        if errors.is_empty() && self.low >= self.high {
            let why = format!("{} is not less than `high` = {}: the rate must rise", self.low, self.high);
            errors.push(contradiction(LOW.name, why));
        }
        let skipped = self.skipped_at_start().saturating_add(self.skip_end);
        if errors.is_empty() && skipped.saturating_add(2) > self.steps {
            let why = format!(
                "with {} points left out at the beginning and {} at the end, nothing of the {} is left to read",
                self.skipped_at_start(),
                self.skip_end,
                self.steps
            );
            errors.push(contradiction(SKIP_START.name, why));
        }
        all_or_nothing(errors)
    }

    /// The rates as a schedule for recipes: from `low` to `high`, both used, then `high` for as long as the run lasts.
    pub fn spec(&self) -> ScheduleSpec {
        let over = Span::Steps(self.steps);
        match self.growth {
            Growth::Exponential => {
                ScheduleSpec::exponential(self.low, self.high).over(over).endpoint(Endpoint::Inclusive).into()
            }
            Growth::Linear => ScheduleSpec::linear(self.low, self.high).over(over).endpoint(Endpoint::Inclusive).into(),
        }
    }

    /// The rate of each update.
    ///
    /// # Errors
    /// The first fault of [`RangeTest::check`].
    pub fn rising(&self) -> Result<Schedule, ControlError> {
        self.first_fault()?;
        let resolved = self.spec().resolve(&Frame::steps(self.steps));
        resolved.map_err(|error| contradiction(LOW.name, error.to_string()))
    }

    /// The controller of the learning rate: plays the rates and ends the run after the last, or once the loss has blown up.
    /// Whatever else moves in the run is for other controllers, [`crate::Together`] with it.
    ///
    /// # Errors
    /// The first fault of [`RangeTest::check`].
    pub fn controller(&self) -> Result<RangeTestController, ControlError> {
        Ok(RangeTestController::new(self.clone(), self.rising()?))
    }

    /// Smooths the losses of a test and reads suggestions off the curve.
    ///
    /// # Errors
    /// [`ControlError::Contradiction`] on `loss` if the first is not finite: it was computed before any update, so that the rate
    /// is not at fault. On `low` if the losses end, or stop being finite, before enough are there to be read. The first fault of
    /// [`RangeTest::check`].
    pub fn read(&self, rates: &[f64], losses: &[f64]) -> Result<RangeCurve, ControlError> {
        self.first_fault()?;
        RangeCurve::new(self, rates, losses)
    }

    fn first_fault(&self) -> Result<(), ControlError> {
        match self.check() {
            Err(mut errors) if !errors.is_empty() => Err(errors.remove(0)),
            _ => Ok(()),
        }
    }

    fn skipped_at_start(&self) -> u64 {
        self.skip_start.unwrap_or(self.steps / 10)
    }
}

/// The average that starts unbiased: `e <- b e + (1 - b) x`, value `e / (1 - b^n)`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Smoother {
    average: f64,
    /// `b^n`, as 1 - itself: 0 before the first value.
    mass: f64,
}

impl Smoother {
    fn next(&mut self, smoothing: f64, value: f64) -> f64 {
        self.average = smoothing * self.average + (1.0 - smoothing) * value;
        self.mass = smoothing * self.mass + (1.0 - smoothing);
        self.average / self.mass
    }
}
