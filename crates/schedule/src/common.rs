//! What every shape takes besides its own parameters: warm-up, hold, end convention, what comes after, clamp.

use serde::{Deserialize, Serialize};

use crate::check::Checker;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// The parameters common to all schedules.
///
/// A curve is `warm-up | hold | main shape`, then `after`; `clamp` is applied last.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::cosine(1.0).warmup(Span::percent(4.0)).resolve(&Frame::steps(100))?;
/// assert_eq!(schedule.at(0), 0.25); // the first update is not wasted
/// assert_eq!(schedule.at(3), 1.0);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Common {
    /// Length `W` of the warm-up; none if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Span>,
    /// Its shape.
    #[serde(skip_serializing_if = "is_default")]
    pub warmup_shape: WarmupShape,
    /// Fraction `s` of the first value it starts from.
    #[serde(skip_serializing_if = "is_default")]
    pub warmup_from: f64,
    /// Offset `o`: update `t` of the warm-up is at `u = (t + o) / W`. With 1 the first update is not wasted; 0 as in
    /// optax, AlgoPerf and the papers.
    #[serde(skip_serializing_if = "is_one")]
    pub warmup_first: u8,
    /// How warm-up and main shape combine.
    #[serde(skip_serializing_if = "is_default")]
    pub warmup_mode: WarmupMode,
    /// Length of a plateau at the main shape's first value, between warm-up and main shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Span>,
    /// Whether a phase of `D` steps reaches its end one step after its last update, or with it.
    #[serde(skip_serializing_if = "is_default")]
    pub endpoint: Endpoint,
    /// What follows the curve.
    #[serde(skip_serializing_if = "is_default")]
    pub after: After,
    /// Lowest and highest value ever given out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clamp: Option<[f64; 2]>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            warmup: None,
            warmup_shape: WarmupShape::default(),
            warmup_from: 0.0,
            warmup_first: 1,
            warmup_mode: WarmupMode::default(),
            hold: None,
            endpoint: Endpoint::default(),
            after: After::default(),
            clamp: None,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_one(value: &u8) -> bool {
    *value == 1
}

/// Shape of the warm-up from the fraction `s` to 1, with `u` from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmupShape {
    /// `s + (1 - s) u`
    #[default]
    Linear,
    /// `s + (1 - s) (1 - cos(pi u)) / 2`
    Cosine,
    /// `s^(1 - u)`, needs `s > 0`
    Exponential,
}

/// How warm-up and main shape combine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarmupMode {
    /// The warm-up comes first, rising to the main shape's first value; the main shape begins after it and has what
    /// is left of the span (optax, torch `SequentialLR`, AlgoPerf).
    #[default]
    Prefix,
    /// The main shape begins at once and is multiplied by the warm-up (big_vision); the peak is lower.
    Overlay,
    /// The main shape begins at once, the warm-up takes its place and rises to its first value; the curve may jump
    /// down at the end of the warm-up (timm with `warmup_prefix=False`).
    Replace,
}

/// Where a phase of `D` steps ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `u = t / D`: the end value is reached one step after the last update (optax, most of torch).
    #[default]
    Exclusive,
    /// `u = t / (D - 1)`: the last update uses the end value (torch `OneCycleLR`).
    Inclusive,
}

/// What follows the end of a curve. Shapes without an end of their own (`constant`, `step`, `multistep`,
/// `exponential` by `gamma`, `warm_restarts` by `first`, `cyclic`, `rsqrt` without cooldown, `noam`) go on under
/// `hold`; for the others they end with the enclosing span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The end value stays.
    #[default]
    Hold,
    /// The whole curve repeats from its first update.
    Periodic,
    /// The value is 0 (then clamped).
    Zero,
    /// A run longer than the curve is refused by `resolve`; the end value stays.
    Error,
}

/// The parameters of [`Common`] as data.
pub const COMMON: &[Parameter] = &[
    Parameter::new("warmup", Kind::Span, "length of the warm-up").default("\"0 steps\""),
    Parameter::new("warmup_shape", Kind::Choice(&["linear", "cosine", "exponential"]), "shape of the warm-up")
        .default("\"linear\""),
    Parameter::new("warmup_from", Kind::Number, "fraction of the first value the warm-up starts from")
        .default("0.0")
        .range(std::ops::Bound::Included(0.0), std::ops::Bound::Included(1.0), "0 to 1 (exponential: more than 0)"),
    Parameter::new("warmup_first", Kind::Integer, "1: the first update takes a step; 0: it starts at warmup_from")
        .default("1")
        .range(std::ops::Bound::Included(0.0), std::ops::Bound::Included(1.0), "0 or 1")
        .source("schedule_free (1); optax, AlgoPerf (0)"),
    Parameter::new("warmup_mode", Kind::Choice(&["prefix", "overlay", "replace"]), "how warm-up and shape combine")
        .default("\"prefix\"")
        .source("optax (prefix), big_vision (overlay), timm (replace)"),
    Parameter::new("hold", Kind::Span, "plateau between warm-up and decay").default("\"0 steps\""),
    Parameter::new("endpoint", Kind::Choice(&["exclusive", "inclusive"]), "whether the last update uses the end value")
        .default("\"exclusive\"")
        .source("optax (exclusive), torch OneCycleLR (inclusive)"),
    Parameter::new("after", Kind::Choice(&["hold", "periodic", "zero", "error"]), "what follows the curve")
        .default("\"hold\""),
    Parameter::new("clamp", Kind::Pair, "lowest and highest value, applied last").optional(),
];

impl Common {
    pub(crate) fn check(&self, found: &mut Checker) {
        found.span("warmup", self.warmup);
        found.number("warmup_from", self.warmup_from);
        found.number("warmup_first", f64::from(self.warmup_first));
        if self.warmup_shape == WarmupShape::Exponential && self.warmup.is_some() && self.warmup_from == 0.0 {
            found.out_of_range("warmup_from", self.warmup_from, "more than 0 for an exponential warm-up");
        }
        found.span("hold", self.hold);
        if let Some([low, high]) = self.clamp {
            found.number_at("clamp", "clamp[0]", low);
            found.number_at("clamp", "clamp[1]", high);
            if low > high {
                found.out_of_range("clamp[0]", low, "at most clamp[1]");
            }
        }
    }
}
