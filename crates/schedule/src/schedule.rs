//! Resolved schedules: a value for every step.

use std::ops::Range;

use crate::common::{After, Common, WarmupMode, WarmupShape};
use crate::error::ScheduleError;
use crate::frame::Frame;
use crate::parameter::LARGEST;
use crate::shapes::grown::{BatchGrowth, Grown};
use crate::shapes::wsd::{Cooldown, CooldownShape};
use crate::shapes::{Curve, Place, half_cosine, mix, product};
use crate::span::Span;
use crate::spec::ScheduleSpec;

/// A checked curve: the value of a hyperparameter by update.
///
/// [`at`](Self::at) is a pure function, total and finite on all of `u64`; random access and sequential access agree
/// to the bit, so that there is nothing to save and a resumed run needs only its step. A longer run is the same
/// [`ScheduleSpec`] resolved in a longer [`Frame`]; an open-ended schedule is ended by
/// [`begin_cooldown`](Self::begin_cooldown).
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::linear(1.0, 0.0).warmup(Span::Steps(2)).resolve(&Frame::steps(6))?;
/// let values: Vec<f64> = schedule.values(0..7).collect();
/// assert_eq!(values, [0.5, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]);
/// assert_eq!(schedule.breakpoints(), [0, 2, 6]);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    curve: Curve,
    /// First step of the main shape.
    start: u64,
    warmup: Option<Ramp>,
    /// Value of the main shape's first step.
    first: f64,
    /// First step after the curve, where `after` rules.
    end: Option<u64>,
    after: After,
    cooldown: Option<Cooldown>,
    low: f64,
    high: f64,
    total: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Ramp {
    steps: u64,
    from: f64,
    offset: u64,
    shape: WarmupShape,
    mode: WarmupMode,
}

impl Ramp {
    /// The warm-up's factor at a step before its end.
    fn factor(&self, t: u64) -> f64 {
        let u = (t + self.offset) as f64 / self.steps as f64;
        match self.shape {
            WarmupShape::Linear => mix(1.0, self.from, u),
            WarmupShape::Cosine => mix(self.from, 1.0, half_cosine(u)),
            WarmupShape::Exponential => self.from.powf(1.0 - u),
        }
    }
}

impl ScheduleSpec {
    /// Puts warm-up, hold, main shape, `after` and clamp together; the numbers are known to be in range.
    pub(crate) fn assemble(&self, frame: &Frame) -> Result<Schedule, ScheduleError> {
        let common = self.common();
        let total = frame.total_steps;
        let warmup = common.ramp(frame)?;
        let before = match &warmup {
            Some(ramp) if ramp.mode == WarmupMode::Prefix => ramp.steps,
            _ => 0,
        };
        let hold = common.hold.map_or(Ok(0), |span| steps(frame, "hold", span, before))?;
        let start = before.checked_add(hold);
        let start = start.ok_or_else(|| ScheduleError::Overflow { field: "hold".into(), value: hold.to_string() })?;
        if let Some(total) = total
            && hold > 0
            && start >= total
        {
            let (range, available) = ("less than what the warm-up leaves", total - before);
            return Err(ScheduleError::SpanTooLong { field: "hold".into(), value: hold, range, available });
        }
        let curve = self.shape().curve(&Place { frame, start, endpoint: common.endpoint })?;
        let own_end = curve.length().map(|length| start.saturating_add(length));
        let end = own_end.or(if common.after == After::Hold { None } else { total });
        match (common.after, end, total) {
            (After::Error, Some(end), Some(total)) if total > end => {
                return Err(ScheduleError::PastEnd { field: "after".into(), end, total });
            }
            (After::Periodic | After::Zero, None, _) => {
                let value = "the end of the curve".to_owned();
                return Err(ScheduleError::UnknownHorizon { field: "after".into(), value });
            }
            _ => {}
        }
        let [low, high] = common.clamp.unwrap_or([f64::MIN, f64::MAX]);
        let first = curve.at(0);
        Ok(Schedule {
            curve,
            start,
            warmup,
            first,
            // A span of no steps has nothing to repeat.
            end: end.map(|end| end.max(1)),
            after: common.after,
            cooldown: None,
            low,
            high,
            total: total.or(own_end),
        })
    }
}

