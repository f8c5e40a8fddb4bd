//! What a restore brings back, and what a snapshot costs.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::path::Path;

use common::{folder, interrupt, on_photographs, recipe, run};
use rheostat_record::{Checkpoint, Event, Run};
use rheostat_train::Place;

const SEARCH: usize = 11;

/// The updates from one snapshot or restore to the next, all of one rate.
#[derive(Debug, Default)]
struct Pass {
    start: u64,
    rate: u64,
    losses: Vec<u64>,
    /// After how many updates of the pass, and the loss.
    evaluations: Vec<(usize, u64)>,
}

/// A run with `autolrs`, pass by pass.
fn passes(path: &Path) -> Vec<Pass> {
    let mut passes: Vec<Pass> = Vec::new();
    let mut begins = true;
    for event in Run::history(path).unwrap() {
        match event {
            Event::Restore { .. } => begins = true,
            Event::Decision { decision, .. } if decision.contains("save") => begins = true,
            Event::Step { step, loss, hyperparameters, .. } => {
                if std::mem::take(&mut begins) {
                    let rate = hyperparameters["learning_rate"].to_bits();
                    passes.push(Pass { start: step, rate, ..Pass::default() });
                }
                passes.last_mut().unwrap().losses.push(loss.to_bits());
            }
            Event::Evaluation { val_loss, .. } => {
                if let Some(pass) = passes.last_mut() {
                    pass.evaluations.push((pass.losses.len(), val_loss.to_bits()));
                }
            }
            _ => {}
        }
    }
    passes
}

/// Every candidate of a stage begins at the same loss, and the rate that is trained with goes through its losses and evaluations
/// once more, all to the bit. Hands back how many stages there were.
fn assert_restores_bring_everything_back(path: &Path, candidates: usize) -> usize {
    let passes = passes(path);
    let stages = passes.chunk_by(|one, next| one.start == next.start).inspect(|stage| {
        let [tried @ .., trained] = stage else { panic!("no pass") };
        assert_eq!(tried.len(), candidates, "{passes:?}");
        for pass in tried {
            assert_eq!(pass.losses.len(), SEARCH);
            assert_eq!(pass.losses[0], trained.losses[0], "from update {}", pass.start);
        }
        assert!(tried.windows(2).all(|pair| pair[0].losses != pair[1].losses), "at other rates other losses");
        let before = tried.iter().find(|pass| pass.rate == trained.rate).unwrap();
        assert_eq!(before.losses[..], trained.losses[..SEARCH], "from update {}", before.start);
        assert!(!before.evaluations.is_empty());
        assert_eq!(before.evaluations[..], trained.evaluations[..before.evaluations.len()]);
    });
    stages.count()
}

#[test]
fn the_losses_after_a_restore_are_those_of_the_first_time_with_dropout_too() {
    let text = "budget = \"132 steps\"\nevaluate_every = \"11 steps\"\ndropout = 0.2\nseed = 5\n[learning_rate]\n\
                method = \"autolrs\"\nlow = 1e-4\ncandidates = 3\nsearch = \"11 steps\"\ntrain = \"44 steps\"\n";
    let place = folder();
    run(&recipe(text), place.path());
    assert_eq!(assert_restores_bring_everything_back(place.path(), 3), 3);
}

#[test]
fn running_statistics_are_brought_back_too() {
    let text = "budget = \"12 steps\"\nevaluate_every = \"11 steps\"\n\
                [learning_rate]\nmethod = \"autolrs\"\nlow = 1e-4\ncandidates = 2\nsearch = \"11 steps\"\ntrain = \"12 steps\"\n";
    let place = folder();
    if on_photographs(text, place.path(), false) {
        assert_eq!(assert_restores_bring_everything_back(place.path(), 2), 1);
    }
}

#[test]
fn a_snapshot_is_hardly_larger_than_weights_and_moments() {
    let text = "budget = \"40 steps\"\nevaluate_every = \"20 steps\"\n[optimizer]\nmethod = \"adamw\"\n[learning_rate]\nmethod = \"autowu\"\n\
                test_every = \"5 steps\"\n";
    let place = folder();
    interrupt(&recipe(text), Place::New { path: place.path(), id: "test" }, 17);
    let checkpoint = Checkpoint::newest(place.path()).unwrap().unwrap();
    let files = ["snapshot-weights.safetensors", "snapshot-optimizer.safetensors"];
    let snapshot: usize = files.into_iter().map(|name| checkpoint.file(name).unwrap().len()).sum();
    // 64 inputs, twice 64 hidden units, 10 classes: a weight and two moments of 4 bytes each.
    let parameters = 65 * 64 + 65 * 64 + 65 * 10;
    let bare = 3 * 4 * parameters;
    assert!(
        snapshot >= bare && snapshot as f64 <= 1.1 * bare as f64,
        "{snapshot} bytes, {bare} of weights and moments"
    );
}
