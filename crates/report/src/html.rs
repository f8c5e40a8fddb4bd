use rheostat_record::Run;

use crate::ReportError;

/// A page.
///
/// # Errors
/// [`ReportError::Empty`] if there is no run.
pub fn html(runs: &[Run]) -> Result<String, ReportError> {
    if runs.is_empty() {
        return Err(ReportError::Empty { what: "run" });
    }
    Ok(String::new())
}
