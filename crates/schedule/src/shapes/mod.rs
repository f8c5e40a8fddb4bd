//! The shapes: one method, one file. Each file holds the specification, its parameters as data and the resolved curve.

pub(crate) mod constant;
pub(crate) mod cosine;
pub(crate) mod cyclic;
pub(crate) mod exponential;
pub(crate) mod grown;
pub(crate) mod linear;
pub(crate) mod multistep;
pub(crate) mod noam;
pub(crate) mod one_cycle;
pub(crate) mod polynomial;
pub(crate) mod product;
pub(crate) mod rsqrt;
pub(crate) mod sequence;
pub(crate) mod step;
pub(crate) mod warm_restarts;
pub(crate) mod wsd;

use crate::check::Checker;
use crate::common::Endpoint;
use crate::error::ScheduleError;
use crate::frame::Frame;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// What a shape does; its parameters are declared beside it and listed in [`METHODS`](crate::METHODS).
pub(crate) trait Shape {
    /// Reports numbers out of range.
    fn check(&self, found: &mut Checker);

    /// The checked curve, with local time starting at 0.
    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError>;
}

/// Where a main shape sits: it begins `start` steps into the frame, after warm-up and hold.
pub(crate) struct Place<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) start: u64,
    pub(crate) endpoint: Endpoint,
}

impl Place<'_> {
    /// Steps left of the enclosing span.
    pub(crate) fn rest(&self) -> Option<u64> {
        self.frame.total_steps.map(|total| total.saturating_sub(self.start))
    }

    /// Steps left, needed for `field`.
    pub(crate) fn known_rest(&self, field: &str) -> Result<u64, ScheduleError> {
        let unknown = || ScheduleError::UnknownHorizon { field: field.to_owned(), value: "the rest of the run".into() };
        self.rest().ok_or_else(unknown)
    }

    /// Steps of a span that begins where the shape does.
    pub(crate) fn span(&self, field: &str, span: Span) -> Result<u64, ScheduleError> {
        self.frame.to_steps(span, self.start).map_err(|error| ScheduleError::from_frame(field, error))
    }

    /// A point in the enclosing span, in the shape's local time; must come after step `previous` of the shape.
    pub(crate) fn point(&self, field: &str, point: Span, previous: u64) -> Result<u64, ScheduleError> {
        let step = self.frame.to_steps(point, 0).map_err(|error| ScheduleError::from_frame(field, error))?;
        let after = self.start.saturating_add(previous);
        if step <= after {
            return Err(ScheduleError::NotIncreasing { field: field.to_owned(), value: step, previous: after });
        }
        Ok(step - self.start)
    }

    /// The length of the shape: `over` if given, else the rest of the enclosing span.
    pub(crate) fn over(&self, over: Option<Span>) -> Result<Phase, ScheduleError> {
        let steps = match over {
            Some(over) => self.span("over", over)?,
            None => self.known_rest("over")?,
        };
        self.phase("over", steps)
    }

    /// A phase of that many steps under the end convention in force.
    pub(crate) fn phase(&self, field: &str, steps: u64) -> Result<Phase, ScheduleError> {
        let (divisor, minimum) = match self.endpoint {
            Endpoint::Exclusive => (steps, 1),
            Endpoint::Inclusive => (steps.saturating_sub(1), 2),
        };
        if steps < minimum {
            return Err(ScheduleError::SpanTooShort { field: field.to_owned(), value: steps, minimum });
        }
        Ok(Phase { steps, divisor: divisor as f64 })
    }
}

/// A stretch of steps over which `u` goes from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Phase {
    pub(crate) steps: u64,
    /// `D` or `D - 1`, never 0.
    divisor: f64,
}

impl Phase {
    /// `u`, beyond 1 after the end.
    pub(crate) fn progress(&self, t: u64) -> f64 {
        t as f64 / self.divisor
    }
}

/// `b + (a - b) w`, exact at both ends and never outside them.
pub(crate) fn mix(a: f64, b: f64, w: f64) -> f64 {
    if w >= 1.0 {
        a
    } else if w <= 0.0 {
        b
    } else {
        let value = b + (a - b) * w;
        if a < b { value.clamp(a, b) } else { value.clamp(b, a) }
    }
}

/// Half a cosine wave from 1 at `u = 0` to 0 at `u = 1`.
pub(crate) fn half_cosine(u: f64) -> f64 {
    if u >= 1.0 { 0.0 } else { 0.5 * (1.0 + (std::f64::consts::PI * u).cos()) }
}