impl Common {
    fn ramp(&self, frame: &Frame) -> Result<Option<Ramp>, ScheduleError> {
        let count = self.warmup.map_or(Ok(0), |span| steps(frame, "warmup", span, 0))?;
        if count == 0 {
            return Ok(None);
        }
        if let Some(total) = frame.total_steps
            && count >= total
        {
            return Err(ScheduleError::WarmupTooLong { field: "warmup".into(), value: count, total });
        }
        Ok(Some(Ramp {
            steps: count,
            from: self.warmup_from,
            offset: u64::from(self.warmup_first),
            shape: self.warmup_shape,
            mode: self.warmup_mode,
        }))
    }
}

fn steps(frame: &Frame, field: &str, span: Span, from: u64) -> Result<u64, ScheduleError> {
    frame.to_steps(span, from).map_err(|error| ScheduleError::from_frame(field, error))
}

impl Schedule {
    /// The same value for ever.
    ///
    /// # Errors
    /// If the value is not finite, or beyond 1e100.
    pub fn constant(value: f64) -> Result<Self, ScheduleError> {
        ScheduleSpec::from(value).resolve(&Frame::unbounded())
    }

    /// The value used by update `step`, counted from 0. Finite for every step.
    pub fn at(&self, step: u64) -> f64 {
        let mut t = step;
        if let Some(end) = self.end
            && t >= end
        {
            match self.after {
                After::Zero => return 0.0_f64.max(self.low).min(self.high),
                After::Periodic => t %= end,
                After::Hold | After::Error => {}
            }
        }
        let mut value = self.warmed(t);
        if let Some(cooldown) = &self.cooldown {
            value = cooldown.apply(value, self.curve.floor(), step);
        }
        value.max(self.low).min(self.high)
    }

    fn warmed(&self, t: u64) -> f64 {
        let local = t.saturating_sub(self.start);
        match &self.warmup {
            Some(ramp) if t < ramp.steps => match ramp.mode {
                WarmupMode::Prefix | WarmupMode::Replace => self.first * ramp.factor(t),
                WarmupMode::Overlay => self.curve.at(local) * ramp.factor(t),
            },
            _ => self.curve.at(local),
        }
    }

    /// Updates of the run it was resolved for; else where its curve ends; `None` if it is open-ended.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Where its curve ends and `after` takes over: the first step that is no longer part of it. `None` if the curve
    /// goes on for ever. If this is beyond [`total`](Self::total), the run cuts the curve.
    pub fn end(&self) -> Option<u64> {
        self.end
    }

