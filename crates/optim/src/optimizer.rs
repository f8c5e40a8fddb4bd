use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use rheostat_control::{DecayCoupling, Hyperparameter, Hyperparameters, OptimizerSpec};

use crate::decay::GroupDecay;
use crate::layout::Layout;
use crate::line::Aim;
use crate::reset::share;
use crate::rules::{self, Parameter, RuleValues, State, Underway, UpdateRule};
use crate::update::GroupValues;
use crate::walk::{self, FloatMapper, Role};
use crate::weights::Weights;
use crate::{Buffer, Gradients, OptimError, ParameterGroup, Update, group, state_file};

/// Moves the weights of a module by an update rule whose hyperparameters all arrive with every step.
///
/// A step has two halves, so that a line search can come between them: [`Optimizer::direction`] moves the moments and leaves
/// the weights, [`Optimizer::apply`] writes the weights for a step size and leaves the moments. Weights are found by path,
/// in the order in which the module is visited; parameter ids play no part.
///
/// A tensor without a gradient is skipped whole: its moments and its weights stay, and it does not decay.
///
/// ```
/// use burn::nn::LinearConfig;
/// use burn::tensor::{Device, Tensor};
/// use rheostat_control::{Hyperparameter, Hyperparameters, OptimizerSpec, optimizers::Adamw};
/// use rheostat_optim::{Gradients, Optimizer, ParameterGroup};
///
/// let device = Device::flex().autodiff();
/// let model = LinearConfig::new(2, 1).init(&device);
/// let spec = OptimizerSpec::Adamw(Adamw::default());
/// let mut optimizer = Optimizer::new(&spec, &model, &[ParameterGroup::matching("bias$")?])?;
///
/// let loss = model.forward(Tensor::<2>::ones([4, 2], &device)).mean();
/// let gradients = Gradients::of(&model, loss.backward())?;
/// let values = Hyperparameters::new().with(Hyperparameter::LearningRate, 1e-3);
/// let undecayed = values.with(Hyperparameter::WeightDecay, 0.0);
/// let model = optimizer.step(model, gradients, &[values, undecayed])?;
/// # let _ = model;
/// # Ok::<(), rheostat_optim::OptimError>(())
/// ```
#[derive(Debug)]
pub struct Optimizer {
    pub(crate) spec: OptimizerSpec,
    /// The rule of each tensor of the layout.
    pub(crate) rules: Vec<Arc<dyn UpdateRule>>,
    pub(crate) layout: Layout,
    /// The group of each tensor of the layout.
    pub(crate) group_of: Vec<usize>,
    /// The peak rate of each group, for the schedule-multiplier coupling.
    base_rates: Vec<Option<f64>>,
    /// The state of each tensor of the layout that has had a gradient.
    pub(crate) states: Vec<Option<State>>,
}

impl Optimizer {
    /// An optimizer without moments for this model. Tensors that no group selects are group 0.
    ///
    /// # Errors
    /// [`OptimError`] for a specification out of range, a group that selects nothing, or a model with tied parameters.
    pub fn new<M: Module>(spec: &OptimizerSpec, model: &M, groups: &[ParameterGroup]) -> Result<Self, OptimError> {
        spec.check().map_err(OptimError::Specification)?;
        let layout = Layout::of(model)?;
        Ok(Self {
            rules: rules::rules_of(spec, &layout)?,
            spec: spec.clone(),
            group_of: group::assign(groups, &layout)?,
            base_rates: vec![None; groups.len() + 1],
            states: layout.tensors.iter().map(|_| None).collect(),
            layout,
        })
    }

