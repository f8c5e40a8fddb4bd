//! Pictures of the loss along updates from the command line, on the embedded digits.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::path::Path;
use std::process::{Command, Output};

fn landscape(out: &Path, recipe: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recipe.toml");
    std::fs::write(&file, format!("workload = \"digits-mlp\"\n{recipe}")).unwrap();
    Command::new(env!("CARGO_BIN_EXE_rheostat"))
        .args(["landscape", "--threads", "1", "--out"])
        .arg(out)
        .args(arguments)
        .arg(file)
        .env_remove("RHEOSTAT_DATA")
        .current_dir(&folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const SGD: &str = "learning_rate = 0.1\noptimizer = { method = \"sgd\" }\n";
const SHORT: &[&str] = &["--steps", "12", "--every", "5", "--points", "5", "--batches", "3"];

#[test]
fn pictures_tables_and_a_page_stand_in_the_run_directory() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = landscape(&out, SGD, SHORT);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let printed = text(&output.stdout);
    assert!(printed.contains("step taken: 0.1") && printed.contains("best / taken"), "{printed}");
    let updates: Vec<&str> = printed.lines().filter(|line| line.contains("  0.1  ")).collect();
    assert_eq!(updates.len(), 5, "updates 0, 5, 9, 10 and 11: {printed}");
    for stem in ["update", "updates", "batches", "map"] {
        for ending in ["svg", "png"] {
            let picture = out.join(format!("landscape-{stem}.{ending}"));
            assert!(picture.exists(), "no {}", picture.display());
        }
    }
    let page = std::fs::read_to_string(out.join("landscape.html")).unwrap();
    assert!(page.contains("digits-mlp under recipe"));
    for file in ["landscape.json", "landscape.csv", "manifest.json", "events.jsonl"] {
        assert!(out.join(file).exists(), "no {file}");
    }
    // The run was cut after the updates asked for, and its horizon is the budget.
    let events = std::fs::read_to_string(out.join("events.jsonl")).unwrap();
    assert_eq!(events.matches("\"event\":\"step\"").count(), 12);
}

#[test]
fn json_and_csv_go_to_stdout_alone() {
    let folder = tempfile::tempdir().unwrap();
    let json = landscape(&folder.path().join("json"), SGD, &[SHORT, &["--format", "json"]].concat());
    let record: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let steps: Vec<u64> =
        record["columns"].as_array().unwrap().iter().map(|column| column["step"].as_u64().unwrap()).collect();
    assert_eq!(steps, [0, 5, 9, 10, 11]);
    assert_eq!(record["sizes"].as_array().unwrap().len(), 5);
    assert_eq!(record["others"].as_array().unwrap().len(), 2);
    let csv = text(&landscape(&folder.path().join("csv"), SGD, &[SHORT, &["--format", "csv"]].concat()).stdout);
    assert_eq!(csv.lines().next(), Some("step,batch,step_size,loss,chosen"));
    // Each batch has where it begins, the step taken and five sizes.
    assert_eq!(csv.lines().count(), 1 + 7 * (5 + 2));
}

#[test]
fn a_line_search_a_controller_and_a_short_budget_are_measured_too() {
    for recipe in [
        "optimizer = { method = \"adamw\" }\nlearning_rate = { method = \"alsals\" }\n",
        "learning_rate = { method = \"cycles\" }\n",
        "budget = \"7 steps\"\n",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = landscape(&folder.path().join("run"), recipe, &["--points", "3", "--format", "json"]);
        assert_eq!(output.status.code(), Some(0), "{recipe}: {}", text(&output.stderr));
        let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let last = record["columns"].as_array().unwrap().last().unwrap()["step"].as_u64().unwrap();
        assert_eq!(last, if recipe.contains("budget") { 6 } else { 99 }, "{recipe}");
    }
}

#[test]
fn wrong_arguments_are_told_before_anything_is_trained() {
    for (recipe, arguments, told) in [
        (SGD, &["--low", "1", "--high", "0.1"][..], "--low: 1 is not less than `high` = 0.1"),
        (SGD, &["--low", "0"], "--low = 0 is out of range"),
        (SGD, &["--high=-3"], "--high = -3 is out of range"),
        (SGD, &["--points", "1"], "--points = 1 is out of range: 2 to 500"),
        (SGD, &["--every", "0"], "--every"),
        (SGD, &["--steps", "0"], "--steps"),
        (SGD, &["--steps", "1000000"], "--steps = 1000000 is out of range: at most the budget"),
        (
            "optimizer = { method = \"prodigy\" }\n",
            &[],
            "prodigy moves by displacements that contain the learning rate",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let output = landscape(&out, recipe, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(told), "{arguments:?}: {}", text(&output.stderr));
        assert!(!out.exists(), "{arguments:?}");
    }
}

#[test]
fn a_folder_with_a_run_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert_eq!(landscape(&out, SGD, SHORT).status.code(), Some(0));
    let before = std::fs::read(out.join("landscape.json")).unwrap();
    let again = landscape(&out, SGD, SHORT);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
    assert_eq!(std::fs::read(out.join("landscape.json")).unwrap(), before);
}

#[test]
fn a_run_that_diverges_is_shown_as_far_as_it_went() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = "learning_rate = 1e30\noptimizer = { method = \"sgd\" }\n";
    let output = landscape(&out, recipe, &["--points", "3"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("diverged at step"), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("best / taken"), "{}", text(&output.stdout));
    assert!(out.join("landscape.html").exists());
}
