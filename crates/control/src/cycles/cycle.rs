use rheostat_schedule::{Frame, Schedule, ScheduleError, ScheduleSpec, Span, WarmupShape};
use serde::{Deserialize, Serialize};

/// How a cycle falls from its peak to its floor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Half a cosine wave.
    #[default]
    Cosine,
    /// A straight line.
    Linear,
    /// A constant ratio; its floor must be more than 0.
    Exponential,
}

/// What one cycle has of its own; what is absent is as [`Cycles`](crate::Cycles) says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cycle {
    /// Its updates; all cycles have a length or none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<Span>,
    /// Its share of the run, relative to the other cycles'; 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
    /// Its highest rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// Its warm-up; a fraction is of the cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Span>,
    /// The shape of its warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup_shape: Option<WarmupShape>,
    /// How long it stays at its peak; a fraction is of the cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// How it falls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay: Option<Decay>,
    /// The rate it ends at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
}

/// The rates of one cycle, with everything inherited filled in and every number in range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rates {
    pub(super) peak: f64,
    pub(super) warmup: Span,
    pub(super) warmup_shape: WarmupShape,
    pub(super) warmup_from: f64,
    pub(super) warmup_first: u8,
    pub(super) hold: Span,
    pub(super) decay: Decay,
    pub(super) floor: f64,
}

impl Rates {
    /// The curve of a cycle from `start` to `end` of the run: the plain schedule of that length.
    pub(super) fn curve(&self, frame: &Frame, start: u64, end: u64) -> Result<Schedule, ScheduleError> {
        self.spec(self.warmup, self.hold).resolve(&frame.part(start, Some(end.saturating_sub(start))))
    }

    /// The same for a cycle whose length was not known before the run: warm-up and hold shrink alike where they do not fit.
    pub(super) fn fitted(&self, frame: &Frame, start: u64, end: u64) -> Option<Schedule> {
        if let Ok(curve) = self.curve(frame, start, end) {
            return Some(curve);
        }
        let length = end.saturating_sub(start);
        let part = frame.part(start, Some(length));
        let warmup = part.to_steps(self.warmup, 0).unwrap_or(0) as f64;
        let hold = part.to_steps(self.hold, 0).unwrap_or(0) as f64;
        // One update is left to the decay.
        let share = (length.saturating_sub(1) as f64 / (warmup + hold)).min(1.0);
        let short = |steps: f64| Span::Steps((steps * share) as u64);
        self.spec(short(warmup), short(hold)).resolve(&part).ok()
    }

    fn spec(&self, warmup: Span, hold: Span) -> ScheduleSpec {
        let Self { peak, floor, .. } = *self;
        let curve: ScheduleSpec = match self.decay {
            Decay::Cosine => ScheduleSpec::cosine(peak).floor(floor).into(),
            Decay::Linear => ScheduleSpec::linear(peak, floor).into(),
            Decay::Exponential => ScheduleSpec::exponential(peak, floor).into(),
        };
        let curve = curve.warmup(warmup).warmup_shape(self.warmup_shape, self.warmup_from);
        curve.warmup_first(self.warmup_first).hold(hold)
    }
}
