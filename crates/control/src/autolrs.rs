//! AutoLRS: stages, each of which tries rates for a while, goes back, and trains with the best.

mod controller;
mod exponential;
mod forecast;
mod grid;
mod options;
mod parameters;
mod published;
mod stage;
mod state;
mod surrogate;

use std::ops::Bound;

use rheostat_schedule::Span;
use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, out_of_range, span_within};
use crate::figures::figures;
use crate::{ControlError, Controller, ControllerMethod, Hyperparameter, Setting};

pub use controller::AutoLrsController;
pub use exponential::ExponentialCurve;
pub use forecast::{Forecast, Forecaster};
pub use options::{Forecasting, Losses, Metric, SearchMethod};
pub use state::Tried;
pub use surrogate::Surrogate;

/// Evaluations in a window, where validation losses are forecast.
pub const EVALUATIONS: u64 = 16;
/// Fewest updates of a candidate: fewer losses tell nothing of a trend.
pub const SHORTEST_SEARCH: u64 = 10;
/// Most updates of a candidate: the losses of a window are held.
pub const LONGEST_SEARCH: u64 = 100_000;
/// Ranges of rates by more than this factor come with a warning.
pub const WIDEST_RANGE: f64 = 1e6;

/// Learning rates searched during the run (AutoLRS, arXiv 2105.10762). Training is cut into stages, and each stage begins
/// with a search:
///
/// ```text
/// search    each of k candidates trains `search` updates at its own constant rate; its losses are extrapolated to the
/// stage's
///           end as y(x) = a exp(b x) + c, b < 0; then weights, optimizer and data go back to the stage's beginning
/// train     `train` updates at the rate with the lowest forecast
/// ```
///
/// A candidate whose loss is not finite is given up. If all are, the search is made once more up to `high / 10`, and then the
/// run ends. If a loss is not finite in training, the stage is trained once more from its beginning at the next best rate.
/// With `search = train / 10` and ten candidates searching costs as many updates as training.
///
/// Forecasts choose the rate unless they are more uncertain than they differ: where the median of their standard errors
/// exceeds the distance of their first from their third quartile, the means of the last tenth of each window choose it.
///
/// The last stage is as long as what remains of the run, and has no search if that is shorter than a candidate. Defaults are
/// the program's where they are not changed for a reason; [`AutoLrs::published`] is the published form. Every parameter with
/// its default, range, unit and source is in [`AutoLrs::METHOD`].
///
/// ```
/// use rheostat_control::{Action, AutoLrs, Controller, ControllerMethod, Hyperparameter, MetricDirection, Setting};
/// use rheostat_schedule::Frame;
///
/// let setting = Setting {
///     frame: Frame::steps(4_000),
///     evaluate_every: 100,
///     target: 0.9,
///     direction: MetricDirection::Increasing,
///     seed: 0,
/// };
/// let mut controller = AutoLrs::default()
///     .resolve(Hyperparameter::LearningRate, &setting)
///     .map_err(|mut errors| errors.remove(0))?;
/// let first = controller.begin();
/// assert_eq!(first.actions, [Action::Save]);
/// assert_eq!(first.hyperparameters.get(Hyperparameter::LearningRate), Some(1e-5));
/// # Ok::<(), rheostat_control::ControlError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoLrs {
    /// Lowest rate searched; 1e-5.
    pub low: f64,
    /// Highest rate searched; 0.1 (the program's example).
    pub high: f64,
    /// Rates tried in a search, `k`; 10 (paper).
    pub candidates: u64,
    /// Updates of the first stage; a quarter of the run, 100 at least and 1000 (the program) at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train: Option<Span>,
    /// Updates of each candidate of the first stage; a tenth of `train` (paper).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Span>,
    /// Stages and searches double until a stage is this long; none does. The program doubles up to 8000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubling_up_to: Option<Span>,
    /// Linear warm-up before the first stage; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Span>,
    /// Rate at the end of the warm-up; `sqrt(low high)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_peak: Option<f64>,
    /// Which losses are forecast.
    pub metric: Metric,
    /// How they are.
    pub forecast: Forecasting,
    /// No forecast is below this; 0, as no cross-entropy is.
    pub loss_floor: f64,
    /// Whether a candidate whose validation loss reaches that of the stage's beginning is forecast at its last one; true (the
    /// program). Training losses scatter from batch to batch and are not guarded.
    pub jump_guard: bool,
    /// How candidates are chosen.
    pub search_method: SearchMethod,
    /// Standard deviations below the mean at which `gp_lcb` looks for the least; 1.96.
    pub kappa: f64,
    /// What `kappa` is multiplied by with every candidate; 1.
    pub kappa_decay: f64,
    /// Largest share of all updates made that may be of searches after the first; any. A stage whose search would exceed it
    /// goes on with the rate of the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_cap: Option<f64>,
}

