use burn::module::Module;
use rheostat_control::{Direction, Hyperparameter, Hyperparameters, Verdict};

use crate::update::GroupValues;
use crate::weights::{Weights, settled};
use crate::{Buffer, Gradients, OptimError, Optimizer, Parameter, Update};

/// An update whose step size is still to be found: what can be applied, what losses are measured along, and how fast the loss
/// falls there.
#[derive(Debug)]
pub struct Line {
    /// What is applied; of a rule whose directions contain the rate, the gradient that they are going to be made of.
    update: Update,
    /// What is measured along, where that is not the update itself: it is held only then.
    tested: Option<Update>,
    aim: Aim,
    /// The hyperparameters to make directions with once the rate is found, where they contain it.
    values: Option<Vec<Hyperparameters>>,
}

/// How the step size of an update is going to be searched.
#[derive(Debug, Clone, Copy)]
pub struct Searching<'a> {
    /// What losses are measured along first.
    pub along: Direction,
    /// What the step size of each group is multiplied by.
    pub scales: &'a [f64],
    /// What the gradients were multiplied by when they were clipped; 1 if they were not. The loss falls as the gradients before
    /// clipping say. A loss scaler is no clipping: gradients that it multiplied are to be unscaled first.
    pub clipping: f64,
    /// Whether the search may turn to another direction: then the gradient is kept.
    pub may_turn: bool,
}

impl Optimizer {
    /// Moves the moments by these gradients, as [`Optimizer::direction`] does, and gives the line to be searched. A rule whose
    /// directions contain the learning rate makes them, and moves its moments, when [`Optimizer::take`] says the rate; till then
    /// losses can be measured along [`Direction::NegativeGradient`] alone.
    ///
    /// # Errors
    /// As [`Optimizer::direction`] has, and [`OptimError::ContainsRate`] for such a rule along another direction.
    pub fn line<M: Module>(
        &mut self,
        model: &M,
        gradients: Gradients,
        values: &[Hyperparameters],
        searching: Searching<'_>,
    ) -> Result<Line, OptimError> {
        self.check_count("scales", searching.scales.len())?;
        let groups = self.resolve(values)?;
        let mut aim = Aim::new(searching);
        if self.contains_rate() {
            if searching.along != Direction::NegativeGradient || searching.may_turn {
                return Err(OptimError::ContainsRate { optimizer: self.spec().name() });
            }
            let update = self.plain_gradient(gradients, groups)?;
            for ((_, gradient), group) in update.directions.iter().zip(&self.group_of) {
                if let Some(gradient) = gradient {
                    aim.take_in_gradient(*group, gradient)?;
                }
            }
            return Ok(Line { update, tested: None, aim, values: Some(values.to_vec()) });
        }
        let update = self.direction_of(model, gradients, groups, Some(&mut aim))?;
        let tested = aim.tested(&update);
        Ok(Line { update, tested, aim, values: None })
    }

    /// The gradient as an update.
    fn plain_gradient(&self, gradients: Gradients, groups: Vec<GroupValues>) -> Result<Update, OptimError> {
        self.layout.check("a set of gradients", gradients.tensors.iter().map(|(path, _)| path.as_str()))?;
        gradients.check_finite()?;
        let decay_shares = vec![1.0; gradients.tensors.len()];
        Ok(Update { directions: gradients.tensors, displaces: false, decay_shares, groups })
    }

    /// The model at a trial point: a copy that shares nothing that a forward pass moves, and takes no part in gradients. `None`
    /// if weight decay would zero or flip the weights there. Without `decay` only the direction moves the weights.
    ///
    /// # Errors
    /// [`OptimError`] for a step size out of range, or another model.
    pub fn trial<M: Module>(
        &self,
        model: &M,
        line: &Line,
        step_size: f64,
        decay: bool,
    ) -> Result<Option<M>, OptimError> {
        let update = line.tested.as_ref().unwrap_or(&line.update);
        self.try_direction(model, update, &line.sizes(step_size), decay)
    }

    /// The same for an update as it is, with one step size a group.
    ///
    /// # Errors
    /// As [`Optimizer::trial`], and [`OptimError::ContainsRate`] for a rule whose directions contain the learning rate.
    pub fn try_update<M: Module>(
        &self,
        model: &M,
        update: &Update,
        step_sizes: &[f64],
        decay: bool,
    ) -> Result<Option<M>, OptimError> {
        if self.contains_rate() {
            return Err(OptimError::ContainsRate { optimizer: self.spec().name() });
        }
        self.try_direction(model, update, step_sizes, decay)
    }

    fn try_direction<M: Module>(
        &self,
        model: &M,
        update: &Update,
        step_sizes: &[f64],
        decay: bool,
    ) -> Result<Option<M>, OptimError> {
        self.check_count("step sizes", step_sizes.len())?;
        let mut decays: Vec<_> = update.groups.iter().map(|group| group.decay).collect();
        if !decay {
            decays.iter_mut().for_each(|group| group.weight_decay = 0.0);
        }
        let kappas = decays.iter().zip(step_sizes).enumerate().map(|(group, (decay, size))| decay.kappa(*size, group));
        match kappas.collect::<Result<Vec<_>, _>>() {
            Err(OptimError::DecayFactor { .. }) => Ok(None),
            Err(error) => Err(error),
            Ok(kappas) => {
                self.write(settled(model.clone()), update, step_sizes, &kappas).map(|model| Some(model.no_grad()))
            }
        }
    }

