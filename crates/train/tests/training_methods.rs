//! Training methods in runs: what is recorded, what resumes, what stays still.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{assert_resumes, folder, losses, on_photographs, recipe, run, weights};
use rheostat_record::{Event, Run};

fn values(run: &Run, name: &str) -> Vec<f64> {
    let value = |event: &Event| match event {
        Event::Step { hyperparameters, .. } => hyperparameters.get(name).copied(),
        _ => None,
    };
    run.events.iter().filter_map(value).collect()
}

#[test]
fn a_method_changes_training_and_its_value_is_recorded() {
    let (plain, mixed) = (folder(), folder());
    let (_, without) = run(&recipe("seed = 3\n"), plain.path());
    let (_, with) = run(&recipe("seed = 3\nmethods = [\"mixup\", \"label_smoothing\"]\n"), mixed.path());
    // Before the first update every class is equally likely, whatever the target.
    assert_ne!(losses(&with)[1], losses(&without)[1]);
    assert!(values(&with, "mixup").iter().all(|alpha| *alpha == 0.2));
    assert!(values(&with, "label_smoothing").iter().all(|share| *share == 0.1));
    assert!(values(&without, "mixup").is_empty());
}

#[test]
fn mixing_nothing_is_the_run_without_it() {
    let (plain, mixed) = (folder(), folder());
    let (_, without) = run(&recipe("seed = 3\n"), plain.path());
    let (_, with) = run(&recipe("seed = 3\nmixup = 0\n"), mixed.path());
    assert_eq!(losses(&with), losses(&without));
    assert_eq!(weights(mixed.path()), weights(plain.path()));
}

#[test]
fn mixtures_that_follow_a_schedule_resume_to_the_same_bits_in_parts_too() {
    let text = "seed = 3\naccumulate = 2\n[mixup]\nmethod = \"linear\"\nstart = 0.0\nend = 1.0\n";
    let (_, run) = assert_resumes(&recipe(text), &[1, 20], |_| ());
    let alphas = values(&run, "mixup");
    assert!(alphas.windows(2).all(|pair| pair[0] < pair[1]), "{alphas:?}");
}

/// A few updates on the photographs, if they are there; the values of every tensor at the end, as bytes.
fn photographs(more: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let place = folder();
    on_photographs(&format!("learning_rate = 1e-3\n{more}"), place.path(), true).then(|| tensors(place.path()))
}

/// What a file of safetensors holds: a length, a table, the values.
fn tensors(place: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = weights(place);
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (table, values) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let table: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(table).unwrap();
    let offset = |entry: &serde_json::Value, end: usize| entry["data_offsets"][end].as_u64().unwrap() as usize;
    let tensors = table.iter().filter(|(name, _)| *name != "__metadata__");
    tensors.map(|(name, entry)| (name.clone(), values[offset(entry, 0)..offset(entry, 1)].to_vec())).collect()
}

#[test]
fn frozen_parameters_do_not_move_by_a_bit_and_the_others_do() {
    let run = |steps: u64| photographs(&format!("budget = \"{steps} steps\"\nweight_decay = 0.1\nfrozen = 0.5\n"));
    let (Some(first), Some(third)) = (run(1), run(3)) else { return };
    let trained = first.keys().filter(|name| !name.contains("running"));
    let (mut frozen, mut moved) = (0, 0);
    for name in trained {
        // Of the stem and three blocks the first two are frozen.
        let still = ["stem", "norm", "blocks.0"].iter().any(|layer| name.starts_with(layer));
        assert_eq!(first[name] == third[name], still, "{name}");
        if still { frozen += 1 } else { moved += 1 }
    }
    assert_eq!((frozen, moved), (3 + 6, 2 * 9 + 2));
}

#[test]
fn all_methods_train_together() {
    let all = "budget = \"4 steps\"\nmethods = [\"label_smoothing\", \"mixup\", \"cutout\", \"randaugment\", \"blurpool\", \
               \"progressive_resizing\", { method = \"layer_freezing\", freeze_start = 0.25 }]\n";
    let Some(with) = photographs(all) else { return };
    let Some(without) = photographs("budget = \"4 steps\"\n") else { return };
    assert_eq!(
        with.keys().collect::<Vec<_>>(),
        without.keys().collect::<Vec<_>>(),
        "the model has the same parameters"
    );
    assert_ne!(with, without);
}
