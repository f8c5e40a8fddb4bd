//! Every controller and every line search under its family's contract.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::adaptive_heavy_ball::Inner;
use rheostat_control::autolrs::{Forecasting, Metric, SearchMethod};
use rheostat_control::autowu::{Decay, Fit, Growth, NonFinite, Subset};
use rheostat_control::line_searches::{AdamSls, Alsals, Ascent, BestStep, Criterion, Reset, Salsa, Slope, Sls, Tested};
use rheostat_control::plateau::{self, Watch};
use rheostat_control::{
    AdaptiveHeavyBall, AutoLrs, AutoWarmUp, Controller, ControllerMethod, Cycles, FixedStep, Hyperparameter,
    InverseMomentum, LineSearchMethod, LineSearchSpec, MetricDirection, OpenLoop, Plateau, RangeTest,
    ScheduledWeightDecay, Setting, Together,
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
    for test in [RangeTest::default(), RangeTest { growth: Growth::Linear, steps: 50, ..RangeTest::default() }] {
        controller::check(|| Box::new(test.controller().expect("in range")));
    }
    let rate = RangeTest::default().controller().expect("in range");
    controller::check(|| {
        Box::new(Together::new([Box::new(schedules()) as Box<dyn Controller>, Box::new(rate.clone())]))
    });
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
fn every_form_of_the_cycles_keeps_the_contract() {
    let early = "[early_switch]\nrecovery = 2\nmin_cycle = \"5 steps\"\n";
    let queue = "on_exhausted = \"queue\"\n[[queue]]\npeak = 0.5\n";
    let forms = [
        "decay = \"exponential\"\nhold = \"10 %\"".to_owned(),
        "[reset]\nmode = \"hard\"".to_owned(),
        "[reset]\nmode = \"params_only\"".to_owned(),
        "[reset]\nmetric = \"ema\"".to_owned(),
        format!("[reset]\non_missing = 0.5\nmetric = \"best_in_cycle\"\n{early}replan = \"keep_lengths\""),
        format!("[reset]\non_missing = 0.5\n[reset.progress]\nmethod = \"best_so_far\"\n{early}{queue}"),
        format!("count = 5\n{early}on_exhausted = \"finish\""),
    ];
    for direction in [MetricDirection::Increasing, MetricDirection::Decreasing] {
        let target = if direction == MetricDirection::Increasing { 0.9 } else { -0.1 };
        let setting = Setting { frame: Frame::steps(120), evaluate_every: 10, target, direction, seed: 0 };
        for form in &forms {
            let spec: Cycles = toml::from_str(form).expect("a specification");
            controller::check(|| Box::new(spec.resolve(&setting).expect("resolves")));
        }
    }
}

#[test]
fn every_form_of_the_adaptive_heavy_ball_keeps_the_contract() {
    for (lag, inner) in [(0, Inner::Clamp), (1, Inner::Clamp), (0, Inner::Literal), (1, Inner::Literal)] {
        let spec = AdaptiveHeavyBall { lag, inner, ..AdaptiveHeavyBall::default() };
        controller::check(|| Box::new(spec.resolve().expect("resolves")));
    }
}

#[test]
fn scheduled_weight_decay_keeps_the_contract() {
    controller::check(|| Box::new(ScheduledWeightDecay::default().resolve().expect("resolves")));
}

#[test]
fn momentum_against_a_rate_keeps_the_contract_alone_and_beside_it() {
    let momentum = || InverseMomentum::default().over_rates(0.0, 0.1).resolve().expect("resolves");
    controller::check(|| Box::new(momentum()));
    controller::check(|| {
        let rate = ScheduleSpec::cosine(0.1).resolve(&Frame::steps(100)).expect("resolves");
        let rate = OpenLoop::new([(Hyperparameter::LearningRate, rate)]);
        Box::new(Together::new([Box::new(rate) as Box<dyn Controller>, Box::new(momentum())]))
    });
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
    line_search::check(|| Box::new(FixedStep::default()));
}

#[test]
fn every_form_of_every_line_search_keeps_the_contract() {
    let warmup = Span::Steps(7);
    let alsals = |slope, ascent| Alsals { slope, ascent, ..Alsals::default() };
    let falling = Some(ScheduleSpec::from(ScheduleSpec::linear(0.5, 0.0)));
    let forms = [
        LineSearchSpec::Sls(Sls::default()),
        LineSearchSpec::Sls(Sls { reset: Reset::Keep, criterion: Criterion::Goldstein, warmup, ..Sls::default() }),
        LineSearchSpec::Sls(Sls { reset: Reset::Initial, resolution: 0.0, ..Sls::default() }),
        LineSearchSpec::AdamSls(AdamSls::default()),
        LineSearchSpec::AdamSls(AdamSls { smoothing: 0.99, warmup, ..AdamSls::default() }),
        LineSearchSpec::Alsals(Alsals::default()),
        LineSearchSpec::Alsals(Alsals::plain()),
        LineSearchSpec::Alsals(Alsals::paper()),
        LineSearchSpec::Alsals(Alsals { warmup, credit_cap: Some(1.0), ..Alsals::code() }),
        LineSearchSpec::Alsals(alsals(Slope::Exact, Ascent::Reuse)),
        LineSearchSpec::Alsals(alsals(Slope::Exact, Ascent::DropMomentum)),
        LineSearchSpec::Alsals(alsals(Slope::FiniteDifference, Ascent::Reuse)),
        LineSearchSpec::Alsals(alsals(Slope::FiniteDifference, Ascent::DropMomentum)),
        LineSearchSpec::Salsa(Salsa::default()),
        LineSearchSpec::Salsa(Salsa { tested: Tested::Applied, warmup, ..Salsa::default() }),
        LineSearchSpec::Salsa(Salsa::published()),
        LineSearchSpec::Salsa(Salsa { tested: Tested::Applied, ..Salsa::published() }),
        LineSearchSpec::BestStep(BestStep::default()),
        LineSearchSpec::BestStep(BestStep { refine: 12, ..BestStep::default() }),
        LineSearchSpec::Sls(Sls { cap: falling.clone(), ..Sls::default() }),
        LineSearchSpec::AdamSls(AdamSls { cap: falling.clone(), ..AdamSls::default() }),
        LineSearchSpec::Alsals(Alsals { cap: falling.clone(), warmup, ..Alsals::default() }),
        LineSearchSpec::Salsa(Salsa { cap: falling.clone(), ..Salsa::default() }),
        LineSearchSpec::BestStep(BestStep { cap: falling, ..BestStep::default() }),
    ];
    for form in forms {
        line_search::check(|| form.resolve(&setting()).expect("resolves"));
    }
}
