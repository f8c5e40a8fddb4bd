//! The plain keys of a recipe, declared as data like the parameters of methods.

use rheostat_control::{BatchScaling, Hyperparameter};
use rheostat_schedule::parameter::{Kind, Parameter};

use super::training_methods;

/// The plain keys at the top of a recipe. Besides them stand `target`, `methods`, `[optimizer]`, `[averaging]`, `[[group]]` and
/// the hyperparameters.
pub const RECIPE_KEYS: &[Parameter] = &[
    Parameter::new("workload", Kind::Text, "what is trained: a name from `rheostat workloads`"),
    Parameter::new("seed", Kind::Integer, "every random stream of the run follows from it")
        .default("0")
        .at_least(0.0, "at least 0"),
    Parameter::new("budget", Kind::Span, "the horizon, in kept updates: epochs, steps or samples")
        .optional()
        .positive(),
    Parameter::new(
        "evaluate_every",
        Kind::Span,
        "updates between evaluations on the validation split; 0 and the end besides",
    )
    .default("\"1 epochs\"")
    .positive(),
    Parameter::new("checkpoint_every", Kind::Span, "updates between checkpoints; the end besides")
        .default("\"5 %\"")
        .positive(),
    Parameter::new("keep_checkpoints", Kind::Integer, "newest checkpoints kept on disk")
        .default("2")
        .at_least(1.0, "at least 1"),
    Parameter::new("stop_at_target", Kind::Boolean, "end the run when an evaluation meets the target").default("false"),
    Parameter::new("time_limit", Kind::Text, "training time after which the run ends: \"90 s\", \"15 min\", \"2 h\"")
        .optional(),
    Parameter::new("spent_limit", Kind::Number, "bound on updates made, as a multiple of the budget")
        .default("3.0")
        .at_least(1.0, "at least 1"),
    Parameter::new("accumulate", Kind::Integer, "parts a batch is computed in; one update all the same")
        .default("1")
        .at_least(1.0, "at least 1"),
    Parameter::new(
        "non_finite",
        Kind::Choice(&["stop", "skip"]),
        "at a loss or gradient that is not finite: stop, or skip the update",
    )
    .default("\"stop\""),
    Parameter::new(
        "test",
        Kind::Choice(&["final", "best"]),
        "the weights that the test split is evaluated with, once, at the end: the final ones, or those of the best evaluation",
    )
    .default("\"final\""),
    Parameter::new(
        "read_outs",
        Kind::Spans,
        "points at which the run is read out: evaluated, tested and recorded as if it ended there",
    )
    .optional()
    .positive(),
    Parameter::new(
        "batch_scaling",
        Kind::Table(BatchScaling::PARAMETERS),
        "the batch size that the learning rates are for, and the rule by which they go with it",
    )
    .optional(),
];

/// A group's share of a learning rate that somebody else sets.
pub(crate) const RATE_FACTOR: Parameter =
    Parameter::new("rate_factor", Kind::Number, "what the model's learning rate is multiplied by; 0 freezes the group")
        .default("1.0")
        .at_least(0.0, "at least 0");

/// What a parameter group may set for itself.
pub(crate) const GROUP: [Hyperparameter; 4] =
    [Hyperparameter::LearningRate, Hyperparameter::Momentum, Hyperparameter::Beta2, Hyperparameter::WeightDecay];

pub(crate) fn parameter(name: &str) -> Option<&'static Parameter> {
    RECIPE_KEYS.iter().find(|parameter| parameter.name == name)
}

/// Every key that may stand at the top of a recipe.
pub(crate) fn names() -> Vec<&'static str> {
    let plain = RECIPE_KEYS.iter().map(|parameter| parameter.name);
    let tables = ["optimizer", "averaging", "target", "group", training_methods::KEY];
    plain.chain(tables).chain(Hyperparameter::ALL.into_iter().map(Hyperparameter::name)).collect()
}
