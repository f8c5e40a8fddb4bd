//! `torch.optim.lr_scheduler` (2.15), with `rate` for the optimizer's own learning rate. One step is one call of
//! `scheduler.step()`.

use crate::{
    After, Bounds, Constant, Cosine, CyclicMode, Endpoint, Exponential, OneCycle, OneCycleShape, Part, ScheduleSpec,
    Sequence, Span, WarmupShape,
};

/// `ConstantLR`: `factor` times the rate for `total_iters` steps, the rate itself afterwards. Defaults: 1/3, 5.
///
/// ```
/// use rheostat_schedule::{Frame, presets::torch};
/// let schedule = torch::constant_lr(1.0, 0.5, 5).resolve(&Frame::steps(10))?;
/// assert_eq!((schedule.at(4), schedule.at(5)), (0.5, 1.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn constant_lr(rate: f64, factor: f64, total_iters: u64) -> ScheduleSpec {
    let first = Part::lasting(Span::Steps(total_iters), Constant::new(rate * factor));
    Sequence::new([first, Part::rest(Constant::new(rate))]).into()
}

/// `LinearLR`: from `start_factor` to `end_factor` times the rate. Defaults: 1/3, 1, 5.
pub fn linear_lr(rate: f64, start_factor: f64, end_factor: f64, total_iters: u64) -> ScheduleSpec {
    ScheduleSpec::linear(rate * start_factor, rate * end_factor).over(Span::Steps(total_iters)).into()
}

/// `PolynomialLR`: to 0 with that power. Defaults: 5, 1.
pub fn polynomial_lr(rate: f64, total_iters: u64, power: f64) -> ScheduleSpec {
    ScheduleSpec::polynomial(rate, power).over(Span::Steps(total_iters)).into()
}

/// `StepLR`: times `gamma` (default 0.1) every `step_size` steps.
pub fn step_lr(rate: f64, step_size: u64, gamma: f64) -> ScheduleSpec {
    ScheduleSpec::step(rate, gamma, Span::Steps(step_size)).into()
}

/// `MultiStepLR`: times `gamma` (default 0.1) at each milestone.
pub fn multi_step_lr(rate: f64, milestones: &[u64], gamma: f64) -> ScheduleSpec {
    ScheduleSpec::multistep(rate, gamma, milestones.iter().map(|step| Span::Steps(*step))).into()
}

/// `ExponentialLR`: times `gamma` every step.
pub fn exponential_lr(rate: f64, gamma: f64) -> ScheduleSpec {
    Exponential::by_gamma(rate, gamma, Span::Steps(1)).into()
}

/// `CosineAnnealingLR`: down to `eta_min` (default 0) at step `t_max`, and, as in torch, up again to the rate at
/// `2 t_max`, and so on. For a curve that stays at `eta_min` use [`ScheduleSpec::cosine`].
///
/// ```
/// use rheostat_schedule::{Frame, presets::torch};
/// let schedule = torch::cosine_annealing_lr(1.0, 10, 0.0).resolve(&Frame::unbounded())?;
/// assert_eq!((schedule.at(10), schedule.at(20), schedule.at(30)), (0.0, 1.0, 0.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn cosine_annealing_lr(rate: f64, t_max: u64, eta_min: f64) -> ScheduleSpec {
    let half = Span::Steps(t_max);
    let down = Cosine::new(rate).floor(eta_min);
    // The way up is a cosine warm-up; inside a part one step longer, since a warm-up may not fill its part.
    let up = Constant::new(rate).warmup(half).warmup_shape(WarmupShape::Cosine, eta_min / rate).warmup_first(0);
    let up = Sequence::new([Part::lasting(Span::Steps(t_max.saturating_add(1)), up)]);
    Sequence::new([Part::lasting(half, down), Part::lasting(half, up)]).after(After::Periodic).into()
}

