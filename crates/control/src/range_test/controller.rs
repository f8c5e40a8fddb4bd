use rheostat_schedule::Schedule;

use super::{RangeTest, Smoother};
use crate::bytes::{Writer, read_state};
use crate::{
    Action, ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation, Reason, StopReason,
};

/// A [`RangeTest`] at work: sets the learning rate and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeTestController {
    test: RangeTest,
    rising: Schedule,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    /// The next update.
    next: u64,
    smoother: Smoother,
    /// The lowest smoothed loss; infinite before the first.
    best: f64,
}

const START: State = State { next: 0, smoother: Smoother { average: 0.0, mass: 0.0 }, best: f64::INFINITY };
const NAME: &str = "range test";
const MAGIC: u64 = u64::from_le_bytes(*b"lrrange\x01");

impl RangeTestController {
    pub(super) fn new(test: RangeTest, rising: Schedule) -> Self {
        Self { test, rising, state: START }
    }

    fn decision(&self) -> Decision {
        Hyperparameters::new().with(Hyperparameter::LearningRate, self.rising.at(self.state.next)).into()
    }

    /// Why the run ends after this update, if it does.
    fn end(&mut self, step: u64, loss: f64) -> Option<String> {
        if !loss.is_finite() {
            return Some(format!("the loss of step {step} is {loss}"));
        }
        let State { smoother, best, .. } = &mut self.state;
        let smoothed = smoother.next(self.test.smoothing, loss);
        *best = best.min(smoothed);
        let (best, divergence) = (*best, self.test.divergence);
        // An average of huge losses may have overflowed: that is a blow-up too.
        if smoothed > divergence * best || !smoothed.is_finite() {
            return Some(format!(
                "smoothed loss {smoothed} at step {step} exceeds {divergence} times its best, {best}"
            ));
        }
        let steps = self.test.steps;
        (step.saturating_add(1) >= steps).then(|| format!("all {steps} rates were tried"))
    }
}

impl Controller for RangeTestController {
    fn begin(&mut self) -> Decision {
        self.state = START;
        self.decision()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let Observation::Step { step, loss } = *seen else { return self.decision() };
        let end = self.end(step, loss);
        self.state.next = step.saturating_add(loss.is_finite().into());
        let mut decision = self.decision();
        if let Some(why) = end {
            decision.actions.push(Action::Stop(StopReason::Finished));
            decision.reason = Some(Reason(why));
        }
        decision
    }

    fn save(&self) -> Vec<u8> {
        let State { next, smoother, best } = &self.state;
        let mut writer = Writer::default();
        writer.u64(MAGIC);
        writer.u64(*next);
        [smoother.average, smoother.mass, *best].into_iter().for_each(|number| writer.f64(number));
        writer.0
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.state = read_state(NAME, bytes, |reader| {
            reader.magic(MAGIC)?;
            let next = reader.u64()?;
            let smoother = Smoother { average: reader.f64()?, mass: reader.f64()? };
            Ok(State { next, smoother, best: reader.f64()? })
        })?;
        Ok(())
    }
}
