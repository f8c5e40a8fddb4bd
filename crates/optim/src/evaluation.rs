use burn::module::Module;

use crate::weights::{Weights, isolated_with};
use crate::{OptimError, Optimizer};

impl Optimizer {
    /// The model with the weights to evaluate and keep, where those are not the weights that train: the average of
    /// Schedule-Free. `None` for every other rule, and before its first update.
    ///
    /// It is for evaluation only: the optimizer's state belongs to the weights that train, so a step from this model trains the
    /// wrong point. Training goes on with `model` itself, as the loop of `rheostat-train` does.
    ///
    /// The copy shares nothing with the model. Its running statistics of normalisation are the model's, gathered with the weights
    /// that train.
    ///
    /// # Errors
    /// [`OptimError::OtherModel`] for another model, [`OptimError::Storage`] if values cannot be accessed.
    pub fn evaluation_weights<M: Module>(&self, model: &M) -> Result<Option<M>, OptimError> {
        let weights = Weights::of(model);
        let mut values = Vec::with_capacity(self.states.len());
        for (index, (state, rule)) in self.states.iter().zip(&self.rules).enumerate() {
            values.push(match state {
                Some(state) => rule.evaluation_weights(&|| weights.read(index), state)?,
                None => None,
            });
        }
        Ok(values.iter().any(Option::is_some).then(|| isolated_with(model, values)))
    }
}
