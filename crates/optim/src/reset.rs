use burn::module::{Module, Param};
use burn::tensor::Tensor;
use rheostat_control::Buffers;

use crate::layout::Layout;
use crate::walk::{self, FloatMapper, FloatVisitor, Role};
use crate::weights::{Weights, settled};
use crate::{Buffer, OptimError, Optimizer};

impl Optimizer {
    /// Copies of the weights in the optimizer's state, which only Schedule-Free has, go the weights' way: the same combination with
    /// the fresh ones as [`reset_weights`] makes. The moments' part of a reset is [`Optimizer::scale_state`].
    ///
    /// # Errors
    /// [`OptimError::OutOfRange`] for a `tau` outside 0 to 1, [`OptimError::OtherModel`] if `fresh` is another model.
    pub fn reset_copies<M: Module>(&mut self, fresh: &M, tau: f64) -> Result<(), OptimError> {
        share("tau", tau)?;
        if tau == 0.0 {
            return Ok(());
        }
        // All is checked before the first copy moves.
        self.layout.same_sizes("the fresh model", &Layout::of(fresh)?)?;
        let weights = Weights::of(fresh);
        for (index, (state, rule)) in self.states.iter_mut().zip(&self.rules).enumerate() {
            *state = state.take().map(|state| rule.move_copies(state, &|| weights.read(index), tau)).transpose()?;
        }
        Ok(())
    }
}

/// Refuses what is no share of a whole.
pub(crate) fn share(field: &'static str, value: f64) -> Result<(), OptimError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(OptimError::OutOfRange { field, value, range: "0 to 1" })
}

/// The model with its weights moved towards those of a fresh one: `theta <- (1 - tau) theta + tau theta_fresh`. The optimizer's
/// parts of a reset are [`Optimizer::reset_copies`] and [`Optimizer::scale_state`].
///
/// What is not trained (running statistics of normalisation) follows or stays as `buffers` says. With `tau` 0 the model is
/// unchanged, bit for bit; with 1 it is the fresh one. Clones made before keep their running statistics.
///
/// # Errors
/// [`OptimError::OutOfRange`] for a `tau` outside 0 to 1, [`OptimError::OtherModel`] if `fresh` is another model.
pub fn reset_weights<M: Module>(model: M, fresh: &M, tau: f64, buffers: Buffers) -> Result<M, OptimError> {
    share("tau", tau)?;
    if tau == 0.0 {
        return Ok(model);
    }
    let fresh = walk::visit(&fresh.valid(), Handles(Vec::new())).0;
    let trained = walk::visit(&model, Trained(Vec::new())).0;
    if fresh.len() != trained.len() {
        let why = format!("{} float tensors instead of {}", fresh.len(), trained.len());
        return Err(OptimError::OtherModel { what: "the fresh model", why });
    }
    let mut mixer = Mixer { parts: fresh.into_iter().zip(trained), tau, buffers, error: None };
    let model = walk::map(settled(model), &mut mixer);
    mixer.error.map_or(Ok(model), Err)
}

/// Every float tensor as values.
struct Handles(Vec<Result<Buffer, OptimError>>);

impl FloatVisitor for Handles {
    fn float<const D: usize>(&mut self, _path: &str, parameter: &Param<Tensor<D>>) {
        self.0.push(Buffer::from_tensor(parameter.base().inner()));
    }
}

/// The role of each tensor, and whether it is trained.
struct Trained(Vec<(Role, bool)>);

impl FloatVisitor for Trained {
    fn float<const D: usize>(&mut self, _path: &str, parameter: &Param<Tensor<D>>) {
        let tensor = parameter.base();
        self.0.push((Role::of(&tensor), tensor.is_require_grad()));
    }
}

struct Mixer<I> {
    parts: I,
    tau: f64,
    buffers: Buffers,
    error: Option<OptimError>,
}

impl<I: Iterator<Item = (Result<Buffer, OptimError>, (Role, bool))>> FloatMapper for Mixer<I> {
    fn float<const D: usize>(&mut self, path: &str, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some((fresh, (role, trained))) = self.parts.next() else { return parameter };
        let old = parameter.base().inner();
        let (shape, device) = (old.shape().dims::<D>(), old.device());
        let mixed = fresh.and_then(|fresh| {
            let old = Buffer::from_tensor(old)?;
            if old.len() != fresh.len() {
                let why = format!("{path} has {} values instead of {}", fresh.len(), old.len());
                return Err(OptimError::OtherModel { what: "the fresh model", why });
            }
            let stays = !trained && self.buffers == Buffers::Keep;
            if stays {
                Ok(old)
            } else if self.tau == 1.0 {
                Ok(fresh)
            } else {
                old.stepped(1.0 - self.tau, &fresh, -self.tau)
            }
        });
        match mixed {
            Ok(mixed) => {
                let (id, _, mapper) = parameter.consume();
                Param::from_mapped_value(id, role.give(mixed.into_tensor(shape, &device)), mapper)
            }
            Err(error) => {
                self.error.get_or_insert(error);
                parameter
            }
        }
    }
}
