//! Armijo's criterion along the direction of the step, momentum included.

use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use super::backtracking::{Backtracking, Rules, Uphill};
use super::cap::capped;
use super::numbers::{Numbers, check_searchable};
use super::parameters::{
    BACKTRACK, C, CAP, GROWTH, INITIAL, MAX_BACKTRACKS, MAXIMUM, OURS, RESOLUTION, SMOOTHING, WARMUP,
};
use crate::check::{all_or_nothing, out_of_range};
use crate::{
    Ask, Base, ControlError, Direction, LineSearch, LineSearchMethod, Opening, OptimizerSpec, Outcome, Setting, Verdict,
};

/// Automated large-scale Adam line search (Kenneweg and others 2024, arXiv 2403.18519, equations 6 to 9).
///
/// ```text
/// slope    S  = w S_last + (1 - w) f_a              f_a = <g, d>, or (f(x) - f(x - probe d)) / probe
/// start    eta = min(maximum, growth eta_last)
/// loss     H  = w H_last + (1 - w) (f(x) - f(x - eta d))
/// accept   H >= c_h eta S                           c_h = c if S > 0, 1 / c otherwise
/// else     eta <- backtrack eta
/// ```
///
/// `f` is the loss of this update's batch at the weights `x`, `g` its gradient, `d` what the optimizer applies, `w` the `smoothing`,
/// `eta_last` the step size accepted last, at first `initial`. `H_last` and `S_last` are those of the last step accepted, at first 0;
/// with `w = 0` the criterion looks at this batch alone. Every parameter with its default, range, unit and source is in
/// [`Alsals::METHOD`].
///
/// Momentum may point upwards. Then no step lowers the loss, and `ascent` decides: `inverse_c` (the paper) permits a rise of `1 / c` times
/// the prediction, `reuse` takes the last step size without looking, `drop_momentum` searches and steps along the preconditioned
/// gradient instead.
///
/// The paper measures `f_a` as a finite difference over 5e-8. In single precision that drowns in rounding wherever the slope is not
/// several times the loss, so the exact slope is the default; it is the limit of the difference, and costs no evaluation. A
/// difference that is 0 or below `2 resolution` of the losses is not used: the search goes on with the exact slope, and the step's
/// outcome is [`Outcome::SlopeUnresolved`].
///
/// After a large decrease smoothing gives credit for later steps on which the loss rises; `credit_cap` bounds such a rise. No step
/// is made at a loss or a slope of exactly 0, nor where `max_backtracks` trials all fail: then the next search starts one backtrack
/// lower, and 20 of those in a row end the run. The program scales the step up once and takes it unseen instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Alsals {
    /// Share of the predicted decrease that a step must achieve; 0.6 (the paper).
    pub c: f64,
    /// What a step size that fails is multiplied by; 0.9 (the paper).
    pub backtrack: f64,
    /// What the last step size is multiplied by before a search; 2^(1 / batches of an epoch) (the paper).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
    /// Step size that the first search starts from, before growth; 0.1 (the paper's program).
    pub initial: f64,
    /// Largest step size; 10.
    pub maximum: f64,
    /// Weight of the past on both sides of the criterion; 0.99 (the paper's program).
    pub smoothing: f64,
    /// Where the slope comes from.
    pub slope: Slope,
    /// Step size of a finite difference; 1e-5. The paper has 5e-8.
    pub probe: f64,
    /// How often a difference of exactly 0 is measured again with ten times the step size; 0.
    pub probe_retries: u64,
    /// What becomes of a direction that leads upwards.
    pub ascent: Ascent,
    /// Most that the loss of the batch may rise in a step, as a share of its magnitude; absent: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit_cap: Option<f64>,
    /// Trials that may fail before a search ends; 100 (the paper's program).
    pub max_backtracks: u64,
    /// Relative difference of two losses that counts as rounding.
    pub resolution: f64,
    /// Rises to `initial` for so long, then searches; 0.
    pub warmup: Span,
    /// A schedule that no step is longer than; absent: `maximum` alone bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<ScheduleSpec>,
}

