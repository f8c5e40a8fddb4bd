//! The command line as a person or a script meets it.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::path::Path;
use std::process::{Command, Output};

fn rheostat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rheostat"))
        .args(arguments)
        .env_remove("RHEOSTAT_DATA")
        .current_dir(std::env::temp_dir())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn train(out: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["train", "--threads", "1", "--set", "budget=1 epochs", "--out", out.to_str().unwrap()];
    arguments.extend(more);
    rheostat(&arguments)
}

#[test]
fn training_writes_a_record_and_a_page_and_prints_its_result_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let output = train(&out, &["--format", "json", "--tensorboard"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let result: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    for key in [
        "status",
        "steps_kept",
        "steps_spent",
        "forwards",
        "backwards",
        "train_seconds",
        "eval_seconds",
        "record_seconds",
        "target",
        "steps_to_target",
        "seconds_to_target",
        "best",
        "final",
    ] {
        assert!(result.get(key).is_some(), "no {key} in {result}");
    }
    assert_eq!(result["status"], "finished");
    for file in ["manifest.json", "events.jsonl", "result.json", "report.html", "checkpoints"] {
        assert!(out.join(file).exists(), "no {file}");
    }
    let names = std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.into_iter().any(|name| name.starts_with("events.out.tfevents.")));
}

#[test]
fn a_used_folder_is_refused_before_anything_is_computed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert_eq!(train(&out, &[]).status.code(), Some(0));
    let output = train(&out, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("already holds a run"), "{}", stderr(&output));
}

#[test]
fn a_missed_target_is_an_error_only_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let miss = ["--set", "target.accuracy=1.0"];
    assert_eq!(train(&folder.path().join("a"), &miss).status.code(), Some(0));
    let asked = train(&folder.path().join("b"), &["--set", "target.accuracy=1.0", "--require-target"]);
    assert_eq!(asked.status.code(), Some(6));
}

