use crate::decay::GroupDecay;
use crate::{Buffer, Gradients, OptimError, RuleValues};

/// One update before its size is chosen: a direction for every tensor that had a gradient, and how the weights decay.
///
/// The weights move by `theta <- theta (1 - kappa share) - eta direction`; `kappa` follows `eta` by the coupling, and the
/// share is 1 but for a rule that gives some tensors less or more.
#[derive(Debug, Clone)]
pub struct Update {
    pub(crate) directions: Vec<(String, Option<Buffer>)>,
    /// Whether the directions contain the step size, and are applied as they are.
    pub(crate) displaces: bool,
    /// The share of its group's decay that each tensor takes.
    pub(crate) decay_shares: Vec<f64>,
    pub(crate) groups: Vec<GroupValues>,
}

/// What one group's hyperparameters were.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupValues {
    pub(crate) rule: RuleValues,
    pub(crate) decay: GroupDecay,
}

impl Update {
    /// `sum gradient * direction` over all tensors. The derivative of the loss along the step is its negative, so that a
    /// line search has its slope; weight decay is not part of it.
    ///
    /// # Errors
    /// [`OptimError::OtherModel`] if the gradients are of another model.
    pub fn dot(&self, gradients: &Gradients) -> Result<f64, OptimError> {
        if self.directions.len() != gradients.tensors.len() {
            let why = format!("{} tensors instead of {}", gradients.tensors.len(), self.directions.len());
            return Err(OptimError::OtherModel { what: "a set of gradients", why });
        }
        let mut sum = 0.0;
        for ((_, direction), (_, gradient)) in self.directions.iter().zip(&gradients.tensors) {
            if let (Some(direction), Some(gradient)) = (direction, gradient) {
                sum += direction.dot(gradient)?;
            }
        }
        Ok(sum)
    }

    /// The Euclidean norm of the direction over all tensors.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn norm(&self) -> Result<f64, OptimError> {
        let mut sum = 0.0;
        for direction in self.directions.iter().filter_map(|(_, direction)| direction.as_ref()) {
            sum += direction.dot(direction)?;
        }
        Ok(sum.sqrt())
    }

    /// What share of the weights of each group decays at these step sizes.
    pub(crate) fn kappas(&self, step_sizes: &[f64]) -> Result<Vec<f64>, OptimError> {
        self.groups
            .iter()
            .zip(step_sizes)
            .enumerate()
            .map(|(group, (values, &rate))| values.decay.kappa(rate, group))
            .collect()
    }
}