/// Where the slope along the direction comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slope {
    /// The inner product with the gradient.
    #[default]
    Exact,
    /// Two losses, a probe's length apart.
    FiniteDifference,
}

/// What becomes of a direction that leads upwards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ascent {
    /// The loss may rise by at most `1 / c` times the prediction.
    #[default]
    InverseC,
    /// The last step size, without looking.
    Reuse,
    /// Search and step without momentum.
    DropMomentum,
}

impl Default for Alsals {
    fn default() -> Self {
        Self {
            c: 0.6,
            backtrack: 0.9,
            growth: None,
            initial: 0.1,
            maximum: 10.0,
            smoothing: 0.99,
            slope: Slope::default(),
            probe: 1e-5,
            probe_retries: 0,
            ascent: Ascent::default(),
            credit_cap: None,
            max_backtracks: 100,
            resolution: super::SINGLE_PRECISION,
            warmup: Span::Steps(0),
            cap: None,
        }
    }
}

const PAPER: &str = "Kenneweg and others, Improving Line Search Methods for Large Scale Neural Network Training, \
                     arXiv 2403.18519";
const PROGRAM: &str = "the paper's program";

const SLOPE: Parameter =
    Parameter::choice("slope", &["exact", "finite_difference"], "where the slope along the direction comes from")
        .default("\"exact\"")
        .source("Rheostat; the paper has finite_difference");
const PROBE: Parameter = Parameter::new("probe", Kind::Number, "step size of a finite difference")
    .range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
    .default("1e-5")
    .source("Rheostat; the paper has 5e-8, its program 5e-9");
const PROBE_RETRIES: Parameter = Parameter::new(
    "probe_retries",
    Kind::Integer,
    "how often a difference of exactly 0 is measured again with ten times the step size",
)
.range(Bound::Included(0.0), Bound::Included(8.0), "0 to 8")
.default("0")
.source("Rheostat; the program retries without bound");
const ASCENT: Parameter = Parameter::choice(
    "ascent",
    &["inverse_c", "reuse", "drop_momentum"],
    "what becomes of a direction that leads upwards",
)
.default("\"inverse_c\"")
.source(PAPER);
const CREDIT_CAP: Parameter = Parameter::new(
    "credit_cap",
    Kind::Number,
    "most that the loss of the batch may rise in a step, as a share of its magnitude; absent: any",
)
.at_least(0.0, "at least 0")
.optional()
.source(OURS);

impl Alsals {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "alsals",
        family: Family::LineSearch,
        summary: "shortens the step until the loss falls by enough, along the optimizer's own direction",
        parameters: &[
            C.default("0.6").source(PAPER),
            BACKTRACK,
            GROWTH,
            INITIAL.default("0.1").source(PROGRAM),
            MAXIMUM,
            SMOOTHING.default("0.99").source(PROGRAM),
            SLOPE,
            PROBE,
            PROBE_RETRIES,
            ASCENT,
            CREDIT_CAP,
            MAX_BACKTRACKS.source(PROGRAM),
            RESOLUTION,
            WARMUP,
            CAP,
        ],
        reference: PAPER,
    };

    /// As printed: the slope as a difference over 5e-8, growth 2^(1/500), no guard against rounding.
    pub fn paper() -> Self {
        Self {
            slope: Slope::FiniteDifference,
            probe: 5e-8,
            growth: Some((1.0_f64 / 500.0).exp2()),
            resolution: 0.0,
            ..Self::default()
        }
    }

    /// As programmed for images: a difference over 5e-9, again with ten times as much while it is 0, `c` 0.5, growth 1 / 0.999, no
    /// guard against rounding.
    pub fn code() -> Self {
        Self {
            c: 0.5,
            slope: Slope::FiniteDifference,
            probe: 5e-9,
            probe_retries: 8,
            growth: Some(1.0 / 0.999),
            resolution: 0.0,
            ..Self::default()
        }
    }

    /// Without smoothing: the criterion looks at the batch alone.
    pub fn plain() -> Self {
        Self { smoothing: 0.0, ..Self::default() }
    }

    fn numbers(&self) -> Numbers {
        Numbers {
            c: self.c,
            backtrack: self.backtrack,
            growth: self.growth,
            initial: self.initial,
            maximum: self.maximum,
            smoothing: self.smoothing,
            max_backtracks: self.max_backtracks,
            resolution: self.resolution,
            warmup: self.warmup,
        }
    }
}

