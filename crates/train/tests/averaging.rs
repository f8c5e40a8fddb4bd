//! Weights that are evaluated in place of those that train: averages, and Schedule-Free's.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::path::Path;

use common::{folder, interrupt, losses, recipe, run, weights};
use rheostat_record::{Checkpoint, Event, Run};
use rheostat_train::{Host, Place, Silent, train};

const EMA: &str = "seed = 3\n[averaging]\nmethod = \"ema\"\ndecay = 0.9\n";
const SCHEDULE_FREE: &str = "seed = 3\nlearning_rate = 0.01\n[optimizer]\nmethod = \"schedule_free\"\n";

fn evaluations(run: &Run) -> Vec<(u64, u64)> {
    let evaluation = |event: &Event| match event {
        Event::Evaluation { step, val_loss, .. } => Some((*step, val_loss.to_bits())),
        _ => None,
    };
    run.events.iter().filter_map(evaluation).collect()
}

fn file(path: &Path, name: &str) -> Vec<u8> {
    Checkpoint::newest(path).unwrap().unwrap().file(name).unwrap().to_vec()
}

#[test]
fn an_average_changes_what_is_evaluated_and_not_what_is_trained() {
    let (plain, averaged) = (folder(), folder());
    let (_, without) = run(&recipe("seed = 3\n"), plain.path());
    let (outcome, with) = run(&recipe(EMA), averaged.path());
    assert_eq!(losses(&with), losses(&without));
    assert_eq!(weights(averaged.path()), weights(plain.path()));
    let (with, without) = (evaluations(&with), evaluations(&without));
    assert_eq!(with[0], without[0], "there is no average before the first update");
    for (with, without) in with.iter().zip(&without).skip(1) {
        assert_eq!(with.0, without.0);
        assert_ne!(with.1, without.1);
    }
    assert_ne!(file(averaged.path(), "evaluated.safetensors"), weights(averaged.path()));
    assert!(outcome.result.test.is_some());
}

#[test]
fn a_mean_of_one_moment_is_the_weights_of_that_moment() {
    let (plain, averaged) = (folder(), folder());
    let text = "seed = 3\nbudget = \"40 steps\"\nevaluate_every = \"10 steps\"\n";
    let (_, without) = run(&recipe(text), plain.path());
    let (_, with) =
        run(&recipe(&format!("{text}[averaging]\nmethod = \"swa\"\nat = [\"20 steps\"]\n")), averaged.path());
    let (with, without) = (evaluations(&with), evaluations(&without));
    assert_eq!(with[..3], without[..3]);
    assert_eq!(with[3].1, without[2].1, "the mean stands still");
    assert_eq!(with[4].1, without[2].1);
    assert_ne!(without[3].1, without[2].1);
}

#[test]
fn runs_that_evaluate_other_weights_go_on_bit_for_bit() {
    // Goes back to the snapshot of the beginning after each candidate.
    let restoring = "seed = 3\nbudget = \"4 epochs\"\n[averaging]\nmethod = \"ema\"\n\
                     [learning_rate]\nmethod = \"autolrs\"\nlow = 1e-4\ncandidates = 3\nsearch = \"11 steps\"\n\
                     train = \"44 steps\"\n";
    for (text, file_name) in [
        (EMA, "average.safetensors"),
        (
            "seed = 3\ntest = \"best\"\n[averaging]\nmethod = \"swa\"\nfrom = \"3 steps\"\nevery = \"2 steps\"\n",
            "best.safetensors",
        ),
        (SCHEDULE_FREE, "evaluated.safetensors"),
        (restoring, "average.safetensors"),
    ] {
        let recipe = recipe(text);
        let whole = folder();
        let (expected, whole_run) = run(&recipe, whole.path());
        let total = expected.result.steps_spent;
        for at in [2, total / 2, total - 1] {
            let folder = folder();
            interrupt(&recipe, Place::New { path: folder.path(), id: "test" }, at);
            let resumed = train(&recipe, Place::Resume(folder.path()), &Host::default(), &mut Silent).unwrap();
            assert_eq!(losses(&Run::open(folder.path()).unwrap()), losses(&whole_run), "{text} interrupted after {at}");
            assert_eq!(file(folder.path(), file_name), file(whole.path(), file_name), "{text}");
            assert_eq!(resumed.result.last, expected.result.last, "{text}");
            assert_eq!(resumed.result.test, expected.result.test, "{text}");
        }
    }
}

#[test]
fn the_best_weights_are_those_that_were_evaluated() {
    let folder = folder();
    let (outcome, _) = run(&recipe(&SCHEDULE_FREE.replace("seed = 3", "test = \"best\"")), folder.path());
    let (best, last) = (outcome.result.best.unwrap(), outcome.result.last.unwrap());
    if best.step == last.step {
        assert_eq!(file(folder.path(), "best.safetensors"), file(folder.path(), "evaluated.safetensors"));
    }
    assert_ne!(file(folder.path(), "best.safetensors"), weights(folder.path()));
}

#[test]
fn resets_take_averages_along() {
    let cycles = "budget = \"4 epochs\"\n[learning_rate]\nmethod = \"cycles\"\ncount = 2\npeak = 1e-2\n\
                  [learning_rate.reset]\nmode = \"soft\"\n";
    let text = format!("{cycles}[averaging]\nmethod = \"ema\"\ndecay = 0.99\n");
    let (one, two) = (folder(), folder());
    let (outcome, whole) = run(&recipe(&text), one.path());
    assert!(whole.events.iter().any(|event| matches!(event, Event::Reset { .. })));
    let half = outcome.result.steps_spent / 2 + 2;
    interrupt(&recipe(&text), Place::New { path: two.path(), id: "test" }, half);
    train(&recipe(&text), Place::Resume(two.path()), &Host::default(), &mut Silent).unwrap();
    assert_eq!(file(one.path(), "average.safetensors"), file(two.path(), "average.safetensors"));
}
