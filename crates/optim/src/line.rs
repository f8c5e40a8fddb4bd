use burn::module::Module;
use rheostat_control::{Direction, Hyperparameters, Verdict};

use crate::weights::{Weights, settled};
use crate::{Buffer, Gradients, OptimError, Optimizer, Parameter, Update};

/// An update whose step size is still to be found: what can be applied, what losses are measured along, and how fast the loss
/// falls there.
#[derive(Debug)]
pub struct Line {
    update: Update,
    /// What is measured along, where that is not the update itself.
    tested: Option<Update>,
    aim: Aim,
}

/// How the step size of an update is going to be searched.
#[derive(Debug, Clone, Copy)]
pub struct Searching<'a> {
    /// What losses are measured along first.
    pub along: Direction,
    /// What the step size of each group is multiplied by.
    pub scales: &'a [f64],
    /// What the gradients were multiplied by when they were clipped; 1 if they were not. The loss falls as the gradients before
    /// clipping say.
    pub clipping: f64,
    /// Whether the search may turn to another direction: then the gradient is kept.
    pub may_turn: bool,
}

impl Optimizer {
    /// Moves the moments by these gradients, as [`Optimizer::direction`] does, and gives the line to be searched.
    ///
    /// # Errors
    /// As [`Optimizer::direction`] has, and [`OptimError::ContainsRate`] for a rule whose directions contain the learning rate.
    pub fn line<M: Module>(
        &mut self,
        model: &M,
        gradients: Gradients,
        values: &[Hyperparameters],
        searching: Searching<'_>,
    ) -> Result<Line, OptimError> {
        if self.contains_rate() {
            return Err(OptimError::ContainsRate { optimizer: self.spec().name() });
        }
        self.check_count("scales", searching.scales.len())?;
        let groups = self.resolve(values)?;
        let mut aim = Aim::new(searching);
        let update = self.direction_of(model, gradients, groups, Some(&mut aim))?;
        let tested = aim.tested(&update);
        Ok(Line { update, tested, aim })
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
        self.try_update(model, update, &line.sizes(step_size), decay)
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

    /// Writes the weights for the step that a search settled on.
    ///
    /// # Errors
    /// As [`Optimizer::apply`].
    pub fn take<M: Module>(&self, model: M, line: &Line, verdict: &Verdict) -> Result<M, OptimError> {
        if verdict.step_size == 0.0 {
            return Ok(model);
        }
        self.apply(model, line.taken(verdict.along), &line.sizes(verdict.step_size))
    }

    /// Has the losses measured along another direction from now on.
    ///
    /// # Errors
    /// [`OptimError::GradientNotKept`] unless [`Searching::may_turn`] was said.
    pub fn turn<M: Module>(&self, model: &M, line: &mut Line, along: Direction) -> Result<(), OptimError> {
        let kept = line.aim.kept.take().ok_or(OptimError::GradientNotKept)?;
        (line.aim.along, line.aim.decrease) = (along, 0.0);
        let weights = Weights::of(model);
        for (index, gradient) in &kept {
            if let (Some((path, Some(update))), Some(state)) =
                (line.update.directions.get(*index), &self.states[*index])
            {
                let group = self.group_of[*index];
                let values = &line.update.groups[group].rule;
                let read = || weights.read(*index);
                let parameter = Parameter { path, shape: &self.layout.tensors[*index].shape, read: &read };
                let without = |raw| self.rules[*index].without_momentum(raw, &parameter, state, values);
                line.aim.take_in(*index, group, gradient.clone(), update, without)?;
            }
        }
        line.aim.kept = Some(kept);
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

    /// What [`Optimizer::take`] applies along this direction.
    pub fn taken(&self, along: Direction) -> &Update {
        self.tested.as_ref().filter(|_| along != Direction::Applied).unwrap_or(&self.update)
    }

    /// Whether losses are measured along this direction.
    pub(crate) fn measures(&self, along: Direction) -> bool {
        self.aim.along == along
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
    /// What is tested, by the tensor's index, unless that is the update.
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
            Direction::WithoutMomentum => without_momentum(gradient.clone())?,
            Direction::NegativeGradient => gradient.clone(),
        };
        self.decrease += weight * gradient.dot(&tested)?;
        self.tested.push((index, tested));
        Ok(())
    }

    /// What was noted as an update of its own, decaying as `update` does.
    fn tested(&mut self, update: &Update) -> Option<Update> {
        let mut noted = std::mem::take(&mut self.tested).into_iter().peekable();
        let directions = update.directions.iter().enumerate().map(|(index, (path, _))| {
            let direction = noted.next_if(|(of, _)| *of == index).map(|(_, direction)| direction);
            (path.clone(), direction)
        });
        (self.along != Direction::Applied).then(|| Update {
            directions: directions.collect(),
            decay_shares: update.decay_shares.clone(),
            groups: update.groups.clone(),
        })
    }
}