    /// Says what rate each group's weight decay refers to, the peak of its schedule. Only the `schedule_multiplier` coupling
    /// asks; it is configuration and not part of the saved state.
    ///
    /// # Errors
    /// [`OptimError`] unless there is one finite rate above 0 a group.
    pub fn with_base_rates(mut self, rates: &[f64]) -> Result<Self, OptimError> {
        self.check_count("base rates", rates.len())?;
        if let Some(group) = rates.iter().position(|rate| !rate.is_finite() || *rate <= 0.0) {
            return Err(OptimError::MissingBaseRate { group });
        }
        self.base_rates = rates.iter().copied().map(Some).collect();
        Ok(self)
    }

    /// How many groups there are, group 0 included.
    pub fn groups(&self) -> usize {
        self.base_rates.len()
    }

    /// The specification it was made from.
    pub fn spec(&self) -> &OptimizerSpec {
        &self.spec
    }

    /// Every float tensor by path with its group, in visiting order.
    pub fn assignment(&self) -> impl Iterator<Item = (&str, usize)> {
        self.layout.tensors.iter().map(|tensor| tensor.path.as_str()).zip(self.group_of.iter().copied())
    }

    /// Moves the moments by these gradients and gives the direction; the weights stay.
    ///
    /// `values` has one entry a group. What it leaves open (momentum, beta2, weight decay) is the specification's.
    ///
    /// # Errors
    /// [`OptimError`], and then nothing has moved: a non-finite gradient, a hyperparameter out of range or one that the rule
    /// lacks, gradients of another model. Only a non-finite direction, which needs epsilon 0, is found after the moments
    /// moved.
    pub fn direction<M: Module>(
        &mut self,
        model: &M,
        gradients: Gradients,
        values: &[Hyperparameters],
    ) -> Result<Update, OptimError> {
        let groups = self.resolve(values)?;
        let rate_missing = |values: &Hyperparameters| values.get(Hyperparameter::LearningRate).is_none();
        if let (true, Some(group)) = (self.contains_rate(), values.iter().position(rate_missing)) {
            return Err(OptimError::MissingRate { group });
        }
        self.direction_of(model, gradients, groups, None)
    }

    pub(crate) fn direction_of<M: Module>(
        &mut self,
        model: &M,
        gradients: Gradients,
        groups: Vec<GroupValues>,
        mut aim: Option<&mut Aim>,
    ) -> Result<Update, OptimError> {
        self.layout.check("a set of gradients", gradients.tensors.iter().map(|(path, _)| path.as_str()))?;
        gradients.check_finite()?;

        let weights = Weights::of(model);
        let mut directions = Vec::with_capacity(gradients.tensors.len());
        let mut decay_shares = vec![1.0; gradients.tensors.len()];
        for (index, (path, gradient)) in gradients.tensors.into_iter().enumerate() {
            let Some(mut gradient) = gradient else {
                directions.push((path, None));
                continue;
            };
            let group = &groups[self.group_of[index]];
            let rule = &self.rules[index];
            let read = || weights.read(index);
            let decays = group.decay.coupling == DecayCoupling::L2 && group.decay.weight_decay != 0.0;
            // A direction that is the gradient need not be held beside it.
            let raw = aim.as_ref().filter(|_| decays || !rule.is_gradient()).map(|_| gradient.clone());
            if decays {
                gradient = gradient.add_scaled(read()?, group.decay.weight_decay)?;
            }
            let parameter = Parameter { path: &path, shape: &self.layout.tensors[index].shape, read: &read };
            let state = self.states[index].take();
            let (direction, state) = rule.direction(gradient, &parameter, state, &group.rule)?;
            let without = |raw| rule.without_momentum(raw, &parameter, &state, &group.rule);
            match (&mut aim, raw) {
                (Some(aim), Some(raw)) => aim.take_in(index, self.group_of[index], raw, &direction, without)?,
                (Some(aim), None) => aim.take_in_gradient(self.group_of[index], &direction)?,
                (None, _) => {}
            }
            decay_shares[index] = rule.decay_share(&state);
            self.states[index] = Some(state);
            directions.push((path, Some(direction)));
        }
        self.complete(&weights, &mut directions, &groups)?;
        // Then finite gradients can give a direction that is not.
        if self.spec.epsilon() == Some(0.0) {
            check_directions(&directions)?;
        }
        Ok(Update { directions, displaces: self.contains_rate(), decay_shares, groups })
    }