#[test]
fn a_diverging_run_exits_with_4_and_names_step_rate_and_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        train(&folder.path().join("run"), &["--set", "optimizer={method=\"sgd\"}", "--set", "learning_rate=1e30"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let told = stderr(&output);
    assert!(told.contains("diverged at step") && told.contains("learning rate 1e30"), "{told}");
    assert!(told.contains("last good checkpoint"), "{told}");
}

#[test]
fn a_wrong_recipe_exits_with_2_and_one_line_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.toml");
    std::fs::write(
        &path,
        "workload = \"digits-mlp\"\nsead = 3\n[learning_rate]\nmethod = \"cosine\"\npeak = 1e-3\nwarmup = 5\n",
    )
    .unwrap();
    let output = rheostat(&["train", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(lines[0].ends_with("wrong.toml:2:1: unknown key sead (did you mean seed?)"), "{told}");
    assert!(lines[1].contains("wrong.toml:6:10: warmup = 5 has no unit"), "{told}");
}

#[test]
fn missing_data_exits_with_3_and_says_how_to_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("nothing");
    let out = folder.path().join("run");
    let output = rheostat(&[
        "train",
        "--set",
        "workload=cifar10-resnet8",
        "--data",
        data.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("rheostat data fetch cifar-10"), "{}", stderr(&output));
    assert!(!out.exists(), "nothing was begun");
}

#[test]
fn a_newer_run_directory_exits_with_5() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.json"), "{\"format\": 99}").unwrap();
    let output = rheostat(&["train", "--resume", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("use a newer program"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_full_disk_fails_the_run_with_5_and_what_was_recorded_stays() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    // A limit on file sizes stands for the full disk: writes beyond it fail.
    let script = format!(
        "trap '' XFSZ; ulimit -f 24; exec {} train --threads 1 --set 'budget=30 epochs' --set 'checkpoint_every=30 epochs' --out {}",
        env!("CARGO_BIN_EXE_rheostat"),
        out.display(),
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("events.jsonl"), "{}", stderr(&output));
    let run = rheostat_record::Run::open(&out).unwrap();
    assert!(run.events.len() > 20, "{} events", run.events.len());
    assert!(run.result.is_none());
}

#[test]
fn schedules_print_as_the_contract_says() {
    let output = rheostat(&["schedule", "--steps", "3", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    let mut lines = told.lines();
    assert!(lines.next().unwrap().starts_with("step,learning_rate,"), "{told}");
    assert_eq!(lines.count(), 3);
    let output = rheostat(&["schedule", "--steps", "2", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(rows[1]["step"], 1);
    assert!(rows[1]["learning_rate"].is_f64());
}

#[test]
fn the_cap_of_a_line_search_is_a_schedule_to_look_at() {
    let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/../../recipes/capped-search.toml");
    let output = rheostat(&["schedule", recipe, "--format", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = stdout(&output);
    let columns: Vec<_> = told.lines().next().unwrap().split(',').collect();
    let at = columns.iter().position(|column| *column == "learning_rate.cap").unwrap();
    let value = |line: &str| line.split(',').nth(at).unwrap().parse::<f64>().unwrap();
    let values: Vec<_> = told.lines().skip(1).map(value).collect();
    assert_eq!((values[0], values.len()), (0.1, 990));
    assert!(values[989] < 1e-5, "{}", values[989]);
}

#[test]
fn a_chart_needs_a_picture_to_be_in() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let run = run.to_str().unwrap();
    let output = rheostat(&["train", "--set", "budget=\"3 steps\"", "--out", run]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let picture = folder.path().join("rate.svg");
    let output = rheostat(&["report", run, "--chart", "learning_rate", "-o", picture.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(std::fs::read_to_string(&picture).unwrap().starts_with("<svg"));
    let output = rheostat(&["report", run, "--chart", "learning_rat", "-o", picture.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean learning_rate?"), "{}", stderr(&output));
    let output = rheostat(&["report", run, "--chart", "learning_rate"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("-o FILE.svg or FILE.png"), "{}", stderr(&output));
}

#[test]
fn a_profile_says_what_each_phase_takes_in_the_median_and_on_average() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("profile");
    let output = rheostat(&["profile", "--steps", "12", "--format", "json", "--out", run.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let profile: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for phases in ["phases_milliseconds", "mean_phases_milliseconds"] {
        let phases = profile[phases].as_object().unwrap();
        let names: Vec<&str> = phases.keys().map(String::as_str).collect();
        assert_eq!(names, ["backward", "control", "data", "forward", "recording", "update"]);
        assert!(phases.values().all(|time| time.as_f64() >= Some(0.0)), "{phases:?}");
    }
    assert!(profile["steps"].as_u64() >= Some(12));
}

#[test]
fn every_method_is_listed_with_its_parameters() {
    let output = rheostat(&["methods", "--format", "json"]);
    let methods: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let names: Vec<_> = methods.as_array().unwrap().iter().map(|method| method["name"].as_str().unwrap()).collect();
    for name in ["cosine", "one_cycle", "wsd", "sequence", "product", "adamw", "nesterov"] {
        assert!(names.contains(&name), "{names:?}");
    }
    for method in methods.as_array().unwrap() {
        for parameter in method["parameters"].as_array().unwrap() {
            for key in ["name", "type", "default", "range", "unit", "source"] {
                assert!(parameter.get(key).is_some(), "{parameter}");
            }
        }
    }
    let output = rheostat(&["methods", "cosin"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_there_is_can_be_listed_in_every_format() {
    for command in [&["workloads"][..], &["data", "list"], &["methods"], &["methods", "wsd"]] {
        for format in ["text", "csv", "json"] {
            let arguments: Vec<_> = command.iter().copied().chain(["--format", format]).collect();
            let output = rheostat(&arguments);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
            assert!(!stdout(&output).is_empty());
        }
    }
    assert!(stdout(&rheostat(&["completions", "bash"])).contains("_rheostat"));
}

/// Two submissions on one workload, one of them twice as slow.
const TRIALS: &str = "ruleset,submission,workload,role,study,time_to_target_s\n\
    ours,cosine,digits,base,0,10\nours,cosine,digits,base,1,12\nours,constant,digits,base,0,20\nours,constant,digits,base,1,24\n";

#[test]
fn scores_are_printed_as_flat_objects_and_as_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trials.csv");
    std::fs::write(&path, TRIALS).unwrap();
    let path = path.to_str().unwrap();
    let output = rheostat(&["score", path, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let entries: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&entries[0]["submission"], &entries[0]["score"]), (&"cosine".into(), &1.0.into()));
    assert_eq!(entries[1]["rank"], 2);
    let table = stdout(&rheostat(&["score", path, "-v"]));
    assert!(table.contains("cosine") && table.contains("time over the fastest") && table.contains("2.00"), "{table}");
    let csv = stdout(&rheostat(&["score", path, "--format", "csv"]));
    assert!(
        csv.starts_with("ruleset,submission,rank,score,low,high,first,reached,workloads\nours,cosine,1,1,"),
        "{csv}"
    );
}

#[test]
fn a_wrong_table_or_wrong_rules_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trials.csv");
    std::fs::write(&path, TRIALS.replace(",12\n", ",soon\n")).unwrap();
    let path = path.to_str().unwrap();
    let damaged = rheostat(&["score", path]);
    assert_eq!(damaged.status.code(), Some(3));
    assert!(stderr(&damaged).contains("trials.csv: line 3, column \"time_to_target_s\""), "{}", stderr(&damaged));
    let rules = rheostat(&["score", path, "--rules", "algoperf-0.4"]);
    assert_eq!(rules.status.code(), Some(2));
    assert!(stderr(&rules).contains("did you mean"), "{}", stderr(&rules));
    assert_eq!(rheostat(&["score", "no-such-file.csv"]).status.code(), Some(2));
}

#[test]
fn logs_of_algoperf_are_scored_where_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    // Evaluations at 100, 200 and 300 s; the target of fastmri is an SSIM of 0.723653.
    for (submission, metrics) in [("fast", ["0.70", "0.73", "0.74"]), ("slow", ["nan", "0.70", "0.73"])] {
        for study in 0..3 {
            let trial = folder.path().join(format!("{submission}/study_{study}/fastmri_pytorch/trial_1"));
            std::fs::create_dir_all(&trial).unwrap();
            let rows =
                metrics.iter().zip([100, 200, 300]).map(|(metric, time)| format!("{},{time},{metric}\n", 10 * time));
            let text = "global_step,score,validation/ssim\n".to_owned() + &rows.collect::<String>();
            std::fs::write(trial.join("eval_measurements.csv"), text).unwrap();
            std::fs::write(trial.join("hparams.json"), "{}").unwrap();
        }
    }
    let path = folder.path().to_str().unwrap();
    let output = rheostat(&["score", path, "--rules", "algoperf-0.6-text", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let entries: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(
        (&entries[0]["ruleset"], &entries[0]["submission"], &entries[0]["score"]),
        (&"external_tuning".into(), &"fast".into(), &1.0.into())
    );
    // 300 s over 200 s is a ratio of 1.5: (4 - 1.5) / 3.
    assert_eq!((&entries[1]["submission"], &entries[1]["score"]), (&"slow".into(), &(2.5 / 3.0).into()));
    // The folder of one submission alone is as good.
    let one = folder.path().join("fast");
    let output = rheostat(&["score", one.to_str().unwrap(), "--clock", "steps"]);
    assert!(stdout(&output).contains("fast"), "{}", stderr(&output));
    let passes = rheostat(&["score", path, "--clock", "passes"]);
    assert_eq!(passes.status.code(), Some(3));
    assert!(stderr(&passes).contains("seconds, steps"), "{}", stderr(&passes));
}

#[test]
fn targets_are_set_from_a_table_of_trials() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trials.csv");
    let row = |seed: u64, best: f64| rheostat_score::TrialRow {
        submission: "adamw".to_owned(),
        workload: "digits-mlp".to_owned(),
        role: "base".to_owned(),
        seed,
        study: seed,
        status: "finished".to_owned(),
        metric: "accuracy".to_owned(),
        direction: "increasing".to_owned(),
        best_metric: Some(best),
        test_metric: Some(best - 0.01),
        ..Default::default()
    };
    let rows = [row(0, 0.93), row(1, 0.95), row(2, 0.97)];
    std::fs::write(&path, rheostat_score::write_rows(&rows).unwrap()).unwrap();
    let path = path.to_str().unwrap();
    let output = rheostat(&["score", path, "--set-targets", "3", "--format", "json"]);
    let targets: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((&targets[0]["validation"], &targets[0]["test"]), (&0.95.into(), &0.94.into()));
    let more = rheostat(&["score", path, "--set-targets", "20"]);
    assert_eq!(more.status.code(), Some(2), "{}", stderr(&more));
    assert!(stderr(&more).contains("has 20 trials"), "{}", stderr(&more));
}

#[test]
fn what_a_controller_saw_of_the_gradients_is_replayed_from_its_run_and_not_from_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("losses.csv");
    std::fs::write(&table, "step,loss\n0,1.0\n").unwrap();
    for (name, optimizer, table_of) in
        [("swd", "adamw", "weight_decay"), ("adaptive_heavy_ball", "heavy_ball", "momentum")]
    {
        let out = folder.path().join(name);
        let sets =
            [format!("optimizer={{ method = \"{optimizer}\" }}"), format!("{table_of}={{ method = \"{name}\" }}")];
        let sets: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
        let trained = train(&out, &sets);
        assert_eq!(trained.status.code(), Some(0), "{}", stderr(&trained));
        let replayed = rheostat(&["replay", out.to_str().unwrap(), "--format", "csv"]);
        assert_eq!(replayed.status.code(), Some(0), "{}", stderr(&replayed));
        assert_eq!((stdout(&replayed).lines().count(), stderr(&replayed).as_str()), (1 + 33, ""), "it departs nowhere");
        let other = format!("{table_of}.{}", if name == "swd" { "strength=0.1" } else { "start=0.9" });
        let other = rheostat(&["replay", out.to_str().unwrap(), "--set", &other]);
        assert!(stderr(&other).contains("other values from update"), "{}", stderr(&other));
        let refused = rheostat(&[&["replay", "--losses", table.to_str().unwrap()][..], &sets].concat());
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("looks at gradients or moments"), "{}", stderr(&refused));
    }
}
