//! Our schedules inside Burn's own scheduler types.
#![allow(clippy::unwrap_used, reason = "tests")]

use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::{DynLrScheduler, LrScheduler, LrSchedulerRecord};
use burn::module::ParamGroup;
use rheostat_optim::ScheduledRate;
use rheostat_schedule::{Frame, Schedule, ScheduleSpec, Span};

fn schedule() -> Schedule {
    ScheduleSpec::cosine(1e-3).warmup(Span::Steps(10)).resolve(&Frame::steps(100)).unwrap()
}

#[test]
fn update_t_uses_the_schedule_at_t() {
    let mut rate = ScheduledRate::new(schedule());
    for step in 0..120 {
        assert_eq!(rate.position(), step);
        assert_eq!(rate.step(), schedule().at(step));
    }
}

#[test]
fn a_record_goes_through_bytes_and_on_exactly() {
    let mut rate = ScheduledRate::new(schedule());
    for _ in 0..37 {
        rate.step();
    }
    let bytes = rate.to_record().into_bytes().unwrap();
    let mut resumed = ScheduledRate::new(schedule());
    resumed.load_record(LrSchedulerRecord::from_bytes(bytes).unwrap());
    assert_eq!(resumed, rate);
    assert_eq!(resumed.step(), schedule().at(37));
}

#[test]
fn a_foreign_record_changes_nothing() {
    let mut rate = ScheduledRate::new(schedule());
    rate.step();
    rate.load_record(LrSchedulerRecord::new().with_scalar("iteration", 5_u64));
    assert_eq!(rate.position(), 1);
}

#[test]
fn it_serves_every_group_of_burns_module_scheduler() {
    let constant = DynLrScheduler::from(0.5);
    let mut rates =
        ModuleLrScheduler::new(ScheduledRate::new(schedule())).with_group(ParamGroup::from_path("bias"), constant);
    assert_eq!(rates.step().base(), schedule().at(0));
    let record = rates.to_record();
    let mut resumed = ModuleLrScheduler::new(ScheduledRate::new(schedule()))
        .with_group(ParamGroup::from_path("bias"), DynLrScheduler::from(0.5))
        .load_record(record);
    assert_eq!(resumed.step().base(), schedule().at(1));
}
