mod ema;
mod swa;
mod tail;

use rheostat_schedule::parameter::Method;
use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

pub use self::ema::ExponentialAverage;
pub use self::swa::StochasticAverage;
pub use self::tail::TailAverage;
use crate::ControlError;
use crate::check::contradiction;

/// An average of the weights along a run as a recipe names it: what is evaluated, tested and kept as best, while training goes on
/// with the weights themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum AveragingSpec {
    /// An exponential moving average.
    Ema(ExponentialAverage),
    /// The mean of the weights at several moments.
    Swa(StochasticAverage),
    /// The mean of the weights over the last part of each cycle.
    Tail(TailAverage),
}

/// Every way to average with its parameters.
pub const AVERAGING: &[Method] = &[ExponentialAverage::METHOD, StochasticAverage::METHOD, TailAverage::METHOD];

impl AveragingSpec {
    /// The method's name in recipes.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ema(_) => ExponentialAverage::METHOD.name,
            Self::Swa(_) => StochasticAverage::METHOD.name,
            Self::Tail(_) => TailAverage::METHOD.name,
        }
    }

    /// The key of a length that is a share of the whole run, and so is another one in a run of another length.
    pub fn share_of_run(&self) -> Option<&'static str> {
        let share = |key, span: Span| matches!(span, Span::Fraction(_)).then_some(key);
        match self {
            Self::Ema(spec) => share("from", spec.from),
            Self::Swa(StochasticAverage { at: Some(moments), .. }) => {
                moments.iter().find_map(|moment| share("at", *moment))
            }
            Self::Swa(spec) => spec.from.map_or(Some("from"), |from| share("from", from)),
            Self::Tail(spec) => share("every", spec.every),
        }
    }

    /// The same in updates, for a run that is read out after these numbers of updates.
    ///
    /// # Errors
    /// What is out of range, contradicts itself, or does not fit the run, naming its key.
    pub fn resolve(&self, frame: &Frame, read_outs: &[u64]) -> Result<Averaging, ControlError> {
        match self {
            Self::Ema(spec) => spec.resolve(frame),
            Self::Swa(spec) => spec.resolve(frame),
            Self::Tail(spec) => spec.resolve(frame, read_outs),
        }
    }
}

fn steps(frame: &Frame, field: &str, span: Span) -> Result<u64, ControlError> {
    frame.to_steps(span, 0).map_err(|error| contradiction(field, error.to_string()))
}

/// An average that begins after the last update is none.
fn begins(field: &str, step: u64, frame: &Frame) -> Result<u64, ControlError> {
    match frame.total_steps {
        Some(total) if step >= total => {
            Err(contradiction(field, format!("step {step} is not before the last of the {total} there are")))
        }
        _ => Ok(step),
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
    /// In the last part of each cycle, anew in each.
    Tail {
        /// From which number of updates to which, in ascending order.
        windows: Vec<(u64, u64)>,
        /// Updates between two weights that count, backwards from the end of the window.
        every: u64,
    },
}

impl Averaging {
    /// The share of the new average that the weights after `updates` updates have, when `count` have joined it before; `None`
    /// if these do not join. The first to join are the average, and weights with a share of 1 begin it anew.
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
            Self::Tail { windows, every } => {
                let (first, end) = window(windows, updates)?;
                let joined = (updates - first) / every;
                (end - updates).is_multiple_of(*every).then_some(1.0 / (joined as f64 + 1.0))
            }
        }
    }

    /// Whether the average is what counts after so many updates, once weights have joined it.
    pub fn stands(&self, updates: u64) -> bool {
        match self {
            Self::Ema { .. } | Self::SwaEvery { .. } | Self::SwaAt { .. } => true,
            Self::Tail { windows, every } => {
                // The first to join is the one whose distance from the end is a multiple.
                window(windows, updates).is_some_and(|(first, end)| updates - first >= (end - first) % every)
            }
        }
    }
}

/// The window that holds so many updates.
fn window(windows: &[(u64, u64)], updates: u64) -> Option<(u64, u64)> {
    let next = windows.partition_point(|(_, end)| *end < updates);
    windows.get(next).copied().filter(|(first, _)| *first <= updates)
}
