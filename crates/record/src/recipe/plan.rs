//! A recipe in steps: what the training loop follows.

use std::collections::BTreeMap;

use rheostat_control::{
    Averaging, ControlError, Controller, ControllerMethod, ControllerSpec, DecayCoupling, FixedStep, Hyperparameter,
    Hyperparameters, LineSearch, LineSearchMethod, LineSearchSpec, OpenLoop, OptimizerSpec, Setting, Together,
};
use rheostat_schedule::{BatchPiece, EpochStep, Frame, Part, Schedule, ScheduleError, ScheduleSpec, Span};

use super::batches::Batches;
use super::read::{NonFinite, Recipe, refuse};
use crate::document::{DocumentError, Findings};

/// A recipe resolved for a number of training samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Kept updates of the whole budget.
    pub total_steps: u64,
    /// Updates between evaluations.
    pub evaluate_every: u64,
    /// Updates between checkpoints.
    pub checkpoint_every: u64,
    /// Updates done at the points at which the run is read out, in increasing order.
    pub read_outs: Vec<u64>,
    /// Every hyperparameter that the recipe sets by a schedule, but the batch size.
    pub base: OpenLoop,
    /// Every hyperparameter that a controller sets during the run; `grow`, which is planned before it, is in `base`.
    pub controllers: Vec<(Hyperparameter, ControllerSpec)>,
    /// What chooses the size of every step, in place of a learning rate.
    pub line_search: Option<LineSearchSpec>,
    /// When weights join their average; nothing without one.
    pub averaging: Option<Averaging>,
    /// What controllers must know of the run.
    pub setting: Setting,
    /// The optimizer, with the constants of its rule for the run's batches.
    pub optimizer: OptimizerSpec,
    /// The overrides of each parameter group.
    pub groups: Vec<OpenLoop>,
    /// The largest learning rate of the model and of each group: `eta_base` of the weight-decay coupling
    /// `schedule_multiplier`.
    pub peak_rates: Vec<f64>,
    /// What the learning rate of the model and of each group is multiplied by: 1, then the groups' `rate_factor`.
    pub rate_factors: Vec<f64>,
    pieces: Vec<BatchPiece>,
    samples: u64,
}

/// Which samples one batch takes from its epoch's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchAt {
    /// The epoch, from 0.
    pub epoch: u64,
    /// Place of its first sample in the epoch's order.
    pub first: u64,
    /// Its samples.
    pub size: u64,
}

impl Recipe {
    /// Turns spans into steps, for a training set of `samples`.
    ///
    /// # Errors
    /// Spans that contradict each other or the data, each with its place in the recipe.
    pub fn plan(&self, samples: u64) -> Result<Plan, DocumentError> {
        let mut findings = Findings::default();
        let mut plan = self.try_plan(samples, &mut findings);
        if let (Some(scaling), Some(as_written), true) = (&self.batch_scaling, &plan, findings.is_empty()) {
            let scaled = self.scaled(scaling, as_written, &mut findings);
            plan = scaled.and_then(|recipe| recipe.try_plan(samples, &mut findings));
        }
        findings.or(plan)
    }

    fn try_plan(&self, samples: u64, findings: &mut Findings) -> Option<Plan> {
        let batches = self.batches(samples, findings)?;
        let (frame, total_steps) = (batches.frame(), batches.total_steps);
        let mut every = |key: &str, span: Span| match frame.to_steps(span, 0) {
            Ok(steps) => Some(steps.max(1)),
            Err(error) => {
                findings.add(self.tree.origin_of(key), format!("{key}: {error}"), None);
                None
            }
        };
        let evaluate_every = every("evaluate_every", self.evaluate_every)?;
        let checkpoint_every = every("checkpoint_every", self.checkpoint_every)?;
        let read_outs = self.read_out_steps(&frame, total_steps, findings);
        let averaging = match self.averaging.as_ref().map(|spec| spec.resolve(&frame, &read_outs)).transpose() {
            Ok(averaging) => averaging,
            Err(error) => {
                let place = self.tree.origin_of(&format!("averaging.{}", error.field()));
                findings.add(place, format!("averaging.{error}"), None);
                None
            }
        };
        let base = self.open_loop("", &self.hyperparameters, &batches, findings);
        let groups: Vec<_> = self
            .groups
            .iter()
            .enumerate()
            .map(|(index, group)| {
                self.open_loop(&format!("group[{index}]."), &group.hyperparameters, &batches, findings)
            })
            .collect();
        let rate = base.schedules().iter().find(|(which, _)| *which == Hyperparameter::LearningRate);
        let range = rate.map(|(_, schedule)| schedule.range());
        let peak = |specs: &BTreeMap<Hyperparameter, ScheduleSpec>| {
            let rate =
                specs.get(&Hyperparameter::LearningRate)?.resolve(&batches.frame_of(Hyperparameter::LearningRate));
            rate.ok().map(|schedule| schedule.peak())
        };
        let setting = Setting {
            frame: frame.clone(),
            evaluate_every,
            target: self.target.value,
            direction: self.target.direction,
            seed: self.seed,
        };
        let during_the_run = self.controllers.iter().filter(|(which, _)| **which != Hyperparameter::BatchSize);
        let over_rates = |spec: ControllerSpec| match range {
            Some((low, peak)) => spec.over_rates(low, peak),
            None => spec,
        };
        let controllers: Vec<_> = during_the_run.map(|(which, spec)| (*which, over_rates(spec.clone()))).collect();
        for (which, spec) in &controllers {
            for error in spec.resolve(*which, &setting).err().unwrap_or_default() {
                refuse(&self.tree, *which, &error, findings);
            }
            self.check_host(*which, spec, &setting, findings);
        }
        if let Some(spec) = &self.line_search {
            for error in spec.resolve(&setting).err().unwrap_or_default() {
                refuse(&self.tree, Hyperparameter::LearningRate, &error, findings);
            }
            self.check_beside_search(spec, findings);
        }
        let controlled = self.controllers.get(&Hyperparameter::LearningRate).and_then(|spec| spec.peak(&setting));
        let of_model = peak(&self.hyperparameters).or(controlled).unwrap_or(0.0);
        let of_groups =
            self.groups.iter().map(|group| peak(&group.hyperparameters).unwrap_or(group.rate_factor * of_model));
        let rate_factors = std::iter::once(1.0).chain(self.groups.iter().map(|group| group.rate_factor)).collect();
        let peak_rates = std::iter::once(of_model).chain(of_groups).collect();
        Some(Plan {
            total_steps,
            evaluate_every,
            checkpoint_every,
            read_outs,
            base,
            controllers,
            line_search: self.line_search.clone(),
            averaging,
            setting,
            optimizer: self.optimizer.clone(),
            groups,
            peak_rates,
            rate_factors,
            pieces: batches.pieces,
            samples,
        })
    }