impl LineSearchMethod for Alsals {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn cap(&self) -> Option<&ScheduleSpec> {
        self.cap.as_ref()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = self.numbers().errors(self.cap());
        errors.extend(out_of_range([
            (&PROBE, Some(self.probe)),
            (&PROBE_RETRIES, Some(self.probe_retries as f64)),
            (&CREDIT_CAP, self.credit_cap),
        ]));
        all_or_nothing(errors)
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        check_searchable(Self::METHOD.name, optimizer)
    }

    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
        self.check()?;
        let uphill = if self.ascent == Ascent::Reuse { Uphill::Reuse } else { Uphill::InverseC };
        let plain = Rules::plain(Self::METHOD.name, Direction::Applied, self.numbers());
        let rules = Rules { uphill, credit_cap: self.credit_cap, ..plain };
        let core = Backtracking::new(rules, setting)?;
        let base = Base { loss: f64::NAN, decrease: f64::NAN };
        capped(
            Search { spec: self.clone(), core, base, turned: false, probe: None, unresolved: false },
            self.cap(),
            setting,
        )
    }
}

/// A probe under way.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Probe {
    length: f64,
    retries: u64,
}

#[derive(Debug, Clone, PartialEq)]
struct Search {
    spec: Alsals,
    core: Backtracking,
    base: Base,
    /// Whether this update's direction has lost its momentum.
    turned: bool,
    probe: Option<Probe>,
    /// Whether the probes of this update told nothing.
    unresolved: bool,
}

impl Search {
    /// Starts the search with a slope, or along another direction.
    fn start(&mut self, slope: f64) -> Ask {
        if self.spec.ascent == Ascent::DropMomentum && !self.turned && self.core.smoothed(slope) < 0.0 {
            self.turned = true;
            self.core.step_along(Direction::WithoutMomentum);
            return Ask::Turn(Direction::WithoutMomentum);
        }
        self.core.search(self.base.loss, slope)
    }

    fn probed(&mut self, probe: Probe, loss: f64) -> Ask {
        let fall = self.base.loss - loss;
        if fall == 0.0 && probe.retries > 0 {
            let again = Probe { length: 10.0 * probe.length, retries: probe.retries - 1 };
            self.probe = Some(again);
            return Ask::Probe(again.length);
        }
        // A loss that is not finite tells nothing either.
        let noise = 2.0 * self.spec.resolution * self.base.loss.abs().max(loss.abs());
        self.unresolved = !(fall.is_finite() && fall != 0.0 && fall.abs() >= noise);
        self.start(if self.unresolved { self.base.decrease } else { fall / probe.length })
    }
}

impl LineSearch for Search {
    fn open(&mut self, step: u64, scheduled: Option<f64>) -> Opening {
        (self.turned, self.probe, self.unresolved) = (false, None, false);
        self.core.open(step, scheduled)
    }

    fn begin(&mut self, base: Base) -> Ask {
        self.base = base;
        let flat = base.loss == 0.0 || base.decrease == 0.0;
        if self.spec.slope == Slope::Exact || flat {
            return self.start(base.decrease);
        }
        self.probe = Some(Probe { length: self.spec.probe, retries: self.spec.probe_retries });
        Ask::Probe(self.spec.probe)
    }

    fn tell(&mut self, loss: f64) -> Ask {
        if let Some(probe) = self.probe.take() {
            return self.probed(probe, loss);
        }
        match self.core.tell(loss) {
            Ask::Settle(Verdict { outcome: Outcome::Satisfied, step_size, along }) if self.unresolved => {
                Ask::Settle(Verdict { outcome: Outcome::SlopeUnresolved, step_size, along })
            }
            ask => ask,
        }
    }

    fn may_turn(&self) -> bool {
        self.spec.ascent == Ascent::DropMomentum
    }

    fn save(&self) -> Vec<u8> {
        self.core.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.core.load(bytes)
    }
}
