//! Schedules promoted to a controller, and the line search that always accepts.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::{
    Ask, Base, ControlError, Controller, Direction, FixedStep, Hyperparameter, LineSearch, Observation, OpenLoop,
    Opening, Outcome, Verdict,
};
use rheostat_schedule::{Frame, ScheduleSpec};

fn open_loop() -> OpenLoop {
    let frame = Frame::steps(40);
    let rate = ScheduleSpec::cosine(0.1).resolve(&frame).unwrap();
    let decay = ScheduleSpec::cosine(0.01).resolve(&frame).unwrap();
    OpenLoop::new([(Hyperparameter::LearningRate, rate), (Hyperparameter::WeightDecay, decay)])
}

fn step(step: u64) -> Observation {
    Observation::Step { step, loss: 1.0 }
}

#[test]
fn a_fresh_controller_that_loads_goes_on_identically() {
    let mut running = open_loop();
    running.begin();
    for t in 0..17 {
        running.observe(&step(t));
    }
    let mut fresh = open_loop();
    fresh.load(&running.save()).unwrap();
    assert_eq!(fresh, running);
    for t in 17..50 {
        assert_eq!(fresh.observe(&step(t)), running.observe(&step(t)));
    }
}

#[test]
fn only_a_step_moves_it_on() {
    let mut controller = open_loop();
    let first = controller.begin();
    let evaluated = controller.observe(&Observation::Evaluation { updates: 0, loss: f64::NAN, metric: 0.0 });
    assert_eq!(evaluated, first);
    assert_eq!(controller.observe(&step(0)).hyperparameters, controller.at(1));
}

#[test]
fn a_state_of_the_wrong_length_is_refused_and_changes_nothing() {
    let mut controller = open_loop();
    controller.begin();
    controller.observe(&step(4));
    let before = controller.clone();
    assert!(matches!(controller.load(&[1, 2, 3]), Err(ControlError::BadState { .. })));
    assert_eq!(controller, before);
}

#[test]
fn of_two_schedules_for_one_hyperparameter_the_later_wins() {
    let frame = Frame::steps(10);
    let rate = |peak| (Hyperparameter::LearningRate, ScheduleSpec::cosine(peak).resolve(&frame).unwrap());
    let controller = OpenLoop::new([rate(1.0), rate(0.5)]);
    assert_eq!(controller.schedules().len(), 1);
    assert_eq!(controller.at(0).get(Hyperparameter::LearningRate), Some(0.5));
}

#[test]
fn the_fixed_step_always_accepts_what_is_scheduled() {
    let mut search = FixedStep::default();
    for (step, scheduled) in [(0, 0.25), (1, 0.125)] {
        let verdict = Verdict { step_size: scheduled, along: Direction::Applied, outcome: Outcome::Scheduled };
        assert_eq!(search.open(step, Some(scheduled)), Opening::Settled(verdict));
        for loss in [1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(search.begin(Base { loss, decrease: 2.0 }), Ask::Settle(verdict));
            assert_eq!(search.tell(loss), Ask::Settle(verdict));
        }
    }
}
