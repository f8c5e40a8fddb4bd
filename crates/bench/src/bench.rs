use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rheostat_record::{Event, EventSink, RecordError, RunError, Runner, TrialSpec};
use rheostat_score::TrialRow;

use crate::row::Planned;
use crate::{BenchError, ReadOutTable, ResultsTable, Study, TrialKey};

/// Between two looks at trials that another process is running.
const PATIENCE: Duration = Duration::from_millis(200);

/// Has the trials of a study run, each once.
///
/// What is done is what the table of results has a row for. A trial is claimed by a lock on a file in its folder, so that two
/// processes with the same study folder share the work; the system drops the lock of a process that dies.
pub struct Bench<'a> {
    /// Which trials.
    pub study: &'a Study,
    /// Who runs them.
    pub runner: &'a dyn Runner,
    /// The folder of the study.
    pub folder: &'a Path,
    /// Trials at the same time.
    pub jobs: usize,
    /// Compute threads of each.
    pub threads: usize,
    /// Whether the fused kernels compute.
    pub kernels: bool,
    /// Set to true to end after the updates that are being made.
    pub stop: &'a AtomicBool,
}

/// Watches a study, for displays. It is called from several threads.
pub trait Watch: Sync {
    /// So many trials are wanted, of which so many are done.
    fn begin(&self, _wanted: usize, _done: usize) {}

    /// A trial begins, or goes on.
    fn started(&self, _trial: &TrialKey, _budget_steps: u64) {}

    /// Something happened in it.
    fn event(&self, _trial: &TrialKey, _event: &Event) {}

    /// It is over.
    fn ended(&self, _trial: &TrialKey, _row: &TrialRow) {}

    /// It was stopped, and can be gone on with.
    fn interrupted(&self, _trial: &TrialKey) {}
}

/// How far a study came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Trials that the study wants.
    pub wanted: usize,
    /// Of these, those that are over.
    pub done: usize,
}

struct State<'t> {
    table: &'t mut ResultsTable,
    /// Of a tradeoff.
    read_outs: Option<ReadOutTable>,
    pending: VecDeque<TrialKey>,
    error: Option<BenchError>,
}

enum Next {
    Run(TrialKey, File),
    Wait,
    Done,
}

