use std::ops::Bound;

use rheostat_schedule::parameter::{Kind, Parameter};

pub(super) const PAPER: &str = "Jin and others, AutoLRS: Automatic Learning-Rate Schedule by Bayesian Optimization on the Fly, \
                                arXiv 2105.10762";
const PROGRAM: &str = "the paper's program, YuchenJin/autolrs";
const OURS: &str = "Rheostat";

const fn span(name: &'static str, help: &'static str) -> Parameter {
    Parameter::new(name, Kind::Span, help).range(Bound::Excluded(0.0), Bound::Unbounded, "more than 0").optional()
}

pub(super) const LOW: Parameter = Parameter::new("low", Kind::Number, "lowest rate searched, less than `high`")
    .positive()
    .default("1e-5")
    .source(OURS);

pub(super) const HIGH: Parameter =
    Parameter::new("high", Kind::Number, "highest rate searched").positive().default("1e-1").source(PROGRAM);

pub(super) const CANDIDATES: Parameter = Parameter::new("candidates", Kind::Integer, "rates tried in a search")
    .range(Bound::Included(2.0), Bound::Included(100.0), "2 to 100")
    .default("10")
    .source(PAPER);

pub(super) const TRAIN: Parameter =
    span("train", "updates of a stage; absent: a quarter of the run, 100 at least and 1000 at most").source(PROGRAM);

pub(super) const SEARCH: Parameter =
    span("search", "updates of each candidate; absent: a tenth of `train`").source(PAPER);

pub(super) const DOUBLING_UP_TO: Parameter =
    span("doubling_up_to", "stages and searches double until a stage is this long; absent: none doubles")
        .source(PROGRAM);

pub(super) const WARMUP: Parameter =
    span("warmup", "linear warm-up before the first stage; absent: none").source(PROGRAM);

pub(super) const WARMUP_PEAK: Parameter = Parameter::new(
    "warmup_peak",
    Kind::Number,
    "rate at the end of the warm-up; absent: halfway from `low` to `high` in its logarithm",
)
.positive()
.optional()
.source(OURS);

pub(super) const METRIC: Parameter = Parameter::choice(
    "metric",
    &["train_loss", "val_loss", "train_then_val"],
    "which losses are forecast; the last: validation losses once stages no longer double",
)
.default("\"train_loss\"")
.source(OURS);

pub(super) const FORECAST: Parameter = Parameter::choice(
    "forecast",
    &["varpro", "published", "last_window_mean"],
    "how a candidate's losses are extrapolated",
)
.default("\"varpro\"")
.source(OURS);

pub(super) const LOSS_FLOOR: Parameter =
    Parameter::new("loss_floor", Kind::Number, "no forecast is below this").default("0.0").source(OURS);

pub(super) const JUMP_GUARD: Parameter = Parameter::new(
    "jump_guard",
    Kind::Boolean,
    "whether a candidate whose validation loss reaches that of the stage's beginning is forecast at its last one",
)
.default("true")
.source(PROGRAM);

pub(super) const SEARCH_METHOD: Parameter =
    Parameter::choice("search_method", &["log_grid", "gp_lcb", "published"], "how candidates are chosen")
        .default("\"log_grid\"")
        .source(OURS);

pub(super) const KAPPA: Parameter =
    Parameter::new("kappa", Kind::Number, "standard deviations below the mean at which `gp_lcb` looks for the least")
        .at_least(0.0, "at least 0")
        .default("1.96")
        .source(OURS);

pub(super) const KAPPA_DECAY: Parameter =
    Parameter::new("kappa_decay", Kind::Number, "what `kappa` is multiplied by with every candidate")
        .range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
        .default("1.0")
        .source(OURS);

pub(super) const BUDGET_CAP: Parameter = Parameter::new(
    "budget_cap",
    Kind::Number,
    "largest share of all updates made that may be of searches after the first; absent: any",
)
.range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
.optional()
.source(OURS);
