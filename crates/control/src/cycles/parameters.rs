//! The keys of [`Cycles`](crate::Cycles) as data.

use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};

pub(super) const THESIS: &str = "Tirpitz, Towards Faster Training of Neural Networks with Cyclical Learning Rate Schedules and \
                                 Soft Reset in the AlgoPerf Benchmark, Bachelor's thesis, Tübingen 2024";
const OURS: &str = "Rheostat";

const SHARE: (Bound<f64>, Bound<f64>) = (Bound::Included(0.0), Bound::Included(1.0));

/// The same key in the table of a single cycle, where it is inherited if absent.
const fn inherited(mut parameter: Parameter) -> Parameter {
    parameter.default = None;
    parameter.optional()
}

pub(super) const PEAK: Parameter =
    Parameter::new("peak", Kind::Number, "highest rate of a cycle").positive().default("1e-3").source(OURS);

pub(super) const COUNT: Parameter = Parameter::new("count", Kind::Integer, "cycles of equal length")
    .range(Bound::Included(1.0), Bound::Included(10_000.0), "1 to 10000")
    .default("3")
    .source(THESIS);

pub(super) const WARMUP: Parameter =
    Parameter::new("warmup", Kind::Span, "warm-up of a cycle; a share is of the cycle")
        .default("\"2 %\"")
        .source(THESIS);

pub(super) const WARMUP_SHAPE: Parameter =
    Parameter::choice("warmup_shape", &["linear", "cosine", "exponential"], "shape of the warm-up")
        .default("\"linear\"")
        .source(THESIS);

pub(super) const WARMUP_FROM: Parameter =
    Parameter::new("warmup_from", Kind::Number, "fraction of the peak the warm-up starts from")
        .range(SHARE.0, SHARE.1, "0 to 1 (exponential: more than 0)")
        .default("0.0")
        .source(THESIS);

pub(super) const WARMUP_FIRST: Parameter =
    Parameter::new("warmup_first", Kind::Integer, "1: the first update takes a step; 0: it starts at warmup_from")
        .range(SHARE.0, SHARE.1, "0 or 1")
        .default("1")
        .source(OURS);

pub(super) const HOLD: Parameter =
    Parameter::new("hold", Kind::Span, "time at the peak, between warm-up and decay; a share is of the cycle")
        .default("\"0 %\"")
        .source(THESIS);

pub(super) const DECAY: Parameter =
    Parameter::choice("decay", &["cosine", "linear", "exponential"], "how a cycle falls")
        .default("\"cosine\"")
        .source(THESIS);

pub(super) const FLOOR: Parameter =
    Parameter::new("floor", Kind::Number, "rate a cycle ends at; if absent 0, with `exponential` 1/20 of the peak")
        .optional()
        .at_least(0.0, "at least 0 and at most the peak (exponential: more than 0)")
        .source(THESIS);

pub(super) const LENGTH: Parameter =
    Parameter::new("length", Kind::Span, "updates of the cycle; all cycles have one or none").optional().positive();

pub(super) const WEIGHT: Parameter =
    Parameter::new("weight", Kind::Number, "share of the run relative to the other cycles; 1 if absent")
        .optional()
        .positive()
        .source(OURS);

const ONE_CYCLE: &[Parameter] = &[
    LENGTH,
    WEIGHT,
    inherited(PEAK),
    inherited(WARMUP),
    inherited(WARMUP_SHAPE),
    inherited(HOLD),
    inherited(DECAY),
    FLOOR,
];

pub(super) const CYCLE: Parameter =
    Parameter::new("cycle", Kind::Tables(ONE_CYCLE), "the cycles one by one, in place of `count`").optional();

pub(super) const QUEUE: Parameter =
    Parameter::new("queue", Kind::Tables(ONE_CYCLE), "further cycles, for early switches when no planned one is left")
        .optional();

pub(super) const RESET: Parameter =
    Parameter::new("reset", Kind::Table(reset::ALL), "what is reset between two cycles; nothing if absent").optional();

pub(super) const EARLY_SWITCH: Parameter = Parameter::new(
    "early_switch",
    Kind::Table(early_switch::ALL),
    "when a cycle ends before its time; never if absent",
)
.optional();

pub(super) mod reset {
    use super::*;

