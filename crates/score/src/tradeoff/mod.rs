//! Tradeoff curves: what quality a method reaches at what cost, trained anew for every cost or read out of one cyclic run.

mod analysis;
mod cells;
mod cost;
mod curve;
mod difference;
mod estimate;
mod missing;
mod options;
mod pareto;
mod student;

pub use analysis::Tradeoff;
pub use cost::{MethodCost, SeedCost, geometric_cost_ratio, points_cost_ratio};
pub use curve::{Curve, CurvePoint, Reach, Reading, SeedCurve, SeedReach};
pub use difference::{Difference, Gap, PairedDifference, PointDifference, Similarity};
pub use estimate::Estimate;
pub use missing::{Absence, Missing};
pub use options::{Quality, TradeoffOptions};
pub use pareto::{Dominance, DominatedCurve, FrontierPoint};
