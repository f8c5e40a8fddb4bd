//! Every controller and every line search under its family's contract.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::{FixedStep, Hyperparameter, OpenLoop, RangeTest};
use rheostat_schedule::{Frame, ScheduleSpec, Span};
use rheostat_testkit::{controller, line_search};

fn schedules() -> OpenLoop {
    let frame = Frame::steps(100);
    let rate = ScheduleSpec::cosine(0.1).warmup(Span::Steps(5)).resolve(&frame).expect("resolves");
    let momentum = ScheduleSpec::linear(0.85, 0.95).resolve(&frame).expect("resolves");
    OpenLoop::new([(Hyperparameter::LearningRate, rate), (Hyperparameter::Momentum, momentum)])
}

#[test]
fn an_open_loop_keeps_the_contract() {
    controller::check(|| Box::new(schedules()));
}

#[test]
fn a_range_test_keeps_the_contract() {
    controller::check(|| Box::new(RangeTest::new(schedules())));
}

#[test]
fn a_fixed_step_keeps_the_contract() {
    line_search::check(|| Box::new(FixedStep));
}
