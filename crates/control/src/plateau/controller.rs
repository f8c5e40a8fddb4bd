use rheostat_schedule::Schedule;

use super::state::{Best, State};
use super::{Plateau, ThresholdMode, Watch};
use crate::bytes::{Writer, read_state};
use crate::figures::figures;
use crate::{
    ControlError, Controller, Decision, Hyperparameter, Hyperparameters, MetricDirection, Observation, OpenLoop,
    Reason, Turn,
};

/// The controller that [`Plateau`] makes, of one hyperparameter.
///
/// An evaluation after no more updates than the last one told changes nothing and is answered with a reason that says so.
#[derive(Debug, Clone, PartialEq)]
pub struct PlateauController {
    spec: Plateau,
    which: Hyperparameter,
    /// Which way improves what is watched.
    direction: MetricDirection,
    schedule: OpenLoop,
    state: State,
}

impl PlateauController {
    pub(super) fn new(spec: Plateau, which: Hyperparameter, schedule: Schedule, direction: MetricDirection) -> Self {
        Self { spec, which, direction, schedule: OpenLoop::new([(which, schedule)]), state: State::new() }
    }

    /// `max(m g, min(floor, g))`: at most `g`, so it is in range where the schedule is.
    fn reduced(&self, scheduled: f64, multiplier: f64) -> f64 {
        (multiplier * scheduled).max(self.spec.floor.min(scheduled))
    }

    /// The decision of the schedule, reduced.
    fn reduce_all(&self, scheduled: &Decision) -> Decision {
        let values = scheduled.hyperparameters.iter();
        let multiplier = self.state.multiplier;
        values.map(|(which, value)| (which, self.reduced(value, multiplier))).collect::<Hyperparameters>().into()
    }

    /// Sees an evaluation; the reason if it reduced the value, of which the schedule's own is given, or if it was ignored.
    fn evaluated(&mut self, updates: u64, loss: f64, metric: f64, scheduled: f64) -> Option<String> {
        if let Some(last) = self.state.evaluated
            && updates <= last
        {
            return Some(format!("ignored the evaluation after {updates} updates: one after {last} came before"));
        }
        self.state.evaluated = Some(updates);
        let value = match self.spec.watch {
            Watch::Loss => loss,
            Watch::Metric => metric,
            Watch::TrainLoss => self.state.losses.take()?,
        };
        self.state.evaluations.push(value, self.spec.on_non_finite);
        if self.state.evaluations.count < self.spec.accumulate {
            return None;
        }
        let mean = self.state.evaluations.take()?;
        self.judge(updates, mean, scheduled)
    }

    /// Compares with the best and counts.
    fn judge(&mut self, updates: u64, mean: f64, scheduled: f64) -> Option<String> {
        let value = self.smoothed(mean);
        if self.is_better(value) {
            self.state.best = Some(Best { value, updates });
            self.state.bad = 0;
        } else {
            self.state.bad = self.state.bad.saturating_add(1);
        }
        if self.state.cooling > 0 {
            self.state.cooling -= 1;
            self.state.bad = 0;
        }
        if self.state.bad <= self.spec.patience {
            return None;
        }
        let decisions = std::mem::take(&mut self.state.bad);
        self.state.cooling = self.spec.cooldown;
        self.reduce(decisions.saturating_mul(self.spec.accumulate), scheduled)
    }

    /// What is not finite leaves the average as it is.
    fn smoothed(&mut self, value: f64) -> f64 {
        let (Some(weight), false) = (self.spec.smoothing, value.is_nan()) else { return value };
        let average = self.state.average.map_or(value, |average| weight * value + (1.0 - weight) * average);
        self.state.average = Some(average);
        average
    }

    fn is_better(&self, value: f64) -> bool {
        // Without a best there is nothing to subtract from: an infinite one times a threshold would give NaN.
        let Some(Best { value: best, .. }) = self.state.best else { return !value.is_nan() };
        let margin = match self.spec.threshold_mode {
            ThresholdMode::Relative => self.spec.threshold * best.abs(),
            ThresholdMode::Absolute => self.spec.threshold,
        };
        match self.direction {
            MetricDirection::Decreasing => value < best - margin,
            MetricDirection::Increasing => value > best + margin,
        }
    }

    fn reduce(&mut self, evaluations: u64, scheduled: f64) -> Option<String> {
        let multiplier = self.spec.factor * self.state.multiplier;
        let (before, after) = (self.reduced(scheduled, self.state.multiplier), self.reduced(scheduled, multiplier));
        // A multiplier of 0 would be no multiplier, and its value none of a clipping bound.
        let allowed = multiplier >= f64::MIN_POSITIVE && self.which.check(after).is_ok();
        if !allowed || before - after <= self.spec.smallest_change {
            return None;
        }
        self.state.multiplier = multiplier;
        let watched = match self.spec.watch {
            Watch::Loss => "the validation loss",
            Watch::Metric => "the metric",
            Watch::TrainLoss => "the training loss",
        };
        let margin = match self.spec.threshold_mode {
            ThresholdMode::Relative => format!("{} %", figures(100.0 * self.spec.threshold)),
            ThresholdMode::Absolute => figures(self.spec.threshold),
        };
        let best = self.state.best.map_or("none was finite".to_owned(), |Best { value, updates }| {
            format!("best {} after {updates} updates", figures(value))
        });
        let (which, before, after) = (self.which, figures(before), figures(after));
        Some(format!(
            "{watched} has not improved by {margin} in {evaluations} evaluations ({best}): {which} {before} -> {after}"
        ))
    }
}

impl Controller for PlateauController {
    fn begin(&mut self) -> Decision {
        self.state = State::new();
        let first = self.schedule.begin();
        self.reduce_all(&first)
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let scheduled = self.schedule.observe(seen);
        let multiplier = self.state.multiplier;
        let reason = match *seen {
            Observation::Step { loss, .. } if self.spec.watch == Watch::TrainLoss => {
                self.state.losses.push(loss, self.spec.on_non_finite);
                None
            }
            Observation::Evaluation { updates, loss, metric } => {
                let own = scheduled.hyperparameters.get(self.which);
                own.and_then(|own| self.evaluated(updates, loss, metric, own))
            }
            _ => None,
        };
        let turn = (self.state.multiplier < multiplier).then_some(Turn::Reduce);
        Decision { turn, reason: reason.map(Reason), ..self.reduce_all(&scheduled) }
    }

    fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.state.write(&mut writer);
        writer.bytes(&self.schedule.save());
        writer.0
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let (state, schedule) = read_state("plateau", bytes, |reader| Ok((State::read(reader)?, reader.bytes()?)))?;
        self.schedule.load(&schedule)?;
        self.state = state;
        Ok(())
    }
}
