#![allow(dead_code, clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "each test file uses a part")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rheostat_record::{Checkpoint, Event, Manifest, Plan, Recipe, RecipeText, Run, Status};
use rheostat_train::{Host, Observer, Outcome, Place, Silent, TrainError, train};
use rheostat_workload::{WORKLOADS, WorkloadError};

pub(crate) fn recipe(more: &str) -> Recipe {
    let budget = if more.contains("budget") { "" } else { "budget = \"2 epochs\"\n" };
    let text = format!("workload = \"digits-mlp\"\n{budget}{more}");
    let text = RecipeText { name: "test.toml", text: &text, sets: &[], resolved: false };
    Recipe::read(&text, WORKLOADS).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn run(recipe: &Recipe, path: &Path) -> (Outcome, Run) {
    let outcome = train(recipe, Place::New { path, id: "test" }, &Host::default(), &mut Silent).unwrap();
    (outcome, Run::open(path).unwrap())
}

/// Trains the workhorse by this recipe on the photographs, in small batches. `false`, and it says why, if they are not there.
pub(crate) fn on_photographs(more: &str, path: &Path, skip_evaluation: bool) -> bool {
    let Some(data) = std::env::var_os("RHEOSTAT_DATA") else {
        return skipped("CIFAR-10 is needed, and RHEOSTAT_DATA is not set");
    };
    let text = format!("workload = \"cifar10-resnet8\"\nbatch_size = 16\n{more}");
    let text = RecipeText { name: "test.toml", text: &text, sets: &[], resolved: false };
    let recipe = Recipe::read(&text, WORKLOADS).unwrap_or_else(|error| panic!("{error}"));
    let host = Host { data: Some(data.into()), skip_evaluation, ..Host::default() };
    match train(&recipe, Place::New { path, id: "test" }, &host, &mut Silent) {
        Ok(outcome) => assert_eq!(outcome.result.status, Status::Finished),
        Err(TrainError::Workload(WorkloadError::Missing { path, .. })) => {
            return skipped(&format!("{} is missing", path.display()));
        }
        Err(error) => panic!("{error}"),
    }
    true
}

#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn skipped(why: &str) -> bool {
    eprintln!("skipped: {why}");
    false
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn losses(run: &Run) -> Vec<(u64, u64)> {
    let loss = |event: &Event| match event {
        Event::Step { step, loss, .. } => Some((*step, loss.to_bits())),
        _ => None,
    };
    run.events.iter().filter_map(loss).collect()
}

pub(crate) fn rates(run: &Run) -> Vec<f64> {
    let rate = |event: &Event| match event {
        Event::Step { hyperparameters, .. } => hyperparameters.get("learning_rate").copied(),
        _ => None,
    };
    run.events.iter().filter_map(rate).collect()
}

pub(crate) fn weights(path: &Path) -> Vec<u8> {
    Checkpoint::newest(path).unwrap().unwrap().file("weights.safetensors").unwrap().to_vec()
}

/// Asks the run to stop once it has made so many updates more, those included that do not stand.
struct StopAfter(u64, Arc<AtomicBool>);

impl Observer for StopAfter {
    fn begin(&mut self, _: &Manifest, _: &Plan, _: u64) {}

    fn event(&mut self, event: &Event) {
        if matches!(event, Event::Step { .. } | Event::Skip { .. }) {
            self.0 = self.0.saturating_sub(1);
        }
        if self.0 == 0 {
            self.1.store(true, Ordering::Relaxed);
        }
    }
}

pub(crate) fn interrupt(recipe: &Recipe, place: Place<'_>, after: u64) -> Outcome {
    let host = Host::default();
    let mut stop = StopAfter(after, host.stop.clone());
    train(recipe, place, &host, &mut stop).unwrap()
}

/// Everything that happened, but for times and what a resume adds.
pub(crate) fn story(run: &Run) -> Vec<Event> {
    let timeless = |event: &Event| match event.clone() {
        Event::Resume { .. } | Event::Checkpoint { .. } | Event::Stop { .. } => None,
        Event::Step { step, loss, gradient_norm, hyperparameters, .. } => {
            Some(Event::Step { step, loss, gradient_norm, hyperparameters, train_seconds: 0.0 })
        }
        Event::Evaluation { step, val_loss, val_metric, cost, .. } => {
            Some(Event::Evaluation { step, val_loss, val_metric, train_seconds: 0.0, cost })
        }
        other => Some(other),
    };
    run.events.iter().filter_map(timeless).collect()
}

pub(crate) fn assert_same(expected: &(Outcome, Run), place: &Path, resumed: &Outcome, cut: u64) {
    let run = Run::open(place).unwrap();
    let different = story(&expected.1)
        .into_iter()
        .zip(story(&run))
        .find(|(whole, resumed)| format!("{whole:?}") != format!("{resumed:?}"));
    assert!(different.is_none(), "cut after {cut} updates: {different:?}");
    assert_eq!(story(&run).len(), story(&expected.1).len(), "cut after {cut} updates");
    assert_eq!(weights(place), weights(&expected.1.path), "cut after {cut} updates");
    let (whole, resumed) = (&expected.0.result, &resumed.result);
    assert_eq!(
        (whole.status, whole.steps_kept, whole.steps_spent),
        (resumed.status, resumed.steps_kept, resumed.steps_spent)
    );
    assert_eq!(
        (whole.forwards, whole.evaluations, whole.best, whole.test),
        (resumed.forwards, resumed.evaluations, resumed.best, resumed.test)
    );
}

/// Trains to the end, looks at the run, and trains once more for each cut: interrupted after so many updates, then resumed.
pub(crate) fn assert_resumes(recipe: &Recipe, cuts: &[u64], also: impl FnOnce(&Run)) -> (Outcome, Run) {
    let whole = folder();
    let expected = run(recipe, whole.path());
    also(&expected.1);
    for &cut in cuts {
        let place = folder();
        let status = interrupt(recipe, Place::New { path: place.path(), id: "test" }, cut).result.status;
        assert_eq!(status, Status::Interrupted, "cut after {cut} updates");
        let resumed = train(recipe, Place::Resume(place.path()), &Host::default(), &mut Silent).unwrap();
        assert_same(&expected, place.path(), &resumed, cut);
    }
    expected
}
