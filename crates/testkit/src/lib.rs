//! Contract suites: what every schedule, controller, line search, optimizer and workload must do.
//!
//! A suite is a function that a crate's `tests/` call with its own implementation; it panics with the part that failed.

#[cfg(feature = "tensor")]
pub mod optimizer;
