//! Contract suites: what every schedule, controller, line search, optimizer and workload must do. And hosts that are scripts.
//!
//! A suite is a function that a crate's `tests/` call with its own implementation; it panics with the part that failed.

// A suite is a test: its failures are panics.
#![allow(clippy::panic)]

pub mod controller;
pub mod line_search;
#[cfg(feature = "tensor")]
pub mod optimizer;
pub mod runner;
