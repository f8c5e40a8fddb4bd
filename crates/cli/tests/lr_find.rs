//! The range test from the command line, on the embedded digits.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs it with that recipe; what it wrote is gone afterwards.
fn lr_find(recipe: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recipe.toml");
    std::fs::write(&file, format!("workload = \"digits-mlp\"\n{recipe}")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_rheostat"))
        .args(["lr-find", "--threads", "1", "--format", "json", "--out"])
        .arg(folder.path().join("run"))
        .args(arguments)
        .arg(file)
        .env_remove("RHEOSTAT_DATA")
        .current_dir(&folder)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn curve(recipe: &str, arguments: &[&str]) -> serde_json::Value {
    let output = lr_find(recipe, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn numbers(curve: &serde_json::Value, key: &str) -> Vec<f64> {
    curve[key].as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn the_digits_have_every_suggestion_within_the_range_tested() {
    let curve = curve("", &["--steps", "200"]);
    let rates = numbers(&curve, "rates");
    assert_eq!(rates[0], 1e-7);
    let suggestions = curve["suggestions"].as_object().unwrap();
    let names = ["steepest", "valley", "slide", "minimum_over_10", "lower", "upper"];
    assert_eq!(suggestions.len(), names.len());
    for name in names {
        let rate = suggestions[name].as_f64().unwrap_or_else(|| panic!("no {name} in {suggestions:?}"));
        assert!(rate > 1e-5 && rate < 10.0, "{name} = {rate}");
    }
    assert!(suggestions["lower"].as_f64() < suggestions["upper"].as_f64());
}

#[test]
fn a_linear_test_may_be_given_in_epochs_beyond_the_budget() {
    let curve = curve(
        "budget = \"1 epochs\"\n",
        &["--growth", "linear", "--low", "1e-3", "--high", "0.01", "--steps", "2 epochs"],
    );
    let rates = numbers(&curve, "rates");
    assert_eq!((rates[0], rates[rates.len() - 1]), (1e-3, 0.01));
    let apart = rates[1] - rates[0];
    assert!(rates.windows(2).all(|two| (two[1] - two[0] - apart).abs() < 1e-15), "{rates:?}");
}

#[test]
fn the_rate_is_the_tests_own_whatever_sets_it_in_the_recipe() {
    let short = &["--steps", "12", "--skip-start", "0", "--skip-end", "0"][..];
    let plain = numbers(&curve("", short), "rates");
    assert_eq!(plain.len(), 12);
    for recipe in [
        "learning_rate = { method = \"autowu\" }\n",
        "[learning_rate]\nmethod = \"cycles\"\n[learning_rate.reset]\nmode = \"soft\"\n",
        "learning_rate = { method = \"cosine\", peak = 0.1, warmup = \"50 steps\" }\n",
        "learning_rate = 0.1\nbatch_scaling = { rule = \"sqrt\", reference = 4 }\n",
        "learning_rate = 0.1\nbatch_size = { method = \"grow\", start = 32, maximum = 128 }\n",
        "learning_rate = { method = \"cosine\", peak = 0.1 }\nmomentum = { method = \"inverse\" }\n",
    ] {
        assert_eq!(numbers(&curve(recipe, short), "rates"), plain, "{recipe}");
    }
}

#[test]
fn what_else_the_recipe_moves_moves_as_in_the_run() {
    let short = &["--steps", "12", "--skip-start", "0", "--skip-end", "0", "--low", "1e-3", "--high", "0.1"][..];
    let losses = |momentum: &str| {
        numbers(&curve(&format!("optimizer = {{ method = \"heavy_ball\" }}\n{momentum}"), short), "losses")
    };
    // At its beginning this schedule is 0.5; squeezed into the test it would reach 0.9.
    let moving = "momentum = { method = \"step\", peak = 0.5, gamma = 1.8, every = \"50 %\" }\n";
    assert_eq!(losses(moving), losses("momentum = 0.5\n"));
    assert_ne!(losses(moving), losses("momentum = 0.9\n"));
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
    all
}

#[test]
fn nothing_that_was_there_is_changed_and_a_run_goes_on_as_if_there_had_been_no_test() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let rheostat = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
        command.args(arguments).env_remove("RHEOSTAT_DATA").current_dir(home);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    };
    std::fs::write(home.join("recipe.toml"), "workload = \"digits-mlp\"\nbudget = \"2 epochs\"\n").unwrap();
    rheostat(&["train", "recipe.toml", "--threads", "1", "--out", "runs/before"]);
    let before = files(home);
    assert!(before.len() > 3);
    rheostat(&["lr-find", "recipe.toml", "--threads", "1", "--steps", "20"]);
    let after = files(home);
    let kept: BTreeMap<PathBuf, Vec<u8>> =
        after.clone().into_iter().filter(|(path, _)| before.contains_key(path)).collect();
    assert_eq!(kept, before);
    let added: Vec<&PathBuf> = after.keys().filter(|path| !before.contains_key(*path)).collect();
    assert!(
        !added.is_empty() && added.iter().all(|path| path.to_string_lossy().contains("lr-find-digits-mlp")),
        "{added:?}"
    );
    // A folder that holds something is not taken.
    let taken = home.join("runs/before");
    let output = lr_find("", &["--out", taken.to_str().unwrap()]);
    assert_ne!(output.status.code(), Some(0));
    // The same run once more comes to the same weights.
    rheostat(&["train", "recipe.toml", "--threads", "1", "--out", "runs/again"]);
    let weights = |run: &str| -> Vec<Vec<u8>> {
        let weights = files(&home.join(run)).into_iter().filter(|(path, _)| path.ends_with("weights.safetensors"));
        weights.map(|(_, bytes)| bytes).collect()
    };
    assert!(!weights("runs/before").is_empty());
    assert_eq!(weights("runs/before"), weights("runs/again"));
}

#[test]
fn wrong_arguments_and_hopeless_tests_are_told_apart() {
    for (arguments, told) in [
        (&["--low", "1", "--high", "0.1"][..], "--low: 1 is not less than `high` = 0.1"),
        (&["--steps", "5"], "--steps = 5 is out of range: at least 10"),
        (&["--smoothing", "1"], "--smoothing = 1 is out of range"),
        (&["--skip-start", "99"], "--skip-start: with 99 points left out"),
        (&["--steps", "3 weeks"], "`weeks` is no unit"),
        (&["--low", "1e3", "--high", "1e9"], "--low: the loss stayed finite"),
    ] {
        let output = lr_find("optimizer = { method = \"sgd\" }\n", arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(told), "{arguments:?}: {}", stderr(&output));
    }
}
