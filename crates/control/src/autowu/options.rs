use serde::{Deserialize, Serialize};

/// How the rate rises during the warm-up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// By the same factor with every update: `low exp(t ln(high / low) / N)`.
    #[default]
    Exponential,
    /// By the same amount: `low + (high - low) t / N`; an ablation of the paper.
    Linear,
}

/// How the Gaussian process is fitted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// Maximum likelihood, exact, by a search over the ratio of noise to scale.
    #[default]
    Profile,
    /// 100 iterations of Adam: the published form, which underestimates noise.
    Adam100,
    /// Moments of the losses, no search: the cheapest, for embedded use.
    Grid,
}

/// Which points stand for the losses in a test.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subset {
    /// Means of equal stretches of training: all losses count, in bounded memory.
    #[default]
    BinMean,
    /// Single losses, evenly spread.
    Stride,
    /// Single losses drawn at random, anew for the fit and each vote: the published form.
    Random,
}

/// The unit of `variance_floor`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloorUnit {
    /// The variance of the points that a test looks at.
    #[default]
    Relative,
    /// The loss squared: the published form, blind to rises of less than 0.016.
    Absolute,
}

/// A mean of rates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// Of the rates: the published form.
    #[default]
    Arithmetic,
    /// Of their logarithms.
    Geometric,
}

/// The shape after the warm-up; both end at 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decay {
    /// Half a cosine wave over what remains.
    #[default]
    Cosine,
    /// Constant, then half a cosine wave over the `cooldown` at the end of the run.
    ConstantCosine,
}

/// What happens when the longest warm-up ends without a minimum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoDetection {
    /// Decay from the rate where the smoothed loss is lowest.
    #[default]
    DecayFromArgmin,
    /// Decay from the rate reached, about `high`: the published form, usually a rate that diverges.
    DecayFromCurrent,
    /// End the run.
    Error,
}

/// What happens when a loss of the warm-up is not finite. After the warm-up such losses are the host's to judge.
///
/// A magnitude above 1e100 counts as not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonFinite {
    /// Restore the snapshot of the last test that saw no minimum, and decay from the rate where the last test saw the smoothed loss
    /// lowest (without a test yet: where it is lowest now). The
    /// host must keep snapshots: one at the beginning and one at each such test. Another such loss in the update after the
    /// snapshot ends the run.
    #[default]
    Rollback,
    /// Decay from that rate at once, with the weights as they are: for hosts that skip an update whose loss is not finite. Another
    /// such loss in the very next update ends the run.
    SwitchNow,
    /// Leave the loss out and go on: the published form.
    Mask,
    /// End the run.
    Error,
}
