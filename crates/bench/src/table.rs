use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rheostat_score::{ReadOutRow, ScoreError, TableRow, TrialRow, read_rows, with_added_columns};

use crate::{BenchError, TrialKey};

/// A row that stands for something, of which there is one row only.
pub trait Keyed: TableRow {
    /// What it stands for.
    type Key: Ord;

    /// What this row stands for.
    fn key(&self) -> Self::Key;
}

impl Keyed for TrialRow {
    type Key = TrialKey;

    fn key(&self) -> TrialKey {
        TrialKey::of(self)
    }
}

impl Keyed for ReadOutRow {
    type Key = (TrialKey, u64);

    fn key(&self) -> Self::Key {
        let (submission, workload) = (self.submission.clone(), self.workload.clone());
        (TrialKey { submission, workload, study: self.study, trial: self.trial }, self.point)
    }
}

/// `trials.csv`: the rows of trials.
pub type ResultsTable = Table<TrialRow>;

/// `readouts.csv`: the rows of their read-outs.
pub type ReadOutTable = Table<ReadOutRow>;

impl ReadOutTable {
    /// What the file is called, beside the table of trials.
    pub const FILE: &str = "readouts.csv";
}

/// A table of results, `trials.csv` or `readouts.csv`: rows of trials that are over, appended as they end.
///
/// Several processes may append at the same time: a row is written in one write under a lock on the file, and only if no other
/// process wrote one for the same key. A line torn by a crash is cut by the next writer. A table of an earlier version reads as it
/// is; before the first row is appended it is written anew with the columns that it lacks, in one step, beside the file that whoever
/// has it open then lets go of.
#[derive(Debug)]
pub struct Table<R: Keyed> {
    path: PathBuf,
    file: File,
    /// Bytes read so far: whole lines.
    read: u64,
    /// The first line, by which the others are read.
    header: Vec<u8>,
    rows: BTreeMap<R::Key, R>,
}

impl<R: Keyed> Table<R> {
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
        let mut table = Self { path: path.to_owned(), file, read: 0, header: Vec::new(), rows: BTreeMap::new() };
        table.refresh()?;
        Ok(table)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows so far.
    pub fn rows(&self) -> impl Iterator<Item = &R> {
        self.rows.values()
    }

    /// The row of a trial, or of one of its read-outs.
    pub fn row(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    /// Reads what was appended since, by whomever.
    ///
    /// # Errors
    /// What the system says; a row that is none.
    pub fn refresh(&mut self) -> Result<(), BenchError> {
        self.read_on()?;
        if self.is_replaced()? {
            self.reopen()?;
        }
        Ok(())
    }

    fn read_on(&mut self) -> Result<(), BenchError> {
        let size = self.file.metadata().map_err(BenchError::io(&self.path, "reading"))?.len();
        if size == self.read {
            return Ok(());
        }
        let mut text = self.header.clone();
        let reading = BenchError::io(&self.path, "reading");
        self.file.seek(SeekFrom::Start(self.read)).and_then(|_| self.file.read_to_end(&mut text)).map_err(reading)?;
        // What is beyond the last newline is being written, or was torn.
        let found = read_rows::<R>(&text).map_err(|error| self.wrong(&error))?;
        self.rows.extend(found.rows.into_iter().map(|row| (row.key(), row)));
        self.read += (found.whole - self.header.len()) as u64;
        let first = text[..found.whole].iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        text.truncate(first);
        self.header = text;
        Ok(())
    }

    /// Whether the table was written anew with more columns since: then another header is at the path.
    fn is_replaced(&self) -> Result<bool, BenchError> {
        let mut begin = Vec::new();
        let there = File::open(&self.path).map_err(BenchError::io(&self.path, "opening"))?;
        let read = there.take(self.header.len() as u64).read_to_end(&mut begin);
        read.map_err(BenchError::io(&self.path, "reading"))?;
        Ok(begin != self.header)
    }

    /// Takes the file that is at the path now; whatever lock there was goes with the other.
    fn reopen(&mut self) -> Result<(), BenchError> {
        *self = Self::open(&self.path)?;
        Ok(())
    }

    /// Appends a row, unless there is one for its key by now. Gives whether it was appended.
    ///
    /// # Errors
    /// What the system says: the row is then not there, or cut by the next writer.
    pub fn append(&mut self, row: &R) -> Result<bool, BenchError> {
        self.lock()?;
        let appended = self.append_locked(row);
        let unlocked = self.file.unlock().map_err(BenchError::io(&self.path, "unlocking"));
        let appended = appended?;
        unlocked.map(|()| appended)
    }

    /// Locks the file that is at the path, reads it, and sees to it that it has every column of a row.
    fn lock(&mut self) -> Result<(), BenchError> {
        loop {
            self.file.lock().map_err(BenchError::io(&self.path, "locking"))?;
            self.read_on()?;
            if !self.is_replaced()? {
                let Some(extended) = self.extended()? else { return Ok(()) };
                self.replace(&extended)?;
            }
            self.reopen()?;
        }
    }

    /// The table with the columns that it lacks, if it lacks any.
    fn extended(&self) -> Result<Option<String>, BenchError> {
        let header = with_added_columns::<R>(&self.header).map_err(|error| self.wrong(&error))?;
        if header.is_none() {
            return Ok(None);
        }
        let text = fs::read(&self.path).map_err(BenchError::io(&self.path, "reading"))?;
        with_added_columns::<R>(text).map_err(|error| self.wrong(&error))
    }

    /// Puts another file in the place of this one, whole or not at all.
    fn replace(&self, text: &str) -> Result<(), BenchError> {
        let temporary = self.path.with_extension("tmp");
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(BenchError::io(&temporary, "writing"))?;
        fs::rename(&temporary, &self.path).map_err(BenchError::io(&self.path, "renaming"))
    }

    fn append_locked(&mut self, row: &R) -> Result<bool, BenchError> {
        if self.rows.contains_key(&row.key()) {
            return Ok(false);
        }
        let line = match self.header.as_slice() {
            [] => R::header().and_then(|header| Ok(header + &row.to_csv()?)),
            header => row.to_csv_under(header),
        };
        let line = line.map_err(|error| self.wrong(&error))?;
        self.file.set_len(self.read).map_err(BenchError::io(&self.path, "cutting a torn line"))?;
        self.file.write_all(line.as_bytes()).map_err(BenchError::io(&self.path, "writing"))?;
        self.read_on()?;
        Ok(true)
    }

    fn wrong(&self, error: &ScoreError) -> BenchError {
        BenchError::Table { path: self.path.clone(), why: error.to_string() }
    }
}