/// `CosineAnnealingWarmRestarts`: cycles of `t_0`, `t_0 t_mult`, ... steps. Defaults: 1, 0. Unlike torch's
/// `step(epoch)`, exact at every restart.
pub fn cosine_annealing_warm_restarts(rate: f64, t_0: u64, t_mult: f64, eta_min: f64) -> ScheduleSpec {
    ScheduleSpec::warm_restarts(rate, Span::Steps(t_0)).multiplier(t_mult).floor(eta_min).into()
}

/// `CyclicLR` without its momentum; `gamma` counts in [`CyclicMode::ExpRange`] alone. Defaults: 2000, `step_size_up`,
/// triangular, 1. With `gamma = 1`, torch's default, exp_range is triangular.
pub fn cyclic_lr(
    base_lr: f64,
    max_lr: f64,
    step_size_up: u64,
    step_size_down: Option<u64>,
    mode: CyclicMode,
    gamma: f64,
) -> ScheduleSpec {
    let down = step_size_down.unwrap_or(step_size_up);
    let cyclic = ScheduleSpec::cyclic(base_lr, max_lr, Span::Steps(step_size_up)).down(Span::Steps(down));
    match mode {
        CyclicMode::Triangular => cyclic.into(),
        CyclicMode::Triangular2 => cyclic.triangular2().into(),
        CyclicMode::ExpRange if gamma == 1.0 => cyclic.into(),
        CyclicMode::ExpRange => cyclic.exp_range(gamma, Bounds::Amplitude).into(),
    }
}

/// The options that `OneCycleLR`'s rate and momentum share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneCycleLr {
    /// Steps of the cycle.
    pub total_steps: u64,
    /// Fraction of the steps on the way up.
    pub pct_start: f64,
    /// Cosine or linear.
    pub anneal_strategy: OneCycleShape,
    /// Peak over first rate.
    pub div_factor: f64,
    /// First over last rate.
    pub final_div_factor: f64,
    /// Down as long as up, and then on to the last rate.
    pub three_phase: bool,
}

impl OneCycleLr {
    /// torch's defaults: 0.3, cosine, 25, 1e4, two phases.
    pub fn new(total_steps: u64) -> Self {
        Self {
            total_steps,
            pct_start: 0.3,
            anneal_strategy: OneCycleShape::Cosine,
            div_factor: 25.0,
            final_div_factor: 1e4,
            three_phase: false,
        }
    }

    fn cycle(&self, peak: f64, start_divisor: f64, end_divisor: f64) -> ScheduleSpec {
        let mut cycle = OneCycle::new(peak)
            .rise(Span::Fraction(self.pct_start))
            .divisors(start_divisor, end_divisor)
            .endpoint(Endpoint::Inclusive);
        cycle.shape = self.anneal_strategy;
        cycle.phases = if self.three_phase { 3 } else { 2 };
        Sequence::new([Part::lasting(Span::Steps(self.total_steps), cycle)]).into()
    }
}

/// `OneCycleLR`: the rate. After `total_steps` it stays at its end, where torch raises.
///
/// ```
/// use rheostat_schedule::{Frame, presets::torch};
/// let schedule = torch::one_cycle_lr(1.0, &torch::OneCycleLr::new(100)).resolve(&Frame::steps(100))?;
/// assert_eq!((schedule.at(29), schedule.at(99)), (1.0, 4e-6));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn one_cycle_lr(max_lr: f64, options: &OneCycleLr) -> ScheduleSpec {
    options.cycle(max_lr, options.div_factor, options.final_div_factor)
}

/// `OneCycleLR`: the momentum (or Adam's beta1), high where the rate is low. torch cycles it by default, between 0.85
/// and 0.95.
pub fn one_cycle_momentum(base_momentum: f64, max_momentum: f64, options: &OneCycleLr) -> ScheduleSpec {
    options.cycle(base_momentum, base_momentum / max_momentum, 1.0)
}
