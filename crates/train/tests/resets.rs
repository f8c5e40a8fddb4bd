//! Resets between cycles, with every optimizer.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::collections::BTreeMap;

use common::{assert_resumes, folder, interrupt, losses, on_photographs, recipe, weights};
use rheostat_control::OPTIMIZERS;
use rheostat_record::{Checkpoint, Event, Run};
use rheostat_train::{Host, Place, Silent, train};

/// Two cycles of 15 updates; the reset between them has a share that depends on the metric, is of all, or is none.
fn cycles(optimizer: &str, mode: &str) -> String {
    let more = if optimizer == "schedule_free" { "allow_schedule = true\n" } else { "" };
    let peak = if optimizer == "prodigy" { 1.0 } else { 1e-2 };
    format!(
        "budget = \"30 steps\"\nevaluate_every = \"5 steps\"\ncheckpoint_every = \"50 %\"\ndropout = 0.1\n[optimizer]\nmethod = \"{optimizer}\"\n{more}\
         [learning_rate]\nmethod = \"cycles\"\npeak = {peak:?}\ncount = 2\n\
         [learning_rate.reset]\nmode = \"{mode}\"\ntarget = 1.0\n"
    )
}

/// After how many updates, by how much of the weights and of the moments.
fn resets(run: &Run) -> Vec<(u64, f64, f64)> {
    let reset =
        |event: &Event| if let Event::Reset { step, tau, alpha } = event { Some((*step, *tau, *alpha)) } else { None };
    run.events.iter().filter_map(reset).collect()
}

#[test]
fn every_optimizer_trains_through_every_kind_of_reset_and_resumes_to_the_same_bits() {
    assert_eq!(OPTIMIZERS.len(), 14);
    for optimizer in OPTIMIZERS {
        for mode in ["soft", "hard", "params_only"] {
            let what = format!("{} {mode}", optimizer.name);
            // Interrupted at the boundary itself, and some updates after it.
            let (_, run) = assert_resumes(&recipe(&cycles(optimizer.name, mode)), &[15, 22], |_| ());
            let [(15, tau, alpha)] = resets(&run)[..] else { panic!("{what}: {:?}", resets(&run)) };
            match mode {
                "soft" => assert!(tau > 0.0 && tau < 1.0 && alpha == 0.5, "{what}: {tau}, {alpha}"),
                "hard" => assert_eq!((tau, alpha), (1.0, 1.0), "{what}"),
                _ => assert_eq!((tau, alpha), (1.0, 0.0), "{what}"),
            }
            let loss = |at: u64| losses(&run).into_iter().find(|(step, _)| *step == at).unwrap().1;
            // The output layer begins at zero, so that fresh weights have ten classes at random.
            let random = (f64::from_bits(loss(15)) - 10_f64.ln()).abs() < 1e-6;
            assert_eq!(random, mode != "soft", "{what}: {}", f64::from_bits(loss(15)));
            assert!(losses(&run).iter().all(|(_, bits)| f64::from_bits(*bits).is_finite()), "{what}");
        }
    }
}

#[test]
fn the_updates_after_a_reset_of_the_weights_alone_still_have_the_moments() {
    // Plain gradient descent has none: there the two modes are one.
    for (optimizer, same_losses) in [("adamw", 16), ("heavy_ball", 16), ("sgd", 30)] {
        let [hard, params_only] = ["hard", "params_only"].map(|mode| {
            let recipe = recipe(&cycles(optimizer, mode));
            let place = folder();
            interrupt(&recipe, Place::New { path: place.path(), id: "test" }, 15);
            let fresh = weights(place.path());
            train(&recipe, Place::Resume(place.path()), &Host::default(), &mut Silent).unwrap();
            (fresh, losses(&Run::open(place.path()).unwrap()))
        });
        assert!(hard.0 == params_only.0, "{optimizer}: one seed draws the same weights");
        assert_eq!(hard.1.len(), 30, "{optimizer}");
        // Update 15 sees the fresh weights in both runs, and moves them by other moments.
        let same = hard.1.iter().zip(&params_only.1).take_while(|(hard, params_only)| hard == params_only).count();
        assert_eq!(same, same_losses, "{optimizer}");
    }
}