/// A resolved main shape: value by local step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Curve {
    Constant(f64),
    Linear(linear::Line),
    Polynomial(polynomial::Power),
    Exponential(exponential::Decay),
    Step(step::Stairs),
    Multistep(multistep::Levels),
    Cosine(cosine::Wave),
    WarmRestarts(warm_restarts::Cycles),
    Cyclic(cyclic::Triangles),
    OneCycle(one_cycle::Knots),
    Wsd(wsd::Trapezoid),
    Rsqrt(rsqrt::Decay),
    Noam(noam::Peak),
    Sequence(sequence::Chain),
    Product(product::Pair),
    Grown(grown::Grown),
}

impl Curve {
    pub(crate) fn at(&self, t: u64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Linear(curve) => curve.at(t),
            Self::Polynomial(curve) => curve.at(t),
            Self::Exponential(curve) => curve.at(t),
            Self::Step(curve) => curve.at(t),
            Self::Multistep(curve) => curve.at(t),
            Self::Cosine(curve) => curve.at(t),
            Self::WarmRestarts(curve) => curve.at(t),
            Self::Cyclic(curve) => curve.at(t),
            Self::OneCycle(curve) => curve.at(t),
            Self::Wsd(curve) => curve.at(t),
            Self::Rsqrt(curve) => curve.at(t),
            Self::Noam(curve) => curve.at(t),
            Self::Sequence(curve) => curve.at(t),
            Self::Product(curve) => curve.at(t),
            Self::Grown(curve) => curve.at(t),
        }
    }

    /// Steps until the curve stays at its end value; `None` if it goes on.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::Constant(_)
            | Self::Step(_)
            | Self::Multistep(_)
            | Self::Cyclic(_)
            | Self::Noam(_)
            | Self::Grown(_) => None,
            Self::Linear(curve) => Some(curve.phase.steps),
            Self::Polynomial(curve) => Some(curve.phase.steps),
            Self::Exponential(curve) => curve.length(),
            Self::Cosine(curve) => Some(curve.phase.steps),
            Self::WarmRestarts(curve) => curve.length(),
            Self::OneCycle(curve) => Some(curve.steps),
            Self::Wsd(curve) => Some(curve.steps),
            Self::Rsqrt(curve) => curve.length(),
            Self::Sequence(curve) => curve.length(),
            Self::Product(curve) => curve.length(),
        }
    }

    /// Local steps below `limit` at which a phase begins, in no order; at most [`MARKS`] of them.
    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        match self {
            Self::Multistep(curve) => curve.marks(),
            Self::Step(curve) => curve.marks(limit),
            Self::WarmRestarts(curve) => curve.marks(limit),
            Self::Cyclic(curve) => curve.marks(limit),
            Self::OneCycle(curve) => curve.marks(),
            Self::Wsd(curve) => curve.marks(),
            Self::Rsqrt(curve) => curve.marks(),
            Self::Noam(curve) => curve.marks(),
            Self::Sequence(curve) => curve.marks(limit),
            Self::Product(curve) => curve.marks(limit),
            Self::Grown(curve) => curve.marks(limit),
            _ => Vec::new(),
        }
    }

    /// What a cooldown falls to.
    pub(crate) fn floor(&self) -> f64 {
        if let Self::Wsd(curve) = self { curve.floor() } else { 0.0 }
    }
}

/// Most phase changes listed for one shape; a step schedule has as many as there are updates.
pub(crate) const MARKS: usize = 4096;

/// Multiples of `every` below `limit`, at most [`MARKS`].
pub(crate) fn multiples(every: u64, limit: u64) -> impl Iterator<Item = u64> {
    (1..).map_while(move |k: u64| k.checked_mul(every)).take_while(move |step| *step < limit).take(MARKS)
}

/// The length of a shape that ends.
pub(crate) const OVER: Parameter =
    Parameter::new("over", Kind::Span, "length; the rest of the enclosing span if absent").optional().positive();

/// The shape of a cooldown.
pub(crate) const COOLDOWN_SHAPE: Parameter = Parameter::new(
    "cooldown_shape",
    Kind::Choice(&["linear", "cosine", "sqrt", "exponential"]),
    "shape of the cooldown",
)
.default("\"linear\"")
.source("arXiv:2405.18392 (sqrt)");
