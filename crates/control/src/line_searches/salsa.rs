//! Armijo's criterion smoothed on both sides, and only as often as the step size moves.

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use super::backtracking::{Backtracking, Rules};
use super::cap::capped;
use super::numbers::{Numbers, check_searchable};
use super::parameters::{BACKTRACK, C, CAP, GROWTH, INITIAL, MAX_BACKTRACKS, MAXIMUM, RESOLUTION, SMOOTHING, WARMUP};
use crate::bytes::{Reader, Writer};
use crate::check::all_or_nothing;
use crate::{
    Ask, Base, ControlError, Direction, LineSearch, LineSearchMethod, Opening, OptimizerSpec, Outcome, Setting, Verdict,
};

/// Searches before any update is left out.
const ALWAYS_FIRST: u64 = 9;
/// Most updates from one search to the next.
const LONGEST_INTERVAL: f64 = 10.0;
/// Weights of the past in the two averages of step sizes.
const FAST: f64 = 0.9;
const SLOW: f64 = 0.99;
/// What the published averages start from, and the smallest loss and slope that its search looks at.
const TINY: f64 = 1e-8;

/// Stable Armijo line search adaptation (Kenneweg and others 2024, arXiv 2407.20650).
///
/// ```text
/// slope    S  = w S_last + (1 - w) q                q = <g, d>
/// start    eta = min(maximum, growth eta_last)
/// loss     H  = w H_last + (1 - w) (f(x) - f(x - eta d))
/// accept   H >= c eta S
/// else     eta <- backtrack eta
/// search   in the first 9 updates, then if at least L updates have passed since the last search
///          L = min(10, 1 / (max(r, 1 / r) - 1))     r = mean of eta, weight of the past 0.9, over the same with 0.99
/// ```
///
/// `f` is the loss of this update's batch at the weights `x`, `g` its gradient, `d` the direction `tested`, `w` the `smoothing`,
/// `eta_last` the step size of the last search, at first `initial`. Updates without a search take `eta_last`. Every parameter
/// with its default, range, unit and source is in [`Salsa::METHOD`].
///
/// With `tested = "without_momentum"` the step goes along the optimizer's direction all the same, as in `adam_sls`. Where the
/// averaged slope is not above 0 the last step size is taken without looking. No step is made at a loss or a slope of exactly 0, nor
/// where `max_backtracks` trials all fail: then the next update searches again, one backtrack lower, and 20 of those in a row end
/// the run.
///
/// `literal` repeats what the published class does otherwise than it says, as far as a policy decides it: both means of `eta` start at
/// 1e-8 without correction, so at a constant `eta` the interval is 10 only after 239 searches; updates without a search take
/// `growth eta_last`, which is not remembered; with `tested = "without_momentum"` the weights stay at the trial point, so a
/// searched step has no momentum; an averaged slope or a loss below 1e-8 takes `growth eta_last` without looking; a trial with
/// exactly the loss of the start is taken and leaves `H` as it was. Not repeated, for they lie in the optimizer and the loop: a bias
/// correction one update ahead, which makes the first direction 0.744 (with momentum) or 1.414 (without) times Adam's, weight decay
/// between the two losses that are compared, and losses that are NaN, which the class steps on without looking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Salsa {
    /// Share of the predicted decrease that a step must achieve; 0.3 (the paper).
    pub c: f64,
    /// What a step size that fails is multiplied by; 0.8 (the paper's program).
    pub backtrack: f64,
    /// What the last step size is multiplied by before a search; 1.1 (the paper's program).
    pub growth: f64,
    /// Step size that the first search starts from, before growth; 1 (the paper's program).
    pub initial: f64,
    /// Largest step size; 10.
    pub maximum: f64,
    /// Weight of the past on both sides of the criterion; 0.99 (the paper).
    pub smoothing: f64,
    /// The direction that losses are measured along.
    pub tested: Tested,
    /// Whether the published class is repeated with its slips.
    pub literal: bool,
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