    /// Writes the weights for the step that a search settled on; a step of 0 leaves them as they are.
    ///
    /// # Errors
    /// As [`Optimizer::apply`].
    pub fn take<M: Module>(&mut self, model: M, line: Line, verdict: &Verdict) -> Result<M, OptimError> {
        let sizes = line.sizes(verdict.step_size);
        match line.values {
            Some(_) if verdict.step_size == 0.0 => {
                // The weights rest, and with them the displacement that the next update would go on with.
                self.reset();
                Ok(model)
            }
            Some(values) => {
                let rated =
                    values.iter().zip(sizes).map(|(values, size)| values.with(Hyperparameter::LearningRate, size));
                let gradients = Gradients::finite(line.update.directions);
                self.step(model, gradients, &rated.collect::<Vec<_>>())
            }
            None if verdict.step_size == 0.0 => Ok(model),
            None => self.apply(model, line.taken(verdict.along), &sizes),
        }
    }

    /// Has the losses measured along another direction from now on, once: the gradient that was kept becomes that direction.
    ///
    /// # Errors
    /// [`OptimError::GradientNotKept`] unless [`Searching::may_turn`] was said, or after another turn.
    pub fn turn<M: Module>(&self, model: &M, line: &mut Line, along: Direction) -> Result<(), OptimError> {
        let kept = line.aim.kept.take().ok_or(OptimError::GradientNotKept)?;
        (line.aim.along, line.aim.decrease) = (along, line.aim.of_gradients);
        let weights = Weights::of(model);
        for (index, gradient) in kept {
            if let (Some((path, Some(update))), Some(state)) = (line.update.directions.get(index), &self.states[index])
            {
                let group = self.group_of[index];
                let values = &line.update.groups[group].rule;
                let read = || weights.read(index);
                let parameter = Parameter { path, shape: &self.layout.tensors[index].shape, read: &read };
                let without = |raw| self.rules[index].without_momentum(raw, &parameter, state, values);
                line.aim.take_in(index, group, gradient, update, without)?;
            }
        }
        line.tested = line.aim.tested(&line.update);
        Ok(())
    }
}

impl Line {
    /// How fast the loss falls along the direction tested: `sum scale gradient direction` over all tensors, with the gradient
    /// before clipping. Weight decay is not part of it.
    pub fn decrease(&self) -> f64 {
        self.aim.decrease
    }

    /// What [`Optimizer::take`] applies along this direction; of a rule whose directions contain the rate, the gradient.
    pub fn taken(&self, along: Direction) -> &Update {
        self.tested.as_ref().filter(|_| along != Direction::Applied).unwrap_or(&self.update)
    }

    /// Whether losses are measured along what is taken along this direction.
    pub(crate) fn measures(&self, along: Direction) -> bool {
        self.aim.along == along || (self.tested.is_none() && self.values.is_none())
    }

    fn sizes(&self, step_size: f64) -> Vec<f64> {
        self.aim.scales.iter().map(|scale| scale * step_size).collect()
    }
}

/// What is noted, tensor by tensor, while the directions are made, so that only one gradient is held twice at a time.
#[derive(Debug)]
pub(crate) struct Aim {
    along: Direction,
    scales: Vec<f64>,
    clipping: f64,
    decrease: f64,
    /// The part of tensors whose direction is the gradient, whatever is searched along.
    of_gradients: f64,
    /// What is tested, by the tensor's index, where that is not the update.
    tested: Vec<(usize, Buffer)>,
    /// The gradients, if the search may turn.
    kept: Option<Vec<(usize, Buffer)>>,
}

impl Aim {
    fn new(searching: Searching<'_>) -> Self {
        Self {
            along: searching.along,
            scales: searching.scales.to_vec(),
            clipping: searching.clipping,
            decrease: 0.0,
            of_gradients: 0.0,
            tested: Vec::new(),
            kept: searching.may_turn.then(Vec::new),
        }
    }

    /// One tensor: its gradient as clipped, what the optimizer applies, and what it would apply without momentum.
    pub(crate) fn take_in(
        &mut self,
        index: usize,
        group: usize,
        gradient: Buffer,
        applied: &Buffer,
        without_momentum: impl FnOnce(Buffer) -> Result<Buffer, OptimError>,
    ) -> Result<(), OptimError> {
        let weight = self.scales[group] / self.clipping;
        if let Some(kept) = &mut self.kept {
            kept.push((index, gradient.clone()));
        }
        let tested = match self.along {
            Direction::Applied => {
                self.decrease += weight * gradient.dot(applied)?;
                return Ok(());
            }
            Direction::WithoutMomentum => {
                let tested = without_momentum(gradient.clone())?;
                self.decrease += weight * gradient.dot(&tested)?;
                tested
            }
            Direction::NegativeGradient => {
                self.decrease += weight * gradient.dot(&gradient)?;
                gradient
            }
        };
        self.tested.push((index, tested));
        Ok(())
    }

    /// One tensor whose direction is its gradient.
    pub(crate) fn take_in_gradient(&mut self, group: usize, gradient: &Buffer) -> Result<(), OptimError> {
        let decrease = self.scales[group] / self.clipping * gradient.dot(gradient)?;
        self.decrease += decrease;
        self.of_gradients += decrease;
        Ok(())
    }

    /// What was noted as an update of its own, decaying as `update` does; nothing if it is the same.
    fn tested(&mut self, update: &Update) -> Option<Update> {
        if self.tested.is_empty() {
            return None;
        }
        let mut noted = std::mem::take(&mut self.tested).into_iter().peekable();
        let directions = update.directions.iter().enumerate().map(|(index, (path, applied))| {
            let own = noted.next_if(|(of, _)| *of == index).map(|(_, direction)| direction);
            (path.clone(), own.or_else(|| applied.clone()))
        });
        Some(Update {
            directions: directions.collect(),
            displaces: false,
            decay_shares: update.decay_shares.clone(),
            groups: update.groups.clone(),
        })
    }
}