    fn read_out_steps(&self, frame: &Frame, total_steps: u64, findings: &mut Findings) -> Vec<u64> {
        let mut steps: Vec<u64> = Vec::new();
        for (index, point) in self.read_outs.iter().enumerate() {
            let origin = self.tree.origin_of(&format!("read_outs[{index}]"));
            let last = steps.last().copied().unwrap_or(0);
            match frame.to_steps(*point, 0) {
                Err(error) => findings.add(origin, format!("read_outs[{index}]: {error}"), None),
                Ok(step) if step > total_steps => {
                    let message =
                        format!("read_outs[{index}] = \"{point}\" is at step {step}, after the last of {total_steps}");
                    findings.add(origin, message, Some(format!("set budget = \"{point}\" or leave it out")));
                }
                Ok(step) if step <= last => {
                    let message = format!("read_outs[{index}] = \"{point}\" is at step {step}, not after step {last}");
                    findings.add(origin, message, Some("write the points in increasing order".to_owned()));
                }
                Ok(step) => steps.push(step),
            }
        }
        steps
    }

    /// Whether the rest of the recipe is such that this controller can do what it says.
    fn check_host(&self, which: Hyperparameter, spec: &ControllerSpec, setting: &Setting, findings: &mut Findings) {
        let method = spec.name();
        if let (Some(key), NonFinite::Stop) = (spec.goes_on_after_refusal(), self.non_finite) {
            let message = format!("{which}.{key}: the run would end at the first loss that is not finite");
            let help = Some("set non_finite = \"skip\"".to_owned());
            findings.add(self.tree.origin_of(&format!("{which}.{key}")), message, help);
        }
        let needs_peak = self.optimizer.decay() == DecayCoupling::ScheduleMultiplier;
        if which == Hyperparameter::LearningRate && needs_peak && spec.peak(setting).is_none() {
            let message = format!(
                "decay = \"schedule_multiplier\" refers to the peak of the rate, which {method} finds during the run only"
            );
            let help = Some("choose lr_coupled, independent or l2".to_owned());
            findings.add(self.tree.origin_of("optimizer.decay"), message, help);
        }
    }

    /// What cannot stand beside a line search: a step size is known only after the update's other values are.
    fn check_beside_search(&self, search: &LineSearchSpec, findings: &mut Findings) {
        let search = search.name();
        for (which, spec) in &self.controllers {
            if spec.follows_rate() {
                let message =
                    format!("{} follows the learning rate, which {search} finds only afterwards", spec.name());
                let help = Some(format!("give {which} a number or a schedule"));
                findings.add(self.tree.origin_of(&format!("{which}.method")), message, help);
            }
        }
        for (index, group) in self.groups.iter().enumerate() {
            if group.hyperparameters.contains_key(&Hyperparameter::LearningRate) {
                let message =
                    format!("{search} finds one step size for the whole model; the group has a rate of its own");
                let help = Some("a group may take a share of it: rate_factor = 0.1".to_owned());
                findings.add(self.tree.origin_of(&format!("group[{index}].learning_rate")), message, help);
            }
        }
    }

