use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};

pub(super) const VASWANI: &str = "Vaswani and others, Painless Stochastic Gradient: Interpolation, Line-Search, and \
                                  Convergence Rates, arXiv 1905.09997";
pub(super) const OURS: &str = "Rheostat";

pub(super) const C: Parameter = Parameter::new(
    "c",
    Kind::Number,
    "share of the predicted decrease that a step must achieve",
)
.range(Bound::Excluded(0.0), Bound::Excluded(1.0), "more than 0 and less than 1");

pub(super) const BACKTRACK: Parameter =
    Parameter::new("backtrack", Kind::Number, "what a step size that fails is multiplied by")
        .range(Bound::Excluded(0.0), Bound::Excluded(1.0), "more than 0 and less than 1")
        .default("0.9")
        .source(VASWANI);

pub(super) const GROWTH: Parameter = Parameter::new(
    "growth",
    Kind::Number,
    "what the last step size is multiplied by before a search; absent: 2^(1 / batches of an epoch), 500 if unknown",
)
.at_least(1.0, "at least 1")
.optional()
.source(VASWANI);

pub(super) const INITIAL: Parameter =
    Parameter::new("initial", Kind::Number, "step size that the first search starts from, before growth").range(
        Bound::Included(super::FLOOR),
        Bound::Included(rheostat_schedule::parameter::LARGEST),
        "at least 1e-10 and at most `maximum`",
    );

pub(super) const MAXIMUM: Parameter = Parameter::new("maximum", Kind::Number, "largest step size")
    .positive()
    .default("10.0")
    .source("the bound of the Goldstein variant in the program of SLS");

pub(super) const SMOOTHING: Parameter = Parameter::new(
    "smoothing",
    Kind::Number,
    "weight of the past in the averages that both sides of the criterion are; 0 compares this batch alone",
)
.range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1");

pub(super) const MAX_BACKTRACKS: Parameter =
    Parameter::new("max_backtracks", Kind::Integer, "trials that may fail before a search ends without a step")
        .range(Bound::Included(1.0), Bound::Included(500.0), "1 to 500")
        .default("100")
        .unit("trials");

pub(super) const RESOLUTION: Parameter = Parameter::new(
    "resolution",
    Kind::Number,
    "relative difference of two losses that counts as rounding: such a trial is taken; 0 only if they are equal",
)
.range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1")
.default("2.384185791015625e-7")
.source("Rheostat: 4 roundings of single precision, 2^-22");

pub(super) const WARMUP: Parameter =
    Parameter::new("warmup", Kind::Span, "rises to `initial` in a straight line for so long, then searches")
        .range(Bound::Included(0.0), Bound::Unbounded, "at least 0 and less than the run")
        .default("\"0 steps\"")
        .source("the warm-up of the ALSALS paper's large runs");

pub(super) const CAP: Parameter = Parameter::new(
    "cap",
    Kind::Schedule,
    "schedule of a largest step size; no step is longer than that, nor than `maximum`",
)
.optional()
.source(OURS);