impl Default for AutoLrs {
    fn default() -> Self {
        Self {
            low: 1e-5,
            high: 0.1,
            candidates: 10,
            train: None,
            search: None,
            doubling_up_to: None,
            warmup: None,
            warmup_peak: None,
            metric: Metric::default(),
            forecast: Forecasting::default(),
            loss_floor: 0.0,
            jump_guard: true,
            search_method: SearchMethod::default(),
            kappa: 1.96,
            kappa_decay: 1.0,
            budget_cap: None,
        }
    }
}

/// Spans of an [`AutoLrs`] in updates.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lengths {
    /// Of the run; `None` if it is open.
    total: Option<u64>,
    /// Of the first stage.
    train: u64,
    /// Of its candidates.
    search: u64,
    /// Of the longest stage.
    longest: u64,
    warmup: u64,
}

impl AutoLrs {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "autolrs",
        family: Family::Controller,
        summary: "tries rates for a while, goes back, and trains with the best; again and again",
        parameters: &[
            parameters::LOW,
            parameters::HIGH,
            parameters::CANDIDATES,
            parameters::TRAIN,
            parameters::SEARCH,
            parameters::DOUBLING_UP_TO,
            parameters::WARMUP,
            parameters::WARMUP_PEAK,
            parameters::METRIC,
            parameters::FORECAST,
            parameters::LOSS_FLOOR,
            parameters::JUMP_GUARD,
            parameters::SEARCH_METHOD,
            parameters::KAPPA,
            parameters::KAPPA_DECAY,
            parameters::BUDGET_CAP,
        ],
        reference: parameters::PAPER,
    };

    /// The published program: stages of 1000 updates that double up to 8000, then validation losses; its forecast, its choice
    /// of candidates.
    pub fn published() -> Self {
        Self {
            train: Some(Span::Steps(1_000)),
            search: Some(Span::Steps(100)),
            doubling_up_to: Some(Span::Steps(8_000)),
            metric: Metric::TrainThenVal,
            forecast: Forecasting::Published,
            search_method: SearchMethod::Published,
            ..Self::default()
        }
    }

    /// The controller for a run.
    ///
    /// # Errors
    /// All that is out of range; a run of unknown length without `train`; stages and candidates that are too short, or too
    /// long for the run.
    pub fn controller(&self, setting: &Setting) -> Result<AutoLrsController, Vec<ControlError>> {
        self.check()?;
        Ok(AutoLrsController::new(self.clone(), self.lengths(setting)?))
    }

    /// The same with every rate multiplied by `factor`.
    #[must_use]
    pub fn with_rates_times(mut self, factor: f64) -> Self {
        self.low *= factor;
        self.high *= factor;
        self.warmup_peak = self.warmup_peak.map(|peak| peak * factor);
        self
    }

    /// What is permitted and probably not meant.
    fn warning(&self) -> Option<String> {
        let ratio = self.high / self.low;
        (ratio > WIDEST_RANGE).then(|| {
            format!(
                "the {} candidates are to cover rates from {} to {}, a factor of {}: neighbours are far apart, narrow the range",
                self.candidates,
                figures(self.low),
                figures(self.high),
                figures(ratio)
            )
        })
    }

    /// The rate that the warm-up ends at.
    fn warmup_peak(&self) -> f64 {
        self.warmup_peak.unwrap_or_else(|| grid::rate(self.low, self.high, 0.5))
    }

    fn lengths(&self, setting: &Setting) -> Result<Lengths, Vec<ControlError>> {
        let frame = &setting.frame;
        let mut errors = Vec::new();
        let mut steps = |field: &str, span: Option<Span>| {
            let found = span.map(|span| frame.to_steps(span, 0)).transpose();
            found.unwrap_or_else(|error| {
                errors.push(contradiction(field, error.to_string()));
                Some(0)
            })
        };
        let (train, search) = (steps("train", self.train), steps("search", self.search));
        let (longest, warmup) = (steps("doubling_up_to", self.doubling_up_to), steps("warmup", self.warmup));
        if !errors.is_empty() {
            return Err(errors);
        }
        let total = frame.total_steps;
        let Some(train) = train.or(total.map(|total| (total / 4).clamp(100, 1_000))) else {
            let why = "the length of the run is unknown: give the updates of a stage".to_owned();
            return Err(vec![contradiction("train", why)]);
        };
        let search = search.unwrap_or((train as f64 / 10.0).round() as u64);
        let longest = longest.unwrap_or(train);
        let lengths = Lengths { total, train, search, longest, warmup: warmup.unwrap_or(0) };
        let errors = self.misfits(&lengths);
        if errors.is_empty() { Ok(lengths) } else { Err(errors) }
    }

    /// What the run cannot hold.
    fn misfits(&self, lengths: &Lengths) -> Vec<ControlError> {
        let Lengths { total, train, search, longest, warmup } = *lengths;
        let mut errors = Vec::new();
        let fewest = match self.metric {
            Metric::TrainLoss => SHORTEST_SEARCH,
            Metric::ValLoss | Metric::TrainThenVal => 3 * EVALUATIONS,
        };
        if search < fewest {
            let for_what = if fewest == SHORTEST_SEARCH { "for a trend" } else { "for 16 evaluations" };
            let why = format!("{search} updates of a candidate, at least {fewest} {for_what}: lengthen it, or `train`");
            errors.push(contradiction("search", why));
        }
        if train < search {
            let why = format!("{train} updates are less than the {search} of a candidate (`search`): lengthen it");
            errors.push(contradiction("train", why));
        }
        if longest < train {
            let why = format!("{longest} updates are less than the {train} of the first stage (`train`)");
            errors.push(contradiction("doubling_up_to", why));
        }
        let longest_search = search as f64 * (longest as f64 / train.max(1) as f64);
        if longest_search > LONGEST_SEARCH as f64 {
            let why = format!("{longest_search:.0} updates of a candidate, must be at most {LONGEST_SEARCH}");
            errors.push(contradiction("search", why));
        }
        if let Some(total) = total
            && warmup.saturating_add(train) > total
        {
            let before = if warmup == 0 { String::new() } else { format!(" after {warmup} of warm-up") };
            let why = format!("a stage of {train} updates{before} does not fit a run of {total}: shorten it");
            errors.push(contradiction("train", why));
        }
        errors
    }
}

