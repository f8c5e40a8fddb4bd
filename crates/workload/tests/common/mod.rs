//! What several test files need.

use std::path::PathBuf;

/// The folder of real datasets; without one, says that `test` skips.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("RHEOSTAT_DATA").map(PathBuf::from);
    if folder.is_none() {
        skipped(&format!("{test} needs real data, and RHEOSTAT_DATA is not set"));
    }
    folder
}

/// Says why a test did not run.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