/// The direction that losses are measured along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tested {
    /// The optimizer's, without momentum.
    #[default]
    WithoutMomentum,
    /// The one that is applied.
    Applied,
}

impl Default for Salsa {
    fn default() -> Self {
        Self {
            c: 0.3,
            backtrack: 0.8,
            growth: 1.1,
            initial: 1.0,
            maximum: 10.0,
            smoothing: 0.99,
            tested: Tested::default(),
            literal: false,
            max_backtracks: 100,
            resolution: super::SINGLE_PRECISION,
            warmup: Span::Steps(0),
            cap: None,
        }
    }
}

const PAPER: &str = "Kenneweg and others, No Learning Rates Needed: Introducing SALSA, Stable Armijo Line Search \
                     Adaptation, arXiv 2407.20650";
const PROGRAM: &str = "the paper's program";

const TESTED: Parameter = Parameter::choice(
    "tested",
    &["without_momentum", "applied"],
    "the direction that losses are measured along; the step is taken along the one applied",
)
.default("\"without_momentum\"")
.source("the paper's program: use_mv");
const LITERAL: Parameter =
    Parameter::new("literal", Kind::Boolean, "whether the published class is repeated with its slips")
        .default("false")
        .source(PROGRAM);

impl Salsa {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "salsa",
        family: Family::LineSearch,
        summary: "shortens the step until the loss falls by enough on average, in as many updates as the step size moves",
        parameters: &[
            C.default("0.3").source("the paper; 0.5 in its program's class"),
            BACKTRACK.default("0.8").source(PROGRAM),
            GROWTH.default("1.1").source(PROGRAM),
            INITIAL.default("1.0").source(PROGRAM),
            MAXIMUM,
            SMOOTHING.default("0.99").source("the paper; 0.9 in its program's class"),
            TESTED,
            LITERAL,
            MAX_BACKTRACKS.source(PROGRAM),
            RESOLUTION,
            WARMUP,
            CAP,
        ],
        reference: PAPER,
    };

    /// As programmed, with the numbers of its runs, and without a guard against rounding or a bound on the step size.
    pub fn published() -> Self {
        Self { literal: true, resolution: 0.0, maximum: rheostat_schedule::parameter::LARGEST, ..Self::default() }
    }

    fn numbers(&self) -> Numbers {
        Numbers {
            c: self.c,
            backtrack: self.backtrack,
            growth: Some(self.growth),
            initial: self.initial,
            maximum: self.maximum,
            smoothing: self.smoothing,
            max_backtracks: self.max_backtracks,
            resolution: self.resolution,
            warmup: self.warmup,
        }
    }
}

impl LineSearchMethod for Salsa {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn cap(&self) -> Option<&ScheduleSpec> {
        self.cap.as_ref()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(self.numbers().errors(self.cap()))
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        check_searchable(Self::METHOD.name, optimizer)
    }

    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
        self.check()?;
        let searched = match self.tested {
            Tested::WithoutMomentum => Direction::WithoutMomentum,
            Tested::Applied => Direction::Applied,
        };
        let core = Backtracking::new(Rules::plain(Self::METHOD.name, searched, self.numbers()), setting)?;
        let frequency = Frequency::new(self.literal);
        capped(Search { spec: self.clone(), searched, core, frequency, step: 0, last: 0 }, self.cap(), setting)
    }
}

/// How often SALSA searches: rarely while step sizes are steady.
#[derive(Debug, Clone, PartialEq)]
pub struct Frequency {
    literal: bool,
    fast: f64,
    slow: f64,
    searches: u64,
}

impl Frequency {
    /// Before any search. `literal`: the means start at 1e-8 and are not corrected for it.
    pub fn new(literal: bool) -> Self {
        let start = if literal { TINY } else { 0.0 };
        Self { literal, fast: start, slow: start, searches: 0 }
    }

    /// Takes in the step size that a search found.
    pub fn found(&mut self, step_size: f64) {
        self.fast = FAST * self.fast + (1.0 - FAST) * step_size;
        self.slow = SLOW * self.slow + (1.0 - SLOW) * step_size;
        self.searches = self.searches.saturating_add(1);
    }

