use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{RecordError, atomic};

const FOLDER: &str = "checkpoints";
const SUMS: &str = "sums.json";

/// Everything needed to go on from a moment, as named files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Updates made until then, those included that do not stand: unlike the updates that stand, it never goes back.
    pub spent: u64,
    files: BTreeMap<String, Vec<u8>>,
}

#[derive(Serialize, Deserialize)]
struct Sum {
    bytes: u64,
    crc32c: u32,
}

impl Checkpoint {
    /// The newest checkpoint whose files are all there and unharmed; a damaged one is passed over for the one before.
    ///
    /// # Errors
    /// There are checkpoints, but every one is damaged: the error says what is wrong with the newest.
    pub fn newest(run: &Path) -> Result<Option<Self>, RecordError> {
        let mut first_error = None;
        for (spent, path) in list(run)?.into_iter().rev() {
            match Self::read(spent, &path) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        first_error.map_or(Ok(None), Err)
    }

    /// The contents of one of its files.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] if there is no such file.
    pub fn file(&self, name: &str) -> Result<&[u8], RecordError> {
        self.files.get(name).map(Vec::as_slice).ok_or_else(|| {
            RecordError::damaged(Path::new(&format!("{FOLDER}/step-{}", self.spent)), format!("no file {name}"))
        })
    }

    fn read(spent: u64, path: &Path) -> Result<Self, RecordError> {
        let sums_path = path.join(SUMS);
        let sums = fs::read(&sums_path).map_err(RecordError::io(&sums_path, "reading"))?;
        let sums: BTreeMap<String, Sum> =
            serde_json::from_slice(&sums).map_err(|error| RecordError::damaged(&sums_path, error))?;
        let mut files = BTreeMap::new();
        for (name, sum) in sums {
            let file_path = path.join(&name);
            let bytes = fs::read(&file_path).map_err(RecordError::io(&file_path, "reading"))?;
            if bytes.len() as u64 != sum.bytes || crc32c::crc32c(&bytes) != sum.crc32c {
                let why =
                    format!("size or checksum differs from {SUMS} ({} bytes, expected {})", bytes.len(), sum.bytes);
                return Err(RecordError::damaged(&file_path, why));
            }
            files.insert(name, bytes);
        }
        Ok(Self { spent, files })
    }
}

/// Writes under a temporary name and renames, so that a checkpoint is whole or absent.
pub(crate) fn write(run: &Path, spent: u64, files: &[(&str, &[u8])]) -> Result<(), RecordError> {
    let folder = run.join(FOLDER);
    let temporary = folder.join(format!("step-{spent}.tmp"));
    remove(&temporary)?;
    fs::create_dir_all(&temporary).map_err(RecordError::io(&temporary, "creating"))?;
    let mut sums = BTreeMap::new();
    for (name, bytes) in files {
        atomic::write_synced(&temporary.join(name), bytes)?;
        sums.insert(*name, Sum { bytes: bytes.len() as u64, crc32c: crc32c::crc32c(bytes) });
    }
    let sums_path = temporary.join(SUMS);
    let text = serde_json::to_vec_pretty(&sums).map_err(|error| RecordError::damaged(&sums_path, error))?;
    atomic::write_synced(&sums_path, &text)?;
    atomic::sync_parent(&sums_path)?;
    let path = folder.join(format!("step-{spent}"));
    // One of the same moment from before a resume holds the same bits or is damaged.
    remove(&path)?;
    fs::rename(&temporary, &path).map_err(RecordError::io(&path, "renaming"))?;
    atomic::sync_parent(&path)
}

/// Removes all but the newest `keep`, and what a crash left half-written.
pub(crate) fn prune(run: &Path, keep: usize) -> Result<(), RecordError> {
    let all = list(run)?;
    for (_, path) in &all[..all.len().saturating_sub(keep)] {
        remove(path)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), RecordError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(RecordError::io(path, "removing")(error)),
        _ => Ok(()),
    }
}

/// The checkpoints of a run, oldest first.
fn list(run: &Path) -> Result<Vec<(u64, PathBuf)>, RecordError> {
    let folder = run.join(FOLDER);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(RecordError::io(&folder, "reading"))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(RecordError::io(&folder, "reading"))?;
        let name = entry.file_name();
        let spent = name.to_str().and_then(|name| name.strip_prefix("step-")).and_then(|spent| spent.parse().ok());
        if let Some(spent) = spent {
            found.push((spent, entry.path()));
        }
    }
    found.sort_unstable();
    Ok(found)
}
