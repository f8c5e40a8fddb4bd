//! Files that are either whole or absent.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::RecordError;

/// Writes a file so that a crash leaves the old one or the new one, never a part.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let temporary = path.with_extension("tmp");
    write_synced(&temporary, bytes)?;
    fs::rename(&temporary, path).map_err(RecordError::io(path, "renaming"))?;
    sync_parent(path)
}

/// Writes a file and waits until the disk has it.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let mut file = File::create(path).map_err(RecordError::io(path, "creating"))?;
    file.write_all(bytes).map_err(RecordError::io(path, "writing"))?;
    file.sync_all().map_err(RecordError::io(path, "syncing"))
}

/// Makes a rename in this folder last.
pub(crate) fn sync_parent(path: &Path) -> Result<(), RecordError> {
    let parent = path.parent().unwrap_or(path);
    // Windows cannot open a folder for syncing; its renames are journalled.
    if cfg!(unix) {
        File::open(parent).and_then(|folder| folder.sync_all()).map_err(RecordError::io(parent, "syncing"))?;
    }
    Ok(())
}
