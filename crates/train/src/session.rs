mod effects;
mod evaluation;
mod evaluator;
mod landscape;
mod line_search;
mod read_out;
mod update;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use burn::module::Module;
use burn::tensor::Device;
use rheostat_control::{
    Action, Controller, DecayCoupling, Decision, Hyperparameter, LineSearch, Observation, StopReason,
};
use rheostat_optim::{Motion, OptimError, Optimizer, ParameterGroup, WeightAverage};
use rheostat_record::{
    Checkpoint, Event, EventSink, FORMAT, Manifest, NonFinite, Plan, Recipe, RunResult, RunWriter, Status, TestWeights,
    told_loss,
};
use rheostat_workload::Workload;
use rheostat_workload::random::{Purpose, seed};

use self::evaluator::Evaluator;
use self::update::Step;
use crate::accounts::{Clock, Phase};
use crate::loader::Loader;
use crate::snapshot::Snapshot;
use crate::state::{
    AVERAGE, BEST, CONTROLLER, CYCLE_BEST, EVALUATED, LINE_SEARCH, MOTION, OPTIMIZER, STATE, State, WEIGHTS,
};
use crate::train::{Control, Divergence, Host, Observer, Outcome, Place};
use crate::{TrainError, device, device_name};

/// One run in progress.
pub(crate) struct Session<'a, W: Workload> {
    workload: Arc<W>,
    recipe: &'a Recipe,
    host: &'a Host,
    observer: &'a mut dyn Observer,
    plan: Plan,
    device: Device,
    /// Taken out while an update replaces it.
    model: Option<W::Model>,
    /// The weights at the best evaluation, if the recipe wants those tested. Bytes: clones of a model share running statistics.
    best: Option<Vec<u8>>,
    /// The same since the last read-out point.
    cycle_best: Option<Vec<u8>>,
    optimizer: Optimizer,
    /// The average of the weights, if the recipe wants one.
    average: Option<WeightAverage>,
    controller: Box<dyn Controller>,
    /// What the controller decided at the very beginning, until that is carried out.
    begun: Option<Decision>,
    /// What the controller can have brought back.
    snapshot: Option<Snapshot>,
    /// The last gradient and weights, for controllers that ask how far they move.
    motion: Motion,
    search: Box<dyn LineSearch>,
    loader: Loader<W>,
    writer: RunWriter,
    state: State,
    clock: Clock,
    newest_checkpoint: Option<Saved>,
    /// The batches drawn last, if a landscape asks for their losses.
    kept: VecDeque<(u64, Evaluator<W::Batch>)>,
}

/// When a checkpoint was written: updates that stood, updates made.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Saved {
    step: u64,
    spent: u64,
}

