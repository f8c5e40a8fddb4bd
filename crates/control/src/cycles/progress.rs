use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

use super::parameters;
use crate::check::{contradiction, within};
use crate::{ControlError, MetricDirection};

/// The level of the metric that is expected after `t` updates, where the final target would ask too much.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum Progress {
    /// `P = value`.
    Constant {
        /// The level.
        value: f64,
    },
    /// `P(t) = start + (end - start) (1 - exp(-t / timescale))`.
    SaturatingExp {
        /// Level at the beginning of the run.
        start: f64,
        /// Level it tends to; the target if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<f64>,
        /// Updates in which the distance to `end` falls by the factor e.
        timescale: Span,
    },
    /// `P(t) = end + scale (1 + t)^(-power)`, `t` in updates.
    PowerLaw {
        /// Level it tends to; the target if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end: Option<f64>,
        /// Distance from `end` at the beginning: below 0 for an increasing metric, above 0 for a decreasing one.
        scale: f64,
        /// How fast it falls.
        power: f64,
    },
    /// Straight lines between points, held at both ends: a run made before, for example.
    Table {
        /// Where the points are, from the beginning of the run.
        at: Vec<Span>,
        /// The levels there.
        values: Vec<f64>,
    },
    /// The best metric of the run so far: only a regression resets anything.
    BestSoFar {},
}

/// A [`Progress`] for a run.
#[derive(Debug, Clone, PartialEq)]
pub enum ProgressCurve {
    /// One level.
    Constant(f64),
    /// Exponential approach.
    SaturatingExp {
        /// Level at the beginning of the run.
        start: f64,
        /// Level it tends to.
        end: f64,
        /// In updates.
        timescale: f64,
    },
    /// Approach by a power of the updates.
    PowerLaw {
        /// Level it tends to.
        end: f64,
        /// Distance from `end` at the beginning.
        scale: f64,
        /// How fast it falls.
        power: f64,
    },
    /// Points (updates, level) in order.
    Table(Vec<(u64, f64)>),
    /// The best metric of the run so far.
    BestSoFar,
}

const TABLE: &str = "reset.progress";

fn wrong(key: &str, why: String) -> ControlError {
    contradiction(format!("{TABLE}.{key}"), why)
}

impl Progress {
    /// What is out of range whatever the run.
    pub(super) fn check(&self) -> Vec<ControlError> {
        let numbers = match self {
            Self::Constant { value } => vec![(&parameters::progress::VALUE, *value)],
            Self::SaturatingExp { start, end, timescale } => vec![
                (&parameters::progress::START, *start),
                (&parameters::progress::END, end.unwrap_or(0.0)),
                (&parameters::progress::TIMESCALE, timescale.amount()),
            ],
            Self::PowerLaw { end, scale, power } => vec![
                (&parameters::progress::END, end.unwrap_or(0.0)),
                (&parameters::progress::SCALE, *scale),
                (&parameters::progress::POWER, *power),
            ],
            Self::Table { at, values } => {
                if at.is_empty() || at.len() != values.len() {
                    let (points, levels) = (at.len(), values.len());
                    let why = format!("{levels} values for {points} points of `at`: give each point one, at least one");
                    return vec![wrong("values", why)];
                }
                let points = at.iter().map(|span| (&parameters::progress::AT, span.amount()));
                points.chain(values.iter().map(|value| (&parameters::progress::VALUES, *value))).collect()
            }
            Self::BestSoFar {} => Vec::new(),
        };
        let outside = numbers.into_iter().filter_map(|(parameter, value)| within(parameter, value).err());
        outside.map(|error| error.within(TABLE)).collect()
    }

    /// Whether the run's target plays no part.
    pub(super) fn replaces_target(&self) -> bool {
        match self {
            Self::Constant { .. } | Self::Table { .. } | Self::BestSoFar {} => true,
            Self::SaturatingExp { end, .. } | Self::PowerLaw { end, .. } => end.is_some(),
        }
    }

    /// The curve for a run.
    ///
    /// # Errors
    /// A span that has no length in this frame; points that do not increase; levels that move away from the target.
    pub fn resolve(
        &self,
        frame: &Frame,
        direction: MetricDirection,
        target: f64,
    ) -> Result<ProgressCurve, ControlError> {
        let steps = |key: &str, span: Span| frame.to_steps(span, 0).map_err(|error| wrong(key, error.to_string()));
        let away = |key: &str, from: f64, to: f64| {
            let why = format!("it goes from {from} to {to}, away from the target of {} metric", a(direction));
            if direction.better(from, to) { Err(wrong(key, why)) } else { Ok(()) }
        };
        Ok(match self {
            Self::Constant { value } => ProgressCurve::Constant(*value),
            Self::SaturatingExp { start, end, timescale } => {
                let end = end.unwrap_or(target);
                away("end", *start, end)?;
                let timescale = steps("timescale", *timescale)?.max(1) as f64;
                ProgressCurve::SaturatingExp { start: *start, end, timescale }
            }
            Self::PowerLaw { end, scale, power } => {
                let end = end.unwrap_or(target);
                away("scale", end + scale, end)?;
                ProgressCurve::PowerLaw { end, scale: *scale, power: *power }
            }
            Self::Table { at, values } => {
                let mut points: Vec<(u64, f64)> = Vec::with_capacity(at.len());
                for (span, value) in at.iter().zip(values) {
                    let step = steps("at", *span)?;
                    if let Some((before, level)) = points.last() {
                        if step <= *before {
                            let why = format!("step {step} must come after step {before}: sort the points");
                            return Err(wrong("at", why));
                        }
                        away("values", *level, *value)?;
                    }
                    points.push((step, *value));
                }
                ProgressCurve::Table(points)
            }
            Self::BestSoFar {} => ProgressCurve::BestSoFar,
        })
    }
}

/// The direction with its article, for sentences.
fn a(direction: MetricDirection) -> &'static str {
    match direction {
        MetricDirection::Increasing => "an increasing",
        MetricDirection::Decreasing => "a decreasing",
    }
}

impl ProgressCurve {
    /// The level expected after `updates` updates, where `best` is the best metric of the run so far.
    pub fn at(&self, updates: u64, best: f64) -> f64 {
        let t = updates as f64;
        match self {
            Self::Constant(value) => *value,
            Self::SaturatingExp { start, end, timescale } => end - (end - start) * (-t / timescale).exp(),
            Self::PowerLaw { end, scale, power } => end + scale * (1.0 + t).powf(-power),
            Self::Table(points) => between(points, updates),
            Self::BestSoFar => best,
        }
    }

    /// The best level it ever expects, if that is known before the run.
    pub(super) fn goal(&self) -> Option<f64> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::SaturatingExp { end, .. } | Self::PowerLaw { end, .. } => Some(*end),
            Self::Table(points) => points.last().map(|(_, level)| *level),
            Self::BestSoFar => None,
        }
    }
}

fn between(points: &[(u64, f64)], updates: u64) -> f64 {
    let after = points.partition_point(|(at, _)| *at <= updates);
    match (after.checked_sub(1).and_then(|before| points.get(before)), points.get(after)) {
        (Some((from, low)), Some((to, high))) => {
            low + (high - low) * (updates.saturating_sub(*from) as f64 / to.saturating_sub(*from) as f64)
        }
        (Some((_, level)), None) | (None, Some((_, level))) => *level,
        // A table has a point.
        (None, None) => f64::NAN,
    }
}