    fn open_loop<'a>(
        &self,
        place: &str,
        specs: impl IntoIterator<Item = (&'a Hyperparameter, &'a ScheduleSpec)>,
        batches: &Batches,
        findings: &mut Findings,
    ) -> OpenLoop {
        let mut schedules = Vec::new();
        for (which, spec) in specs.into_iter().filter(|(which, _)| **which != Hyperparameter::BatchSize) {
            let frame = batches.frame_of(*which);
            let resolved = spec.resolve(&frame).and_then(|schedule| {
                self.check_values(place, *which, &schedule, &frame, findings);
                batches.in_force(*which, schedule)
            });
            match resolved {
                Ok(schedule) => schedules.push((*which, schedule)),
                Err(error) => {
                    let path = format!("{place}{which}.{}", error.field());
                    findings.add(self.tree.origin_of(&path), format!("{place}{which}.{error}"), None);
                }
            }
        }
        OpenLoop::new(schedules)
    }

    fn check_values(
        &self,
        place: &str,
        which: Hyperparameter,
        curve: &Schedule,
        frame: &Frame,
        findings: &mut Findings,
    ) {
        if let Some((step, value)) = which.first_refused(curve, frame.total_steps) {
            let message = format!("{place}{which} is {value} at step {step}, must be {}", which.range());
            findings.add(self.tree.origin_of(&format!("{place}{which}")), message, None);
        }
    }
}

impl Plan {
    /// The batch at a position: the number of batches drawn before it, which is the step unless updates were skipped.
    pub fn batch_at(&self, position: u64) -> BatchAt {
        match BatchPiece::locate(&self.pieces, position) {
            Some(EpochStep { epoch, step, batch }) => BatchAt { epoch, first: step * batch, size: batch },
            None => BatchAt { epoch: 0, first: 0, size: 0 },
        }
    }

    /// Updates of the first epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.pieces.first().map_or(1, |piece| piece.steps_per_epoch)
    }

    /// The batch size of every step, to be drawn and printed like the other hyperparameters.
    ///
    /// # Errors
    /// None that a plan can cause: its pieces are in order and its batch sizes finite.
    pub fn batch_sizes(&self) -> Result<Schedule, ScheduleError> {
        let size = |piece: &BatchPiece| ScheduleSpec::constant(piece.batch as f64);
        let parts = self.pieces.iter().enumerate().map(|(index, piece)| match self.pieces.get(index + 1) {
            Some(next) => Part::lasting(Span::Steps(next.first_step - piece.first_step), size(piece)),
            None => Part::rest(size(piece)),
        });
        ScheduleSpec::sequence(parts).resolve(&Frame::steps(self.total_steps))
    }

    /// The controller of the run: the schedules, together with the controllers if the recipe names any.
    ///
    /// # Errors
    /// None that a plan can cause: it was made of controllers that fit it.
    pub fn controller(&self) -> Result<Box<dyn Controller>, ControlError> {
        if self.controllers.is_empty() {
            return Ok(Box::new(self.base.clone()));
        }
        Ok(Box::new(Together::new(self.members()?)))
    }

    /// The same, each on its own: the schedules, then the controllers.
    ///
    /// # Errors
    /// As [`Plan::controller`].
    pub fn members(&self) -> Result<Vec<Box<dyn Controller>>, ControlError> {
        let mut members: Vec<Box<dyn Controller>> = vec![Box::new(self.base.clone())];
        for (which, spec) in &self.controllers {
            members.push(spec.resolve(*which, &self.setting).map_err(|errors| unfit(*which, errors))?);
        }
        Ok(members)
    }

    /// What chooses the size of every step; where no line search is asked for, the rate that is decided.
    ///
    /// # Errors
    /// None that a plan can cause: it was made of a search that fits it.
    pub fn line_search(&self) -> Result<Box<dyn LineSearch>, ControlError> {
        let Some(spec) = &self.line_search else { return Ok(Box::new(FixedStep::default())) };
        spec.resolve(&self.setting).map_err(|errors| unfit(Hyperparameter::LearningRate, errors))
    }

    /// The schedule that no step of the line search is longer than, if the recipe has both.
    pub fn cap(&self) -> Option<Schedule> {
        self.line_search.as_ref()?.cap()?.resolve(&self.setting.frame).ok()
    }

    /// Training samples the plan was made for.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The values that update `step` of group `group` uses: 0 is the rest of the model, then the recipe's groups.
    pub fn group_values(&self, group: usize, step: u64, base: &Hyperparameters) -> Hyperparameters {
        match group.checked_sub(1).and_then(|index| self.groups.get(index)) {
            Some(overrides) => {
                let share = base.get(Hyperparameter::LearningRate).map(|rate| rate * self.rate_factors[group]);
                let share = share.map(|rate| (Hyperparameter::LearningRate, rate)).into_iter().collect();
                base.overridden_by(&share).overridden_by(&overrides.at(step))
            }
            None => *base,
        }
    }
}

/// One of the reasons why a method does not fit a run.
fn unfit(which: Hyperparameter, mut errors: Vec<ControlError>) -> ControlError {
    let why = "it does not fit the run".to_owned();
    errors.pop().unwrap_or(ControlError::Contradiction { field: which.to_string(), why })
}
