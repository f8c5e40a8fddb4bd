//! `rheostat tradeoff` as a user runs it.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const POINTS: &str = "1 epochs,2 epochs,4 epochs";

fn tradeoff(folder: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
    command.current_dir(folder).arg("tradeoff").args(more).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn refused(folder: &Path, more: &[&str]) -> String {
    let output = tradeoff(folder, more);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(!folder.join("runs").exists(), "something was begun");
    stderr(&output)
}

fn recipe(folder: &Path, name: &str, rate: &str) {
    let text = format!("workload = \"digits-mlp\"\nevaluate_every = \"11 steps\"\nlearning_rate = {rate}\n");
    fs::write(folder.join(name), text).unwrap();
}

const COSINE: &str = "{ method = \"cosine\", peak = 3e-3, warmup = \"10 steps\" }";
const LINEAR: &str = "{ method = \"linear\", start = 3e-3, end = 0.0 }";

#[test]
fn a_recipe_becomes_curves_in_both_modes_and_a_resume_finds_them_done() {
    let folder = tempfile::tempdir().unwrap();
    recipe(folder.path(), "cosine.toml", COSINE);
    recipe(folder.path(), "linear.toml", LINEAR);
    let asked =
        ["cosine.toml", "linear.toml", "--points", POINTS, "--seeds", "2", "--out", "curves", "--format", "json"];
    let found: serde_json::Value = serde_json::from_str(&stdout(&tradeoff(folder.path(), &asked))).unwrap();
    let curves = &found[0];
    assert_eq!(curves["cost_ratio"], 1.75);
    assert_eq!(curves["cost_ratio_closed_form"], 1.75);
    assert_eq!(curves["submissions"], serde_json::json!(["cosine", "linear"]));
    assert_eq!(curves["curves"].as_array().unwrap().len(), 4);
    assert_eq!(curves["missing"], serde_json::json!([]));
    let out = folder.path().join("curves");
    for file in ["readouts.csv", "trials.csv", "study.json", "report.html", "report.md", "digits-mlp-tradeoff.svg"] {
        assert!(out.join(file).exists(), "{file}");
    }
    assert!(fs::read(out.join("digits-mlp-cost.png")).unwrap().starts_with(b"\x89PNG"));
    let before = fs::read(out.join("readouts.csv")).unwrap();
    assert_eq!(before.iter().filter(|byte| **byte == b'\n').count(), 1 + 2 * 2 * 6);

    let again = tradeoff(folder.path(), &[&asked[..], &["--resume"]].concat());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stdout(&again)).unwrap(), found);
    assert_eq!(fs::read(out.join("readouts.csv")).unwrap(), before);
    // The table alone is enough to draw the curves again.
    let drawn = tradeoff(folder.path(), &["curves/readouts.csv", "--format", "json"]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stdout(&drawn)).unwrap(), found);
    // And `report` knows what the folder is.
    let report =
        Command::new(env!("CARGO_BIN_EXE_rheostat")).current_dir(folder.path()).args(["report", "curves"]).output();
    assert!(stdout(&report.unwrap()).contains("1.75 times"));
}

#[test]
fn one_mode_and_changes_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let changes = ["--set", "learning_rate.peak=1e-2", "--seed", "7", "--rewarm", "5 steps", "--peak-decay", "0.5"];
    let asked = [&["--points", POINTS, "--mode", "cyclic", "--out", "one", "--format", "csv"][..], &changes].concat();
    let csv = stdout(&tradeoff(folder.path(), &asked));
    assert_eq!(csv.lines().count(), 1 + 3);
    let run = folder.path().join("one/trials/digits-mlp/digits-mlp/study-0/trial-0/recipe.toml");
    let recipe = fs::read_to_string(run).unwrap();
    for told in ["seed = 7", "peak = 0.01", "value = 0.5", "5 steps"] {
        assert!(recipe.contains(told), "{told} is not in\n{recipe}");
    }
}

#[test]
fn a_dry_run_says_what_it_would_cost_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = stdout(&tradeoff(folder.path(), &["--points", POINTS, "--dry-run"]));
    assert!(text.contains("4 trials to run"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn wrong_input_is_told_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    recipe(path, "cosine.toml", COSINE);
    recipe(path, "constant.toml", "1e-3");
    recipe(path, "autowu.toml", "{ method = \"autowu\" }");
    recipe(path, "long.toml", "{ method = \"cosine\", peak = 3e-3, warmup = \"40 steps\" }");
    fs::write(path.join("gpt.toml"), "workload = \"shakespeare-gpt\"\n").unwrap();
    fs::write(path.join("study.toml"), "[workload.digits-mlp]\n[submission.a]\nlearning_rate = 1e-3\n").unwrap();
    let told = |more: &[&str]| refused(path, more);
    insta::assert_snapshot!(told(&["cosine.toml"]), @"");
    insta::assert_snapshot!(told(&["study.toml"]), @"");
    insta::assert_snapshot!(told(&["cosine.toml", "--points", "2 epochs,1 epochs"]), @"");
    insta::assert_snapshot!(told(&["constant.toml", "--points", POINTS]), @"");
    insta::assert_snapshot!(told(&["autowu.toml", "--points", POINTS]), @"");
    insta::assert_snapshot!(told(&["long.toml", "--points", POINTS]), @"");
    insta::assert_snapshot!(told(&["cosine.toml", "gpt.toml", "--points", POINTS]), @"");
    insta::assert_snapshot!(told(&["cosine.toml", "--points", POINTS, "--quality", "bets"]), @"");
    insta::assert_snapshot!(told(&["cosine.toml", "cosine.toml", "--points", POINTS]), @"");
    insta::assert_snapshot!(told(&["cosine.toml", "--points", "1 epoch,2 epoks"]), @"");
}
