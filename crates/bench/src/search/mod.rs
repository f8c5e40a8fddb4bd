//! Where the points of an external tuning come from.

mod dimension;
mod draw;
mod halton;

pub use dimension::{Dimension, Values};
pub use draw::Draw;
