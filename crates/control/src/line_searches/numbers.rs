use std::ops::Bound;

use rheostat_schedule::{ScheduleSpec, Span};

use super::cap::cap_errors;
use super::parameters;
use crate::check::{contradiction, out_of_range, span_within};
use crate::{ControlError, DecayCoupling, Hyperparameter, OptimizerSpec, Setting};

/// Batches of an epoch where nobody knows how many there are: those of the ALSALS paper.
const BATCHES: u64 = 500;

/// What every backtracking search takes, as it was given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Numbers {
    pub(super) c: f64,
    pub(super) backtrack: f64,
    pub(super) growth: Option<f64>,
    pub(super) initial: f64,
    pub(super) maximum: f64,
    pub(super) smoothing: f64,
    pub(super) max_backtracks: u64,
    pub(super) resolution: f64,
    pub(super) warmup: Span,
}

impl Numbers {
    /// All that is out of range, in the cap beside them too.
    pub(super) fn errors(&self, cap: Option<&ScheduleSpec>) -> Vec<ControlError> {
        let mut errors = out_of_range([
            (&parameters::C, Some(self.c)),
            (&parameters::BACKTRACK, Some(self.backtrack)),
            (&parameters::GROWTH, self.growth),
            (&parameters::INITIAL, Some(self.initial)),
            (&parameters::MAXIMUM, Some(self.maximum)),
            (&parameters::SMOOTHING, Some(self.smoothing)),
            (&parameters::MAX_BACKTRACKS, Some(self.max_backtracks as f64)),
            (&parameters::RESOLUTION, Some(self.resolution)),
        ]);
        if !errors.iter().any(|error| matches!(error.field(), "initial" | "maximum")) && self.initial > self.maximum {
            let why =
                format!("{} is more than `maximum` = {}: lower it, or raise `maximum`", self.initial, self.maximum);
            errors.push(contradiction("initial", why));
        }
        errors.extend(span_within(&parameters::WARMUP, self.warmup, Bound::Excluded(1.0)).err());
        errors.extend(cap_errors(cap));
        errors
    }

    /// The growth of a run.
    pub(super) fn growth(&self, setting: &Setting) -> Result<f64, ControlError> {
        let batches = setting.frame.steps_per_epoch.unwrap_or(BATCHES);
        match self.growth {
            Some(growth) => Ok(growth),
            None if batches == 0 => {
                let why = "an epoch has 0 batches, so there is no 2^(1 / batches): give a number".to_owned();
                Err(contradiction("growth", why))
            }
            None => Ok((1.0 / batches as f64).exp2()),
        }
    }

    /// The updates of the warm-up.
    pub(super) fn warmup(&self, setting: &Setting) -> Result<u64, ControlError> {
        let warmup = setting.frame.to_steps(self.warmup, 0);
        let warmup = warmup.map_err(|error| contradiction("warmup", error.to_string()))?;
        match setting.frame.total_steps {
            Some(total) if warmup > 0 && warmup >= total => {
                let why = format!("{warmup} updates leave nothing to search in a run of {total}: shorten it");
                Err(contradiction("warmup", why))
            }
            _ => Ok(warmup),
        }
    }
}

/// The largest step size of an update beside a schedule; `None` where that says 0.
pub(super) fn largest(maximum: f64, scheduled: Option<f64>) -> Option<f64> {
    match scheduled {
        None => Some(maximum),
        Some(bound) => (bound > 0.0).then(|| maximum.min(bound)),
    }
}

/// Refuses optimizers without a direction to search along, and a weight decay that does not shrink with the step size tried.
pub(super) fn check_searchable(method: &str, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
    if optimizer.contains_rate() {
        let name = optimizer.name();
        let why = format!(
            "{name} moves by displacements that contain the learning rate, so that {method} cannot choose it: take {}",
            if optimizer.epsilon().is_some() { "adamw" } else { "sgd, or another form" }
        );
        return Err(contradiction("method", why));
    }
    check_decay(method, optimizer)
}

/// Refuses a weight decay that does not shrink with the step size tried.
pub(super) fn check_decay(method: &str, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
    if optimizer.default_of(Hyperparameter::WeightDecay).is_none() {
        return Ok(());
    }
    let (name, why) = match optimizer.decay() {
        DecayCoupling::LrCoupled | DecayCoupling::L2 | DecayCoupling::Inside => return Ok(()),
        DecayCoupling::ScheduleMultiplier => {
            ("schedule_multiplier", "refers to the peak of a schedule, which a line search does not have")
        }
        DecayCoupling::Independent => ("independent", "does not shrink with the step size that is tried"),
    };
    let why = format!(
        "{method} cannot weigh a step with decay = \"{name}\", which {why}: set decay = \"lr_coupled\" or \"l2\" in [optimizer]"
    );
    Err(contradiction("method", why))
}
