//! Line searches, one file a method, and what they share.

mod adam_sls;
mod alsals;
mod backtracking;
mod best_step;
mod cap;
mod exhaustion;
mod numbers;
mod parameters;
mod salsa;
mod sls;

pub use adam_sls::AdamSls;
pub use alsals::{Alsals, Ascent, Slope};
pub use backtracking::FLOOR;
pub use best_step::BestStep;
pub use exhaustion::MOST_EXHAUSTED;
pub use salsa::{Frequency, Salsa, Tested};
pub use sls::{Criterion, Reset, Sls};

/// Relative difference of two losses that counts as rounding in single precision: four roundings.
const SINGLE_PRECISION: f64 = 2.384_185_791_015_625e-7;
