use burn::tensor::DType;
use rheostat_control::{ControlError, DecayCoupling};

/// Why an optimizer was refused, or could not make an update, save or load.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OptimError {
    /// The specification has values out of range.
    #[error("the optimizer's specification is wrong: {}", list(.0))]
    Specification(Vec<ControlError>),
    /// A pattern of paths is no regular expression.
    #[error("path {pattern:?} is no regular expression: {why}")]
    BadPattern {
        /// What was given.
        pattern: String,
        /// What the parser says.
        why: String,
    },
    /// A group that selects no tensor.
    #[error("group path {pattern:?} selects no tensor ({why}); the trainable ones are: {paths}")]
    EmptyGroup {
        /// The group's pattern.
        pattern: String,
        /// Whether nothing matched or later groups take what did.
        why: &'static str,
        /// Every trainable tensor, comma-separated.
        paths: String,
    },
    /// A choice of matrices for AdamW that leaves one of two rules without any.
    #[error("adamw.paths = {pattern:?} {why}; the matrices are: {matrices}")]
    Matrices {
        /// The regular expression.
        pattern: String,
        /// Whether it selects none or leaves none.
        why: &'static str,
        /// Every trainable tensor of rank 2 or more, comma-separated.
        matrices: String,
    },
    /// Groups with rates that differ, under a rule that finds one step size for the whole model.
    #[error(
        "group {group}: learning_rate = {rate} beside {first} in another group: prodigy takes one rate, or 0 for groups that stay"
    )]
    DifferentRates {
        /// The group, from 0.
        group: usize,
        /// Its rate.
        rate: f64,
        /// The first other one that is not 0.
        first: f64,
    },
    /// One parameter that stands in two places of the model; an update would untie it.
    #[error("{first} and {second} are one parameter; tied parameters are not supported")]
    TiedParameters {
        /// Where it is visited first.
        first: String,
        /// Where it is visited again.
        second: String,
    },
    /// As many entries as there are groups are needed.
    #[error("{got} {what} for {groups} groups")]
    GroupCount {
        /// What was passed.
        what: &'static str,
        /// How many.
        got: usize,
        /// How many there are.
        groups: usize,
    },
    /// A hyperparameter out of its range, or one that the rule lacks.
    #[error("group {group}: {source}")]
    Hyperparameter {
        /// The group, from 0.
        group: usize,
        /// What is wrong with it.
        source: ControlError,
    },
    /// An update needs a learning rate.
    #[error("group {group} has no learning_rate")]
    MissingRate {
        /// The group, from 0.
        group: usize,
    },
    /// Other step sizes along the directions of a rule that contain the learning rate.
    #[error(
        "{optimizer} moves by displacements that contain the learning rate: no other step size can be tried along them"
    )]
    ContainsRate {
        /// The optimizer's name.
        optimizer: &'static str,
    },
    /// A line search turned without having said that it may.
    #[error("the line search turns to another direction, for which the gradient was not kept")]
    GradientNotKept,
    /// Weight decay by schedule multiplier divides by the peak of the rate.
    #[error("decay = \"schedule_multiplier\" needs the peak rate of group {group}, a finite number above 0")]
    MissingBaseRate {
        /// The group, from 0.
        group: usize,
    },
    /// Weight decay that would zero or flip the weights.
    #[error(
        "group {group}: weight_decay = {weight_decay} at learning_rate = {rate} ({coupling:?}) multiplies the weights by \
         {factor}, which must be above 0"
    )]
    DecayFactor {
        /// The group, from 0.
        group: usize,
        /// What the weights would be multiplied by.
        factor: f64,
        /// The step size.
        rate: f64,
        /// The weight decay.
        weight_decay: f64,
        /// How they combine.
        coupling: DecayCoupling,
    },
    /// A model, gradients or an update of another structure than the optimizer was made for.
    #[error("{what} does not fit the optimizer's model: {why}")]
    OtherModel {
        /// What was passed.
        what: &'static str,
        /// The first difference.
        why: String,
    },
    /// A gradient with infinities or NaN.
    #[error("the gradient of {path} has {count} non-finite values")]
    NonFiniteGradient {
        /// The first such tensor.
        path: String,
        /// How many of its values are non-finite.
        count: usize,
    },
    /// A direction with infinities or NaN, from finite gradients: 0 / 0 with epsilon 0.
    #[error("the direction of {path} has {count} non-finite values; raise epsilon")]
    NonFiniteDirection {
        /// The first such tensor.
        path: String,
        /// How many of its values are non-finite.
        count: usize,
    },
    /// A number that is not permitted.
    #[error("{field} = {value} is out of range: {range}")]
    OutOfRange {
        /// What the number is.
        field: &'static str,
        /// What was given.
        value: f64,
        /// What is permitted, in words.
        range: &'static str,
    },
    /// Saved bytes that cannot be taken over.
    #[error("saved {what} cannot be read: {why}")]
    BadBytes {
        /// Optimizer state or weights.
        what: &'static str,
        /// What is wrong with them.
        why: String,
    },
    /// A tensor type that is not a float of 16, 32 or 64 bits.
    #[error("{path} holds {dtype:?}; only f16, bf16, f32 and f64 are supported")]
    UnsupportedType {
        /// The tensor.
        path: String,
        /// Its element type.
        dtype: DType,
    },
    /// A tensor whose values could not be read.
    #[error("the values of a tensor could not be read: {why}")]
    Storage {
        /// What the backend says.
        why: String,
    },
}

impl OptimError {
    pub(crate) fn storage(error: impl ToString) -> Self {
        Self::Storage { why: error.to_string() }
    }
}

fn list(errors: &[ControlError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
