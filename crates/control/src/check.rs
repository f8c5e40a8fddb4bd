use rheostat_schedule::parameter::Parameter;

use crate::ControlError;

/// Checks a value against the range its parameter declares.
pub(crate) fn within(parameter: &Parameter, value: f64) -> Result<(), ControlError> {
    if parameter.accepts(value) {
        return Ok(());
    }
    Err(ControlError::OutOfRange { field: parameter.name.to_owned(), value, range: parameter.range })
}
