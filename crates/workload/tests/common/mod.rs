//! What several test files need.

use std::path::PathBuf;

/// The folder of real datasets; without one, says that `test` skips.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("RHEOSTAT_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: {test} needs real data, and RHEOSTAT_DATA is not set");
    }
    folder
}