impl<'a, W: Workload> Session<'a, W> {
    pub(crate) fn open(
        workload: Arc<W>,
        recipe: &'a Recipe,
        control: &Control<'_>,
        place: Place<'_>,
        host: &'a Host,
        observer: &'a mut dyn Observer,
    ) -> Result<Self, TrainError> {
        let plan = recipe.plan(workload.samples())?;
        let device = device().autodiff();
        device.seed(seed(recipe.seed, Purpose::Init, 0));
        let mut model = workload.model(&device);
        let mut optimizer = optimizer(recipe, &plan, &model).map_err(TrainError::Setup)?;
        if host.landscape.is_some() && plan.optimizer.contains_rate() {
            return Err(TrainError::Setup(OptimError::ContainsRate { optimizer: plan.optimizer.name() }));
        }
        let mut average = plan.averaging.clone().map(WeightAverage::new);
        let mut controller = control(&plan).map_err(|source| TrainError::Control { step: 0, source })?;
        let mut search = plan.line_search().map_err(|source| TrainError::Control { step: 0, source })?;
        let (mut best, mut cycle_best, mut snapshot, mut motion) = (None, None, None, Motion::default());
        let mut state = State::default();
        let mut begun = Some(controller.begin());

        let (mut writer, manifest, checkpoint) = match place {
            Place::New { path, id } => {
                let manifest = manifest(recipe, &plan, host, id);
                (RunWriter::create(path, &manifest)?, manifest, None)
            }
            Place::Resume(path) => {
                let (writer, run, checkpoint) = RunWriter::resume(path)?;
                (writer, run.manifest, checkpoint)
            }
        };
        if manifest.samples != workload.samples() {
            return Err(TrainError::DataChanged { began: manifest.samples, now: workload.samples() });
        }
        if let Some(checkpoint) = &checkpoint {
            state = State::read(checkpoint)?;
            let misfit = |why: String| TrainError::Checkpoint { step: state.step, why };
            begun = None;
            model = rheostat_optim::load_weights(model, checkpoint.file(WEIGHTS)?)
                .map_err(|error| misfit(error.to_string()))?;
            optimizer.load(checkpoint.file(OPTIMIZER)?).map_err(|error| misfit(error.to_string()))?;
            if let Some(average) = &mut average {
                average.load(&model, checkpoint.file(AVERAGE)?).map_err(|error| misfit(error.to_string()))?;
            }
            if recipe.test == TestWeights::Best && state.best.is_some() {
                best = Some(checkpoint.file(BEST)?.to_vec());
            }
            if recipe.test == TestWeights::Best && state.cycle_best.is_some() {
                cycle_best = Some(checkpoint.file(CYCLE_BEST)?.to_vec());
            }
            snapshot = state.snapshot.map(|mark| Snapshot::read(mark, checkpoint, average.is_some())).transpose()?;
            if controller.asks().change {
                motion.load(&model, checkpoint.file(MOTION)?).map_err(|error| misfit(error.to_string()))?;
            }
            controller.load(checkpoint.file(CONTROLLER)?).map_err(|error| misfit(error.to_string()))?;
            if plan.line_search.is_some() {
                search.load(checkpoint.file(LINE_SEARCH)?).map_err(|error| misfit(error.to_string()))?;
            }
        }
        if let Place::Resume(_) = place {
            writer.event(&Event::Resume { step: state.step, spent: Some(state.spent) })?;
        }
        observer.begin(&manifest, &plan, state.step);
        let loader = Loader::start(workload.clone(), plan.clone(), recipe.seed, recipe.accumulate, state.position);
        let clock = Clock::start(state.accounts);
        let newest_checkpoint = checkpoint.map(|_: Checkpoint| Saved { step: state.step, spent: state.spent });
        let model = Some(model);
        Ok(Self {
            workload,
            recipe,
            host,
            observer,
            plan,
            device,
            model,
            best,
            cycle_best,
            optimizer,
            average,
            controller,
            begun,
            snapshot,
            motion,
            search,
            loader,
            writer,
            state,
            clock,
            newest_checkpoint,
            kept: VecDeque::new(),
        })
    }

    /// Trains to the end, or until something ends the run earlier.
    pub(crate) fn run(mut self) -> Result<Outcome, TrainError> {
        if let Some(decision) = self.begun.take() {
            let mut actions = self.take(decision)?;
            actions.extend(self.evaluate_for_recipe()?);
            self.perform(actions)?;
        }
        loop {
            if let Some(status) = self.reason_to_end() {
                return self.end(status, None);
            }
            let step = self.update()?;
            self.clock.switch(Phase::Recording, &self.device)?;
            if !step.is_finite() {
                if let Some(divergence) = self.refused(&step)? {
                    return self.end(Status::Diverged, Some(divergence));
                }
                continue;
            }
            self.record_step(&step)?;
            self.observer.accounts(self.clock.accounts());
            let seen = Observation::Step { step: self.state.step, loss: step.loss };
            self.state.step += 1;
            self.average()?;
            self.clock.switch(Phase::Control, &self.device)?;
            let save = self.due(self.plan.checkpoint_every);
            let mut actions = self.tell(&seen)?;
            if self.due(self.plan.evaluate_every) || self.read_out_due() {
                actions.extend(self.evaluate_for_recipe()?);
            }
            if self.read_out_due() {
                self.read_out()?;
            }
            self.perform(actions)?;
            if save {
                self.checkpoint()?;
            }
        }
    }