    /// Writes the weights for these step sizes, one a group: `theta <- theta (1 - kappa) - eta direction`.
    ///
    /// The model passed is the base, so trial steps of a line search each start from a clone of it. With a step size of 0 and
    /// no independent decay the weights are the base's, bit for bit.
    ///
    /// # Errors
    /// [`OptimError`] for a step size out of range, a decay that would zero or flip the weights, or another model.
    pub fn apply<M: Module>(&self, model: M, update: &Update, step_sizes: &[f64]) -> Result<M, OptimError> {
        let kappas = update.kappas(step_sizes)?;
        self.write(model, update, step_sizes, &kappas)
    }

    /// The weights at these step sizes, decayed by these shares.
    pub(crate) fn write<M: Module>(
        &self,
        model: M,
        update: &Update,
        step_sizes: &[f64],
        kappas: &[f64],
    ) -> Result<M, OptimError> {
        self.check_count("step sizes", step_sizes.len())?;
        for (group, &size) in step_sizes.iter().enumerate() {
            Hyperparameter::LearningRate.check(size).map_err(|source| OptimError::Hyperparameter { group, source })?;
        }
        self.layout.check("an update", update.directions.iter().map(|(path, _)| path.as_str()))?;
        let mut writer = Writer { optimizer: self, update, kappas, step_sizes, index: 0, error: None };
        let model = walk::map(model, &mut writer);
        match writer.error {
            Some(error) => Err(error),
            None if writer.index != update.directions.len() => Err(OptimError::OtherModel {
                what: "the model",
                why: format!("{} float tensors instead of {}", writer.index, update.directions.len()),
            }),
            None => Ok(model),
        }
    }

