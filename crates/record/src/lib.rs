//! What a run is: its recipe, its events, its directory.
//!
//! Written by whoever trains, read by whoever scores and reports; neither needs a tensor library for it.

mod atomic;
mod checkpoint;
pub mod document;
mod error;
mod event;
mod landscape;
mod manifest;
pub mod number;
mod observations;
mod recipe;
mod result;
mod run;
mod run_writer;
mod runner;
mod workload_facts;

pub use checkpoint::Checkpoint;
pub use document::{Diagnostic, DocumentError, Origin, Source};
pub use error::RecordError;
pub use event::{Cost, Event, Status};
pub use landscape::{Column, Landscape, OtherBatch};
pub use manifest::{FORMAT, Manifest};
pub use observations::{LOSS_COLUMNS, observations, read_losses, told_loss};
pub use recipe::{BatchAt, Group, NonFinite, Plan, RECIPE_KEYS, Recipe, RecipeText, TestWeights};
pub use result::{ReadOut, RunResult, Score};
pub use rheostat_control::MetricDirection as Direction;
pub use run::Run;
pub use run_writer::{EventSink, RunWriter};
pub use runner::{RunError, Runner, TrialResult, TrialSpec};
pub use workload_facts::{Metric, Target, WorkloadFacts};