impl ControllerMethod for AutoLrs {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [
            (&parameters::LOW, Some(self.low)),
            (&parameters::HIGH, Some(self.high)),
            (&parameters::CANDIDATES, Some(self.candidates as f64)),
            (&parameters::WARMUP_PEAK, self.warmup_peak),
            (&parameters::LOSS_FLOOR, Some(self.loss_floor)),
            (&parameters::KAPPA, Some(self.kappa)),
            (&parameters::KAPPA_DECAY, Some(self.kappa_decay)),
            (&parameters::BUDGET_CAP, self.budget_cap),
        ];
        let mut errors = out_of_range(numbers);
        if errors.iter().all(|error| !matches!(error.field(), "low" | "high")) && self.low >= self.high {
            let why = format!("{} is not less than `high` = {}: there is nothing to search", self.low, self.high);
            errors.push(contradiction("low", why));
        }
        let spans = [
            (parameters::TRAIN, self.train),
            (parameters::SEARCH, self.search),
            (parameters::DOUBLING_UP_TO, self.doubling_up_to),
            (parameters::WARMUP, self.warmup),
        ];
        for (parameter, span) in spans {
            errors.extend(span.and_then(|span| span_within(&parameter, span, Bound::Included(1.0)).err()));
        }
        if self.warmup_peak.is_some() && self.warmup.is_none() {
            errors.push(contradiction("warmup_peak", "there is no warm-up: give `warmup` too".to_owned()));
        }
        all_or_nothing(errors)
    }

    fn resolve(&self, _: Hyperparameter, setting: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        Ok(Box::new(self.controller(setting)?))
    }

    fn peak(&self, _: &Setting) -> Option<f64> {
        None
    }
}
