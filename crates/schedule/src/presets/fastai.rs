//! `fastai.callback.schedule` (v2). fastai counts progress `q = t / N`; knots are rounded to the nearest step here.

use crate::{Cosine, OneCycle, Part, ScheduleSpec, Sequence, Span};

fn over(steps: u64, spec: impl Into<ScheduleSpec>) -> ScheduleSpec {
    Sequence::new([Part::lasting(Span::Steps(steps), spec)]).into()
}

/// `fit_one_cycle`: the rate, from `lr_max / div` to `lr_max` to `lr_max / div_final`. Defaults: 0.25, 25, 1e5.
///
/// ```
/// use rheostat_schedule::{Frame, presets::fastai};
/// let schedule = fastai::one_cycle(1.0, 100, 0.25, 25.0, 1e5).resolve(&Frame::steps(100))?;
/// assert_eq!((schedule.at(0), schedule.at(25)), (0.04, 1.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn one_cycle(lr_max: f64, steps: u64, pct_start: f64, div: f64, div_final: f64) -> ScheduleSpec {
    // `div_final` divides the peak; `end_divisor` the first value.
    over(steps, OneCycle::new(lr_max).rise(Span::Fraction(pct_start)).divisors(div, div_final / div))
}

/// `fit_one_cycle`: the momentum. Defaults: 0.95, 0.85, 0.95.
pub fn one_cycle_momentum(moms: [f64; 3], steps: u64, pct_start: f64) -> ScheduleSpec {
    let [start, middle, end] = moms;
    let cycle = OneCycle::new(middle).rise(Span::Fraction(pct_start)).divisors(middle / start, start / end);
    over(steps, cycle)
}

/// `fit_flat_cos`: flat until `pct_start`, then cosine to `lr / div_final`. Defaults: 0.75, 1e5.
pub fn flat_cos(lr: f64, steps: u64, pct_start: f64, div_final: f64) -> ScheduleSpec {
    over(steps, Cosine::new(lr).floor(lr / div_final).hold(Span::Fraction(pct_start)))
}
