//! Every kernel against the operations of Burn that it stands for.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

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
