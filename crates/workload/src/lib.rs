//! Workloads: a model, its data, its loss and its metric, behind one trait.
//!
//! [`WORKLOADS`] says what there is, [`open`] loads one by name.

mod augment;
pub mod data;
mod error;
mod loss;
pub mod models;
mod operations;
mod policy;
pub mod random;
mod registry;
mod resize;
mod workload;
pub mod workloads;

pub use error::WorkloadError;
pub use random::epoch_order;
pub use registry::{Visitor, WORKLOADS, open};
pub use workload::{BatchKnobs, Evaluation, Knobs, Split, Workload};