    /// The values of these steps.
    pub fn values(&self, steps: Range<u64>) -> impl Iterator<Item = f64> + '_ {
        steps.map(|step| self.at(step))
    }

    /// The largest value: of the first step, of both sides of every phase change, and of 1024 steps spread over the
    /// run (over the last phase change and as much again if it is open-ended). Exact wherever phases are monotone.
    pub fn peak(&self) -> f64 {
        self.range().1
    }

    /// The smallest and the largest value, found like the [`peak`](Self::peak).
    ///
    /// ```
    /// use rheostat_schedule::{Frame, ScheduleSpec, Span};
    /// let schedule = ScheduleSpec::cyclic(0.1, 0.4, Span::Steps(10)).resolve(&Frame::steps(45))?;
    /// assert_eq!(schedule.range(), (0.1, 0.4));
    /// # Ok::<(), rheostat_schedule::ScheduleError>(())
    /// ```
    pub fn range(&self) -> (f64, f64) {
        let marks = self.breakpoints();
        let last = marks.last().copied().unwrap_or(0);
        let reach = self.total.unwrap_or(last.saturating_mul(2)).max(1);
        let spread = (0..1024).map(|i: u64| (reach as f64 * (i as f64 / 1024.0)) as u64);
        let beside = marks.iter().flat_map(|mark| [mark.saturating_sub(1), *mark]);
        // The last step need not be beside a mark: the run may cut the curve.
        let steps = spread.chain(beside).chain([reach - 1]).filter(|step| *step < reach);
        let first = self.at(0);
        steps.map(|step| self.at(step)).fold((first, first), |(low, high), value| (low.min(value), high.max(value)))
    }

    /// The steps at which a phase begins, in order: 0, the ends of warm-up and hold, milestones, restarts, turning
    /// points, the cooldown and the end. For plotting; shapes with very many of them list the first 4096.
    pub fn breakpoints(&self) -> Vec<u64> {
        self.breakpoints_below(self.total.map_or(u64::MAX, |total| total.saturating_add(1)))
    }

    pub(crate) fn breakpoints_below(&self, limit: u64) -> Vec<u64> {
        let warmup = self.warmup.iter().map(|ramp| ramp.steps);
        let inner = self.curve.marks(limit.saturating_sub(self.start)).into_iter();
        let mut marks: Vec<u64> = [0, self.start]
            .into_iter()
            .chain(warmup)
            .chain(inner.map(|mark| self.start.saturating_add(mark)))
            .chain(self.end)
            .chain(self.cooldown.iter().flat_map(|cooldown| [cooldown.start, cooldown.start + cooldown.steps]))
            .filter(|mark| *mark < limit)
            .collect();
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    /// The same schedule, ended: from step `at` on it falls over `len` steps to 0 (to the floor of a `wsd`).
    ///
    /// The fall multiplies the schedule, which goes on underneath: `f(t) c(u)`, `u = (t - at) / len`. So a reciprocal
    /// square root of unknown length becomes the one with its cooldown.
    ///
    /// ```
    /// use rheostat_schedule::{CooldownShape, Frame, ScheduleSpec, Span};
    /// let open = ScheduleSpec::rsqrt(1.0, Span::Steps(100)).resolve(&Frame::unbounded())?;
    /// let ended = open.begin_cooldown(300, 100, CooldownShape::Linear)?;
    /// assert_eq!((ended.at(300), ended.at(400), ended.total()), (0.5, 0.0, Some(400)));
    /// assert!(ended.begin_cooldown(500, 100, CooldownShape::Linear).is_err());
    /// # Ok::<(), rheostat_schedule::ScheduleError>(())
    /// ```
    ///
    /// # Errors
    /// If the schedule has an end, or a cooldown was begun before; `len` of 0; an end that cannot be counted; an
    /// exponential fall to a floor of 0.
    pub fn begin_cooldown(&self, at: u64, len: u64, shape: CooldownShape) -> Result<Self, ScheduleError> {
        let field = || "cooldown".to_owned();
        if let Some(cooldown) = &self.cooldown {
            return Err(ScheduleError::AlreadyCooling { field: field(), began: cooldown.start });
        }
        if let Some(end) = self.total.or(self.end) {
            return Err(ScheduleError::NotOpenEnded { field: field(), end });
        }
        if len == 0 {
            return Err(ScheduleError::SpanTooShort { field: field(), value: 0, minimum: 1 });
        }
        let Some(total) = at.checked_add(len) else {
            return Err(ScheduleError::Overflow { field: field(), value: len.to_string() });
        };
        if shape == CooldownShape::Exponential && self.curve.floor() <= 0.0 {
            let (value, range) = (self.curve.floor(), "a floor of more than 0 for an exponential cooldown");
            return Err(ScheduleError::OutOfRange { field: field(), value, range });
        }
        let cooldown = Some(Cooldown::new(at, len, len as f64, shape, None));
        Ok(Self { cooldown, total: Some(total), end: Some(total), ..self.clone() })
    }

    /// This schedule times a factor; `Schedule * Factor` is the same.
    pub(crate) fn scaled(self, factor: crate::Factor) -> Self {
        let total = self.total;
        Self::of_curve(Curve::Product(product::Pair::new(self, factor)), total)
    }

    /// What a batch that grows makes of this schedule, which was resolved for steps of [`BatchGrowth::start`] samples: its value
    /// where as many samples were seen, times the batch's power: `f(reference step) (batch / start)^exponent`.
    ///
    /// # Errors
    /// An exponent outside 0 to 1.
    pub fn grown(self, growth: BatchGrowth) -> Result<Self, ScheduleError> {
        if !(0.0..=1.0).contains(&growth.exponent) {
            let (value, range) = (growth.exponent, "0 to 1");
            return Err(ScheduleError::OutOfRange { field: "exponent".into(), value, range });
        }
        let total = Some(growth.total_steps);
        Ok(Self::of_curve(Curve::Grown(Grown::new(self, growth)), total))
    }

    /// A curve that has warm-up, end and clamp inside.
    fn of_curve(curve: Curve, total: Option<u64>) -> Self {
        let first = curve.at(0);
        let end = curve.length();
        let (low, high) = (f64::MIN, f64::MAX);
        let (warmup, cooldown, after) = (None, None, After::Hold);
        Self { curve, start: 0, warmup, first, end, after, cooldown, low, high, total }
    }
}

impl TryFrom<f64> for Schedule {
    type Error = ScheduleError;

    fn try_from(value: f64) -> Result<Self, ScheduleError> {
        Self::constant(value)
    }
}

// Every value of a shape stays far from overflow, whatever it is multiplied with on the way.
const _: () = assert!(LARGEST * LARGEST < f64::MAX);