/// What a file of safetensors holds: a length, a table, the values.
fn tensors(bytes: &[u8]) -> BTreeMap<String, Vec<f64>> {
    let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
    let (table, values) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let table: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(table).unwrap();
    let numbers = |entry: &serde_json::Value| -> Vec<f64> {
        let offset = |end: usize| entry["data_offsets"][end].as_u64().unwrap() as usize;
        let bytes = &values[offset(0)..offset(1)];
        match entry["dtype"].as_str().unwrap() {
            "F32" => bytes.as_chunks::<4>().0.iter().map(|four| f64::from(f32::from_le_bytes(*four))).collect(),
            "F64" => bytes.as_chunks::<8>().0.iter().map(|eight| f64::from_le_bytes(*eight)).collect(),
            other => panic!("{other}"),
        }
    };
    let tensors = table.iter().filter(|(name, _)| *name != "__metadata__");
    tensors.map(|(name, entry)| (name.clone(), numbers(entry))).collect()
}

/// A run right after its first reset.
struct Boundary {
    weights: BTreeMap<String, Vec<f64>>,
    moments: BTreeMap<String, Vec<f64>>,
    resets: Vec<(u64, f64, f64)>,
}

fn boundary(optimizer: &str, mode: &str) -> Boundary {
    let place = folder();
    interrupt(&recipe(&cycles(optimizer, mode)), Place::New { path: place.path(), id: "test" }, 15);
    let checkpoint = Checkpoint::newest(place.path()).unwrap().unwrap();
    let file = |name: &str| tensors(checkpoint.file(name).unwrap());
    Boundary {
        weights: file("weights.safetensors"),
        moments: file("optimizer.safetensors"),
        resets: resets(&Run::open(place.path()).unwrap()),
    }
}

#[test]
fn a_reset_scales_the_moments_by_its_own_share_and_moves_the_weights_by_tau() {
    // One run until the reset: where there is none, weights and moments are those that the others had before theirs.
    let before = boundary("adamw", "none");
    assert!(before.resets.is_empty() && before.moments.values().flatten().any(|moment| *moment != 0.0));
    let (soft, hard) = (boundary("adamw", "soft"), boundary("adamw", "hard"));
    let [(15, tau, alpha)] = soft.resets[..] else { panic!("{:?}", soft.resets) };
    assert!(tau > 0.0 && tau < 1.0 && alpha == 0.5, "{tau}, {alpha}");

    // The sums of single precision, and what underflows.
    let close = |got: f64, wanted: f64, size: f64, what: &str| {
        let rounding = 1e-6 * size + f64::from(f32::MIN_POSITIVE);
        assert!((got - wanted).abs() <= rounding, "{what}: {got} instead of {wanted}");
    };
    // First and second moments, and the masses that correct them.
    assert!(before.moments.len() == soft.moments.len() && before.weights.len() == soft.weights.len());
    for (name, old) in &before.moments {
        for (old, new) in old.iter().zip(&soft.moments[name]) {
            close(*new, (1.0 - tau * alpha) * old, old.abs(), name);
        }
    }
    for (name, old) in &before.weights {
        for ((old, fresh), new) in old.iter().zip(&hard.weights[name]).zip(&soft.weights[name]) {
            close(*new, (1.0 - tau) * old + tau * fresh, old.abs() + fresh.abs(), name);
        }
    }
    assert!(hard.moments.is_empty(), "{:?}", hard.moments.keys());
    assert!(boundary("adamw", "params_only").moments == before.moments);
}

/// Running statistics after three updates on the photographs, if they are there, and the reset between two cycles.
fn statistics(reset: &str) -> Option<BTreeMap<String, Vec<f64>>> {
    let text = format!(
        "budget = \"6 steps\"\ncheckpoint_every = \"3 steps\"\n\
         [learning_rate]\nmethod = \"cycles\"\ncount = 2\n[learning_rate.reset]\n{reset}"
    );
    let place = folder();
    if !on_photographs(&text, place.path(), true) {
        return None;
    }
    let boundary = std::fs::read(place.path().join("checkpoints/step-3/weights.safetensors")).unwrap();
    Some(tensors(&boundary).into_iter().filter(|(name, _)| name.contains("running")).collect())
}

#[test]
fn running_statistics_follow_the_weights_or_stay_as_the_recipe_says() {
    let Some(before) = statistics("mode = \"none\"\n") else { return };
    let Some(kept) = statistics("mode = \"hard\"\nbuffers = \"keep\"\n") else { return };
    let Some(followed) = statistics("mode = \"hard\"\n") else { return };
    assert_eq!(before.len(), 2 * 9, "a mean and a variance for each of the batch norms");
    assert!(before == kept, "they are those of the updates before");
    for (name, values) in &followed {
        let fresh = if name.ends_with("running_mean") { 0.0 } else { 1.0 };
        assert!(values.iter().all(|value| *value == fresh), "{name}: {values:?}");
        assert_ne!(&before[name], values, "{name} moved in training");
    }
}
