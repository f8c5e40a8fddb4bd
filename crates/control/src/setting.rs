use rheostat_schedule::Frame;

use crate::MetricDirection;

/// The run that a controller is made for.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Updates of the run and of an epoch; what spans are resolved with.
    pub frame: Frame,
    /// Updates between evaluations on the validation split.
    pub evaluate_every: u64,
    /// The metric's value that counts as trained.
    pub target: f64,
    /// Which way the metric improves.
    pub direction: MetricDirection,
    /// The run's seed; keys every random draw of a controller.
    pub seed: u64,
}
