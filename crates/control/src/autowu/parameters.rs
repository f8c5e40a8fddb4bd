use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};

pub(super) const PAPER: &str =
    "Kim and others, Automated Learning Rate Scheduler for Large-batch Training, arXiv 2107.05855";
const PROGRAM: &str = "the paper's program, kakaobrain/autowu";
const OURS: &str = "Rheostat";

pub(super) const LOW: Parameter = Parameter::new("low", Kind::Number, "rate of the first update, less than `high`")
    .positive()
    .default("1e-5")
    .source(PROGRAM);

pub(super) const HIGH: Parameter = Parameter::new("high", Kind::Number, "rate at the end of the longest warm-up")
    .positive()
    .default("1.0")
    .source(PROGRAM);

pub(super) const MAX_WARMUP: Parameter = Parameter::new("max_warmup", Kind::Span, "longest warm-up")
    .range(Bound::Excluded(0.0), Bound::Unbounded, "more than 0 and less than the run")
    .default("\"50 %\"")
    .source(PAPER);

pub(super) const GROWTH: Parameter = Parameter::choice("growth", &["exponential", "linear"], "how the rate rises")
    .default("\"exponential\"")
    .source(PAPER);

pub(super) const TEST_EVERY: Parameter = Parameter::new("test_every", Kind::Span, "updates between two tests")
    .range(Bound::Excluded(0.0), Bound::Unbounded, "more than 0")
    .default("\"1 epochs\"")
    .source(PAPER);

pub(super) const CONFIDENCE: Parameter =
    Parameter::new("confidence", Kind::Number, "how sure a test must be that the minimum is past")
        .range(Bound::Excluded(0.5), Bound::Excluded(1.0), "more than 0.5 and less than 1")
        .default("0.95")
        .source(PAPER);

pub(super) const PATIENCE: Parameter = Parameter::new("patience", Kind::Integer, "tests in a row that must be sure")
    .at_least(1.0, "at least 1")
    .default("3")
    .unit("tests")
    .source(PAPER);

pub(super) const FIT: Parameter =
    Parameter::choice("fit", &["profile", "adam100", "grid"], "how the Gaussian process is fitted")
        .default("\"profile\"")
        .source(OURS);

pub(super) const WARM_START: Parameter =
    Parameter::new("warm_start", Kind::Boolean, "whether `adam100` goes on from the last fit")
        .default("true")
        .source(PROGRAM);

pub(super) const LENGTH_SCALE: Parameter =
    Parameter::new("length_scale", Kind::Number, "length scale of the curve, as a share of what has elapsed")
        .positive()
        .default("0.2")
        .source(PROGRAM);

pub(super) const GRID_POINTS: Parameter =
    Parameter::new("grid_points", Kind::Integer, "places at which the smoothed curve is looked at")
        .range(Bound::Included(2.0), Bound::Included(10_000.0), "2 to 10000")
        .default("500")
        .source(PAPER);

pub(super) const STANDARDIZE: Parameter =
    Parameter::new("standardize", Kind::Boolean, "whether losses are scaled to mean 0 and variance 1 before the fit")
        .default("true")
        .source(OURS);

pub(super) const VARIANCE_FLOOR: Parameter =
    Parameter::new("variance_floor", Kind::Number, "added to the variance of every difference")
        .positive()
        .default("1e-4")
        .source(PROGRAM);

pub(super) const FLOOR_UNIT: Parameter = Parameter::choice(
    "floor_unit",
    &["relative", "absolute"],
    "whether `variance_floor` is a share of the variance of the losses or in squared units of the loss",
)
.default("\"relative\"")
.source(OURS);

pub(super) const SUBSET: Parameter =
    Parameter::choice("subset", &["bin_mean", "stride", "random"], "which points stand for the losses")
        .default("\"bin_mean\"")
        .source(OURS);

pub(super) const BINS: Parameter = Parameter::new("bins", Kind::Integer, "points of `bin_mean`")
    .range(Bound::Included(16.0), Bound::Included(512.0), "16 to 512")
    .default("64")
    .source(OURS);

pub(super) const FIT_POINTS: Parameter =
    Parameter::new("fit_points", Kind::Integer, "most points fitted, with `stride` and `random`")
        .range(Bound::Included(10.0), Bound::Included(1000.0), "10 to 1000")
        .default("100")
        .source(PAPER);

pub(super) const PREDICT_POINTS: Parameter =
    Parameter::new("predict_points", Kind::Integer, "most points conditioned on, with `stride` and `random`")
        .range(Bound::Included(10.0), Bound::Included(1000.0), "10 to 1000")
        .default("500")
        .source(PAPER);

pub(super) const TESTS: Parameter = Parameter::new(
    "tests",
    Kind::Integer,
    "draws that vote in a test, with `random`; with an even number a tie says no",
)
.range(Bound::Included(1.0), Bound::Included(100.0), "1 to 100")
.default("5")
.source(PAPER);

pub(super) const START_RATE: Parameter =
    Parameter::choice("start_rate", &["arithmetic", "geometric"], "mean of the draws' rates, with `random`")
        .default("\"arithmetic\"")
        .source(PROGRAM);

pub(super) const DECAY: Parameter =
    Parameter::choice("decay", &["cosine", "constant_cosine"], "the shape after the warm-up")
        .default("\"cosine\"")
        .source(PAPER);

pub(super) const COOLDOWN: Parameter =
    Parameter::new("cooldown", Kind::Span, "the cosine at the end of the run, with `constant_cosine`")
        .range(Bound::Excluded(0.0), Bound::Unbounded, "more than 0 and less than the run")
        .default("\"20 %\"")
        .source(PAPER);

pub(super) const DECAY_OFFSET: Parameter = Parameter::new(
    "decay_offset",
    Kind::Integer,
    "1 skips the first value of the cosine, so that the last update has rate 0, as the program does",
)
.range(Bound::Included(0.0), Bound::Included(1.0), "0 or 1")
.default("0")
.source(OURS);

pub(super) const ON_NO_DETECTION: Parameter = Parameter::choice(
    "on_no_detection",
    &["decay_from_argmin", "decay_from_current", "error"],
    "what happens when the longest warm-up ends without a minimum",
)
.default("\"decay_from_argmin\"")
.source(OURS);

pub(super) const ON_NON_FINITE: Parameter = Parameter::choice(
    "on_non_finite",
    &["rollback", "switch_now", "mask", "error"],
    "what happens when a loss of the warm-up is not finite",
)
.default("\"rollback\"")
.source(OURS);