    /// An update that would not be finite was not made. The controller may know what to do (go back, reset, stop), else the recipe
    /// says; the run has diverged if neither goes on.
    fn refused(&mut self, step: &Step) -> Result<Option<Divergence>, TrainError> {
        let divergence = Divergence {
            step: self.state.step,
            loss: step.loss,
            gradient_norm: step.gradient_norm,
            learning_rate: step.used[0].get(Hyperparameter::LearningRate).unwrap_or(f64::NAN),
            checkpoint: self.newest_checkpoint.map(|saved| saved.step),
        };
        let skips = self.recipe.non_finite == NonFinite::Skip;
        if skips {
            let Step { loss, gradient_norm, .. } = *step;
            self.record(&Event::Skip { step: self.state.step, loss, gradient_norm })?;
        } else {
            self.record_step(step)?;
        }
        self.clock.switch(Phase::Control, &self.device)?;
        let actions =
            self.tell(&Observation::Step { step: self.state.step, loss: told_loss(step.loss, step.gradient_norm) })?;
        let answered =
            actions.iter().any(|action| matches!(action, Action::Restore | Action::Reset(_) | Action::Stop(_)));
        self.perform(actions)?;
        Ok((!answered && !skips).then_some(divergence))
    }

    /// Unless the host goes without evaluations.
    fn evaluate_for_recipe(&mut self) -> Result<Vec<Action>, TrainError> {
        if self.host.skip_evaluation { Ok(Vec::new()) } else { self.evaluate(Phase::Evaluation) }
    }

    fn due(&self, every: u64) -> bool {
        self.state.step.is_multiple_of(every) || self.state.step == self.plan.total_steps
    }

    fn reason_to_end(&self) -> Option<Status> {
        let spent_limit = (self.recipe.spent_limit * self.plan.total_steps as f64).ceil();
        if self.state.step >= self.plan.total_steps {
            Some(Status::Finished)
        } else if self.recipe.stop_at_target && self.state.steps_to_target.is_some() {
            Some(Status::TargetMet)
        } else if self.host.stop.load(Ordering::Relaxed) {
            Some(Status::Interrupted)
        } else if let Some(reason) = self.state.stopping {
            Some(if reason == StopReason::Diverged { Status::Diverged } else { Status::Finished })
        } else if self.state.spent as f64 >= spent_limit {
            Some(Status::SpentLimit)
        } else if self.recipe.time_limit.is_some_and(|limit| self.clock.accounts().training() >= limit) {
            Some(Status::TimeLimit)
        } else {
            None
        }
    }

    fn record(&mut self, event: &Event) -> Result<(), TrainError> {
        self.writer.event(event)?;
        self.observer.event(event);
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        self.clock.switch(Phase::Recording, &self.device)?;
        let step = self.state.step;
        let Some(Snapshot { weights, moments, average, .. }) = self.as_it_stands()? else { return Ok(()) };
        let failed = |source| TrainError::Optimizer { step, source };
        let evaluated = self.averaged()?.as_ref().map(rheostat_optim::weights).transpose().map_err(failed)?;
        let motion = self.controller.asks().change.then(|| self.motion.save()).transpose().map_err(failed)?;
        self.state.accounts = *self.clock.accounts();
        self.state.snapshot = self.snapshot.as_ref().map(Snapshot::mark);
        let state = self.state.to_json()?;
        let controller = self.controller.save();
        let mut files: Vec<(&str, &[u8])> =
            vec![(STATE, &state), (WEIGHTS, &weights), (OPTIMIZER, &moments), (CONTROLLER, &controller)];
        let search = self.plan.line_search.is_some().then(|| self.search.save());
        files.extend(search.as_ref().map(|search| (LINE_SEARCH, search.as_slice())));
        files.extend(average.as_ref().map(|average| (AVERAGE, average.as_slice())));
        files.extend(evaluated.as_ref().map(|evaluated| (EVALUATED, evaluated.as_slice())));
        files.extend(self.best.as_ref().map(|best| (BEST, best.as_slice())));
        files.extend(self.cycle_best.as_ref().map(|best| (CYCLE_BEST, best.as_slice())));
        files.extend(self.snapshot.iter().flat_map(Snapshot::files));
        files.extend(motion.as_ref().map(|motion| (MOTION, motion.as_slice())));
        let spent = self.state.spent;
        self.writer.checkpoint(step, spent, &files, self.recipe.keep_checkpoints)?;
        self.newest_checkpoint = Some(Saved { step, spent });
        self.observer.event(&Event::Checkpoint { step, spent: Some(spent) });
        Ok(())
    }

