//! Every controller and every line search under its family's contract.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::autolrs::{Forecasting, Metric, SearchMethod};
use rheostat_control::autowu::{Decay, Fit, Growth, NonFinite, Subset};
use rheostat_control::plateau::{self, Watch};
use rheostat_control::{
    AutoLrs, AutoWarmUp, ControllerMethod, FixedStep, Hyperparameter, MetricDirection, OpenLoop, Plateau, RangeTest,
    Setting,
};
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

/// A run of 150 updates.
fn setting() -> Setting {
    let frame = Frame::steps(150).steps_per_epoch(20);
    Setting { frame, evaluate_every: 10, target: 0.9, direction: MetricDirection::Increasing, seed: 3 }
}

#[test]
fn every_form_of_the_reduction_on_a_plateau_keeps_the_contract() {
    let forms = [
        Plateau { patience: 0, ..Plateau::from_peak(0.1) },
        Plateau { patience: 1, watch: Watch::Metric, ..Plateau::over(ScheduleSpec::cosine(0.1)) },
        Plateau { patience: 0, watch: Watch::TrainLoss, smoothing: Some(0.3), ..Plateau::from_peak(0.1) },
        Plateau {
            patience: 0,
            accumulate: 2,
            cooldown: 1,
            on_non_finite: plateau::NonFinite::Ignore,
            ..Plateau::from_peak(0.1)
        },
    ];
    for form in forms {
        for which in [Hyperparameter::LearningRate, Hyperparameter::Dropout, Hyperparameter::ClipNorm] {
            if which == Hyperparameter::ClipNorm && form.on.is_some() {
                continue;
            }
            controller::check(|| form.resolve(which, &setting()).expect("resolves"));
        }
    }
}

#[test]
fn every_form_of_autolrs_keeps_the_contract() {
    let short =
        AutoLrs { candidates: 3, search: Some(Span::Steps(10)), train: Some(Span::Steps(20)), ..AutoLrs::default() };
    let long = AutoLrs { search: Some(Span::Steps(48)), train: Some(Span::Steps(60)), ..short.clone() };
    let forms = [
        AutoLrs { warmup: Some(Span::Steps(5)), budget_cap: Some(0.4), ..short.clone() },
        AutoLrs { search_method: SearchMethod::GpLcb, forecast: Forecasting::LastWindowMean, ..short.clone() },
        AutoLrs { search_method: SearchMethod::Published, forecast: Forecasting::Published, ..short.clone() },
        AutoLrs { metric: Metric::ValLoss, candidates: 2, ..long.clone() },
        AutoLrs { metric: Metric::TrainThenVal, doubling_up_to: Some(Span::Steps(90)), candidates: 2, ..long },
        short,
    ];
    for form in forms {
        controller::check(|| form.resolve(Hyperparameter::LearningRate, &setting()).expect("resolves"));
    }
}

#[test]
fn a_fixed_step_keeps_the_contract() {
    line_search::check(|| Box::new(FixedStep));
}
