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

/// Whichever run was over first.
#[test]
fn the_first_method_is_what_others_are_compared_with() {
    let folder = tempfile::tempdir().unwrap();
    recipe(folder.path(), "cosine.toml", COSINE);
    recipe(folder.path(), "linear.toml", LINEAR);
    let asked = ["linear.toml", "cosine.toml", "--points", "1 epochs,2 epochs", "--out", "curves", "--format", "json"];
    let found: serde_json::Value = serde_json::from_str(&stdout(&tradeoff(folder.path(), &asked))).unwrap();
    assert_eq!(found[0]["submissions"], serde_json::json!(["linear", "cosine"]));
    assert_eq!(found[0]["baseline"], "linear");
    let path = folder.path().join("curves/readouts.csv");
    let text = fs::read_to_string(&path).unwrap();
    let mut rows: Vec<&str> = text.lines().skip(1).collect();
    rows.sort_unstable();
    assert!(rows[0].starts_with("cosine"));
    fs::write(&path, [text.lines().take(1).collect(), rows].concat().join("\n") + "\n").unwrap();
    let again = tradeoff(folder.path(), &[&asked[..], &["--resume"]].concat());
    let again: serde_json::Value = serde_json::from_str(&stdout(&again)).unwrap();
    assert_eq!(again[0]["baseline"], "linear");
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
    insta::assert_snapshot!(told(&["cosine.toml"]), @r#"error: cosine.toml: a recipe needs the points of its curve: --points "1 epochs,2 epochs,4 epochs""#);
    insta::assert_snapshot!(told(&["study.toml"]), @r#"error: study.toml: the study has no [tradeoff]; write [tradeoff] and points = ["1 epochs", "2 epochs", "4 epochs"]"#);
    insta::assert_snapshot!(told(&["cosine.toml", "--points", "2 epochs,1 epochs"]), @r#"command line:13:23: points[1] = "1 epoch" is not after "2 epochs" (write the points in increasing order)"#);
    insta::assert_snapshot!(told(&["constant.toml", "--points", POINTS]), @"constant.toml:3:17: learning_rate: constant does not come to an end at a point, so the run cannot be read out at its points (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd)");
    insta::assert_snapshot!(told(&["autowu.toml", "--points", POINTS]), @r#"
    autowu.toml:3:17: learning_rate.max_warmup: 17 updates hold 0 tests, one every 33; `patience` = 3 asks for as many in a row: lengthen the warm-up, or test more often with `test_every`
    autowu.toml:3:17: learning_rate.max_warmup: 33 updates hold 1 tests, one every 33; `patience` = 3 asks for as many in a row: lengthen the warm-up, or test more often with `test_every`
    autowu.toml:3:17: learning_rate.max_warmup: 66 updates hold 2 tests, one every 33; `patience` = 3 asks for as many in a row: lengthen the warm-up, or test more often with `test_every`
    autowu.toml:3:28: autowu finds the learning rate during the run: it has no schedule that could end at every point (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd; or draw the standard curve alone: modes = ["standard"])
    "#);
    insta::assert_snapshot!(told(&["long.toml", "--points", POINTS]), @"
    long.toml:3:60: in the first cycle, up to 1 epoch: learning_rate.warmup: 40 steps of warm-up, must be less than the 33 steps there are (let the first point come later, or warm up for less)
    long.toml:3:60: learning_rate.warmup: 40 steps of warm-up, must be less than the 33 steps there are
    ");
    insta::assert_snapshot!(told(&["cosine.toml", "gpt.toml", "--points", POINTS]), @"error: gpt.toml trains shakespeare-gpt, cosine.toml digits-mlp: the curves of one tradeoff are of one workload");
    insta::assert_snapshot!(told(&["cosine.toml", "--points", POINTS, "--quality", "bets"]), @r#"error: there is no quality "bets" (did you mean best?)"#);
    insta::assert_snapshot!(told(&["cosine.toml", "cosine.toml", "--points", POINTS]), @"error: two recipes are called cosine: the name of the file is that of the method");
    insta::assert_snapshot!(told(&["cosine.toml", "--points", "1 epoch,2 epoks"]), @"
    error: invalid value '2 epoks' for '--points <SPAN,SPAN,...>': `epoks` is no unit, the units are steps, epochs, samples (also k samples, M samples) or %
    
    For more information, try '--help'.
    ");
}
