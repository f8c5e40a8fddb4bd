use serde::{Deserialize, Serialize};

/// How candidates are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchMethod {
    /// An even grid of the logarithm of the rate, both ends included, in an order that is spread out wherever it is cut.
    #[default]
    LogGrid,
    /// Where a Gaussian process of the forecasts expects the least, by `kappa` standard deviations below its mean.
    GpLcb,
    /// The same with the `kappa` of the published program, 1e6: it goes where least is known, whatever the losses.
    Published,
}

/// How a window is extrapolated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forecasting {
    /// An exponential that levels off within the stage, fitted to the losses by variable projection.
    #[default]
    Varpro,
    /// An exponential fitted to a quadratic fitted to the losses: the published form, which blows up on noisy losses.
    Published,
    /// No extrapolation: the mean of the last tenth of the window.
    LastWindowMean,
}

/// Which losses are forecast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The training loss of every update.
    #[default]
    TrainLoss,
    /// The validation loss, evaluated 16 times in a window and once at a stage's beginning.
    ValLoss,
    /// The training loss while stages still double, then the validation loss: the published form.
    TrainThenVal,
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Losses {
    /// Training losses, one an update.
    Training,
    /// Validation losses, [`EVALUATIONS`](super::EVALUATIONS) in all.
    Validation,
}
