//! `timm.scheduler` (1.0.31). timm counts epochs unless told otherwise; here `t` is steps.

use crate::{Constant, Part, ScheduleSpec, Sequence, Span, WarmRestarts, WarmupMode};

/// The arguments of `CosineLRScheduler`, without noise and `k_decay`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineLr {
    /// Length of the first cycle.
    pub t_initial: u64,
    /// Last value of each cycle, and the value after the last one.
    pub lr_min: f64,
    /// Growth of the length from cycle to cycle.
    pub cycle_mul: f64,
    /// Factor on the peak from cycle to cycle.
    pub cycle_decay: f64,
    /// Number of cycles.
    pub cycle_limit: u32,
    /// Length of the warm-up.
    pub warmup_t: u64,
    /// First value of the warm-up.
    pub warmup_lr_init: f64,
    /// Whether the first cycle begins after the warm-up. timm's default is no: the warm-up takes the place of the
    /// cycle's beginning, and the rate jumps down at its end.
    pub warmup_prefix: bool,
}

impl CosineLr {
    /// timm's defaults: one cycle to 0, no warm-up.
    pub fn new(t_initial: u64) -> Self {
        Self {
            t_initial,
            lr_min: 0.0,
            cycle_mul: 1.0,
            cycle_decay: 1.0,
            cycle_limit: 1,
            warmup_t: 0,
            warmup_lr_init: 0.0,
            warmup_prefix: false,
        }
    }
}

/// `CosineLRScheduler`. Cycles of fractional length are rounded to steps, and unlike timm's no restart is missed.
///
/// ```
/// use rheostat_schedule::{Frame, presets::timm};
/// let options = timm::CosineLr { warmup_t: 5, warmup_prefix: true, ..timm::CosineLr::new(10) };
/// let schedule = timm::cosine_lr(1.0, &options).resolve(&Frame::unbounded())?;
/// assert_eq!((schedule.at(0), schedule.at(5), schedule.at(10), schedule.at(15)), (0.0, 1.0, 0.5, 0.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn cosine_lr(rate: f64, options: &CosineLr) -> ScheduleSpec {
    let mode = if options.warmup_prefix { WarmupMode::Prefix } else { WarmupMode::Replace };
    let cycles = WarmRestarts::new(rate, Span::Steps(options.t_initial))
        .multiplier(options.cycle_mul)
        .peak_decay(options.cycle_decay)
        .floor(options.lr_min)
        .warmup(Span::Steps(options.warmup_t))
        .warmup_from(options.warmup_lr_init / rate)
        .warmup_first(0)
        .warmup_mode(mode);
    let length = |k: u32| (options.t_initial as f64 * options.cycle_mul.powf(f64::from(k))).round() as u64;
    let before = if options.warmup_prefix { options.warmup_t } else { 0 };
    let end = (0..options.cycle_limit).map(length).fold(before, u64::saturating_add);
    Sequence::new([Part::lasting(Span::Steps(end), cycles), Part::rest(Constant::new(options.lr_min))]).into()
}
