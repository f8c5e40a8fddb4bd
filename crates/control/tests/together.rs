//! Several controllers as one.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::autowu::AutoWarmUp;
use rheostat_control::{Action, Controller, Hyperparameter, Observation, OpenLoop, Together};
use rheostat_schedule::{Frame, ScheduleSpec};
use rheostat_testkit::controller;

fn together() -> Box<dyn Controller> {
    let frame = Frame::steps(150).steps_per_epoch(20);
    let momentum = ScheduleSpec::linear(0.85, 0.95).resolve(&frame).expect("resolves");
    let schedules = OpenLoop::new([(Hyperparameter::Momentum, momentum)]);
    let warm_up = AutoWarmUp::default().resolve(&frame, 3).expect("resolves");
    Box::new(Together::new([Box::new(schedules) as Box<dyn Controller>, Box::new(warm_up)]))
}

#[test]
fn controllers_together_keep_the_contract() {
    controller::check(together);
}

#[test]
fn when_one_goes_back_the_others_go_back_with_it() {
    let mut controller = together();
    let begun = controller.begin();
    assert_eq!(begun.actions, [Action::Save]);
    let mut momentum_at = vec![begun.hyperparameters.get(Hyperparameter::Momentum).unwrap()];
    for step in 0..30 {
        let seen = Observation::Step { step, loss: 2.0 - 0.01 * step as f64 };
        momentum_at.push(controller.observe(&seen).hyperparameters.get(Hyperparameter::Momentum).unwrap());
    }
    let saved_again = controller.save();
    // The last snapshot was asked for at the test after 20 updates.
    let back = controller.observe(&Observation::Step { step: 30, loss: f64::NAN });
    assert_eq!(back.actions, [Action::Restore]);
    assert_eq!(back.hyperparameters.get(Hyperparameter::Momentum), Some(momentum_at[20]));
    let next = controller.observe(&Observation::Step { step: 20, loss: 1.8 });
    assert_eq!(next.hyperparameters.get(Hyperparameter::Momentum), Some(momentum_at[21]));

    let mut resumed = together();
    resumed.load(&saved_again).unwrap();
    assert_eq!(resumed.observe(&Observation::Step { step: 30, loss: f64::NAN }), back);
}
