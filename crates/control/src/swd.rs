//! Scheduled weight decay: the decay is weaker where gradients are large.

use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::bytes::{Reader, Writer, read_state};
use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{
    Asks, ControlError, Controller, ControllerMethod, DecayCoupling, Decision, Hyperparameter, Hyperparameters,
    Observation, OptimizerSpec, Reason, Setting,
};

/// Mean second moments below this tell nothing: no decay.
pub const SMALLEST_SECOND_MOMENT: f64 = 1e-30;

/// Weight decay over the root mean square of the gradient, as Adam sees it (Xie and others 2023, arXiv 2011.11152).
///
/// ```text
/// theta        <- theta (1 - eta weight_decay)                  before the step of Adam
/// weight_decay  = min(lambda / sqrt(v), max_decay / eta)        0 if v < 1e-30
/// ```
///
/// | symbol | parameter | default |
/// |---|---|---|
/// | `eta` | the learning rate of the update | |
/// | `v` | mean of the bias-corrected second moment over all elements, after it took in the gradient of this update | |
/// | `lambda` | `strength` | 5e-4 (the authors' program) |
/// | | `max_decay` | 0.1: the bound is ours |
///
/// Without the bound the factor on the weights is -4 at `eta` 1e-3 and `sqrt(v)` 1e-7. The value stays as it was, within the
/// bound, when a number is not finite. It stands for `lambda / sqrt(v)` only where weight decay is multiplied with the rate and
/// there are second moments: Adam and its family, `decay = "lr_coupled"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduledWeightDecay {
    /// Weight decay at a mean second moment of 1.
    pub strength: f64,
    /// Largest share of the weights that one update may take away.
    pub max_decay: f64,
}

impl Default for ScheduledWeightDecay {
    fn default() -> Self {
        Self { strength: 5e-4, max_decay: 0.1 }
    }
}

const PAPER: &str = "Xie and others, On the Overlooked Pitfalls of Weight Decay and How to Mitigate Them: A \
                     Gradient-Norm Perspective, arXiv 2011.11152";

const STRENGTH: Parameter = Parameter::new("strength", Kind::Number, "weight decay at a mean second moment of 1")
    .at_least(0.0, "at least 0")
    .default("5e-4")
    .source("the paper's program; as a default of its class 1e-4");
const MAX_DECAY: Parameter =
    Parameter::new("max_decay", Kind::Number, "largest share of the weights that one update may take away")
        .range(Bound::Excluded(0.0), Bound::Excluded(1.0), "more than 0 and less than 1")
        .default("0.1")
        .source("Rheostat");

/// What held the weight decay of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Free,
    AtMost,
    AtZero,
}

impl ScheduledWeightDecay {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "swd",
        family: Family::Controller,
        summary: "weight decay over the root of Adam's mean second moment",
        parameters: &[STRENGTH, MAX_DECAY],
        reference: PAPER,
    };

    /// The weight decay at a learning rate and a mean second moment; `None` if one of them is not finite or negative.
    pub fn weight_decay(&self, rate: f64, second: f64) -> Option<f64> {
        self.held(rate, second).map(|(value, _)| value)
    }

    fn held(&self, rate: f64, second: f64) -> Option<(f64, Held)> {
        let usable = |value: f64| value.is_finite() && value >= 0.0;
        if !usable(rate) || !usable(second) {
            return None;
        }
        if second < SMALLEST_SECOND_MOMENT {
            return Some((0.0, Held::AtZero));
        }
        // At a rate of 0 the bound is infinite.
        let (free, bound) = (self.strength / second.sqrt(), self.max_decay / rate);
        Some(if free > bound { (bound, Held::AtMost) } else { (free, Held::Free) })
    }

    /// The controller.
    ///
    /// # Errors
    /// All that is out of range, each naming its key.
    pub fn resolve(&self) -> Result<ScheduledWeightDecayController, Vec<ControlError>> {
        self.check()?;
        Ok(ScheduledWeightDecayController { spec: self.clone(), decided: 0.0, held: Held::Free })
    }
}

impl ControllerMethod for ScheduledWeightDecay {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [(&STRENGTH, self.strength), (&MAX_DECAY, self.max_decay)];
        all_or_nothing(out_of_range(numbers))
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        if !optimizer.has_second_moment() {
            let name = optimizer.name();
            let why = format!("swd divides by bias-corrected second moments, which {name} does not have: take adamw");
            return Err(contradiction("method", why));
        }
        if optimizer.decay() != DecayCoupling::LrCoupled {
            let why = "swd counts on weight decay times the learning rate: set decay = \"lr_coupled\" in [optimizer]";
            return Err(contradiction("method", why.to_owned()));
        }
        Ok(())
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

/// Decides the weight decay of every update; see [`ScheduledWeightDecay`]. 0 until second moments were told.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledWeightDecayController {
    spec: ScheduledWeightDecay,
    decided: f64,
    held: Held,
}

impl ScheduledWeightDecayController {
    fn decision(&self, reason: Option<String>) -> Decision {
        let hyperparameters = Hyperparameters::new().with(Hyperparameter::WeightDecay, self.decided);
        Decision { reason: reason.map(Reason), ..hyperparameters.into() }
    }

    fn moments(&mut self, step: u64, rate: f64, second: f64) -> Option<String> {
        let Some((value, held)) = self.spec.held(rate, second) else {
            // The bound moves with the rate; with a rate that is none no decay is safe, and the maximum of NaN and 0 is 0.
            self.decided = self.decided.min((self.spec.max_decay / rate).max(0.0));
            return None;
        };
        self.decided = value;
        if std::mem::replace(&mut self.held, held) == held {
            return None;
        }
        Some(match held {
            Held::Free => format!("the weight decay is free again at update {step}: mean second moment {second:e}"),
            Held::AtMost => format!(
                "the weight decay is held at {value:e} at update {step}: the mean second moment of {second:e} would take more \
                 than {} of the weights",
                self.spec.max_decay
            ),
            Held::AtZero => format!(
                "no weight decay at update {step}: the mean second moment of {second:e} is below {SMALLEST_SECOND_MOMENT:e}"
            ),
        })
    }
}

impl Controller for ScheduledWeightDecayController {
    fn begin(&mut self) -> Decision {
        (self.decided, self.held) = (0.0, Held::Free);
        self.decision(None)
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let reason = match *seen {
            Observation::Moments { step, rate, second } => self.moments(step, rate, second),
            Observation::Step { .. } | Observation::Evaluation { .. } | Observation::Gradient { .. } => None,
        };
        self.decision(reason)
    }

    fn asks(&self) -> Asks {
        Asks { moments: true, ..Asks::default() }
    }

    fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.f64(self.decided);
        writer.u64(match self.held {
            Held::Free => 0,
            Held::AtMost => 1,
            Held::AtZero => 2,
        });
        writer.0
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let read = |reader: &mut Reader<'_>| {
            let decided = reader.hyperparameter(Hyperparameter::WeightDecay)?;
            let held = match reader.u64()? {
                0 => Held::Free,
                1 => Held::AtMost,
                2 => Held::AtZero,
                other => return Err(format!("{other} is nothing that holds the weight decay")),
            };
            Ok((decided, held))
        };
        (self.decided, self.held) = read_state(ScheduledWeightDecay::METHOD.name, bytes, read)?;
        Ok(())
    }
}
