//! A schedule that no step of a search is longer than.

use rheostat_schedule::{Schedule, ScheduleSpec};

use crate::check::{in_schedule, refused_value};
use crate::{Ask, Base, ControlError, Hyperparameter, LineSearch, Opening, Setting};

/// What is wrong with a cap, whatever the run.
pub(super) fn cap_errors(cap: Option<&ScheduleSpec>) -> Vec<ControlError> {
    cap.into_iter().flat_map(ScheduleSpec::check).map(|error| in_schedule("cap", error)).collect()
}

/// The search under its cap, if it has one.
pub(super) fn capped(
    search: impl LineSearch + 'static,
    cap: Option<&ScheduleSpec>,
    setting: &Setting,
) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
    let Some(cap) = cap else { return Ok(Box::new(search)) };
    let cap = cap.resolve(&setting.frame).map_err(|error| vec![in_schedule("cap", error)])?;
    let rate = Hyperparameter::LearningRate;
    match rate.first_refused(&cap, setting.frame.total_steps) {
        Some(refused) => Err(vec![refused_value("cap", rate, refused)]),
        None => Ok(Box::new(Capped { search, cap })),
    }
}

#[derive(Debug)]
struct Capped<S> {
    search: S,
    cap: Schedule,
}

impl<S: LineSearch> LineSearch for Capped<S> {
    fn open(&mut self, step: u64, scheduled: Option<f64>) -> Opening {
        let cap = self.cap.at(step);
        self.search.open(step, Some(scheduled.map_or(cap, |rate| rate.min(cap))))
    }

    fn begin(&mut self, base: Base) -> Ask {
        self.search.begin(base)
    }

    fn tell(&mut self, loss: f64) -> Ask {
        self.search.tell(loss)
    }

    fn may_turn(&self) -> bool {
        self.search.may_turn()
    }

    fn save(&self) -> Vec<u8> {
        self.search.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.search.load(bytes)
    }
}
