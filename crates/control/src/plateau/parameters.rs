use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};

pub(super) const LIBRARY: &str = "PyTorch's ReduceLROnPlateau";
const OPTAX: &str = "optax's reduce_on_plateau";
const OURS: &str = "Rheostat";

pub(super) const PEAK: Parameter = Parameter::new("peak", Kind::Number, "the value before any reduction; this or `on`")
    .at_least(0.0, "at least 0")
    .optional();

pub(super) const ON: Parameter =
    Parameter::new("on", Kind::Schedule, "the schedule that reductions multiply; this or `peak`")
        .optional()
        .source(OURS);

pub(super) const FACTOR: Parameter = Parameter::new("factor", Kind::Number, "what a reduction multiplies the value by")
    .range(Bound::Excluded(0.0), Bound::Excluded(1.0), "more than 0 and less than 1")
    .default("0.1")
    .source(LIBRARY);

pub(super) const PATIENCE: Parameter =
    Parameter::new("patience", Kind::Integer, "bad evaluations tolerated; the one after them reduces")
        .at_least(0.0, "at least 0")
        .default("10")
        .unit("evaluations")
        .source(LIBRARY);

pub(super) const THRESHOLD: Parameter =
    Parameter::new("threshold", Kind::Number, "how much better than the best counts as better")
        .at_least(0.0, "at least 0")
        .default("1e-4")
        .source(LIBRARY);

pub(super) const THRESHOLD_MODE: Parameter = Parameter::choice(
    "threshold_mode",
    &["relative", "absolute"],
    "whether `threshold` is a share of the size of the best, or in its unit",
)
.default("\"relative\"")
.source(LIBRARY);

pub(super) const COOLDOWN: Parameter =
    Parameter::new("cooldown", Kind::Integer, "evaluations after a reduction that are not counted as bad")
        .at_least(0.0, "at least 0")
        .default("0")
        .unit("evaluations")
        .source(LIBRARY);

pub(super) const FLOOR: Parameter =
    Parameter::new("floor", Kind::Number, "no reduction goes below this; it never raises the value")
        .at_least(0.0, "at least 0")
        .default("0.0")
        .source(LIBRARY);

pub(super) const SMALLEST_CHANGE: Parameter =
    Parameter::new("smallest_change", Kind::Number, "a reduction by no more than this is not made")
        .at_least(0.0, "at least 0")
        .default("1e-8")
        .source(LIBRARY);

pub(super) const SMOOTHING: Parameter =
    Parameter::new("smoothing", Kind::Number, "weight of the new value in an exponential average; absent: none")
        .range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
        .optional()
        .source(OURS);

pub(super) const ACCUMULATE: Parameter =
    Parameter::new("accumulate", Kind::Integer, "evaluations whose mean counts as one")
        .at_least(1.0, "at least 1")
        .default("1")
        .unit("evaluations")
        .source(OPTAX);

pub(super) const WATCH: Parameter = Parameter::choice(
    "watch",
    &["loss", "metric", "train_loss"],
    "the validation loss, the workload's metric, or the mean training loss since the evaluation before",
)
.default("\"loss\"")
.source(LIBRARY);

pub(super) const ON_NON_FINITE: Parameter = Parameter::choice(
    "on_non_finite",
    &["worst", "ignore"],
    "whether a value that is not finite counts as a bad evaluation or is left out",
)
.default("\"worst\"")
.source(OURS);
