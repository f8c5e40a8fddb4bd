//! Adaptive heavy-ball momentum: the factor follows the curvature that two consecutive updates show.

use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::bytes::{Reader, Writer, read_state};
use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{
    Asks, Change, ControlError, Controller, ControllerMethod, Decision, Hyperparameter, Hyperparameters, Observation,
    Setting,
};

/// Momentum from how much the gradient changed over how far the parameters moved (Sun and others 2021,
/// arXiv 2110.09057).
///
/// ```text
/// x_(k+1) = x_k - gamma g_k + beta (x_k - x_(k-1))
/// r       = gamma |g_k - g_(k-1)| / |x_k - x_(k-1)|
/// beta_k  = min(max(0, 1 - sqrt(r))^2, 1 - delta)              inner = "literal": min((1 - sqrt(r))^2, 1 - delta)
/// ```
///
/// | symbol | parameter | default |
/// |---|---|---|
/// | `gamma` | the learning rate of the update | |
/// | `delta` | `delta` | 1e-3; the paper leaves it open, a related implementation has this |
/// | `beta` of the first updates | `start` | 0 (the paper) |
/// | which update uses `beta_k` | `lag` | 1: update `k + 1` (the paper as printed); 0: update `k` |
///
/// Norms are over all trainable parameters together. `beta` stays as it was when the parameters did not move or a number is not
/// finite. The formula squares before it projects: for `r > 1` the printed form rises again and gives the strongest momentum
/// where the curvature is largest, so `inner = "clamp"` is the default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveHeavyBall {
    /// The momentum is at most `1 - delta`.
    pub delta: f64,
    /// Updates from the one whose gradient decides to the one that uses the momentum: 0 or 1.
    pub lag: u64,
    /// What becomes of `1 - sqrt(r)` below 0.
    pub inner: Inner,
    /// Momentum until two gradients are known.
    pub start: f64,
}

/// What becomes of `1 - sqrt(r)` where it is negative, before it is squared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inner {
    /// It counts as 0.
    #[default]
    Clamp,
    /// It is squared as it is: the printed form.
    Literal,
}

impl Default for AdaptiveHeavyBall {
    fn default() -> Self {
        Self { delta: 1e-3, lag: 1, inner: Inner::default(), start: 0.0 }
    }
}

const PAPER: &str = "Sun and others, Training Deep Neural Networks with Adaptive Momentum Inspired by the Quadratic \
                     Optimization, arXiv 2110.09057";

// A smaller delta would vanish in 1 - delta.
const DELTA: Parameter = Parameter::new("delta", Kind::Number, "the momentum is at most 1 - delta")
    .range(Bound::Included(1e-12), Bound::Excluded(1.0), "at least 1e-12 and less than 1")
    .default("1e-3")
    .source("a related public implementation; the paper leaves it open");
const LAG: Parameter =
    Parameter::new("lag", Kind::Integer, "updates from the gradient that decides the momentum to the one that uses it")
        .range(Bound::Included(0.0), Bound::Included(1.0), "0 or 1")
        .default("1")
        .unit("updates")
        .source(PAPER);
const INNER: Parameter = Parameter::new(
    "inner",
    Kind::Choice(&["clamp", "literal"]),
    "whether a negative root is set to 0 before it is squared",
)
.default("\"clamp\"")
.source("Rheostat; the paper has literal");
const START: Parameter = Parameter::new("start", Kind::Number, "momentum until two gradients are known")
    .range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and at most 1 - delta")
    .default("0.0")
    .source(PAPER);

impl AdaptiveHeavyBall {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "adaptive_heavy_ball",
        family: Family::Controller,
        summary: "momentum from the curvature between two consecutive updates",
        parameters: &[DELTA, LAG, INNER, START],
        reference: PAPER,
    };

    /// The momentum that a change shows at a learning rate; `None` if it shows none: the parameters did not move, or a number is
    /// not finite.
    pub fn momentum(&self, rate: f64, change: Change) -> Option<f64> {
        let Change { gradient, parameters } = change;
        let ratio = rate * gradient / parameters;
        let usable = parameters > 0.0 && ratio.is_finite() && ratio >= 0.0;
        let root = match self.inner {
            Inner::Clamp => (1.0 - ratio.sqrt()).max(0.0),
            Inner::Literal => 1.0 - ratio.sqrt(),
        };
        usable.then(|| (root * root).min(1.0 - self.delta))
    }

    /// The controller.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    pub fn resolve(&self) -> Result<AdaptiveHeavyBallController, Vec<ControlError>> {
        self.check()?;
        let start = self.start;
        Ok(AdaptiveHeavyBallController { spec: self.clone(), told: None, before: start, latest: start, decided: start })
    }
}

impl ControllerMethod for AdaptiveHeavyBall {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [(&DELTA, self.delta), (&LAG, self.lag as f64), (&START, self.start)];
        let mut errors = out_of_range(numbers);
        if errors.is_empty() && self.start > 1.0 - self.delta {
            let why = format!(
                "{} is more than 1 - `delta` = {}, the largest momentum there is",
                self.start,
                1.0 - self.delta
            );
            errors.push(contradiction(START.name, why));
        }
        all_or_nothing(errors)
    }

    fn resolve(&self, _: Hyperparameter, _: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        Ok(Box::new(Self::resolve(self)?))
    }

    fn follows_rate(&self) -> bool {
        true
    }

    fn peak(&self, _: &Setting) -> Option<f64> {
        None
    }
}

/// Decides the momentum of every update; see [`AdaptiveHeavyBall`].
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptiveHeavyBallController {
    spec: AdaptiveHeavyBall,
    /// The update whose gradient was told last.
    told: Option<u64>,
    /// What was known before that gradient; a refused update falls back on it.
    before: f64,
    /// What is known with it.
    latest: f64,
    decided: f64,
}

impl Controller for AdaptiveHeavyBallController {
    fn begin(&mut self) -> Decision {
        let start = self.spec.start;
        *self = Self { told: None, before: start, latest: start, decided: start, spec: self.spec.clone() };
        self.decision()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        match *seen {
            Observation::Gradient { step, rate, change, .. } => {
                if self.told != Some(step) {
                    self.told = Some(step);
                    self.before = self.latest;
                }
                self.latest = change.and_then(|change| self.spec.momentum(rate, change)).unwrap_or(self.before);
                self.decided = if self.spec.lag == 0 { self.latest } else { self.before };
            }
            Observation::Step { step, loss } => {
                if !loss.is_finite() && self.told == Some(step) {
                    self.latest = self.before;
                }
                self.decided = self.latest;
            }
            Observation::Evaluation { .. } | Observation::Moments { .. } => {}
        }
        self.decision()
    }

    fn asks(&self) -> Asks {
        Asks { gradient: true, change: true, moments: false }
    }

    fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.optional_u64(self.told);
        [self.before, self.latest, self.decided].iter().for_each(|momentum| writer.f64(*momentum));
        writer.0
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let read = |reader: &mut Reader<'_>| {
            let told = reader.optional_u64()?;
            let mut momentum = || reader.hyperparameter(Hyperparameter::Momentum);
            let (before, latest, decided) = (momentum()?, momentum()?, momentum()?);
            Ok(Self { told, before, latest, decided, spec: self.spec.clone() })
        };
        *self = read_state(AdaptiveHeavyBall::METHOD.name, bytes, read)?;
        Ok(())
    }
}

impl AdaptiveHeavyBallController {
    fn decision(&self) -> Decision {
        Hyperparameters::new().with(Hyperparameter::Momentum, self.decided).into()
    }
}
