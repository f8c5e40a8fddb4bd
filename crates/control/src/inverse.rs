//! Momentum that moves against the learning rate.

use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, within};
use crate::{
    ControlError, Controller, ControllerMethod, Decision, Hyperparameter, Hyperparameters, Observation, Setting,
};

/// Momentum that is high where the rate is low and low where it is high (L. N. Smith 2018, arXiv 1803.09820).
///
/// ```text
/// momentum = high - (high - low) phase        phase = (eta - eta_low) / (eta_peak - eta_low), clipped to 0..1
/// ```
///
/// | symbol | parameter | default |
/// |---|---|---|
/// | `eta` | the learning rate decided for the same update | |
/// | `high` | `high` | 0.95 (one-cycle; 0.9 with cyclical rates) |
/// | `low` | `low` | 0.85 (one-cycle; 0.8 with cyclical rates) |
/// | `eta_low`, `eta_peak` | `rate_low`, `rate_peak` | the range of the rate's schedule over the run; required if a controller sets the rate |
///
/// It follows whatever decides the rate, so it decides among others only: see [`crate::Together`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InverseMomentum {
    /// Momentum where the rate is lowest.
    pub high: f64,
    /// Momentum where the rate is highest.
    pub low: f64,
    /// The rate that has `high`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_low: Option<f64>,
    /// The rate that has `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_peak: Option<f64>,
}

impl Default for InverseMomentum {
    fn default() -> Self {
        Self { high: 0.95, low: 0.85, rate_low: None, rate_peak: None }
    }
}

const PAPER: &str = "L. N. Smith, A disciplined approach to neural network hyper-parameters, arXiv 1803.09820";

const fn momentum(name: &'static str, help: &'static str) -> Parameter {
    Parameter::new(name, Kind::Number, help).range(
        Bound::Included(0.0),
        Bound::Excluded(1.0),
        "at least 0 and less than 1, `low` less than `high`",
    )
}
const HIGH: Parameter = momentum("high", "momentum where the rate is lowest").default("0.95").source(PAPER);
const LOW: Parameter = momentum("low", "momentum where the rate is highest").default("0.85").source(PAPER);
const RATE_LOW: Parameter =
    Parameter::new("rate_low", Kind::Number, "rate that has the high momentum; the lowest of its schedule if absent")
        .at_least(0.0, "at least 0 and less than `rate_peak`")
        .optional();
const RATE_PEAK: Parameter =
    Parameter::new("rate_peak", Kind::Number, "rate that has the low momentum; the highest of its schedule if absent")
        .positive()
        .optional();

impl InverseMomentum {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "inverse",
        family: Family::Controller,
        summary: "momentum that falls while the rate rises and rises while it falls",
        parameters: &[HIGH, LOW, RATE_LOW, RATE_PEAK],
        reference: PAPER,
    };

    /// The same with the range of rates filled in where it was left open.
    #[must_use]
    pub fn over_rates(self, low: f64, peak: f64) -> Self {
        Self { rate_low: self.rate_low.or(Some(low)), rate_peak: self.rate_peak.or(Some(peak)), ..self }
    }

    /// The same with every rate multiplied by `factor`.
    #[must_use]
    pub fn with_rates_times(self, factor: f64) -> Self {
        let times = |rate: Option<f64>| rate.map(|rate| rate * factor);
        Self { rate_low: times(self.rate_low), rate_peak: times(self.rate_peak), ..self }
    }

    /// The controller.
    ///
    /// # Errors
    /// Those of [`ControllerMethod::check`], and a range of rates that is not known.
    pub fn resolve(&self) -> Result<InverseMomentumController, Vec<ControlError>> {
        self.check()?;
        let unknown = |field: &str| ControlError::Contradiction {
            field: field.to_owned(),
            why: "it must be given: only a schedule of the learning rate tells beforehand how far the rate will move"
                .into(),
        };
        match (self.rate_low, self.rate_peak) {
            (Some(rate_low), Some(rate_peak)) => {
                Ok(InverseMomentumController { high: self.high, low: self.low, rate_low, rate_peak })
            }
            (rate_low, rate_peak) => {
                let missing = [(RATE_LOW.name, rate_low), (RATE_PEAK.name, rate_peak)];
                Err(missing.iter().filter(|(_, rate)| rate.is_none()).map(|(name, _)| unknown(name)).collect())
            }
        }
    }
}

impl ControllerMethod for InverseMomentum {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let rates = [(&RATE_LOW, self.rate_low), (&RATE_PEAK, self.rate_peak)];
        let rates = rates.into_iter().filter_map(|(parameter, rate)| Some((parameter, rate?)));
        let mut errors: Vec<_> = [(&HIGH, self.high), (&LOW, self.low)]
            .into_iter()
            .chain(rates)
            .filter_map(|(parameter, value)| within(parameter, value).err())
            .collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        if self.low >= self.high {
            let why = format!("{} is not less than `high` = {}", self.low, self.high);
            errors.push(contradiction(LOW.name, why));
        }
        if let (Some(low), Some(peak)) = (self.rate_low, self.rate_peak)
            && low >= peak
        {
            let why = format!("{low} is not less than `rate_peak` = {peak}: the momentum follows a rate that moves");
            errors.push(contradiction(RATE_LOW.name, why));
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
        Some(self.high)
    }
}

/// Decides the momentum of every update from its learning rate; see [`InverseMomentum`]. It decides nothing on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct InverseMomentumController {
    high: f64,
    low: f64,
    rate_low: f64,
    rate_peak: f64,
}

impl InverseMomentumController {
    /// The momentum at a learning rate: between `low` and `high`, whatever the rate.
    pub fn momentum(&self, rate: f64) -> f64 {
        let phase = (rate - self.rate_low) / (self.rate_peak - self.rate_low);
        let phase = if phase.is_nan() { 0.0 } else { phase.clamp(0.0, 1.0) };
        (self.high - (self.high - self.low) * phase).max(self.low)
    }
}

impl Controller for InverseMomentumController {
    fn begin(&mut self) -> Decision {
        Decision::default()
    }

    fn observe(&mut self, _: &Observation) -> Decision {
        Decision::default()
    }

    fn follow(&self, decided: &Hyperparameters) -> Hyperparameters {
        let momentum = decided.get(Hyperparameter::LearningRate).map(|rate| self.momentum(rate));
        momentum.map(|momentum| (Hyperparameter::Momentum, momentum)).into_iter().collect()
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let why = format!("{} bytes instead of none", bytes.len());
        Err(ControlError::BadState { controller: InverseMomentum::METHOD.name, why })
    }
}
