use crate::Hyperparameter;

/// Why a specification was refused, or a saved state could not be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ControlError {
    /// A number outside its permitted range.
    #[error("{field} = {value} is out of range: {range}")]
    OutOfRange {
        /// Key of the value in its table.
        field: String,
        /// What was given.
        value: f64,
        /// What is permitted, in words.
        range: &'static str,
    },
    /// Two options that exclude each other.
    #[error("{field}: {why}")]
    Contradiction {
        /// Key of the value that cannot stand.
        field: String,
        /// What it contradicts and what to do.
        why: String,
    },
    /// A hyperparameter that this optimizer does not have.
    #[error("{optimizer} has no {hyperparameter}; it has: {available}")]
    NoSuchHyperparameter {
        /// The optimizer's method name.
        optimizer: &'static str,
        /// What was set.
        hyperparameter: Hyperparameter,
        /// What may be set, comma-separated.
        available: String,
    },
    /// Bytes that no controller of this kind wrote.
    #[error("saved state of {controller} cannot be read: {why}")]
    BadState {
        /// The controller that was asked to load.
        controller: &'static str,
        /// What is wrong with the bytes.
        why: String,
    },
}

impl ControlError {
    /// The key the error is about, relative to the table it stands in.
    pub fn field(&self) -> &str {
        match self {
            Self::OutOfRange { field, .. } | Self::Contradiction { field, .. } => field,
            Self::NoSuchHyperparameter { hyperparameter, .. } => hyperparameter.name(),
            Self::BadState { controller, .. } => controller,
        }
    }

    /// The same error seen from outside: `alpha` within `reset` is `reset.alpha`.
    #[must_use]
    pub fn within(mut self, outer: &str) -> Self {
        if let Self::OutOfRange { field, .. } | Self::Contradiction { field, .. } = &mut self {
            *field = format!("{outer}.{field}");
        }
        self
    }
}
