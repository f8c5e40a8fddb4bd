use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rheostat_record::{Event, EventSink, Recipe, RecordError, Runner, TrialSpec};
use serde::Serialize;

use crate::study::{Study, StudyWorkload};
use crate::{BenchError, ResultsTable, TrialKey};

/// Updates of a run that only measures what they cost.
const PROBE_STEPS: u64 = 20;

/// What a workload costs on this machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Seconds of training for one sample.
    pub seconds_per_sample: f64,
    /// Seconds of one evaluation on the validation split.
    pub seconds_per_evaluation: f64,
    /// Training samples that are really there: an epoch is as long as the data.
    pub samples: u64,
}

impl Cost {
    /// Measured with a few updates of the workload's own recipe, in `folder`, which is left as it comes to be.
    ///
    /// # Errors
    /// The run could not be made.
    pub fn measure(
        workload: &StudyWorkload,
        runner: &dyn Runner,
        folder: &Path,
        threads: usize,
        kernels: bool,
    ) -> Result<Self, BenchError> {
        let name = workload.facts.name;
        let text = format!(
            "workload = \"{name}\"\nbudget = \"{PROBE_STEPS} steps\"\nevaluate_every = \"{PROBE_STEPS} steps\"\n\
             learning_rate = 1e-6\n"
        );
        let source = rheostat_record::RecipeText { name: "probe", text: &text, sets: &[], resolved: false };
        let recipe = Recipe::read(&source, std::slice::from_ref(&workload.facts))?;
        let plan = recipe.plan(workload.facts.samples)?;
        let stop = AtomicBool::new(false);
        std::fs::create_dir_all(folder).map_err(BenchError::io(folder, "creating"))?;
        let spec = TrialSpec { id: name, recipe: &recipe, folder, threads, kernels, stop: &stop };
        let done = runner
            .run(&spec, &mut Deaf)
            .map_err(|source| BenchError::Trial { trial: format!("measuring {name}"), source })?;
        let result = done.result;
        let samples = (result.steps_spent.max(1) * plan.batch_at(0).size) as f64;
        Ok(Self {
            seconds_per_sample: result.train_seconds / samples,
            // The test split at the end is evaluated on the same account.
            seconds_per_evaluation: result.eval_seconds / (result.evaluations + 1) as f64,
            samples: done.manifest.samples,
        })
    }
}

/// What a study would cost from here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Projection {
    /// For each submission and workload, in the study's order.
    pub parts: Vec<Part>,
}

/// What the trials of a submission on a workload would cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The submission.
    pub submission: String,
    /// The workload.
    pub workload: String,
    /// Trials that are wanted.
    pub wanted: u64,
    /// Trials that are done.
    pub done: u64,
    /// Updates of one trial's budget; of a tradeoff's, the longest.
    pub steps: u64,
    /// Samples of that trial's budget.
    pub samples: u64,
    /// Evaluations of that trial.
    pub evaluations: u64,
    /// Seconds that the trials to be done would take if none met its target early; not known without the workload's cost.
    pub seconds: Option<f64>,
}

impl Projection {
    /// What is left to be done and what it would cost, at most: a trial that ends at its target costs less.
    ///
    /// # Errors
    /// A recipe of the study is wrong.
    pub fn new(study: &Study, table: &ResultsTable, costs: &BTreeMap<String, Cost>) -> Result<Self, BenchError> {
        let mut parts: Vec<Part> = Vec::new();
        let mut sizes: BTreeMap<(String, String, u64), Size> = BTreeMap::new();
        for key in study.trials() {
            let cost = costs.get(&key.workload);
            // Trials of a tradeoff differ in their budgets, others in nothing that costs.
            let number = if study.tradeoff.is_some() { key.trial } else { 0 };
            let size = match sizes.entry((key.submission.clone(), key.workload.clone(), number)) {
                Slot::Occupied(known) => *known.get(),
                Slot::Vacant(new) => *new.insert(Size::of(study, &key, cost.map(|cost| cost.samples))?),
            };
            let index =
                parts.iter().position(|part| part.submission == key.submission && part.workload == key.workload);
            let index = index.unwrap_or_else(|| {
                parts.push(Part {
                    submission: key.submission.clone(),
                    workload: key.workload.clone(),
                    wanted: 0,
                    done: 0,
                    steps: 0,
                    samples: 0,
                    evaluations: 0,
                    seconds: cost.map(|_| 0.0),
                });
                parts.len() - 1
            });
            let part = &mut parts[index];
            let done = table.row(&key).is_some();
            part.wanted += 1;
            part.done += u64::from(done);
            if size.steps > part.steps {
                (part.steps, part.samples, part.evaluations) = (size.steps, size.samples, size.evaluations);
            }
            if let (Some(seconds), Some(cost), false) = (&mut part.seconds, cost, done) {
                *seconds += size.samples as f64 * cost.seconds_per_sample
                    + size.evaluations as f64 * cost.seconds_per_evaluation;
            }
        }
        Ok(Self { parts })
    }

    /// Seconds of all of it, one trial after another; not known if a cost is not.
    pub fn seconds(&self) -> Option<f64> {
        self.parts.iter().map(|part| part.seconds).sum()
    }
}

/// What one trial comes to.
#[derive(Clone, Copy, Default)]
struct Size {
    steps: u64,
    samples: u64,
    evaluations: u64,
}

impl Size {
    fn of(study: &Study, key: &TrialKey, samples: Option<u64>) -> Result<Self, BenchError> {
        let (Some(workload), Some(submission)) = (study.workload(&key.workload), study.submission(&key.submission))
        else {
            return Ok(Self::default());
        };
        let plan = study.recipe(workload, submission, key)?.0.plan(samples.unwrap_or(workload.facts.samples))?;
        // Before the first update, at the end, and on the test split besides.
        let evaluations = plan.total_steps.div_ceil(plan.evaluate_every) + 2;
        let samples = plan.total_steps * plan.batch_at(0).size;
        Ok(Self { steps: plan.total_steps, samples, evaluations: evaluations + plan.read_outs.len() as u64 })
    }
}

/// Hears nothing.
struct Deaf;

impl EventSink for Deaf {
    fn event(&mut self, _: &Event) -> Result<(), RecordError> {
        Ok(())
    }
}