    /// One whole update at the learning rates in `values`: [`Optimizer::direction`], then [`Optimizer::apply`].
    ///
    /// # Errors
    /// As the two have, and [`OptimError::MissingRate`].
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: Gradients,
        values: &[Hyperparameters],
    ) -> Result<M, OptimError> {
        let groups = self.resolve(values)?;
        let mut rates = Vec::with_capacity(groups.len());
        for (group, (values, resolved)) in values.iter().zip(&groups).enumerate() {
            let rate = values.get(Hyperparameter::LearningRate).ok_or(OptimError::MissingRate { group })?;
            resolved.decay.kappa(rate, group)?;
            rates.push(rate);
        }
        let update = self.direction_of(&model, gradients, groups, None)?;
        self.apply(model, &update, &rates)
    }

    /// The mean of the bias-corrected second moment over all elements that have had a gradient, as of `update`: one number over
    /// all groups. `None` for a rule without one, or before any gradient.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn mean_second_moment(&self, update: &Update) -> Result<Option<f64>, OptimError> {
        let (mut sum, mut count) = (0.0, 0);
        for (index, state) in self.states.iter().enumerate() {
            let values = update.groups.get(self.group_of[index]);
            if let (Some(state), Some(values)) = (state, values) {
                let Some(of_tensor) = self.rules[index].second_moment(state, &values.rule)? else { return Ok(None) };
                sum += of_tensor;
                count += state.slots.first().map_or(0, Buffer::len);
            }
        }
        Ok((count > 0).then(|| sum / count as f64))
    }

    /// Changes the weight decay of an update that is not yet applied, one a group.
    ///
    /// # Errors
    /// [`OptimError`] for a value out of range or another number of groups.
    pub fn set_weight_decay(&self, update: &mut Update, weight_decay: &[f64]) -> Result<(), OptimError> {
        self.check_count("weight decays", weight_decay.len())?;
        for (group, (values, &value)) in update.groups.iter_mut().zip(weight_decay).enumerate() {
            let checked = Hyperparameter::WeightDecay.check(value);
            checked.map_err(|source| OptimError::Hyperparameter { group, source })?;
            values.decay.weight_decay = value;
        }
        Ok(())
    }

    /// Scales every moment, from 1 (nothing happens) to 0 (as [`Optimizer::reset`]): the optimizer's part of a soft reset.
    ///
    /// # Errors
    /// [`OptimError::OutOfRange`] for a factor outside 0 to 1.
    pub fn scale_state(&mut self, factor: f64) -> Result<(), OptimError> {
        share("factor", factor)?;
        if factor == 0.0 {
            self.reset();
        } else if factor < 1.0 {
            for (state, rule) in self.states.iter_mut().zip(&self.rules) {
                *state = state.take().map(|state| rule.scale(state, factor)).transpose()?;
            }
        }
        Ok(())
    }

    /// Forgets every moment, as a new optimizer; the `keep` bias correction goes on counting.
    pub fn reset(&mut self) {
        for (state, rule) in self.states.iter_mut().zip(&self.rules) {
            *state = state.take().and_then(|state| rule.reset(state));
        }
    }

    /// The whole state as safetensors bytes: moments by path, and which rule they belong to.
    ///
    /// # Errors
    /// [`OptimError::Storage`] if values cannot be read.
    pub fn save(&self) -> Result<Vec<u8>, OptimError> {
        state_file::save(self)
    }

    /// Takes over what [`Optimizer::save`] wrote, and goes on from there bit for bit.
    ///
    /// # Errors
    /// [`OptimError::BadBytes`] if the bytes are damaged, or of another rule or model; nothing has changed then.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), OptimError> {
        self.states = state_file::load(self, bytes)?;
        Ok(())
    }

    pub(crate) fn check_count(&self, what: &'static str, got: usize) -> Result<(), OptimError> {
        let groups = self.groups();
        if got == groups { Ok(()) } else { Err(OptimError::GroupCount { what, got, groups }) }
    }

    /// Whether a tensor's direction contains the learning rate already.
    pub(crate) fn contains_rate(&self) -> bool {
        self.spec.contains_rate()
    }

    /// The largest share of its decay that a tensor of this group can take.
    fn largest_decay_share(&self, group: usize) -> f64 {
        let of_group = self.rules.iter().zip(&self.group_of).filter(|(_, of)| **of == group);
        of_group.map(|(rule, _)| rule.largest_decay_share()).fold(0.0, f64::max)
    }

    /// Lets the rule see all tensors of an update; all have the same one where it looks.
    fn complete<M: Module>(
        &mut self,
        weights: &Weights<'_, M>,
        directions: &mut [(String, Option<Buffer>)],
        groups: &[GroupValues],
    ) -> Result<(), OptimError> {
        let Some(rule) = self.rules.first().cloned() else { return Ok(()) };
        let Some(whole) = rule.whole_model() else { return Ok(()) };
        let reads: Vec<_> = (0..directions.len()).map(|index| move || weights.read(index)).collect();
        let parts = directions.iter_mut().zip(&mut self.states).zip(&self.layout.tensors).zip(&reads).enumerate();
        let mut tensors: Vec<_> = parts
            .map(|(index, ((((path, direction), state), tensor), read))| Underway {
                parameter: Parameter { path, shape: &tensor.shape, read },
                direction,
                state,
                values: groups[self.group_of[index]].rule,
            })
            .collect();
        whole.complete(&mut tensors)
    }

    /// The values of every group, checked.
    pub(crate) fn resolve(&self, values: &[Hyperparameters]) -> Result<Vec<GroupValues>, OptimError> {
        self.check_count("sets of hyperparameters", values.len())?;
        let groups: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(group, values)| self.resolve_group(group, values))
            .collect::<Result<_, _>>()?;
        if self.rules.iter().any(|rule| rule.whole_model().is_some()) {
            one_rate(&groups)?;
        }
        Ok(groups)
    }

    fn resolve_group(&self, group: usize, values: &Hyperparameters) -> Result<GroupValues, OptimError> {
        for (which, value) in values.iter() {
            self.spec
                .accepts(which)
                .and_then(|()| self.spec.check_value(which, value))
                .map_err(|source| OptimError::Hyperparameter { group, source })?;
        }
        let value = |which| values.get(which).or(self.spec.default_of(which)).unwrap_or(0.0);
        let coupling = self.spec.decay();
        let weight_decay = value(Hyperparameter::WeightDecay);
        let base_rate = self.base_rates[group];
        if coupling == DecayCoupling::ScheduleMultiplier && weight_decay != 0.0 && base_rate.is_none() {
            return Err(OptimError::MissingBaseRate { group });
        }
        Ok(GroupValues {
            rule: RuleValues {
                momentum: value(Hyperparameter::Momentum),
                beta2: value(Hyperparameter::Beta2),
                weight_decay,
                rate: value(Hyperparameter::LearningRate),
            },
            decay: GroupDecay { coupling, weight_decay, base_rate, largest_share: self.largest_decay_share(group) },
        })
    }
}

