#![allow(dead_code, clippy::expect_used, reason = "each test file uses a part")]

use std::collections::BTreeMap;

use rheostat_control::Hyperparameter;
use rheostat_record::{Direction, DocumentError, Event, FORMAT, Manifest, Metric, Recipe, RecipeText, WorkloadFacts};

pub(crate) const TOY: WorkloadFacts = WorkloadFacts {
    name: "toy",
    summary: "nothing, for tests",
    dataset: None,
    samples: 1000,
    sample: "points",
    parameters: 10,
    metric: Metric { name: "accuracy", direction: Direction::Increasing },
    target: 0.9,
    knobs: &[Hyperparameter::Dropout],
    methods: &[],
    recipe: "budget = \"10 epochs\"\nbatch_size = 100\nweight_decay = 0.05\n[optimizer]\nmethod = \"adamw\"\n\
             [learning_rate]\nmethod = \"cosine\"\npeak = 1e-3\nwarmup = \"5 %\"\n",
};

pub(crate) const OTHER: WorkloadFacts = WorkloadFacts { name: "other", ..TOY };

pub(crate) fn read(text: &str) -> Result<Recipe, DocumentError> {
    read_with(text, &[])
}

pub(crate) fn read_with(text: &str, sets: &[(&str, &str)]) -> Result<Recipe, DocumentError> {
    let sets: Vec<_> = sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Recipe::read(&RecipeText { name: "toy.toml", text, sets: &sets, resolved: false }, &[TOY, OTHER])
}

pub(crate) fn messages(text: &str) -> String {
    read(text).and_then(|recipe| recipe.plan(1000).map(|_| ())).expect_err("the recipe is wrong").to_string()
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        id: "toy-seed0".into(),
        recipe: "workload = \"toy\"\n".into(),
        recipe_hash: "00".into(),
        workload: "toy".into(),
        seed: 0,
        budget_steps: 100,
        steps_per_epoch: 10,
        samples: 1000,
        parameters: 10,
        metric: "accuracy".into(),
        direction: Direction::Increasing,
        target: Some(0.9),
        program: "rheostat 0.1.0".into(),
        commit: None,
        device: "cpu (flex)".into(),
        processor: "a processor".into(),
        threads: 2,
        kernels: true,
        system: "linux x86_64".into(),
        started: 1_700_000_000,
    }
}

pub(crate) fn step(step: u64, loss: f64) -> Event {
    let hyperparameters = BTreeMap::from([("learning_rate".to_owned(), 1e-3)]);
    Event::Step { step, loss, gradient_norm: 1.0, train_seconds: step as f64, hyperparameters }
}

pub(crate) fn evaluation(step: u64, val_metric: f64) -> Event {
    Event::Evaluation { step, val_loss: 1.0, val_metric, train_seconds: step as f64, cost: None }
}
