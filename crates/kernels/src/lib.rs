//! Fused operations for [Burn](https://burn.dev) on the CPU, forward and backward.
//!
//! Each is a function of tensors that computes what a few of Burn's own operations would. On Burn's CPU backend `flex`, in `f32`
//! and `f64`, it runs one kernel written for it; everywhere else, and after [`set_enabled`]`(false)`, it calls the operations of
//! Burn, so that a model runs on any device. Kernels use every thread of the current rayon pool and the widest vectors of the
//! processor (AVX-512, AVX2 or NEON, chosen when the program runs). For a given number of threads they return the same bits
//! every time.
//!
//! ```
//! use burn::tensor::{Device, Tensor};
//!
//! let input = Tensor::<2>::from_data([[-1.0, 0.0, 1.0]], &Device::flex());
//! let units = rheostat_kernels::gelu(input.clone());
//! let composed = burn::tensor::activation::gelu(input);
//! units.into_data().assert_approx_eq::<f32>(&composed.into_data(), Default::default());
//! ```

mod attention;
mod batch_norm;
mod blur;
mod convolution;
mod cross_entropy;
mod dropout;
mod embedding;
mod gelu;
mod layer_norm;
mod linear;
mod mean_pool;
mod memory;
mod native;
mod operation;
mod subsample;
mod switch;
mod tensor;

pub use attention::attention;
pub use batch_norm::{batch_norm, batch_norm_add_relu, batch_norm_relu};
pub use blur::blur;
pub use convolution::conv2d;
pub use cross_entropy::cross_entropy;
pub use dropout::dropout;
pub use embedding::embedding;
pub use gelu::{gelu, gelu_tanh};
pub use layer_norm::layer_norm;
pub use linear::linear;
pub use mean_pool::mean_pool;
pub use subsample::subsample;
pub use switch::{enabled, set_enabled};