/// Estimates over the whole model need one rate; groups that stand still may be left out.
fn one_rate(groups: &[GroupValues]) -> Result<(), OptimError> {
    let mut moving = groups.iter().map(|values| values.rule.rate).enumerate().filter(|(_, rate)| *rate != 0.0);
    let Some((_, first)) = moving.next() else { return Ok(()) };
    match moving.find(|(_, rate)| *rate != first) {
        Some((group, rate)) => Err(OptimError::DifferentRates { group, rate, first }),
        None => Ok(()),
    }
}

fn check_directions(directions: &[(String, Option<Buffer>)]) -> Result<(), OptimError> {
    for (path, direction) in directions {
        let count = direction.as_ref().map_or(Ok(0), Buffer::count_non_finite)?;
        if count > 0 {
            return Err(OptimError::NonFiniteDirection { path: path.clone(), count });
        }
    }
    Ok(())
}

struct Writer<'a> {
    optimizer: &'a Optimizer,
    update: &'a Update,
    kappas: &'a [f64],
    step_sizes: &'a [f64],
    index: usize,
    error: Option<OptimError>,
}

impl FloatMapper for Writer<'_> {
    fn float<const D: usize>(&mut self, path: &str, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.index;
        self.index += 1;
        let Some((_, Some(direction))) = self.update.directions.get(index) else {
            return parameter;
        };
        let group = self.optimizer.group_of[index];
        let step_size = if self.update.displaces { 1.0 } else { self.step_sizes[group] };
        let keep = 1.0 - self.kappas[group] * self.update.decay_shares[index];
        let moves = step_size != 0.0 || keep != 1.0;
        if !moves || self.error.is_some() {
            return parameter;
        }
        let expected = &self.optimizer.layout.tensors[index];
        if expected.path != path || expected.shape != parameter.shape().as_slice() {
            let why = format!("{path} instead of {}", expected.path);
            self.error = Some(OptimError::OtherModel { what: "the model", why });
            return parameter;
        }
        let (id, tensor, mapper) = parameter.consume();
        let role = Role::of(&tensor);
        let tensor = tensor.inner();
        let (shape, device) = (tensor.dims(), tensor.device());
        let stepped = Buffer::from_tensor(tensor).and_then(|weights| weights.stepped(keep, direction, step_size));
        let value = match stepped {
            Ok(weights) => weights.into_tensor(shape, &device),
            Err(error) => {
                self.error = Some(error);
                // Stands in until `apply` drops the model and returns the error.
                Tensor::zeros(shape, &device)
            }
        };
        Param::from_mapped_value(id, role.give(value), mapper)
    }
}
