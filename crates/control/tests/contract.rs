//! Every controller and every line search under its family's contract.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::autowu::{Decay, Fit, Growth, NonFinite, Subset};
use rheostat_control::{AutoWarmUp, FixedStep, Hyperparameter, OpenLoop, RangeTest};
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
fn every_form_of_the_automated_warm_up_keeps_the_contract() {
    let frame = Frame::steps(150).steps_per_epoch(20);
    let forms = [
        AutoWarmUp::default(),
        AutoWarmUp::published(),
        AutoWarmUp { on_non_finite: NonFinite::Mask, ..AutoWarmUp::default() },
        AutoWarmUp { on_non_finite: NonFinite::SwitchNow, subset: Subset::Stride, ..AutoWarmUp::default() },
        AutoWarmUp { on_non_finite: NonFinite::Error, growth: Growth::Linear, ..AutoWarmUp::default() },
        AutoWarmUp {
            fit: Fit::Grid,
            on_non_finite: NonFinite::Mask,
            decay: Decay::ConstantCosine,
            ..AutoWarmUp::default()
        },
        AutoWarmUp { fit_points: 10, predict_points: 12, ..AutoWarmUp::published() },
    ];
    for form in forms {
        controller::check(|| Box::new(form.resolve(&frame, 3).expect("resolves")));
    }
}

#[test]
fn a_fixed_step_keeps_the_contract() {
    line_search::check(|| Box::new(FixedStep));
}
