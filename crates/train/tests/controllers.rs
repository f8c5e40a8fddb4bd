//! Controllers from recipes: what they ask for is done, and a run that was cut goes on to the same bits.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::path::Path;

use common::{folder, interrupt, losses, rates, recipe, run, weights};
use rheostat_record::{Event, Recipe, Run, Status};
use rheostat_train::{Host, Outcome, Place, Silent, train};

/// Everything that happened, but for times and what a resume adds.
fn story(run: &Run) -> Vec<Event> {
    let timeless = |event: &Event| match event.clone() {
        Event::Resume { .. } | Event::Checkpoint { .. } | Event::Stop { .. } => None,
        Event::Step { step, loss, gradient_norm, hyperparameters, .. } => {
            Some(Event::Step { step, loss, gradient_norm, hyperparameters, train_seconds: 0.0 })
        }
        Event::Evaluation { step, val_loss, val_metric, .. } => {
            Some(Event::Evaluation { step, val_loss, val_metric, train_seconds: 0.0 })
        }
        other => Some(other),
    };
    run.events.iter().filter_map(timeless).collect()
}

fn assert_same(expected: &(Outcome, Run), place: &Path, resumed: &Outcome, cut: u64) {
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

/// Trains to the end, and once more for each cut: interrupted after so many updates, then resumed.
fn assert_cuts_do_not_matter(recipe: &Recipe, cuts: &[u64]) -> (Outcome, Run) {
    let whole = folder();
    let expected = run(recipe, whole.path());
    for &cut in cuts {
        let place = folder();
        let status = interrupt(recipe, Place::New { path: place.path(), id: "test" }, cut).result.status;
        assert_eq!(status, Status::Interrupted, "cut after {cut} updates");
        let resumed = train(recipe, Place::Resume(place.path()), &Host::default(), &mut Silent).unwrap();
        assert_same(&expected, place.path(), &resumed, cut);
    }
    expected
}

fn decisions(run: &Run) -> Vec<(u64, String)> {
    let decision = |event: &Event| match event {
        Event::Decision { step, decision, .. } => Some((*step, decision.clone())),
        _ => None,
    };
    run.events.iter().filter_map(decision).collect()
}

#[test]
fn an_automated_warm_up_decays_from_the_rate_it_found_and_resumes_to_the_same_bits() {
    let text = "budget = \"10 epochs\"\n[learning_rate]\nmethod = \"autowu\"\nhigh = 3.0\ntest_every = \"4 steps\"\n";
    let (outcome, run) = assert_cuts_do_not_matter(&recipe(text), &[3, 17, 40, 70]);
    assert_eq!(outcome.result.status, Status::Finished);
    let rates = rates(&run);
    let peak = rates.iter().copied().fold(0.0, f64::max);
    assert!(rates[0] == 1e-5 && rates.last().unwrap() < &peak, "{rates:?}");
    assert!(decisions(&run).iter().any(|(_, decision)| decision == "change"), "{:?}", decisions(&run));
}

#[test]
fn a_loss_that_blows_up_is_rolled_back_and_resumes_to_the_same_bits() {
    // So steep that the weights are lost before three tests in a row have seen it coming.
    let text = "budget = \"10 epochs\"\n[optimizer]\nmethod = \"sgd\"\n[learning_rate]\nmethod = \"autowu\"\nhigh = 1e90\n\
                test_every = \"30 steps\"\n";
    let (outcome, run) = assert_cuts_do_not_matter(&recipe(text), &[10, 30, 60]);
    let result = &outcome.result;
    assert_eq!(result.status, Status::Finished);
    assert!(result.steps_spent > result.steps_kept, "{result:?}");
    assert!(run.events.iter().any(|event| matches!(event, Event::Restore { .. })));
    let standing: Vec<u64> = losses(&run).into_iter().map(|(step, _)| step).collect();
    assert_eq!(standing, (0..result.steps_kept).collect::<Vec<_>>(), "each update stands once");
}
