use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

use crate::ControlError;
use crate::check::{contradiction, within};

/// An average of the weights along a run as a recipe names it: what is evaluated, tested and kept as best, while training goes on
/// with the weights themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum AveragingSpec {
    /// An exponential moving average.
    Ema(ExponentialAverage),
    /// The mean of the weights at several moments.
    Swa(StochasticAverage),
}

/// Every way to average with its parameters.
pub const AVERAGING: &[Method] = &[ExponentialAverage::METHOD, StochasticAverage::METHOD];

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

/// Stochastic weight averaging: the mean of the weights every so many updates, or at moments that are listed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StochasticAverage {
    /// Updates before the first weights that count; three quarters of the run if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Span>,
    /// Updates between two that count; an epoch if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// The moments themselves, as the ends of cycles, in place of `from` and `every`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Vec<Span>>,
}

const DECAY: Parameter = Parameter::new("decay", Kind::Number, "share of the average that lives on")
    .range(std::ops::Bound::Included(0.0), std::ops::Bound::Excluded(1.0), "at least 0 and less than 1")
    .default("0.999")
    .source("torch.optim.swa_utils");
const IZMAILOV: &str = "Izmailov et al., Averaging weights leads to wider optima, arXiv 1803.05407";

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
}

impl StochasticAverage {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "swa",
        family: Family::Averaging,
        summary: "evaluates the mean of the weights at several moments",
        parameters: &[
            Parameter::new("from", Kind::Span, "updates before the first weights that count; 75 % if absent")
                .optional()
                .source(IZMAILOV),
            Parameter::new("every", Kind::Span, "updates between two that count; an epoch if absent")
                .positive()
                .optional()
                .source(IZMAILOV),
            Parameter::new(
                "at",
                Kind::Spans,
                "the moments themselves, as the ends of cycles, in place of from and every",
            )
            .optional(),
        ],
        reference: IZMAILOV,
    };
}

impl AveragingSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ema(_) => ExponentialAverage::METHOD.name,
            Self::Swa(_) => StochasticAverage::METHOD.name,
        }
    }

    /// The same in updates.
    ///
    /// # Errors
    /// What is out of range, contradicts itself, or does not fit the run, naming its key.
    pub fn resolve(&self, frame: &Frame) -> Result<Averaging, ControlError> {
        let steps =
            |field: &str, span: Span| frame.to_steps(span, 0).map_err(|error| contradiction(field, error.to_string()));
        let begins = |field: &str, step: u64| match frame.total_steps {
            Some(total) if step >= total => {
                Err(contradiction(field, format!("step {step} is not before the last of the {total} there are")))
            }
            _ => Ok(step),
        };
        match self {
            Self::Ema(spec) => {
                within(&DECAY, spec.decay)?;
                let from = begins("from", steps("from", spec.from)?)?;
                Ok(Averaging::Ema { decay: spec.decay, decay_warmup: spec.decay_warmup, from })
            }
            Self::Swa(StochasticAverage { from, every, at: Some(moments) }) => {
                if from.is_some() || every.is_some() {
                    return Err(contradiction(
                        "at",
                        "it stands in place of from and every: leave those out".to_owned(),
                    ));
                }
                let mut at = moments.iter().map(|span| steps("at", *span)).collect::<Result<Vec<_>, _>>()?;
                at.sort_unstable();
                match (at.first(), at.last(), frame.total_steps) {
                    (Some(0), ..) => Err(contradiction("at", "nothing is trained at step 0".to_owned())),
                    (_, Some(&last), Some(total)) if last > total => {
                        Err(contradiction("at", format!("step {last} is after the last of the {total} there are")))
                    }
                    (Some(_), ..) => Ok(Averaging::SwaAt { at }),
                    (None, ..) => Err(contradiction("at", "it lists no moment".to_owned())),
                }
            }
            Self::Swa(StochasticAverage { from, every, at: None }) => {
                let from = begins("from", steps("from", from.unwrap_or(Span::Fraction(0.75)))?)?;
                let every = steps("every", every.unwrap_or(Span::Epochs(1.0)))?;
                if every == 0 {
                    return Err(contradiction("every", "it comes to no update".to_owned()));
                }
                Ok(Averaging::SwaEvery { from, every })
            }
        }
    }
}

/// When weights join their average, and with what share: [`AveragingSpec`] in updates.
#[derive(Debug, Clone, PartialEq)]
pub enum Averaging {
    /// Every update after the first `from`.
    Ema {
        /// Share of the average that lives on.
        decay: f64,
        /// Whether the decay begins small.
        decay_warmup: bool,
        /// Updates before the average begins.
        from: u64,
    },
    /// After `from` updates, then every so many.
    SwaEvery {
        /// Updates before the first weights that count.
        from: u64,
        /// Updates between two that count.
        every: u64,
    },
    /// After so many updates each, in ascending order.
    SwaAt {
        /// The moments.
        at: Vec<u64>,
    },
}

impl Averaging {
    /// The share of the new average that the weights after `updates` updates have, when `count` have joined it before; `None`
    /// if these do not join. The first to join are the average.
    pub fn share(&self, updates: u64, count: u64) -> Option<f64> {
        let of_mean = 1.0 / (count as f64 + 1.0);
        match self {
            _ if updates == 0 => None,
            Self::Ema { decay, decay_warmup, from } => (updates > *from).then(|| {
                let n = count as f64;
                let bound = if *decay_warmup { (1.0 + n) / (10.0 + n) } else { 1.0 };
                if count == 0 { 1.0 } else { 1.0 - decay.min(bound) }
            }),
            Self::SwaEvery { from, every } => {
                let since = updates.checked_sub(*from)?;
                since.is_multiple_of(*every).then_some(of_mean)
            }
            Self::SwaAt { at } => at.binary_search(&updates).is_ok().then_some(of_mean),
        }
    }
}
