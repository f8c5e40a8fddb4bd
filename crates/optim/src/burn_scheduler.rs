use burn::lr_scheduler::{LrScheduler, LrSchedulerRecord};
use rheostat_schedule::Schedule;

/// A schedule as Burn's learning-rate scheduler, for Burn's own `ModuleLrScheduler` and `Learner`.
///
/// Update `t` (0-based) uses `schedule.at(t)`. The record holds the number of updates begun, so that a resumed run goes on
/// exactly; the schedule itself is configuration and comes from the program.
///
/// ```
/// use burn::lr_scheduler::{LrScheduler, module_lr_scheduler::ModuleLrScheduler};
/// use rheostat_optim::ScheduledRate;
/// use rheostat_schedule::{Frame, ScheduleSpec};
///
/// let schedule = ScheduleSpec::cosine(1e-3).resolve(&Frame::steps(100))?;
/// let mut rate = ScheduledRate::new(schedule.clone());
/// assert_eq!(rate.step(), schedule.at(0));
/// let mut learner_rate = ModuleLrScheduler::new(rate);
/// assert_eq!(learner_rate.step().base(), schedule.at(1));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledRate {
    schedule: Schedule,
    next: u64,
}

impl ScheduledRate {
    const NEXT: &str = "next";

    /// The rate of update 0 comes first.
    pub fn new(schedule: Schedule) -> Self {
        Self { schedule, next: 0 }
    }

    /// The update whose rate the next call of `step` gives.
    pub fn position(&self) -> u64 {
        self.next
    }
}

impl LrScheduler for ScheduledRate {
    fn step(&mut self) -> f64 {
        let rate = self.schedule.at(self.next);
        self.next = self.next.saturating_add(1);
        rate
    }

    fn to_record(&self) -> LrSchedulerRecord {
        LrSchedulerRecord::new().with_scalar(Self::NEXT, self.next)
    }

    /// A record of another scheduler changes nothing, as with Burn's own.
    fn load_record(&mut self, record: LrSchedulerRecord) {
        if let Some(next) = record.scalar(Self::NEXT) {
            self.next = next;
        }
    }
}
