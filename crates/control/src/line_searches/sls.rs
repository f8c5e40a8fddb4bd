//! Stochastic line search: Armijo's criterion along the gradient of the batch.

use rheostat_schedule::parameter::{Family, Method, Parameter};
use rheostat_schedule::{ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use super::backtracking::{Backtracking, OnExhaustion, Rules};
use super::cap::capped;
use super::numbers::{Numbers, check_decay, check_searchable};
use super::parameters::{BACKTRACK, C, CAP, GROWTH, INITIAL, MAX_BACKTRACKS, MAXIMUM, RESOLUTION, VASWANI, WARMUP};
use crate::check::{all_or_nothing, contradiction};
use crate::optimizers::{HeavyBall, HeavyBallForm};
use crate::{ControlError, Direction, LineSearch, LineSearchMethod, OptimizerSpec, Setting};

/// Step of an update whose search found none.
const CREEP: f64 = 1e-6;
/// A gradient of a norm up to this is flat.
const FLAT_NORM: f64 = 1e-8;

/// Stochastic line search (Vaswani and others 2019, arXiv 1905.09997, equation 4).
///
/// ```text
/// start    eta = min(maximum, growth eta_last)             reset = "keep": eta_last; reset = "initial": initial
/// accept   f(w) - f(w - eta g) >= c eta |g|^2              goldstein: and <= (1 - c) eta |g|^2
/// else     eta <- backtrack eta                            goldstein, if it fell by too much: eta <- min(maximum, 2 eta)
/// ```
///
/// `f` is the loss of this update's batch, `g` its gradient, `eta_last` the step size accepted last, at first `initial`. Every
/// parameter with its default, range, unit and source is in [`Sls::METHOD`].
///
/// The criterion looks along `-g`; the step goes along what the optimizer applies, so with `heavy_ball` it contains momentum that
/// nothing has tested. With that optimizer's `form = "polyak"` the step is `-eta g + mu (w - w_last)`, as in the paper's program;
/// torch's form gives the momentum the new step size too.
///
/// No step is made at a loss of exactly 0 or a gradient norm up to 1e-8. A search whose `max_backtracks` trials all fail takes a
/// step of 1e-6, as the program does, and remembers the step size it ended with; 20 of those in a row end the run. Under
/// Goldstein's criterion the program shortens to 1e-8 at least; here every search ends at 1e-10, and `maximum` is accepted although a
/// longer step would be better.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sls {
    /// Share of the predicted decrease that a step must achieve; 0.1 (the paper).
    pub c: f64,
    /// What a step size that fails is multiplied by; 0.9 (the paper).
    pub backtrack: f64,
    /// What the last step size is multiplied by before a search; 2^(1 / batches of an epoch) (the paper).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
    /// Step size that the first search starts from, before growth; 1 (the paper).
    pub initial: f64,
    /// Largest step size; 10.
    pub maximum: f64,
    /// What a search starts from.
    pub reset: Reset,
    /// When a step size is accepted.
    pub criterion: Criterion,
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

/// What a search starts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reset {
    /// The last step size, grown.
    #[default]
    Grow,
    /// The last step size.
    Keep,
    /// The initial step size.
    Initial,
}

/// When a step size is accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// The loss falls by enough.
    #[default]
    Armijo,
    /// The loss falls by enough, and not by so much that a longer step would do better.
    Goldstein,
}

impl Default for Sls {
    fn default() -> Self {
        Self {
            c: 0.1,
            backtrack: 0.9,
            growth: None,
            initial: 1.0,
            maximum: 10.0,
            reset: Reset::default(),
            criterion: Criterion::default(),
            max_backtracks: 100,
            resolution: super::SINGLE_PRECISION,
            warmup: Span::Steps(0),
            cap: None,
        }
    }
}

const RESET: Parameter = Parameter::choice("reset", &["grow", "keep", "initial"], "what a search starts from")
    .default("\"grow\"")
    .source("the paper's program: its options 1, 0 and 2");
const CRITERION: Parameter =
    Parameter::choice("criterion", &["armijo", "goldstein"], "when a step size is accepted; goldstein: c below 0.5")
        .default("\"armijo\"")
        .source(VASWANI);

impl Sls {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "sls",
        family: Family::LineSearch,
        summary: "shortens the step until the loss of the batch falls by enough, along the gradient",
        parameters: &[
            C.default("0.1").source(VASWANI),
            BACKTRACK,
            GROWTH,
            INITIAL.default("1.0").source(VASWANI),
            MAXIMUM,
            RESET,
            CRITERION,
            MAX_BACKTRACKS.source("the paper's program"),
            RESOLUTION,
            WARMUP,
            CAP,
        ],
        reference: VASWANI,
    };

    fn numbers(&self) -> Numbers {
        Numbers {
            c: self.c,
            backtrack: self.backtrack,
            growth: self.growth,
            initial: self.initial,
            maximum: self.maximum,
            smoothing: 0.0,
            max_backtracks: self.max_backtracks,
            resolution: self.resolution,
            warmup: self.warmup,
        }
    }
}

impl LineSearchMethod for Sls {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn cap(&self) -> Option<&ScheduleSpec> {
        self.cap.as_ref()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = self.numbers().errors(self.cap());
        if self.criterion == Criterion::Goldstein && (0.5..1.0).contains(&self.c) {
            let why = format!("{} leaves nothing between c and 1 - c to accept: less than 0.5 with goldstein", self.c);
            errors.push(contradiction("c", why));
        }
        all_or_nothing(errors)
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        let along_gradients = matches!(
            optimizer,
            OptimizerSpec::Sgd(_) | OptimizerSpec::Sgdw(_) | OptimizerSpec::HeavyBall(_) | OptimizerSpec::Nesterov(_)
        );
        if !along_gradients {
            let why = format!(
                "sls looks along the plain gradient, which says little of a step of {}: take sgd, sgdw, heavy_ball or nesterov, \
                 or alsals",
                optimizer.name()
            );
            return Err(contradiction("method", why));
        }
        // Polyak's form makes its displacement once the step size is known.
        if let OptimizerSpec::HeavyBall(HeavyBall { form: HeavyBallForm::Polyak, .. }) = optimizer {
            return check_decay(Self::METHOD.name, optimizer);
        }
        check_searchable(Self::METHOD.name, optimizer)
    }

    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
        self.check()?;
        let plain = Rules::plain(Self::METHOD.name, Direction::NegativeGradient, self.numbers());
        let rules = Rules {
            flat: FLAT_NORM * FLAT_NORM,
            criterion: self.criterion,
            reset: self.reset,
            on_exhaustion: OnExhaustion::Creep(CREEP),
            ..plain
        };
        capped(Backtracking::new(rules, setting)?, self.cap(), setting)
    }
}