impl Bench<'_> {
    /// Runs what is not done yet, until all is or [`stop`](Self::stop) is set.
    ///
    /// # Errors
    /// The table has a row of another recipe; a trial cannot be run here at all; the disk is full. What is over stays over.
    pub fn run(&self, table: &mut ResultsTable, watch: &dyn Watch) -> Result<Progress, BenchError> {
        self.check(table)?;
        let keys: Vec<TrialKey> = self.study.trials().collect();
        let done = |table: &ResultsTable| keys.iter().filter(|key| table.row(key).is_some()).count();
        watch.begin(keys.len(), done(table));
        let pending = keys.iter().filter(|key| table.row(key).is_none()).cloned().collect();
        let read_outs = match self.study.tradeoff {
            Some(_) => Some(ReadOutTable::open(&table.path().with_file_name(ReadOutTable::FILE))?),
            None => None,
        };
        let state = Mutex::new(State { table, read_outs, pending, error: None });
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| self.work(&state, watch));
            }
        });
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match state.error {
            Some(error) => Err(error),
            None => Ok(Progress { wanted: keys.len(), done: done(state.table) }),
        }
    }

    /// A row stands for the recipe that the study has now, or for nothing.
    fn check(&self, table: &ResultsTable) -> Result<(), BenchError> {
        for row in table.rows() {
            let key = TrialKey::of(row);
            let place = (self.study.workload(&key.workload), self.study.submission(&key.submission));
            // Rows of submissions that the study no longer has are history, and stay.
            let (Some(workload), Some(submission)) = place else { continue };
            if self.study.recipe(workload, submission, &key)?.0.hash() != row.recipe_hash {
                return Err(BenchError::Changed { path: table.path().to_owned(), trial: key.to_string() });
            }
        }
        Ok(())
    }

    fn work(&self, state: &Mutex<State<'_>>, watch: &dyn Watch) {
        loop {
            let next = self.next(&mut lock(state));
            let outcome = match next {
                Ok(Next::Run(key, claim)) => {
                    let outcome = self.trial(&key, state, watch);
                    drop(claim);
                    outcome
                }
                Ok(Next::Wait) => {
                    std::thread::sleep(PATIENCE);
                    Ok(())
                }
                Ok(Next::Done) => return,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                // The first error is the cause; what is running ends by itself.
                lock(state).error.get_or_insert(error);
            }
        }
    }

    /// The next trial that is neither done nor at work elsewhere.
    fn next(&self, state: &mut State<'_>) -> Result<Next, BenchError> {
        if state.error.is_some() || self.stop.load(Ordering::Relaxed) {
            return Ok(Next::Done);
        }
        for _ in 0..state.pending.len() {
            let Some(key) = state.pending.pop_front() else { break };
            match claim(&self.folder.join(key.folder()))? {
                // Whoever had the claim before may have written the row meanwhile.
                Some(claim) => {
                    state.table.refresh()?;
                    if state.table.row(&key).is_none() {
                        return Ok(Next::Run(key, claim));
                    }
                }
                None => state.pending.push_back(key),
            }
        }
        Ok(if state.pending.is_empty() { Next::Done } else { Next::Wait })
    }

    fn trial(&self, key: &TrialKey, state: &Mutex<State<'_>>, watch: &dyn Watch) -> Result<(), BenchError> {
        let (Some(workload), Some(submission)) =
            (self.study.workload(&key.workload), self.study.submission(&key.submission))
        else {
            return Ok(());
        };
        let (recipe, point) = self.study.recipe(workload, submission, key)?;
        let planned = Planned { study: self.study, workload, key, recipe: &recipe, point: &point };
        let id = key.to_string();
        let folder = self.folder.join(key.folder());
        let spec = TrialSpec {
            id: &id,
            recipe: &recipe,
            folder: &folder,
            threads: self.threads,
            kernels: self.kernels,
            stop: self.stop,
        };
        watch.started(key, planned.budget_steps());
        let row = match self.runner.run(&spec, &mut Watched { key, watch }) {
            Ok(done) => {
                // First: a trial with a row is over.
                if let Some(table) = &mut lock(state).read_outs {
                    for row in planned.read_outs(&done) {
                        table.append(&row)?;
                    }
                }
                planned.row(&done)
            }
            Err(RunError::Failed { why }) => planned.failed(&why),
            Err(RunError::Interrupted) => {
                watch.interrupted(key);
                return Ok(());
            }
            Err(RunError::Busy) => {
                watch.interrupted(key);
                lock(state).pending.push_back(key.clone());
                std::thread::sleep(PATIENCE);
                return Ok(());
            }
            Err(source) => return Err(BenchError::Trial { trial: id, source }),
        };
        lock(state).table.append(&row)?;
        watch.ended(key, &row);
        Ok(())
    }
}

fn lock<'s, 't>(state: &'s Mutex<State<'t>>) -> MutexGuard<'s, State<'t>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lock of a trial's folder, unless another process has it.
fn claim(folder: &Path) -> Result<Option<File>, BenchError> {
    fs::create_dir_all(folder).map_err(BenchError::io(folder, "creating"))?;
    let path = folder.join("claim");
    let open = OpenOptions::new().create(true).append(true).open(&path);
    let file = open.map_err(BenchError::io(&path, "opening"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(BenchError::io(&path, "locking")(error)),
    }
}

struct Watched<'a> {
    key: &'a TrialKey,
    watch: &'a dyn Watch,
}

impl EventSink for Watched<'_> {
    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        self.watch.event(self.key, event);
        Ok(())
    }
}
