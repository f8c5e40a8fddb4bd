//! What can be wrong with a schedule.

use crate::frame::FrameError;
use crate::span::Span;

/// Why a specification does not make a schedule.
///
/// [`ScheduleError::field`] is the key at fault as a path inside the schedule's own table: `peak`, `at[2]`,
/// `parts[1].warmup`. It is empty if the table as a whole is at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// A number is outside its range, or not finite.
    #[error("{field}: {value} is out of range, must be {range}")]
    OutOfRange {
        /// The key.
        field: String,
        /// Its value.
        value: f64,
        /// The permitted range in words.
        range: &'static str,
    },
    /// A key is needed and was not given.
    #[error("{field}: missing, {hint}")]
    Missing {
        /// The key.
        field: String,
        /// What to do.
        hint: &'static str,
    },
    /// Two keys exclude each other.
    #[error("{field}: cannot be given together with {other}")]
    Conflict {
        /// The key.
        field: String,
        /// The one it excludes.
        other: &'static str,
    },
    /// A key has no meaning here; ignoring it would mislead.
    #[error("{field}: does not apply, {reason}")]
    NotApplicable {
        /// The key.
        field: String,
        /// Why.
        reason: &'static str,
    },
    /// The warm-up leaves nothing of the span it warms up.
    #[error("{field}: {value} steps of warm-up, must be less than the {total} steps there are")]
    WarmupTooLong {
        /// The key.
        field: String,
        /// Warm-up steps.
        value: u64,
        /// Steps of the enclosing span.
        total: u64,
    },
    /// A span does not fit into what is left for it.
    #[error("{field}: {value} steps, must be {range} ({available} steps)")]
    SpanTooLong {
        /// The key.
        field: String,
        /// Its steps.
        value: u64,
        /// What it must fit into, in words.
        range: &'static str,
        /// The same in steps.
        available: u64,
    },
    /// A span is too short to divide by.
    #[error("{field}: {value} steps, must be at least {minimum}")]
    SpanTooShort {
        /// The key.
        field: String,
        /// Its steps.
        value: u64,
        /// The fewest steps permitted.
        minimum: u64,
    },
    /// The length of the run is needed and not known.
    #[error("{field}: {value} needs the length of the run, which is unknown; use steps, epochs or samples")]
    UnknownHorizon {
        /// The key.
        field: String,
        /// The span, or what stands for it.
        value: String,
    },
    /// Epochs are used and the steps per epoch are not known.
    #[error("{field}: {value} needs the steps per epoch, which are unknown; use steps or %")]
    UnknownEpoch {
        /// The key.
        field: String,
        /// The span.
        value: Span,
    },
    /// Samples are used and the batch size is not known.
    #[error("{field}: {value} needs the batch size, which is unknown; use steps, epochs or %")]
    UnknownBatch {
        /// The key.
        field: String,
        /// The span.
        value: Span,
    },
    /// Points in time that must increase do not.
    #[error("{field}: step {value}, must come after step {previous}")]
    NotIncreasing {
        /// The key.
        field: String,
        /// The step of this point.
        value: u64,
        /// The step it must exceed.
        previous: u64,
    },
    /// A list that must not be empty is.
    #[error("{field}: empty, must hold at least one entry")]
    Empty {
        /// The key.
        field: String,
    },
    /// A number of steps exceeds what can be counted.
    #[error("{field}: {value} exceeds 2^64 - 1 steps")]
    Overflow {
        /// The key.
        field: String,
        /// The span or number.
        value: String,
    },
    /// `after = "error"` and the run is longer than the curve.
    #[error("{field}: the curve ends at step {end}, but the run has {total} steps")]
    PastEnd {
        /// The key.
        field: String,
        /// First step past the curve.
        end: u64,
        /// Steps of the run.
        total: u64,
    },
    /// A cooldown was begun on a schedule that has an end already.
    #[error("{field}: a cooldown needs an open-ended schedule, this one ends at step {end}")]
    NotOpenEnded {
        /// The key.
        field: String,
        /// Where the schedule ends.
        end: u64,
    },
    /// A cooldown was begun twice.
    #[error("{field}: already begun at step {began}")]
    AlreadyCooling {
        /// The key.
        field: String,
        /// The first step of the cooldown in progress.
        began: u64,
    },
}

impl ScheduleError {
    /// The key at fault, as a path inside the schedule's table.
    pub fn field(&self) -> &str {
        match self {
            Self::OutOfRange { field, .. }
            | Self::Missing { field, .. }
            | Self::Conflict { field, .. }
            | Self::NotApplicable { field, .. }
            | Self::WarmupTooLong { field, .. }
            | Self::SpanTooLong { field, .. }
            | Self::SpanTooShort { field, .. }
            | Self::UnknownHorizon { field, .. }
            | Self::UnknownEpoch { field, .. }
            | Self::UnknownBatch { field, .. }
            | Self::NotIncreasing { field, .. }
            | Self::Empty { field }
            | Self::Overflow { field, .. }
            | Self::PastEnd { field, .. }
            | Self::NotOpenEnded { field, .. }
            | Self::AlreadyCooling { field, .. } => field,
        }
    }

    fn field_mut(&mut self) -> &mut String {
        match self {
            Self::OutOfRange { field, .. }
            | Self::Missing { field, .. }
            | Self::Conflict { field, .. }
            | Self::NotApplicable { field, .. }
            | Self::WarmupTooLong { field, .. }
            | Self::SpanTooLong { field, .. }
            | Self::SpanTooShort { field, .. }
            | Self::UnknownHorizon { field, .. }
            | Self::UnknownEpoch { field, .. }
            | Self::UnknownBatch { field, .. }
            | Self::NotIncreasing { field, .. }
            | Self::Empty { field }
            | Self::Overflow { field, .. }
            | Self::PastEnd { field, .. }
            | Self::NotOpenEnded { field, .. }
            | Self::AlreadyCooling { field, .. } => field,
        }
    }

    /// The same error seen from outside: `peak` within `parts[1]` is `parts[1].peak`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        let field = self.field_mut();
        *field = match (outer.is_empty(), field.is_empty()) {
            (true, _) => std::mem::take(field),
            (false, true) => outer.to_owned(),
            (false, false) => format!("{outer}.{field}"),
        };
        self
    }

    /// Names the key whose span could not be converted.
    pub fn from_frame(field: impl Into<String>, error: FrameError) -> Self {
        let field = field.into();
        match error {
            FrameError::UnknownHorizon { span } => Self::UnknownHorizon { field, value: span.to_string() },
            FrameError::UnknownEpoch { span } => Self::UnknownEpoch { field, value: span },
            FrameError::UnknownBatch { span } => Self::UnknownBatch { field, value: span },
            FrameError::Overflow { span } => Self::Overflow { field, value: span.to_string() },
            FrameError::Negative { amount, .. } => Self::OutOfRange { field, value: amount, range: "at least 0" },
        }
    }
}
