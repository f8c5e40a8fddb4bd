//! Armijo's criterion along Adam's direction without momentum.

use rheostat_schedule::parameter::{Family, Method};
use rheostat_schedule::{ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use super::backtracking::{Backtracking, Rules};
use super::cap::capped;
use super::numbers::{Numbers, check_searchable};
use super::parameters::{
    BACKTRACK, C, CAP, GROWTH, INITIAL, MAX_BACKTRACKS, MAXIMUM, OURS, RESOLUTION, SMOOTHING, WARMUP,
};
use crate::check::{all_or_nothing, contradiction};
use crate::{ControlError, Direction, LineSearch, LineSearchMethod, OptimizerSpec, Setting};

/// Adam with a stochastic line search (Vaswani and others 2021, arXiv 2006.06835; as equation 5 of arXiv 2403.18519).
///
/// ```text
/// start    eta = min(maximum, growth eta_last)
/// accept   f(w) - f(w - eta P g) >= c eta sum_i P_i g_i^2        P_i = 1 / (sqrt(v_hat_i) + epsilon)
/// else     eta <- backtrack eta
/// step     w <- w - eta P m_hat
/// ```
///
/// `f` is the loss of this update's batch, `g` its gradient, `eta_last` the step size accepted last, at first `initial`; `v_hat` and
/// `m_hat` are Adam's. The direction tested has no momentum, so it never leads upwards and some step size is always short enough; the
/// step taken has momentum, which nothing has tested. With `smoothing = w` both sides are averages `w past + (1 - w) new` over the
/// updates. Every parameter with its default, range, unit and source is in [`AdamSls::METHOD`].
///
/// No step is made at a loss or a decrease of exactly 0, nor where `max_backtracks` trials all fail: then the next search starts one
/// backtrack lower, and 20 of those in a row end the run. The paper's program smooths by default, with 0.999 and `c` 0.2; its
/// `scalar` variant, which has `|g|` in place of `|g|^2`, is not offered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamSls {
    /// Share of the predicted decrease that a step must achieve; 0.1 (the paper).
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
    /// Weight of the past on both sides of the criterion; 0: this batch alone (the paper).
    pub smoothing: f64,
    /// Trials that may fail before a search ends; 200 (the paper's program).
    pub max_backtracks: u64,
    /// Relative difference of two losses that counts as rounding.
    pub resolution: f64,
    /// Rises to `initial` for so long, then searches; 0.
    pub warmup: Span,
    /// A schedule that no step is longer than; absent: `maximum` alone bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<ScheduleSpec>,
}

impl Default for AdamSls {
    fn default() -> Self {
        Self {
            c: 0.1,
            backtrack: 0.9,
            growth: None,
            initial: 0.1,
            maximum: 10.0,
            smoothing: 0.0,
            max_backtracks: 200,
            resolution: super::SINGLE_PRECISION,
            warmup: Span::Steps(0),
            cap: None,
        }
    }
}

const PAPER: &str =
    "Vaswani and others, Adaptive Gradient Methods Converge Faster with Over-Parameterization, arXiv 2006.06835";
const PROGRAM: &str = "the paper's program";

impl AdamSls {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "adam_sls",
        family: Family::LineSearch,
        summary: "shortens the step until the loss of the batch falls by enough, along Adam's direction without momentum",
        parameters: &[
            C.default("0.1").source(PAPER),
            BACKTRACK,
            GROWTH,
            INITIAL.default("0.1").source(PROGRAM),
            MAXIMUM,
            SMOOTHING.default("0.0").source(OURS),
            MAX_BACKTRACKS.default("200").source(PROGRAM),
            RESOLUTION,
            WARMUP,
            CAP,
        ],
        reference: PAPER,
    };

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

impl LineSearchMethod for AdamSls {
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
        if !optimizer.has_second_moment() {
            let why = format!(
                "adam_sls divides gradients by Adam's second moments, which {} does not have: take adamw, or sls",
                optimizer.name()
            );
            return Err(contradiction("method", why));
        }
        check_searchable(Self::METHOD.name, optimizer)
    }

    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
        self.check()?;
        let rules = Rules::plain(Self::METHOD.name, Direction::WithoutMomentum, self.numbers());
        capped(Backtracking::new(rules, setting)?, self.cap(), setting)
    }
}
