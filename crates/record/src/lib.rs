//! What a run is: its recipe, its events, its directory.
//!
//! Written by whoever trains, read by whoever scores and reports; neither needs a tensor library for it.

mod atomic;
mod checkpoint;
mod error;
mod event;
mod manifest;
pub mod number;
mod recipe;
mod result;
mod run;
mod run_writer;
mod workload_facts;

pub use checkpoint::Checkpoint;
pub use error::RecordError;
pub use event::{Event, Status};
pub use manifest::{FORMAT, Manifest};
pub use recipe::{
    BatchAt, Diagnostic, Group, NonFinite, Origin, Plan, RECIPE_KEYS, Recipe, RecipeError, RecipeText, Source,
};
pub use result::{RunResult, Score};
pub use run::Run;
pub use run_writer::{EventSink, RunWriter};
pub use workload_facts::{Direction, Metric, Target, WorkloadFacts};
