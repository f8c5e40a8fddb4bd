//! The kernels on slices of numbers: no tensors, no gradients by machine.

pub(crate) mod attention;
pub(crate) mod batch_norm;
pub(crate) mod blur;
mod columns;
pub(crate) mod convolution;
pub(crate) mod cross_entropy;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod gelu;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod matrix;
pub(crate) mod mean_pool;
mod parallel;
pub(crate) mod real;
pub(crate) mod subsample;
