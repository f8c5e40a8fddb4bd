//! A runner without tensors: trials as a script, for testing what runs them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rheostat_control::Hyperparameter;
use rheostat_record::{
    Cost, Direction, Event, EventSink, FORMAT, Manifest, Metric, ReadOut, RunError, RunResult, Runner, Score, Status,
    TrialResult, TrialSpec, WorkloadFacts,
};

/// A workload that only this runner knows: its accuracy rises the faster, the nearer the learning rate is to 0.1.
pub const SCRIPTED: WorkloadFacts = WorkloadFacts {
    name: "scripted",
    summary: "numbers that rise",
    dataset: None,
    samples: 1000,
    sample: "numbers",
    parameters: 1,
    metric: Metric { name: "accuracy", direction: Direction::Increasing },
    target: 0.9,
    knobs: &[],
    methods: &[],
    recipe: "budget = \"100 steps\"\nevaluate_every = \"10 steps\"\nbatch_size = 10\nlearning_rate = 0.1\n\
             [optimizer]\nmethod = \"heavy_ball\"\n",
};

/// Runs trials as a script on a made-up clock of 10 ms an update. In each trial's folder it notes when it begins (`begun` lines
/// in `attempts`) and what came out (`scripted.json`), as a program would in its run directory.
#[derive(Debug, Clone, Copy)]
pub struct ScriptedRunner {
    /// What really passes at each evaluation.
    pub pause: Duration,
    /// The trials that crash, by a part of their names.
    pub crash: Option<&'static str>,
}

impl ScriptedRunner {
    /// How often a trial was begun, in this folder of its own.
    pub fn attempts(folder: &Path) -> usize {
        fs::read_to_string(folder.join("attempts")).unwrap_or_default().lines().count()
    }
}

impl Runner for ScriptedRunner {
    fn workloads(&self) -> &[WorkloadFacts] {
        &[SCRIPTED]
    }

    fn run(&self, trial: &TrialSpec<'_>, sink: &mut dyn EventSink) -> Result<TrialResult, RunError> {
        let outcome = trial.folder.join("scripted.json");
        if let Ok(bytes) = fs::read(&outcome) {
            let damaged = |error: serde_json::Error| RunError::Unable { why: error.to_string() };
            let (manifest, result) = serde_json::from_slice(&bytes).map_err(damaged)?;
            return Ok(TrialResult { manifest, result });
        }
        let file = |source| RunError::Process { what: trial.id.to_owned(), source };
        let attempts = OpenOptions::new().create(true).append(true).open(trial.folder.join("attempts"));
        attempts.and_then(|mut attempts| attempts.write_all(b"begun\n")).map_err(file)?;
        if self.crash.is_some_and(|part| trial.id.contains(part)) {
            return Err(RunError::Failed { why: "it crashed".to_owned() });
        }
        let done = self.script(trial, sink)?;
        let text = serde_json::to_vec(&(&done.manifest, &done.result));
        let text = text.map_err(|error| RunError::Unable { why: error.to_string() })?;
        let temporary = trial.folder.join("scripted.tmp");
        fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, &outcome)).map_err(file)?;
        Ok(done)
    }
}

impl ScriptedRunner {
    fn script(&self, trial: &TrialSpec<'_>, sink: &mut dyn EventSink) -> Result<TrialResult, RunError> {
        let recipe = trial.recipe;
        let plan = recipe.plan(SCRIPTED.samples).map_err(|error| RunError::Unable { why: error.to_string() })?;
        let rate = plan.base.at(0).get(Hyperparameter::LearningRate).unwrap_or(0.0);
        let speed = 0.05 / (1.0 + (rate.log10() + 1.0).powi(2)) * (1.0 + 0.01 * (recipe.seed % 7) as f64);
        let (mut met, mut best) = (None, None);
        let (mut evaluations, mut step) = (0, 0);
        let mut read_outs = Vec::new();
        let last = loop {
            if trial.stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            let metric = if rate > 10.0 { f64::NAN } else { 1.0 - (-speed * step as f64).exp() };
            let score = Score { step, loss: 1.0 - metric, metric };
            let seconds = 0.01 * step as f64;
            let cost = Some(Cost { spent: step, forwards: step, backwards: step });
            let (val_loss, train_seconds) = (score.loss, seconds);
            sink.event(&Event::Evaluation { step, val_loss, val_metric: metric, train_seconds, cost })?;
            evaluations += 1;
            std::thread::sleep(self.pause);
            if met.is_none() && recipe.target.met(metric) {
                met = Some((step, seconds, evaluations));
            }
            if best.is_none_or(|best: Score| recipe.target.direction.better(metric, best.metric)) {
                best = Some(score);
            }
            if plan.read_outs.contains(&step) {
                read_outs.push(ReadOut {
                    step,
                    spent: step,
                    forwards: step,
                    backwards: step,
                    train_seconds: seconds,
                    val_loss: score.loss,
                    val_metric: metric,
                    best_step: Some(step),
                    best_metric: Some(metric),
                    test_loss: score.loss,
                    test_metric: metric,
                });
            }
            if step >= plan.total_steps || (recipe.stop_at_target && met.is_some()) {
                break Some(score);
            }
            let due = (step + plan.evaluate_every).min(plan.total_steps);
            step = plan.read_outs.iter().copied().find(|point| *point > step).map_or(due, |point| due.min(point));
        };
        let early = met.is_some() && recipe.stop_at_target;
        let result = RunResult {
            status: if early { Status::TargetMet } else { Status::Finished },
            steps_kept: step,
            steps_spent: step,
            forwards: step,
            backwards: step,
            train_seconds: 0.01 * step as f64,
            eval_seconds: 0.001 * evaluations as f64,
            record_seconds: 0.0,
            target: Some(recipe.target.clone()),
            steps_to_target: met.map(|met| met.0),
            seconds_to_target: met.map(|met| met.1),
            forwards_to_target: met.map(|met| met.0),
            backwards_to_target: met.map(|met| met.0),
            evaluations_to_target: met.map(|met| met.2),
            evaluations,
            best,
            last,
            test: last,
            read_outs,
        };
        Ok(TrialResult { manifest: manifest(trial, plan.total_steps), result })
    }
}

fn manifest(trial: &TrialSpec<'_>, budget_steps: u64) -> Manifest {
    Manifest {
        format: FORMAT,
        id: trial.id.to_owned(),
        recipe: trial.recipe.to_toml(),
        recipe_hash: trial.recipe.hash(),
        workload: SCRIPTED.name.to_owned(),
        seed: trial.recipe.seed,
        budget_steps,
        steps_per_epoch: 100,
        samples: SCRIPTED.samples,
        parameters: 1,
        metric: SCRIPTED.metric.name.to_owned(),
        direction: SCRIPTED.metric.direction,
        target: Some(trial.recipe.target.value),
        program: "script".to_owned(),
        commit: None,
        device: "none".to_owned(),
        processor: "none".to_owned(),
        threads: trial.threads,
        kernels: trial.kernels,
        system: "none".to_owned(),
        started: 0,
    }
}
