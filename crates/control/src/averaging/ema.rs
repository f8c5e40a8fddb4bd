use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

use super::{Averaging, begins, steps};
use crate::ControlError;
use crate::check::within;

/// Exponential moving average: `average <- decay average + (1 - decay) theta` after every update.
///
/// With `decay_warmup` the decay in the `n`-th update of the average is at most `(1 + n) / (10 + n)`, so that the first weights
/// are forgotten soon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExponentialAverage {
    /// Share of the average that lives on to the next update.
    pub decay: f64,
    /// Whether the decay begins small.
    pub decay_warmup: bool,
    /// Updates before the average begins.
    pub from: Span,
}

const DECAY: Parameter = Parameter::new("decay", Kind::Number, "share of the average that lives on")
    .range(std::ops::Bound::Included(0.0), std::ops::Bound::Excluded(1.0), "at least 0 and less than 1")
    .default("0.999")
    .source("torch.optim.swa_utils");

impl Default for ExponentialAverage {
    fn default() -> Self {
        Self { decay: 0.999, decay_warmup: true, from: Span::Steps(0) }
    }
}

impl ExponentialAverage {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "ema",
        family: Family::Averaging,
        summary: "evaluates an exponential moving average of the weights",
        parameters: &[
            DECAY,
            Parameter::new("decay_warmup", Kind::Boolean, "bound the decay by (1 + n) / (10 + n) in its n-th update")
                .default("true")
                .source("tf.train.ExponentialMovingAverage"),
            Parameter::new("from", Kind::Span, "updates before the average begins").default("\"0 steps\""),
        ],
        reference: "Polyak and Juditsky 1992; tf.train.ExponentialMovingAverage",
    };

    pub(super) fn resolve(&self, frame: &Frame) -> Result<Averaging, ControlError> {
        within(&DECAY, self.decay)?;
        let from = begins("from", steps(frame, "from", self.from)?, frame)?;
        Ok(Averaging::Ema { decay: self.decay, decay_warmup: self.decay_warmup, from })
    }
}
