//! The datasets: where they come from, whether a copy is whole, how to get one, and reading them.
//!
//! Archives are read in memory and never unpacked.

mod bounded;
pub(crate) mod cifar10;
mod dataset;
pub(crate) mod digits;
#[cfg(feature = "fetch")]
mod fetch;
pub(crate) mod shakespeare;
mod verify;

pub use dataset::{DATASETS, DataFile, Dataset, Subset};
#[cfg(feature = "fetch")]
pub use fetch::{Progress, fetch};
pub use verify::{Report, State, verify};

pub(crate) use cifar10::Cifar10;
pub(crate) use digits::Digits;
pub(crate) use shakespeare::Shakespeare;
