use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rheostat_score::TrialRow;

use crate::{BenchError, TrialKey};

/// `trials.csv`: the rows of the trials that are over, appended as they end.
///
/// Several processes may append at the same time: a row is written in one write under a lock on the file, and only if no other
/// process wrote one for the same trial. A line torn by a crash is cut by the next writer.
#[derive(Debug)]
pub struct ResultsTable {
    path: PathBuf,
    file: File,
    /// Bytes read so far: whole lines.
    read: u64,
    header: Option<csv::ByteRecord>,
    rows: BTreeMap<TrialKey, TrialRow>,
}

impl ResultsTable {
    /// Opens the table, or begins one.
    ///
    /// # Errors
    /// What the system says; a row that is none.
    pub fn open(path: &Path) -> Result<Self, BenchError> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(BenchError::io(folder, "creating"))?;
        }
        let open = OpenOptions::new().read(true).append(true).create(true).open(path);
        let file = open.map_err(BenchError::io(path, "opening"))?;
        let mut table = Self { path: path.to_owned(), file, read: 0, header: None, rows: BTreeMap::new() };
        table.refresh()?;
        Ok(table)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows so far.
    pub fn rows(&self) -> impl Iterator<Item = &TrialRow> {
        self.rows.values()
    }

    /// The row of a trial.
    pub fn row(&self, key: &TrialKey) -> Option<&TrialRow> {
        self.rows.get(key)
    }

    /// Reads what was appended since, by whomever.
    ///
    /// # Errors
    /// What the system says; a row that is none.
    pub fn refresh(&mut self) -> Result<(), BenchError> {
        let size = self.file.metadata().map_err(BenchError::io(&self.path, "reading"))?.len();
        if size == self.read {
            return Ok(());
        }
        let mut bytes = Vec::new();
        let reading = BenchError::io(&self.path, "reading");
        self.file.seek(SeekFrom::Start(self.read)).and_then(|_| self.file.read_to_end(&mut bytes)).map_err(reading)?;
        // What is beyond the last newline is being written, or was torn.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..whole]);
        let wrong = |error: csv::Error| BenchError::Table { path: self.path.clone(), why: error.to_string() };
        for record in reader.byte_records() {
            let record = record.map_err(wrong)?;
            match &self.header {
                None => self.header = Some(record),
                Some(header) => {
                    let row: TrialRow = record.deserialize(Some(header)).map_err(wrong)?;
                    self.rows.insert(TrialKey::of(&row), row);
                }
            }
        }
        self.read += whole as u64;
        Ok(())
    }

    /// Appends a row, unless there is one for its trial by now. Gives whether it was appended.
    ///
    /// # Errors
    /// What the system says: the row is then not there, or cut by the next writer.
    pub fn append(&mut self, row: &TrialRow) -> Result<bool, BenchError> {
        self.file.lock().map_err(BenchError::io(&self.path, "locking"))?;
        let appended = self.append_locked(row);
        let unlocked = self.file.unlock().map_err(BenchError::io(&self.path, "unlocking"));
        let appended = appended?;
        unlocked.map(|()| appended)
    }

    fn append_locked(&mut self, row: &TrialRow) -> Result<bool, BenchError> {
        self.refresh()?;
        if self.rows.contains_key(&TrialKey::of(row)) {
            return Ok(false);
        }
        let mut writer = csv::WriterBuilder::new().has_headers(self.header.is_none()).from_writer(Vec::new());
        let wrong = |why: String| BenchError::Table { path: self.path.clone(), why };
        writer.serialize(row).map_err(|error| wrong(error.to_string()))?;
        let line = writer.into_inner().map_err(|error| wrong(error.to_string()))?;
        self.file.set_len(self.read).map_err(BenchError::io(&self.path, "cutting a torn line"))?;
        self.file.write_all(&line).map_err(BenchError::io(&self.path, "writing"))?;
        self.refresh()?;
        Ok(true)
    }
}
