use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::checkpoint::{self, Checkpoint};
use crate::run::{self, Run};
use crate::{Event, Manifest, RecordError, RunResult, atomic};

/// Takes the events of a run as they happen.
pub trait EventSink {
    /// Takes one event.
    ///
    /// # Errors
    /// The event could not be recorded; the run has then failed.
    fn event(&mut self, event: &Event) -> Result<(), RecordError>;
}

/// Writes one run directory. Holds a lock, so that no second process writes the same run.
#[derive(Debug)]
pub struct RunWriter {
    path: PathBuf,
    events: File,
    line: Vec<u8>,
}

impl RunWriter {
    /// Begins a run: makes the folder and writes the manifest before anything else.
    ///
    /// # Errors
    /// [`RecordError::Occupied`] or [`RecordError::NotEmpty`] if the folder is in use, else what the system says.
    pub fn create(path: &Path, manifest: &Manifest) -> Result<Self, RecordError> {
        Self::check_free(path)?;
        fs::create_dir_all(path).map_err(RecordError::io(path, "creating"))?;
        let manifest_path = path.join(run::MANIFEST);
        let text = serde_json::to_vec_pretty(manifest).map_err(|error| RecordError::damaged(&manifest_path, error))?;
        atomic::write(&manifest_path, &text)?;
        Self::open(path)
    }

    /// Whether a new run may use this folder: absent or empty.
    ///
    /// # Errors
    /// [`RecordError::Occupied`] or [`RecordError::NotEmpty`].
    pub fn check_free(path: &Path) -> Result<(), RecordError> {
        if path.join(run::MANIFEST).exists() {
            return Err(RecordError::Occupied { path: path.to_owned() });
        }
        match fs::read_dir(path) {
            Ok(mut entries) => match entries.next() {
                Some(_) => Err(RecordError::NotEmpty { path: path.to_owned() }),
                None => Ok(()),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(RecordError::io(path, "reading")(error)),
        }
    }

    /// Goes on with a run: what was recorded, and the newest whole checkpoint (none: begin at step 0). A torn last line is cut.
    ///
    /// # Errors
    /// [`RecordError::NoRun`], [`RecordError::NewerFormat`], [`RecordError::Locked`], [`RecordError::Damaged`].
    pub fn resume(path: &Path) -> Result<(Self, Run, Option<Checkpoint>), RecordError> {
        Run::read_manifest(path)?;
        let mut writer = Self::open(path)?;
        let run = Run::open(path)?;
        let whole = run::whole_length(&writer.path.join(run::EVENTS))?;
        writer.events.set_len(whole).map_err(RecordError::io(path, "cutting a torn line"))?;
        writer.events.seek(SeekFrom::End(0)).map_err(RecordError::io(path, "seeking"))?;
        let checkpoint = Checkpoint::newest(path)?;
        Ok((writer, run, checkpoint))
    }

    fn open(path: &Path) -> Result<Self, RecordError> {
        let events_path = path.join(run::EVENTS);
        let events = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&events_path)
            .map_err(RecordError::io(&events_path, "opening"))?;
        match events.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(RecordError::Locked { path: path.to_owned() }),
            Err(std::fs::TryLockError::Error(error)) => return Err(RecordError::io(&events_path, "locking")(error)),
        }
        Ok(Self { path: path.to_owned(), events, line: Vec::new() })
    }

    /// The run directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a checkpoint after `spent` updates made, of which `step` stand, then removes all but the newest `keep`.
    ///
    /// # Errors
    /// What the system says; an earlier checkpoint is then still whole.
    pub fn checkpoint(
        &mut self,
        step: u64,
        spent: u64,
        files: &[(&str, &[u8])],
        keep: usize,
    ) -> Result<(), RecordError> {
        self.events.sync_data().map_err(RecordError::io(&self.path.join(run::EVENTS), "syncing"))?;
        checkpoint::write(&self.path, spent, files)?;
        self.event(&Event::Checkpoint { step, spent: Some(spent) })?;
        checkpoint::prune(&self.path, keep.max(1))
    }

    /// Writes `result.json`: the run is over.
    ///
    /// # Errors
    /// What the system says.
    pub fn result(&mut self, result: &RunResult) -> Result<(), RecordError> {
        let path = self.path.join(run::RESULT);
        self.events.sync_data().map_err(RecordError::io(&self.path.join(run::EVENTS), "syncing"))?;
        let text = serde_json::to_vec_pretty(result).map_err(|error| RecordError::damaged(&path, error))?;
        atomic::write(&path, &text)
    }
}

impl EventSink for RunWriter {
    /// Appends one line in one write, so that a crash tears at most the last line.
    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        let path = || self.path.join(run::EVENTS);
        self.line.clear();
        serde_json::to_writer(&mut self.line, event).map_err(|error| RecordError::damaged(&path(), error))?;
        self.line.push(b'\n');
        self.events.write_all(&self.line).map_err(|error| RecordError::io(&path(), "writing")(error))
    }
}
