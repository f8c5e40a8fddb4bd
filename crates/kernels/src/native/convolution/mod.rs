//! Two-dimensional convolutions with the channels last.
//!
//! No matrices are unrolled: the sums over kernel positions and input channels stay in registers.

mod forward;
mod pass;
mod scratch;
mod shape;
#[cfg(test)]
mod tests;
mod weights;

pub(crate) use forward::{forward, input_gradient};
pub(crate) use scratch::Images;
pub(crate) use shape::Shape;
pub(crate) use weights::weight_gradient;
