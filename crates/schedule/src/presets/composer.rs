//! `composer.optim.scheduler` (MosaicML). Multipliers `alpha` are of `rate`; times are spans, and `t_max` (the run, if
//! absent) includes the warm-up. Warm-ups start at 0.

use crate::{
    Constant, Cosine, Endpoint, Exponential, Linear, Multistep, Part, Polynomial, ScheduleSpec, Sequence, Span, Step,
    WarmRestarts,
};

/// Runs `spec` for `t_max` and holds its end; without `t_max` it fills the run.
fn within(t_max: Option<Span>, spec: ScheduleSpec) -> ScheduleSpec {
    match t_max {
        Some(t_max) => Sequence::new([Part::lasting(t_max, spec)]).into(),
        None => spec,
    }
}

fn warmed(t_warmup: Span, spec: ScheduleSpec) -> ScheduleSpec {
    spec.warmup(t_warmup).warmup_first(0).endpoint(Endpoint::Exclusive)
}

/// `StepScheduler`. Default of `gamma`: 0.1.
pub fn step(rate: f64, step_size: Span, gamma: f64) -> ScheduleSpec {
    Step::new(rate, gamma, step_size).into()
}

/// `MultiStepScheduler`. Default of `gamma`: 0.1.
pub fn multi_step(rate: f64, milestones: &[Span], gamma: f64) -> ScheduleSpec {
    Multistep::new(rate, gamma, milestones.iter().copied()).into()
}

/// `MultiStepWithWarmupScheduler`: milestones are points of the run.
pub fn multi_step_with_warmup(rate: f64, t_warmup: Span, milestones: &[Span], gamma: f64) -> ScheduleSpec {
    warmed(t_warmup, multi_step(rate, milestones, gamma))
}

/// `ConstantWithWarmupScheduler`.
pub fn constant_with_warmup(rate: f64, t_warmup: Span) -> ScheduleSpec {
    warmed(t_warmup, Constant::new(rate).into())
}

/// `LinearScheduler`. Defaults: 1, 0.
pub fn linear(rate: f64, alpha_i: f64, alpha_f: f64, t_max: Option<Span>) -> ScheduleSpec {
    within(t_max, Linear::new(rate * alpha_i, rate * alpha_f).into())
}

/// `LinearWithWarmupScheduler`. Defaults: 1, 0.
///
/// ```
/// use rheostat_schedule::{Frame, Span, presets::composer};
/// let spec = composer::linear_with_warmup(1.0, Span::Steps(10), 1.0, 0.0, None);
/// let schedule = spec.resolve(&Frame::steps(110))?;
/// assert_eq!((schedule.at(5), schedule.at(10), schedule.at(60)), (0.5, 1.0, 0.5));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn linear_with_warmup(rate: f64, t_warmup: Span, alpha_i: f64, alpha_f: f64, t_max: Option<Span>) -> ScheduleSpec {
    within(t_max, warmed(t_warmup, Linear::new(rate * alpha_i, rate * alpha_f).into()))
}

/// `ExponentialScheduler`. Defaults: `decay_period` of 1 epoch.
pub fn exponential(rate: f64, gamma: f64, decay_period: Span) -> ScheduleSpec {
    Exponential::by_gamma(rate, gamma, decay_period).into()
}

/// `CosineAnnealingScheduler`. Default of `alpha_f`: 0.
pub fn cosine_annealing(rate: f64, alpha_f: f64, t_max: Option<Span>) -> ScheduleSpec {
    within(t_max, Cosine::new(rate).floor(rate * alpha_f).into())
}

/// `CosineAnnealingWithWarmupScheduler`. Default of `alpha_f`: 0.
pub fn cosine_annealing_with_warmup(rate: f64, t_warmup: Span, alpha_f: f64, t_max: Option<Span>) -> ScheduleSpec {
    within(t_max, warmed(t_warmup, Cosine::new(rate).floor(rate * alpha_f).into()))
}

/// `CosineAnnealingWarmRestartsScheduler`. Defaults: 1, 0.
pub fn cosine_annealing_warm_restarts(rate: f64, t_0: Span, t_mult: f64, alpha_f: f64) -> ScheduleSpec {
    WarmRestarts::new(rate, t_0).multiplier(t_mult).floor(rate * alpha_f).into()
}

/// `PolynomialScheduler`. Default of `alpha_f`: 0.
pub fn polynomial(rate: f64, power: f64, alpha_f: f64, t_max: Option<Span>) -> ScheduleSpec {
    within(t_max, Polynomial::new(rate, power).end(rate * alpha_f).into())
}

/// `PolynomialWithWarmupScheduler`. Defaults: power 2, `alpha_f` 0.
pub fn polynomial_with_warmup(
    rate: f64,
    t_warmup: Span,
    power: f64,
    alpha_f: f64,
    t_max: Option<Span>,
) -> ScheduleSpec {
    within(t_max, warmed(t_warmup, Polynomial::new(rate, power).end(rate * alpha_f).into()))
}