    fn end(mut self, status: Status, divergence: Option<Divergence>) -> Result<Outcome, TrainError> {
        self.clock.switch(Phase::Recording, &self.device)?;
        let step = self.state.step;
        let whole = !matches!(status, Status::Diverged);
        let spent = self.state.spent;
        if whole && self.newest_checkpoint != Some(Saved { step, spent }) {
            if status != Status::Interrupted && self.state.evaluated != Some(spent) {
                // The run is over: nothing that a controller asks for now would change it.
                self.evaluate_for_recipe()?;
            }
            self.checkpoint()?;
        }
        let mut test = None;
        if !matches!(status, Status::Diverged | Status::Interrupted) && !self.host.skip_evaluation {
            self.clock.switch(Phase::Evaluation, &self.device)?;
            let score = self.test_of(self.state.best, self.best.as_deref())?;
            self.clock.switch(Phase::Recording, &self.device)?;
            self.record(&Event::Test { step: score.step, test_loss: score.loss, test_metric: score.metric })?;
            test = Some(score);
        }
        self.record(&Event::Stop { step, status })?;
        self.clock.switch(Phase::Recording, &self.device)?;
        let accounts = *self.clock.accounts();
        let result = RunResult {
            status,
            steps_kept: step,
            steps_spent: self.state.spent,
            forwards: self.state.forwards,
            backwards: self.state.backwards,
            train_seconds: accounts.training(),
            eval_seconds: accounts.evaluation,
            record_seconds: accounts.recording,
            target: Some(self.recipe.target.clone()),
            steps_to_target: self.state.steps_to_target,
            seconds_to_target: self.state.seconds_to_target,
            forwards_to_target: self.state.forwards_to_target,
            backwards_to_target: self.state.backwards_to_target,
            evaluations_to_target: self.state.evaluations_to_target,
            evaluations: self.state.evaluations,
            best: self.state.best,
            last: self.state.last,
            test,
            read_outs: self.state.read_outs.clone(),
        };
        // An interrupted run is not over: it has no result yet.
        if status != Status::Interrupted {
            self.writer.result(&result)?;
        }
        Ok(Outcome { result, divergence })
    }
}

fn optimizer<M: Module>(recipe: &Recipe, plan: &Plan, model: &M) -> Result<Optimizer, OptimError> {
    let groups =
        recipe.groups.iter().map(|group| ParameterGroup::matching(&group.path)).collect::<Result<Vec<_>, _>>()?;
    let optimizer = Optimizer::new(&plan.optimizer, model, &groups)?;
    match plan.optimizer.decay() {
        DecayCoupling::ScheduleMultiplier => optimizer.with_base_rates(&plan.peak_rates),
        _ => Ok(optimizer),
    }
}

fn manifest(recipe: &Recipe, plan: &Plan, host: &Host, id: &str) -> Manifest {
    Manifest {
        format: FORMAT,
        id: id.to_owned(),
        recipe: recipe.to_toml(),
        recipe_hash: recipe.hash(),
        workload: recipe.workload.name.to_owned(),
        seed: recipe.seed,
        budget_steps: plan.total_steps,
        steps_per_epoch: plan.steps_per_epoch(),
        samples: plan.samples(),
        parameters: recipe.workload.parameters,
        metric: recipe.workload.metric.name.to_owned(),
        direction: recipe.workload.metric.direction,
        target: Some(recipe.target.value),
        program: host.program.clone(),
        commit: host.commit.clone(),
        device: device_name().to_owned(),
        processor: host.processor.clone(),
        threads: host.threads,
        kernels: !host.without_kernels && device() == Device::flex(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        started: host.started,
    }
}
