use regex::Regex;

use crate::OptimError;
use crate::layout::Layout;

/// Parameters that take hyperparameters of their own, selected by path.
///
/// Groups are numbered from 1 in the order given; group 0 holds every tensor that no group selects. Of several groups that
/// match one tensor, the later wins.
///
/// ```
/// use rheostat_optim::ParameterGroup;
/// let biases = ParameterGroup::matching(r"bias$")?;
/// assert_eq!(biases.pattern(), "bias$");
/// # Ok::<(), rheostat_optim::OptimError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ParameterGroup {
    path: Regex,
}

impl ParameterGroup {
    /// The tensors whose path, such as `encoder.0.weight`, the regular expression finds a match in.
    ///
    /// # Errors
    /// [`OptimError::BadPattern`] if it is no regular expression.
    pub fn matching(pattern: &str) -> Result<Self, OptimError> {
        let path = Regex::new(pattern)
            .map_err(|error| OptimError::BadPattern { pattern: pattern.to_owned(), why: error.to_string() })?;
        Ok(Self { path })
    }

    pub(crate) fn selects(&self, path: &str) -> bool {
        self.path.is_match(path)
    }

    /// The regular expression.
    pub fn pattern(&self) -> &str {
        self.path.as_str()
    }
}

/// The group of each tensor.
pub(crate) fn assign(groups: &[ParameterGroup], layout: &Layout) -> Result<Vec<usize>, OptimError> {
    let matched = |path: &str| groups.iter().rposition(|group| group.path.is_match(path)).map_or(0, |index| index + 1);
    let assigned: Vec<_> = layout.tensors.iter().map(|tensor| matched(&tensor.path)).collect();
    let trainable = layout.trainable();
    for (index, group) in groups.iter().enumerate() {
        let owns = layout.tensors.iter().zip(&assigned).any(|(tensor, &owner)| tensor.trainable && owner == index + 1);
        if owns {
            continue;
        }
        let matches = trainable.iter().any(|path| group.path.is_match(path));
        let why = if matches { "later groups take all that it matches" } else { "no path matches" };
        return Err(OptimError::EmptyGroup { pattern: group.pattern().to_owned(), why, paths: trainable.join(", ") });
    }
    Ok(assigned)
}
