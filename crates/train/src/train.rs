use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use rheostat_control::{ControlError, Controller};
use rheostat_record::{Column, Event, Manifest, OtherBatch, Plan, Recipe, Run, RunResult, RunWriter};
use rheostat_workload::{Visitor, Workload};

use crate::session::Session;
use crate::{Accounts, TrainError};

/// What the loop needs of the world around it.
#[derive(Debug, Clone, Default)]
pub struct Host {
    /// The folder with the datasets.
    pub data: Option<PathBuf>,
    /// Set to true to end the run after the current update, with a checkpoint.
    pub stop: Arc<AtomicBool>,
    /// Program and version, for the manifest.
    pub program: String,
    /// Commit the program was built from, for the manifest.
    pub commit: Option<String>,
    /// The processor's name, for the manifest.
    pub processor: String,
    /// Compute threads, as set with [`crate::set_threads`].
    pub threads: usize,
    /// Whether Burn's own operations compute alone, without the fused kernels.
    pub without_kernels: bool,
    /// Seconds since 1970, for the manifest.
    pub started: u64,
    /// Whether to go without evaluations, as range tests and profiles do.
    pub skip_evaluation: bool,
    /// What to measure along the updates. The run itself stays the same to the bit.
    pub landscape: Option<LandscapeGrid>,
}

/// Where the loss is measured along updates, for [`Observer::landscape`].
#[derive(Debug, Clone, PartialEq)]
pub struct LandscapeGrid {
    /// Step sizes, each finite and above 0.
    pub sizes: Vec<f64>,
    /// Updates from one that is measured to the next, counted from the first; 0 as 1.
    pub every: u64,
    /// How many of the last batches are measured along the last update; before that, each of them along its own.
    pub batches: u64,
    /// Updates that count: what comes later is not measured.
    pub until: u64,
}

/// Where a run is recorded.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A new run in a folder that is absent or empty.
    New {
        /// The run directory.
        path: &'a Path,
        /// The run's name.
        id: &'a str,
    },
    /// The run in this directory goes on.
    Resume(&'a Path),
}

/// Watches a run, for progress displays. It cannot change anything. It is called from a compute thread.
pub trait Observer: Send {
    /// The run begins, or goes on after `step` updates.
    fn begin(&mut self, manifest: &Manifest, plan: &Plan, step: u64);

    /// An event was recorded.
    fn event(&mut self, event: &Event);

    /// An update was made and recorded; so much time was booked until now.
    fn accounts(&mut self, _accounts: &Accounts) {}

    /// The loss was measured along an update that is about to be made; with the last, along the same update, that of the batches
    /// before.
    fn landscape(&mut self, _column: Column, _others: Vec<OtherBatch>) {}
}

/// Makes the controller of a run from its plan.
pub type Control<'a> = dyn Fn(&Plan) -> Result<Box<dyn Controller>, ControlError> + Sync + 'a;

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &Manifest, _: &Plan, _: u64) {}

    fn event(&mut self, _: &Event) {}
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The recorded result.
    pub result: RunResult,
    /// Where it diverged, if it did.
    pub divergence: Option<Divergence>,
}

/// The update at which a run diverged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Divergence {
    /// The update that was refused, from 0.
    pub step: u64,
    /// Its loss.
    pub loss: f64,
    /// Its gradient norm.
    pub gradient_norm: f64,
    /// The learning rate at that moment.
    pub learning_rate: f64,
    /// Updates done at the newest checkpoint.
    pub checkpoint: Option<u64>,
}

/// Trains a recipe and records the run.
///
/// A run that is over is not trained again: resuming it gives its recorded result. Of several runs in one process the others
/// wait; run processes side by side instead.
///
/// # Errors
/// The data is missing, the recipe does not fit it, or the run could not be recorded. A diverged run is an [`Outcome`].
pub fn train(
    recipe: &Recipe,
    place: Place<'_>,
    host: &Host,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    train_under(&Plan::controller, recipe, place, host, observer)
}

/// Burn's generator of initial weights and dropout masks is one per process: two runs side by side would draw from each other's.
static ONE_RUN_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The same under another controller than the recipe's.
///
/// # Errors
/// As [`train`].
pub fn train_under(
    control: &Control<'_>,
    recipe: &Recipe,
    place: Place<'_>,
    host: &Host,
    observer: &mut dyn Observer,
) -> Result<Outcome, TrainError> {
    match place {
        Place::New { path, .. } => RunWriter::check_free(path)?,
        Place::Resume(path) => {
            if let Some(result) = Run::open(path)?.result {
                return Ok(Outcome { result, divergence: None });
            }
        }
    }
    let _turn = ONE_RUN_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    rheostat_kernels::set_enabled(!host.without_kernels);
    let visitor = Train { control, recipe, place, host, observer };
    // On a compute thread, which takes part in every operation; from outside, each would put this thread to sleep and wake it.
    rayon::scope(|_| rheostat_workload::open(recipe.workload.name, host.data.as_deref(), &recipe.methods, visitor))?
}

struct Train<'a> {
    control: &'a Control<'a>,
    recipe: &'a Recipe,
    place: Place<'a>,
    host: &'a Host,
    observer: &'a mut dyn Observer,
}

impl Visitor for Train<'_> {
    type Output = Result<Outcome, TrainError>;

    fn visit<W: Workload>(self, workload: W) -> Self::Output {
        Session::open(Arc::new(workload), self.recipe, self.control, self.place, self.host, self.observer)?.run()
    }
}
