use std::ops::Bound;

use rheostat_schedule::parameter::Parameter;
use rheostat_schedule::{ScheduleError, Span};

use crate::{ControlError, Hyperparameter};

/// Checks a value against the range its parameter declares.
pub(crate) fn within(parameter: &Parameter, value: f64) -> Result<(), ControlError> {
    if parameter.accepts(value) {
        return Ok(());
    }
    Err(ControlError::OutOfRange { field: parameter.name.to_owned(), value, range: parameter.range })
}

/// The same for a span, of which a fraction has an upper bound besides.
pub(crate) fn span_within(parameter: &Parameter, span: Span, fraction: Bound<f64>) -> Result<(), ControlError> {
    let upper = if let Span::Fraction(_) = span { fraction } else { Bound::Unbounded };
    within(&Parameter { upper, ..*parameter }, span.amount())
}

/// The numbers outside their range; those that are not given are within.
pub(crate) fn out_of_range<'a, V: Into<Option<f64>>>(
    numbers: impl IntoIterator<Item = (&'a Parameter, V)>,
) -> Vec<ControlError> {
    numbers.into_iter().filter_map(|(parameter, value)| within(parameter, value.into()?).err()).collect()
}

/// Everything that is wrong, if anything is.
pub(crate) fn all_or_nothing(errors: Vec<ControlError>) -> Result<(), Vec<ControlError>> {
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Values that are within their ranges and contradict each other, or the run.
pub(crate) fn contradiction(field: impl Into<String>, why: impl Into<String>) -> ControlError {
    ControlError::Contradiction { field: field.into(), why: why.into() }
}

/// An error of the schedule at this key, by its place there.
pub(crate) fn in_schedule(key: &str, error: ScheduleError) -> ControlError {
    match error.within(key) {
        ScheduleError::OutOfRange { field, value, range } => ControlError::OutOfRange { field, value, range },
        error => {
            let (field, text) = (error.field().to_owned(), error.to_string());
            let why = text.strip_prefix(&format!("{field}: ")).unwrap_or(&text).to_owned();
            ControlError::Contradiction { field, why }
        }
    }
}

/// A value that the schedule at this key has at an update and the hyperparameter cannot take.
pub(crate) fn refused_value(key: &str, which: Hyperparameter, (step, value): (u64, f64)) -> ControlError {
    contradiction(key, format!("{which} is {value} at update {step}, must be {}", which.range()))
}
