//! Sweeps: what comes out at which value of a coordinate that the trials of a submission differ in, mostly the learning rate.

mod axis;
mod csv;
mod heat;
mod page;
mod picture;
mod summary;
mod trials;
mod words;

pub use csv::sweep_csv;
pub(super) use page::{Shown, all};
pub use summary::sweep_summary;
pub(super) use words::DEFINITIONS;
