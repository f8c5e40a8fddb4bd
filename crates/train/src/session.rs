use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use burn::module::Module;
use burn::tensor::Device;
use rheostat_control::{
    Action, Ask, Base, Controller, DecayCoupling, Decision, FixedStep, Hyperparameter, Hyperparameters, LineSearch,
    Observation, Reason, StopReason,
};
use rheostat_optim::{Gradients, OptimError, Optimizer, ParameterGroup};
use rheostat_record::{
    Checkpoint, Event, EventSink, FORMAT, Manifest, NonFinite, Plan, Recipe, RunResult, RunWriter, Score, Status,
    TestWeights,
};
use rheostat_workload::random::{Purpose, seed};
use rheostat_workload::{Knobs, Split, Workload};

use crate::accounts::{Clock, Phase};
use crate::loader::Loader;
use crate::state::{BEST, CONTROLLER, OPTIMIZER, STATE, State, WEIGHTS};
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
    optimizer: Optimizer,
    controller: Box<dyn Controller>,
    search: Box<dyn LineSearch>,
    loader: Loader<W::Batch>,
    writer: RunWriter,
    state: State,
    clock: Clock,
    newest_checkpoint: Option<u64>,
    asked_to_stop: Option<StopReason>,
}

/// What one update came to.
struct Step {
    loss: f64,
    gradient_norm: f64,
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
        let mut controller = control(plan.base.clone());
        let mut best = None;
        let mut state = State::default();
        state.decide(&controller.begin().hyperparameters);

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
            let misfit = |why: String| TrainError::Checkpoint { step: checkpoint.step, why };
            model = rheostat_optim::load_weights(model, checkpoint.file(WEIGHTS)?)
                .map_err(|error| misfit(error.to_string()))?;
            optimizer.load(checkpoint.file(OPTIMIZER)?).map_err(|error| misfit(error.to_string()))?;
            if recipe.test == TestWeights::Best && state.best.is_some() {
                best = Some(checkpoint.file(BEST)?.to_vec());
            }
            controller.load(checkpoint.file(CONTROLLER)?).map_err(|error| misfit(error.to_string()))?;
        }
        if let Place::Resume(_) = place {
            writer.event(&Event::Resume { step: state.step })?;
        }
        observer.begin(&manifest, &plan, state.step);
        let loader = Loader::start(workload.clone(), plan.clone(), recipe.seed, recipe.accumulate, state.position);
        let clock = Clock::start(state.accounts);
        let newest_checkpoint = checkpoint.map(|checkpoint: Checkpoint| checkpoint.step);
        let (model, search) = (Some(model), Box::new(FixedStep));
        Ok(Self {
            workload,
            recipe,
            host,
            observer,
            plan,
            device,
            model,
            best,
            optimizer,
            controller,
            search,
            loader,
            writer,
            state,
            clock,
            newest_checkpoint,
            asked_to_stop: None,
        })
    }

    /// Trains to the end, or until something ends the run earlier.
    pub(crate) fn run(mut self) -> Result<Outcome, TrainError> {
        if self.newest_checkpoint.is_none() {
            self.evaluate()?;
        }
        loop {
            if let Some(status) = self.reason_to_end() {
                return self.end(status, None);
            }
            let used = self.values()?;
            let step = self.update(&used)?;
            let finite = step.loss.is_finite() && step.gradient_norm.is_finite();
            self.clock.switch(Phase::Recording, &self.device)?;
            if !finite && self.recipe.non_finite == NonFinite::Skip {
                self.skip(&step)?;
                continue;
            }
            self.record_step(&step, &used)?;
            if !finite {
                let divergence = Divergence {
                    step: self.state.step,
                    loss: step.loss,
                    gradient_norm: step.gradient_norm,
                    learning_rate: used[0].get(Hyperparameter::LearningRate).unwrap_or(f64::NAN),
                    checkpoint: self.newest_checkpoint,
                };
                return self.end(Status::Diverged, Some(divergence));
            }
            self.observer.accounts(self.clock.accounts());
            self.clock.switch(Phase::Control, &self.device)?;
            let seen = Observation::Step { step: self.state.step, loss: step.loss };
            self.state.step += 1;
            self.tell(&seen)?;
            if self.due(self.plan.evaluate_every) {
                self.evaluate()?;
            }
            if self.due(self.plan.checkpoint_every) {
                self.checkpoint()?;
            }
        }
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
        } else if let Some(reason) = self.asked_to_stop {
            Some(if reason == StopReason::Diverged { Status::Diverged } else { Status::Finished })
        } else if self.state.spent as f64 >= spent_limit {
            Some(Status::SpentLimit)
        } else if self.recipe.time_limit.is_some_and(|limit| self.clock.accounts().training() >= limit) {
            Some(Status::TimeLimit)
        } else {
            None
        }
    }

    /// The hyperparameters of the next update, for the model and each parameter group.
    fn values(&self) -> Result<Vec<Hyperparameters>, TrainError> {
        let step = self.state.step;
        let decided = self.state.decided();
        let values: Vec<_> =
            (0..=self.plan.groups.len()).map(|group| self.plan.group_values(group, step, &decided)).collect();
        for (which, value) in values.iter().flat_map(Hyperparameters::iter) {
            which.check(value).map_err(|source| TrainError::Control { step, source })?;
        }
        Ok(values)
    }

    /// One update: batch, loss, gradient, step. Parameters and moments stay as they are if anything is not finite.
    fn update(&mut self, values: &[Hyperparameters]) -> Result<Step, TrainError> {
        let step = self.state.step;
        self.clock.switch(Phase::Data, &self.device)?;
        let drawn = self.loader.next()?;
        let knobs = Knobs {
            dropout: values[0].get(Hyperparameter::Dropout).unwrap_or(0.0),
            label_smoothing: values[0].get(Hyperparameter::LabelSmoothing).unwrap_or(0.0),
        };
        let Some(model) = self.model.take() else { return Err(TrainError::Device("the model is gone".into())) };
        // Dropout repeats exactly after a resume: its generator is seeded by the position, before every forward.
        let masks = seed(self.recipe.seed, Purpose::Dropout, self.state.position);
        let failed = |source| TrainError::Optimizer { step, source };
        let (mut loss, mut sum): (f64, Option<Gradients>) = (0.0, None);
        for (part, (batch, share)) in drawn.parts.iter().enumerate() {
            self.clock.switch(Phase::Forward, &self.device)?;
            self.device.seed(masks.wrapping_add(part as u64));
            let output = self.workload.loss(&model, batch, &knobs, &self.device);
            loss += share * f64::from(output.clone().into_scalar::<f32>());
            self.clock.switch(Phase::Backward, &self.device)?;
            let mut gradients = Gradients::of(&model, output.backward()).map_err(failed)?;
            gradients.scale(*share).map_err(failed)?;
            match &mut sum {
                Some(sum) => sum.add(gradients).map_err(failed)?,
                None => sum = Some(gradients),
            }
            self.state.forwards += 1;
            self.state.backwards += 1;
        }
        self.state.spent += 1;
        self.state.position += 1;
        self.clock.switch(Phase::Update, &self.device)?;
        let Some(mut gradients) = sum else { return Err(TrainError::Loader { position: self.state.position }) };
        let gradient_norm = gradients.norm().map_err(failed)?;
        if !loss.is_finite() || !gradient_norm.is_finite() {
            self.model = Some(model);
            return Ok(Step { loss, gradient_norm });
        }
        if let Some(largest) = values[0].get(Hyperparameter::ClipNorm).filter(|largest| gradient_norm > *largest) {
            gradients.clip(largest).map_err(failed)?;
        }
        let scheduled = values[0].get(Hyperparameter::LearningRate).unwrap_or(0.0);
        let mut values = values.to_vec();
        if let Ask::Accept(step_size) = self.search.begin(Base { loss, slope: None, scheduled }) {
            values[0].set(Hyperparameter::LearningRate, step_size);
        }
        self.model = Some(self.optimizer.step(model, gradients, &values).map_err(failed)?);
        Ok(Step { loss, gradient_norm })
    }

    /// Tells the controller, and does what it decides.
    fn tell(&mut self, seen: &Observation) -> Result<(), TrainError> {
        let Decision { hyperparameters, actions, reason } = self.controller.observe(seen);
        self.state.decide(&hyperparameters);
        let name = |action: &Action| match action {
            Action::Save => "save",
            Action::Restore => "restore",
            Action::Reset(_) => "reset",
            Action::Evaluate => "evaluate",
            Action::Stop(_) => "stop",
        };
        let decisions = actions.iter().map(name).collect::<Vec<_>>().join(", ");
        if let Some(Reason(reason)) = reason {
            let decision = if decisions.is_empty() { "change".to_owned() } else { decisions };
            self.record(&Event::Decision { step: self.state.step, decision, reason })?;
        }
        for action in actions {
            match action {
                Action::Stop(reason) => self.asked_to_stop = Some(reason),
                action @ (Action::Save | Action::Restore | Action::Reset(_) | Action::Evaluate) => {
                    return Err(TrainError::Undriven { step: self.state.step, action: name(&action) });
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, event: &Event) -> Result<(), TrainError> {
        self.writer.event(event)?;
        self.observer.event(event);
        Ok(())
    }

    fn record_step(&mut self, step: &Step, used: &[Hyperparameters]) -> Result<(), TrainError> {
        let mut hyperparameters: BTreeMap<String, f64> =
            used[0].iter().map(|(which, value)| (which.name().to_owned(), value)).collect();
        for (index, group) in self.plan.groups.iter().enumerate() {
            for (which, value) in group.at(self.state.step).iter() {
                hyperparameters.insert(format!("group.{}.{which}", index + 1), value);
            }
        }
        let drawn = self.plan.batch_at(self.state.position - 1);
        hyperparameters.insert(Hyperparameter::BatchSize.name().to_owned(), drawn.size as f64);
        self.record(&Event::Step {
            step: self.state.step,
            loss: step.loss,
            gradient_norm: step.gradient_norm,
            train_seconds: self.clock.accounts().training(),
            hyperparameters,
        })
    }

    /// A skipped update is an event: neither the schedule nor the moments move, and the work is counted.
    fn skip(&mut self, step: &Step) -> Result<(), TrainError> {
        let reason =
            format!("loss {} and gradient norm {} at update {}", step.loss, step.gradient_norm, self.state.step);
        self.record(&Event::Decision { step: self.state.step, decision: "skip".to_owned(), reason })
    }

    fn evaluate(&mut self) -> Result<(), TrainError> {
        if self.host.skip_evaluation {
            return Ok(());
        }
        self.clock.switch(Phase::Evaluation, &self.device)?;
        let score = self.score(Split::Validation);
        self.clock.switch(Phase::Recording, &self.device)?;
        let train_seconds = self.clock.accounts().training();
        let target = &self.recipe.target;
        if self.state.best.is_none_or(|best| target.direction.better(score.metric, best.metric))
            && !score.metric.is_nan()
        {
            self.state.best = Some(score);
            if let (TestWeights::Best, Some(model)) = (self.recipe.test, &self.model) {
                let failed = |source| TrainError::Optimizer { step: score.step, source };
                self.best = Some(rheostat_optim::weights(model).map_err(failed)?);
            }
        }
        self.state.last = Some(score);
        self.state.evaluations += 1;
        if self.state.steps_to_target.is_none() && target.met(score.metric) {
            self.state.steps_to_target = Some(self.state.spent);
            self.state.seconds_to_target = Some(train_seconds);
            self.state.forwards_to_target = Some(self.state.forwards);
            self.state.backwards_to_target = Some(self.state.backwards);
            self.state.evaluations_to_target = Some(self.state.evaluations);
        }
        self.record(&Event::Evaluation {
            step: score.step,
            val_loss: score.loss,
            val_metric: score.metric,
            train_seconds,
        })?;
        self.clock.switch(Phase::Control, &self.device)?;
        self.tell(&Observation::Evaluation { updates: score.step, loss: score.loss, metric: score.metric })?;
        self.clock.switch(Phase::Recording, &self.device)
    }

    fn score(&self, split: Split) -> Score {
        self.score_of(self.model.as_ref(), self.state.step, split)
    }

    fn score_of(&self, model: Option<&W::Model>, step: u64, split: Split) -> Score {
        match model {
            Some(model) => {
                let found = self.workload.evaluate(&model.valid(), split, &self.device.clone().inner());
                Score { step, loss: found.loss, metric: found.metric }
            }
            None => Score { step, loss: f64::NAN, metric: f64::NAN },
        }
    }

    /// With the weights that the recipe names: those of the best evaluation, or the final ones.
    fn test(&self) -> Result<Score, TrainError> {
        match (&self.best, self.state.best, &self.model) {
            (Some(weights), Some(best), Some(model)) => {
                let failed = |source| TrainError::Optimizer { step: best.step, source };
                let model = rheostat_optim::load_weights(model.clone(), weights).map_err(failed)?;
                Ok(self.score_of(Some(&model), best.step, Split::Test))
            }
            _ => Ok(self.score(Split::Test)),
        }
    }

    fn checkpoint(&mut self) -> Result<(), TrainError> {
        self.clock.switch(Phase::Recording, &self.device)?;
        let step = self.state.step;
        let Some(model) = &self.model else { return Ok(()) };
        let failed = |source| TrainError::Optimizer { step, source };
        let weights = rheostat_optim::weights(model).map_err(failed)?;
        let moments = self.optimizer.save().map_err(failed)?;
        self.state.accounts = *self.clock.accounts();
        let state = self.state.to_json()?;
        let controller = self.controller.save();
        let mut files: Vec<(&str, &[u8])> =
            vec![(STATE, &state), (WEIGHTS, &weights), (OPTIMIZER, &moments), (CONTROLLER, &controller)];
        files.extend(self.best.as_ref().map(|best| (BEST, best.as_slice())));
        self.writer.checkpoint(step, &files, self.recipe.keep_checkpoints)?;
        self.newest_checkpoint = Some(step);
        self.observer.event(&Event::Checkpoint { step });
        Ok(())
    }

    fn end(mut self, status: Status, divergence: Option<Divergence>) -> Result<Outcome, TrainError> {
        self.clock.switch(Phase::Recording, &self.device)?;
        let step = self.state.step;
        let whole = !matches!(status, Status::Diverged);
        if whole && self.newest_checkpoint != Some(step) {
            if status != Status::Interrupted && self.state.last.is_none_or(|last| last.step != step) {
                self.evaluate()?;
            }
            self.checkpoint()?;
        }
        let mut test = None;
        if !matches!(status, Status::Diverged | Status::Interrupted) && !self.host.skip_evaluation {
            self.clock.switch(Phase::Evaluation, &self.device)?;
            let score = self.test()?;
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
    let optimizer = Optimizer::new(&recipe.optimizer, model, &groups)?;
    match recipe.optimizer.decay() {
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
