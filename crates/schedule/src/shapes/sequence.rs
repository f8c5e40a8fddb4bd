//! `sequence`: schedules one after another.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Curve, MARKS, Place, Shape};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::schedule::Schedule;
use crate::span::Span;
use crate::spec::ScheduleSpec;
use crate::value::{Table, Value};

/// Parts one after another, each in its own time: a part begins with its step 0 and its fractions refer to the part.
///
/// | parameter | unit | default |
/// |---|---|---|
/// | `parts` | list of schedules, each with `for` = span or `until` = point | required; optional in the last part |
///
/// `for` says how long a part lasts, `until` at which point of the enclosing span it ends, which no rounding of the parts
/// before it can move. The last part lasts for the rest of the enclosing span if it has neither, for ever if the horizon
/// is open. A fraction in `for` and `until` is of the span that encloses the sequence. A part shorter than its schedule cuts it; after a
/// schedule shorter than its part comes what that schedule says. Parts beyond the horizon never come. Errors: no
/// parts; a part of no steps; `for` and `until` missing before the last part, or both given; an `until` that is not after
/// the part's beginning; parts that leave nothing for a last one without an end; and those of the parts, with their
/// place (`parts[1].peak`).
///
/// ```
/// use rheostat_schedule::{Frame, Part, ScheduleSpec, Span};
/// let spec = ScheduleSpec::sequence([
///     Part::lasting(Span::Steps(10), ScheduleSpec::constant(1.0)),
///     Part::rest(ScheduleSpec::cosine(1.0)),
/// ]);
/// let schedule = spec.resolve(&Frame::steps(20))?;
/// assert_eq!((schedule.at(10), schedule.at(15), schedule.at(20)), (1.0, 0.5, 0.0));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    /// The parts in order.
    pub parts: Vec<Part>,
    /// Warm-up and the other common parameters, of the sequence as a whole.
    #[serde(flatten)]
    pub common: Common,
}

/// A part of a [`Sequence`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// How long it lasts; `for` in a recipe.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// Where it ends, counted from the beginning of what encloses the sequence; instead of `lasts`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
    /// What happens meanwhile.
    #[serde(flatten)]
    pub schedule: ScheduleSpec,
}

impl Part {
    /// A part of that length.
    pub fn lasting(span: Span, schedule: impl Into<ScheduleSpec>) -> Self {
        Self { lasts: Some(span), until: None, schedule: schedule.into() }
    }

    /// A part that ends at that point of what encloses the sequence.
    pub fn until(point: Span, schedule: impl Into<ScheduleSpec>) -> Self {
        Self { lasts: None, until: Some(point), schedule: schedule.into() }
    }

    /// The last part, for the rest of the enclosing span.
    pub fn rest(schedule: impl Into<ScheduleSpec>) -> Self {
        Self { lasts: None, until: None, schedule: schedule.into() }
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Table::deserialize(deserializer)?;
        let mut span = |key: &str| table.take(key).map(Span::deserialize).transpose().map_err(de::Error::custom);
        let (lasts, until) = (span("for")?, span("until")?);
        let schedule = ScheduleSpec::from_value(Value::Table(table)).map_err(de::Error::custom)?;
        Ok(Self { lasts, until, schedule })
    }
}

/// The parameters of [`Sequence`].
pub(crate) const PARAMETERS: &[Parameter] = &[Parameter::new(
    "parts",
    Kind::Parts,
    "the schedules in order, each with for = <span> or until = <point>; the last one may leave it out",
)];

impl Sequence {
    /// These parts in order.
    pub fn new(parts: impl IntoIterator<Item = Part>) -> Self {
        Self { parts: parts.into_iter().collect(), common: Common::default() }
    }
}

impl Shape for Sequence {
    fn check(&self, found: &mut Checker) {
        if self.parts.is_empty() {
            found.push(ScheduleError::Empty { field: "parts".into() });
        }
        for (index, part) in self.parts.iter().enumerate() {
            let place = format!("parts[{index}]");
            let field = format!("{place}.for");
            for (key, span) in [("for", part.lasts), ("until", part.until)] {
                if let Some(amount) = span.map(Span::amount).filter(|amount| !(amount.is_finite() && *amount > 0.0)) {
                    found.out_of_range(&format!("{place}.{key}"), amount, "more than 0");
                }
            }
            match (part.lasts, part.until) {
                (Some(_), Some(_)) => {
                    found.push(ScheduleError::Conflict { field: format!("{place}.until"), other: "for" })
                }
                (None, None) if index + 1 < self.parts.len() => {
                    found.push(ScheduleError::Missing { field, hint: "only the last part may leave it out" });
                }
                _ => {}
            }
            for error in part.schedule.check() {
                found.push(error.within(&place));
            }
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let mut start = 0_u64;
        let mut links = Vec::with_capacity(self.parts.len());
        let mut end = None;
        for (index, part) in self.parts.iter().enumerate() {
            let name = format!("parts[{index}]");
            let field = format!("{name}.for");
            let from = place.start.saturating_add(start);
            let steps = match (part.lasts, part.until) {
                (Some(span), _) => {
                    let steps = place.frame.to_steps(span, from);
                    Some(steps.map_err(|error| ScheduleError::from_frame(field.as_str(), error))?)
                }
                (None, Some(point)) => {
                    let end = place.point(&format!("{name}.until"), point, start)?;
                    Some(end - start)
                }
                (None, None) => match place.rest().map(|rest| rest.checked_sub(start)) {
                    None => None,
                    Some(Some(left)) if left > 0 => Some(left),
                    Some(_) => {
                        // The part before this one used up the span.
                        let before = index.checked_sub(1).and_then(|before| Some((before, self.parts.get(before)?)));
                        let field = before.map_or(field, |(before, part)| {
                            format!("parts[{before}].{}", if part.until.is_some() { "until" } else { "for" })
                        });
                        let (range, available) = ("short enough to leave steps for the last part", place.rest());
                        let available = available.unwrap_or(0);
                        return Err(ScheduleError::SpanTooLong { field, value: start, range, available });
                    }
                },
            };
            if steps == Some(0) {
                return Err(ScheduleError::SpanTooShort { field, value: 0, minimum: 1 });
            }
            let frame = place.frame.part(from, steps);
            let schedule = part.schedule.assemble(&frame).map_err(|error| error.within(&name))?;
            let length = steps.or_else(|| schedule.end());
            links.push(Link { start, schedule });
            end = length.map(|length| start.saturating_add(length));
            if let (Some(reached), true) = (end, index + 1 < self.parts.len()) {
                start = reached;
            }
        }
        Ok(Curve::Sequence(Chain { links: links.into(), end }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    links: Arc<[Link]>,
    end: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
struct Link {
    start: u64,
    schedule: Schedule,
}

impl Chain {
    pub(crate) fn at(&self, t: u64) -> f64 {
        let index = self.links.partition_point(|link| link.start <= t).saturating_sub(1);
        let link = &self.links[index];
        link.schedule.at(t - link.start)
    }

    pub(crate) fn length(&self) -> Option<u64> {
        self.end
    }

    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        let mut marks = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            let next = self.links.get(index + 1).map_or(limit, |next| next.start.min(limit));
            marks.push(link.start);
            let inner = link.schedule.breakpoints_below(next.saturating_sub(link.start));
            marks.extend(inner.iter().map(|mark| link.start + mark));
            if marks.len() >= MARKS {
                break;
            }
        }
        marks
    }
}
