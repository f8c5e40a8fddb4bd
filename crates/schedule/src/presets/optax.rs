//! `optax.schedules` (0.2.8). Counts are steps.

use crate::{Constant, Cosine, Exponential, Linear, OneCycle, Part, Polynomial, ScheduleSpec, Sequence, Span, Step};

/// `linear_schedule`.
pub fn linear_schedule(init_value: f64, end_value: f64, transition_steps: u64, transition_begin: u64) -> ScheduleSpec {
    let line = Linear::new(init_value, end_value).over(Span::Steps(transition_steps));
    line.hold(Span::Steps(transition_begin)).into()
}

/// `polynomial_schedule`.
pub fn polynomial_schedule(
    init_value: f64,
    end_value: f64,
    power: f64,
    transition_steps: u64,
    transition_begin: u64,
) -> ScheduleSpec {
    let curve = Polynomial::new(init_value, power).end(end_value).over(Span::Steps(transition_steps));
    curve.hold(Span::Steps(transition_begin)).into()
}

/// `cosine_decay_schedule` with exponent 1: down to `alpha` (default 0) times the first value.
pub fn cosine_decay_schedule(init_value: f64, decay_steps: u64, alpha: f64) -> ScheduleSpec {
    Cosine::new(init_value).floor(alpha * init_value).over(Span::Steps(decay_steps)).into()
}

/// `exponential_decay`: times `decay_rate` every `transition_steps`, continuously or in stairs, never past
/// `end_value`. Defaults: 0, false, none.
///
/// ```
/// use rheostat_schedule::{Frame, presets::optax};
/// let schedule = optax::exponential_decay(1.0, 10, 0.5, 0, false, Some(0.3)).resolve(&Frame::unbounded())?;
/// assert_eq!((schedule.at(10), schedule.at(20)), (0.5, 0.3));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn exponential_decay(
    init_value: f64,
    transition_steps: u64,
    decay_rate: f64,
    transition_begin: u64,
    staircase: bool,
    end_value: Option<f64>,
) -> ScheduleSpec {
    let every = Span::Steps(transition_steps);
    let spec: ScheduleSpec = if staircase {
        Step::new(init_value, decay_rate, every).into()
    } else {
        Exponential::by_gamma(init_value, decay_rate, every).into()
    };
    let spec = spec.hold(Span::Steps(transition_begin));
    match end_value {
        Some(end) if decay_rate < 1.0 => spec.clamp(end, end.max(init_value)),
        Some(end) => spec.clamp(end.min(init_value), end),
        None => spec,
    }
}

/// `piecewise_constant_schedule`: from each boundary on, the value is multiplied by its scale.
pub fn piecewise_constant_schedule(init_value: f64, boundaries_and_scales: &[(u64, f64)]) -> ScheduleSpec {
    let (mut value, mut start) = (init_value, 0);
    let mut parts = Vec::new();
    for (boundary, scale) in boundaries_and_scales {
        // Boundaries out of order give a part of no steps, which `resolve` refuses.
        parts.push(Part::lasting(Span::Steps(boundary.saturating_sub(start)), Constant::new(value)));
        value *= scale;
        start = *boundary;
    }
    parts.push(Part::rest(Constant::new(value)));
    Sequence::new(parts).into()
}

/// `warmup_constant_schedule`.
pub fn warmup_constant_schedule(init_value: f64, peak_value: f64, warmup_steps: u64) -> ScheduleSpec {
    warmed(Constant::new(peak_value).into(), init_value / peak_value, warmup_steps)
}

/// `warmup_cosine_decay_schedule` with exponent 1. As in optax `decay_steps` includes the warm-up.
///
/// ```
/// use rheostat_schedule::{Frame, presets::optax};
/// let schedule = optax::warmup_cosine_decay_schedule(0.0, 1.0, 10, 100, 0.1).resolve(&Frame::steps(200))?;
/// assert_eq!((schedule.at(0), schedule.at(10), schedule.at(55), schedule.at(100)), (0.0, 1.0, 0.55, 0.1));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn warmup_cosine_decay_schedule(
    init_value: f64,
    peak_value: f64,
    warmup_steps: u64,
    decay_steps: u64,
    end_value: f64,
) -> ScheduleSpec {
    let rest = Span::Steps(decay_steps.saturating_sub(warmup_steps));
    let cosine = Cosine::new(peak_value).floor(end_value).over(rest);
    warmed(cosine.into(), init_value / peak_value, warmup_steps)
}

fn warmed(spec: ScheduleSpec, from: f64, steps: u64) -> ScheduleSpec {
    spec.warmup(Span::Steps(steps)).warmup_from(from).warmup_first(0)
}

/// One cycle of [`sgdr_schedule`]: the arguments of [`warmup_cosine_decay_schedule`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SgdrCycle {
    /// First value of the warm-up.
    pub init_value: f64,
    /// Value after the warm-up.
    pub peak_value: f64,
    /// Steps of the warm-up.
    pub warmup_steps: u64,
    /// Steps of the cycle, with the warm-up.
    pub decay_steps: u64,
    /// Last value.
    pub end_value: f64,
}

/// `sgdr_schedule`: a list of cycles.
pub fn sgdr_schedule(cycles: &[SgdrCycle]) -> ScheduleSpec {
    let part = |cycle: &SgdrCycle| {
        let SgdrCycle { init_value, peak_value, warmup_steps, decay_steps, end_value } = *cycle;
        let spec = warmup_cosine_decay_schedule(init_value, peak_value, warmup_steps, decay_steps, end_value);
        Part::lasting(Span::Steps(decay_steps), spec)
    };
    Sequence::new(cycles.iter().map(part)).into()
}

/// `cosine_onecycle_schedule`. Defaults: 0.3, 25, 1e4. The knot is at `floor(pct_start * transition_steps)`.
pub fn cosine_onecycle_schedule(
    transition_steps: u64,
    peak_value: f64,
    pct_start: f64,
    div_factor: f64,
    final_div_factor: f64,
) -> ScheduleSpec {
    let knot = Span::Steps(floor(pct_start, transition_steps));
    let cycle = OneCycle::new(peak_value).rise(knot).divisors(div_factor, final_div_factor);
    Sequence::new([Part::lasting(Span::Steps(transition_steps), cycle)]).into()
}

/// `linear_onecycle_schedule`: up, down again until `pct_final`, then on to the end value. Defaults: 0.3, 0.85, 25,
/// 1e4.
pub fn linear_onecycle_schedule(
    transition_steps: u64,
    peak_value: f64,
    pct_start: f64,
    pct_final: f64,
    div_factor: f64,
    final_div_factor: f64,
) -> ScheduleSpec {
    let (top, bottom) = (floor(pct_start, transition_steps), floor(pct_final, transition_steps));
    let start = peak_value / div_factor;
    let part = |steps, from, to| Part::lasting(Span::Steps(steps), Linear::new(from, to));
    Sequence::new([
        part(top, start, peak_value),
        part(bottom.saturating_sub(top), peak_value, start),
        part(transition_steps.saturating_sub(bottom), start, start / final_div_factor),
    ])
    .into()
}

fn floor(fraction: f64, steps: u64) -> u64 {
    (fraction * steps as f64) as u64
}