    /// Updates from one search to the next, `L`.
    pub fn interval(&self) -> f64 {
        if self.searches == 0 {
            return LONGEST_INTERVAL;
        }
        let searches = self.searches as f64;
        let mass = |weight: f64| if self.literal { 1.0 } else { 1.0 - weight.powf(searches) };
        let ratio = (self.fast / mass(FAST)) / (self.slow / mass(SLOW));
        LONGEST_INTERVAL.min(1.0 / ((ratio.max(1.0 / ratio) - 1.0) + TINY))
    }

    /// Whether an update searches, so many after the last that did.
    pub fn due(&self, since: u64) -> bool {
        self.searches < ALWAYS_FIRST || since as f64 >= self.interval()
    }

    fn write(&self, writer: &mut Writer) {
        writer.f64(self.fast);
        writer.f64(self.slow);
        writer.u64(self.searches);
    }

    fn read(&self, reader: &mut Reader<'_>) -> Result<Self, String> {
        let (fast, slow, searches) = (reader.f64()?, reader.f64()?, reader.u64()?);
        let usable = |mean: f64| mean.is_finite() && mean >= 0.0 && (mean > 0.0 || searches == 0);
        if !usable(fast) || !usable(slow) {
            return Err(format!("{fast} and {slow} are no means of {searches} step sizes"));
        }
        Ok(Self { literal: self.literal, fast, slow, searches })
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Search {
    spec: Salsa,
    searched: Direction,
    core: Backtracking,
    frequency: Frequency,
    /// This update, and the last that found a step size.
    step: u64,
    last: u64,
}

impl Search {
    /// What follows from an answer of the criterion.
    fn after(&mut self, ask: Ask, decrease_before: f64) -> Ask {
        let Ask::Settle(verdict) = ask else { return ask };
        if !matches!(verdict.outcome, Outcome::Satisfied | Outcome::Unresolved) {
            return ask;
        }
        self.found(verdict.step_size);
        if !self.spec.literal {
            return ask;
        }
        if verdict.outcome == Outcome::Unresolved {
            self.core.set_decrease(decrease_before);
        }
        Ask::Settle(Verdict { along: self.searched, ..verdict })
    }

    fn found(&mut self, step_size: f64) {
        self.frequency.found(step_size);
        self.last = self.step;
    }
}

impl LineSearch for Search {
    fn open(&mut self, step: u64, scheduled: Option<f64>) -> Opening {
        self.step = step;
        let opening = self.core.open(step, scheduled);
        if matches!(opening, Opening::Settled(_)) || self.frequency.due(step.saturating_sub(self.last)) {
            return opening;
        }
        let step_size = if self.spec.literal { self.core.first() } else { self.core.remembered() };
        Opening::Settled(Verdict::applied(step_size, Outcome::Reused))
    }

    fn begin(&mut self, base: Base) -> Ask {
        let flat = base.loss == 0.0 || base.decrease == 0.0;
        let tiny = base.loss < TINY || self.core.smoothed(base.decrease) < TINY;
        if self.spec.literal && tiny && !flat && base.decrease.is_finite() {
            self.found(self.core.first());
            return self.core.take_unseen(base.decrease, Outcome::Reused);
        }
        let ask = self.core.begin(base);
        self.after(ask, self.core.decrease())
    }

    fn tell(&mut self, loss: f64) -> Ask {
        let decrease_before = self.core.decrease();
        let ask = self.core.tell(loss);
        self.after(ask, decrease_before)
    }

    fn save(&self) -> Vec<u8> {
        self.core.save_with(|writer| {
            self.frequency.write(writer);
            writer.u64(self.last);
        })
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let frequency = &self.frequency;
        (self.frequency, self.last) =
            self.core.load_with(bytes, |reader| Ok((frequency.read(reader)?, reader.u64()?)))?;
        Ok(())
    }
}
