//! Every kernel against the operations of Burn that it stands for.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::sync::{Mutex, MutexGuard, PoisonError};

mod agreement;
mod attention;
mod batch_norm;
mod blur;
mod convolution;
mod cross_entropy;
mod dropout;
mod edges;
mod embedding;
mod gelu;
mod layer_norm;
mod linear;
mod pooling;

/// Burn's generator of random numbers is one per process: tests that draw from it take turns.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static GENERATOR: Mutex<()> = Mutex::new(());
    GENERATOR.lock().unwrap_or_else(PoisonError::into_inner)
}
