use std::fs;
use std::path::{Path, PathBuf};

use crate::manifest::FORMAT;
use crate::{Event, Manifest, RecordError, RunResult};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const EVENTS: &str = "events.jsonl";
pub(crate) const RESULT: &str = "result.json";

/// A run as read back from its directory. Reading never writes and needs no lock: a run may still be going on.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The directory.
    pub path: PathBuf,
    /// How the run was set up.
    pub manifest: Manifest,
    /// What happened: whole lines only, without those that a resume took back.
    pub events: Vec<Event>,
    /// What it came to; absent while it goes on, or after a crash.
    pub result: Option<RunResult>,
}

impl Run {
    /// Reads a run directory.
    ///
    /// # Errors
    /// [`RecordError::NoRun`], [`RecordError::NewerFormat`], or [`RecordError::Damaged`] with file and line.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        let manifest = Self::read_manifest(path)?;
        let events = read_events(&path.join(EVENTS))?;
        let result = Self::read_result(path)?;
        Ok(Self { path: path.to_owned(), manifest, events: Event::effective(events), result })
    }

    /// Reads what happened, in its order: with the updates that a restore took back, which [`Run::events`] is without; a replay needs
    /// them.
    ///
    /// # Errors
    /// As [`Run::open`].
    pub fn history(path: &Path) -> Result<Vec<Event>, RecordError> {
        Ok(Event::after_resumes(read_events(&path.join(EVENTS))?))
    }

    /// Reads the result alone; nothing if the run is not over.
    ///
    /// # Errors
    /// It is damaged, or what the system says.
    pub fn read_result(path: &Path) -> Result<Option<RunResult>, RecordError> {
        let path = path.join(RESULT);
        let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| RecordError::damaged(&path, error));
        read_if_there(&path)?.map(read).transpose()
    }

    /// Whether a process is writing this run at the moment.
    ///
    /// # Errors
    /// What the system says.
    pub fn is_being_written(path: &Path) -> Result<bool, RecordError> {
        let path = path.join(EVENTS);
        let events = match fs::File::open(&path) {
            Ok(events) => events,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(RecordError::io(&path, "opening")(error)),
        };
        match events.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(fs::TryLockError::WouldBlock) => Ok(true),
            Err(fs::TryLockError::Error(error)) => Err(RecordError::io(&path, "locking")(error)),
        }
    }

    /// Reads the manifest alone.
    ///
    /// # Errors
    /// As [`Run::open`].
    pub fn read_manifest(path: &Path) -> Result<Manifest, RecordError> {
        let manifest_path = path.join(MANIFEST);
        let bytes = read_if_there(&manifest_path)?.ok_or_else(|| RecordError::NoRun { path: path.to_owned() })?;
        // The format is read by itself: a newer manifest may have anything else.
        let value: serde_json::Value =
            serde_json::from_slice(&bytes).map_err(|error| RecordError::damaged(&manifest_path, error))?;
        let found = value.get("format").and_then(serde_json::Value::as_u64);
        let found = found.ok_or_else(|| RecordError::damaged(&manifest_path, "no number under \"format\""))?;
        if found > FORMAT {
            return Err(RecordError::NewerFormat { path: manifest_path, found, known: FORMAT });
        }
        serde_json::from_value(value).map_err(|error| RecordError::damaged(&manifest_path, error))
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, RecordError> {
    // A device or pipe in place of a file could be read for ever.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(RecordError::damaged(path, "not a plain file"));
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(RecordError::io(path, "reading")(error)),
    }
}

/// The bytes of an event file up to its last newline: what is beyond was torn by a crash.
fn whole(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    &bytes[..end]
}

pub(crate) fn whole_length(path: &Path) -> Result<u64, RecordError> {
    Ok(read_if_there(path)?.map_or(0, |bytes| whole(&bytes).len() as u64))
}

fn read_events(path: &Path) -> Result<Vec<Event>, RecordError> {
    let Some(bytes) = read_if_there(path)? else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    for (index, line) in whole(&bytes).split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        let event = serde_json::from_slice(line).map_err(|error| RecordError::Damaged {
            path: path.to_owned(),
            line: Some(index + 1),
            why: error.to_string(),
        })?;
        events.push(event);
    }
    Ok(events)
}
