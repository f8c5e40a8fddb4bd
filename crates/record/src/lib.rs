//! What a run is: its recipe, its events, its directory.

mod workload_facts;

pub use workload_facts::{Direction, Metric, Target, WorkloadFacts};