    pub(in super::super) const MODE: Parameter =
        Parameter::choice("mode", &["soft", "hard", "params_only", "none"], "how much is reset")
            .default("\"soft\"")
            .source(THESIS);
    pub(in super::super) const ALPHA: Parameter =
        Parameter::new("alpha", Kind::Number, "how strongly the optimizer's moments follow a soft reset")
            .range(SHARE.0, SHARE.1, "0 to 1")
            .default("0.5")
            .source(THESIS);
    pub(in super::super) const BUFFERS: Parameter =
        Parameter::choice("buffers", &["follow", "keep"], "what happens to running statistics")
            .default("\"follow\"")
            .source(OURS);
    pub(in super::super) const METRIC: Parameter =
        Parameter::choice("metric", &["last", "best_in_cycle", "ema"], "which metric a soft reset is weighed with")
            .default("\"last\"")
            .source(THESIS);
    pub(in super::super) const SMOOTHING: Parameter =
        Parameter::new("smoothing", Kind::Number, "weight of the new metric, with `ema`")
            .range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
            .default("0.6")
            .source(OURS);
    pub(in super::super) const TAU: Parameter = Parameter::choice(
        "tau",
        &["reference", "ratio_to_current", "ratio_to_target"],
        "formula of the share of fresh weights; the ratios are for decreasing metrics",
    )
    .default("\"reference\"")
    .source(THESIS);
    pub(in super::super) const REFERENCE: Parameter = Parameter::new(
        "reference",
        Kind::Number,
        "metric that deserves a complete reset; if absent 0, the first evaluation of a decreasing metric",
    )
    .optional()
    .source(THESIS);
    pub(in super::super) const TARGET: Parameter =
        Parameter::new("target", Kind::Number, "metric that deserves none; the run's target if absent")
            .optional()
            .source(THESIS);
    pub(in super::super) const ON_MISSING: Parameter = Parameter::new(
        "on_missing",
        Kind::Number,
        "tau of a soft reset whose evaluation was not made; if absent the run ends",
    )
    .optional()
    .range(SHARE.0, SHARE.1, "0 to 1")
    .source(OURS);
    const PROGRESS: Parameter = Parameter::new(
        "progress",
        Kind::Table(progress::ALL),
        "what is expected of the metric on the way; the target if absent",
    )
    .optional()
    .source(THESIS);
    pub(in super::super) const ALL: &[Parameter] =
        &[MODE, ALPHA, BUFFERS, METRIC, SMOOTHING, TAU, REFERENCE, TARGET, ON_MISSING, PROGRESS];
}

pub(super) mod progress {
    use super::*;

    const METHOD: Parameter = Parameter::choice(
        "method",
        &["constant", "saturating_exp", "power_law", "table", "best_so_far"],
        "what the expected metric follows",
    );
    pub(in super::super) const VALUE: Parameter =
        Parameter::new("value", Kind::Number, "the level, with `constant`").optional();
    pub(in super::super) const START: Parameter =
        Parameter::new("start", Kind::Number, "level at the beginning, with `saturating_exp`").optional();
    pub(in super::super) const END: Parameter = Parameter::new(
        "end",
        Kind::Number,
        "level it tends to, with `saturating_exp` and `power_law`; the target if absent",
    )
    .optional();
    pub(in super::super) const TIMESCALE: Parameter = Parameter::new(
        "timescale",
        Kind::Span,
        "time in which the distance to `end` falls by the factor e, with `saturating_exp`",
    )
    .optional()
    .positive();
    pub(in super::super) const SCALE: Parameter =
        Parameter::new("scale", Kind::Number, "distance from `end` at the beginning, with `power_law`").optional();
    pub(in super::super) const POWER: Parameter =
        Parameter::new("power", Kind::Number, "how fast that distance falls, with `power_law`").optional().positive();
    pub(in super::super) const AT: Parameter =
        Parameter::new("at", Kind::Spans, "points of the run, with `table`").optional();
    pub(in super::super) const VALUES: Parameter =
        Parameter::new("values", Kind::Numbers, "levels at these points, with `table`").optional();
    pub(in super::super) const ALL: &[Parameter] = &[METHOD, VALUE, START, END, TIMESCALE, SCALE, POWER, AT, VALUES];
}

pub(super) mod early_switch {
    use super::*;

    pub(in super::super) const SMOOTHING: Parameter = Parameter::new(
        "smoothing",
        Kind::Number,
        "weight of the NEW loss in the smoothed one: the larger, the less it smooths",
    )
    .range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
    .default("0.6")
    .source(THESIS);
    pub(in super::super) const RISE: Parameter = Parameter::new(
        "rise",
        Kind::Number,
        "rise of the smoothed loss, from one evaluation to the next, that switches",
    )
    .default("0.01")
    .source(THESIS);
    pub(in super::super) const REGAIN: Parameter =
        Parameter::new("regain", Kind::Number, "distance above the minimum that the extrapolated loss must keep")
            .default("0.01")
            .source(THESIS);
    pub(in super::super) const RECOVERY: Parameter =
        Parameter::new("recovery", Kind::Integer, "evaluations since the minimum before that is asked")
            .at_least(1.0, "at least 1; more than 5 is advised")
            .default("9")
            .unit("evaluations")
            .source(THESIS);
    pub(in super::super) const HORIZON: Parameter =
        Parameter::new("horizon", Kind::Integer, "evaluations it is extrapolated by; as `recovery` if absent")
            .optional()
            .at_least(1.0, "at least 1")
            .unit("evaluations")
            .source(THESIS);
    const RELATIVE: Parameter =
        Parameter::new("relative", Kind::Boolean, "whether `rise` and `regain` are shares of the minimum")
            .default("false")
            .source(OURS);
    const REPLAN: Parameter = Parameter::choice(
        "replan",
        &["redistribute", "keep_lengths"],
        "how the rest of the run is divided after a switch",
    )
    .default("\"redistribute\"")
    .source(THESIS);
    const ON_EXHAUSTED: Parameter = Parameter::choice(
        "on_exhausted",
        &["continue", "finish", "queue"],
        "what a switch does when no planned cycle is left",
    )
    .default("\"continue\"")
    .source(OURS);
    pub(in super::super) const MIN_CYCLE: Parameter = Parameter::new(
        "min_cycle",
        Kind::Span,
        "fewest updates of a cycle that a switch leaves; 2 % of the run, rounded up, if absent",
    )
    .optional()
    .positive()
    .source(OURS);
    pub(in super::super) const ALL: &[Parameter] =
        &[SMOOTHING, RISE, REGAIN, RECOVERY, HORIZON, RELATIVE, REPLAN, ON_EXHAUSTED, MIN_CYCLE];
}
