//! Studies of real runs, each in a process of its own, as the command line starts them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const STUDY: &str = "studies = 2\n[recipe]\nstop_at_target = false\n[workload.digits-mlp]\nbudget = \"2 epochs\"\n\
                     target = { accuracy = 0.5 }\n[submission.constant]\nlearning_rate = 1e-3\n\
                     [submission.cosine.learning_rate]\nmethod = \"cosine\"\npeak = 3e-3\n";

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new(study: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("study.toml"), study).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bench(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
        command.current_dir(self.folder.path()).env_remove("RHEOSTAT_DATA");
        command.args(["bench", "study.toml", "--out", "out", "--threads", "1"]).args(more);
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.bench(more).output().unwrap()
    }

    fn rows(&self) -> Vec<rheostat_score::TrialRow> {
        rheostat_score::read_rows::<rheostat_score::TrialRow>(fs::read(self.path("out/trials.csv")).unwrap_or_default())
            .unwrap()
            .rows
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[track_caller]
fn wait_for(what: &str, happened: impl Fn() -> bool) {
    let began = Instant::now();
    while !happened() {
        assert!(began.elapsed() < Duration::from_secs(60), "no {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_study_trains_its_trials_and_a_resume_finds_them_done() {
    let place = Place::new(STUDY);
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let rows = place.rows();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!((row.status.as_str(), row.steps, row.seed, row.n_evals), ("finished", 66, row.study, 3));
        assert!(row.train_s > 0.0 && row.test_metric.is_some(), "{row:?}");
    }
    // The same seed is the same network before its first update: what differs is the submission.
    assert_ne!(rows[0].best_metric, rows[1].best_metric);

    let again = place.run(&[]);
    assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));
    assert!(stderr(&again).contains("--resume"), "{}", stderr(&again));
    let before = fs::read(place.path("out/trials.csv")).unwrap();
    assert_eq!(place.run(&["--resume"]).status.code(), Some(0));
    assert_eq!(fs::read(place.path("out/trials.csv")).unwrap(), before);
}

#[test]
fn a_trial_is_the_run_that_train_makes_of_its_recipe() {
    let place = Place::new(STUDY);
    assert_eq!(place.run(&[]).status.code(), Some(0));
    let trial = place.path("out/trials/cosine/digits-mlp/study-1/trial-0");
    let out = place.path("by-hand");
    let by_hand = Command::new(env!("CARGO_BIN_EXE_rheostat"))
        .args(["train", "--threads", "1", "--out"])
        .arg(&out)
        .arg(trial.join("recipe.toml"))
        .output()
        .unwrap();
    assert_eq!(by_hand.status.code(), Some(0), "{}", stderr(&by_hand));
    let losses = |path: &Path| -> Vec<String> {
        let run = rheostat_record::Run::open(path).unwrap();
        let steps = run.events.iter().filter_map(|event| match event {
            rheostat_record::Event::Step { loss, .. } => Some(loss.to_string()),
            _ => None,
        });
        steps.collect()
    };
    assert_eq!(losses(&trial.join("run")), losses(&out));
}

#[test]
fn a_dry_run_says_what_it_would_cost_and_leaves_nothing() {
    let place = Place::new(STUDY);
    let output = place.run(&["--dry-run", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some("submission,workload,trials,done,updates,seconds"));
    assert!(lines.next().is_some_and(|line| line.starts_with("constant,digits-mlp,2,0,66,")), "{told}");
    assert!(!place.path("out").exists());
}

#[test]
fn a_trial_that_is_killed_is_a_failed_row_and_the_rest_goes_on() {
    let place = Place::new(&STUDY.replace("2 epochs", "60 epochs"));
    let study = place.bench(&[]).stderr(Stdio::null()).spawn().unwrap();
    let output = place.path("out/trials/constant/digits-mlp/study-0/trial-0/run/events.jsonl");
    wait_for("first trial", || fs::metadata(&output).is_ok_and(|events| events.len() > 1000));
    let found = Command::new("pgrep").args(["-P", &study.id().to_string()]).output().unwrap();
    let child = String::from_utf8(found.stdout).unwrap();
    Command::new("kill").args(["-9", child.trim()]).status().unwrap();
    finish(study);
    let rows = place.rows();
    assert_eq!(rows.len(), 4);
    let failed: Vec<_> = rows.iter().filter(|row| row.status == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].why.contains("killed"), "{}", failed[0].why);
}

fn finish(mut study: Child) {
    assert_eq!(study.wait().unwrap().code(), Some(0));
}

#[test]
fn a_study_killed_outright_takes_its_trial_along_and_a_resume_completes_it() {
    let place = Place::new(&STUDY.replace("2 epochs", "60 epochs"));
    let mut study = place.bench(&[]).stderr(Stdio::null()).spawn().unwrap();
    let trial = place.path("out/trials/constant/digits-mlp/study-0/trial-0");
    wait_for("first trial", || fs::metadata(trial.join("run/events.jsonl")).is_ok_and(|events| events.len() > 1000));
    study.kill().unwrap();
    study.wait().unwrap();
    // Nobody holds its standard input any more: it stops after the update it is at, saved.
    wait_for("end of the orphan", || !rheostat_record::Run::is_being_written(&trial.join("run")).unwrap());
    assert!(rheostat_record::Run::open(&trial.join("run")).unwrap().result.is_none(), "it was over before the kill");
    let output = place.run(&["--resume"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let rows = place.rows();
    assert_eq!(rows.len(), 4);
    assert!(rows.iter().all(|row| row.status == "finished" && row.steps == 60 * 33), "{rows:?}");
}

#[test]
fn a_machine_without_the_data_is_told_so_and_no_trial_is_called_failed() {
    let place = Place::new("[workload.cifar10-resnet8]\n[submission.a]\n");
    let output = place.run(&["--data", "nowhere"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("cifar-10"), "{}", stderr(&output));
    assert!(place.rows().is_empty());
}

#[test]
fn a_wrong_study_is_told_with_its_place() {
    let place = Place::new(&STUDY.replace("digits-mlp", "digits-mpl"));
    let output = place.run(&[]);
    assert_eq!(output.status.code(), Some(2));
    let told = stderr(&output);
    assert!(told.starts_with("study.toml:4:11: unknown workload"), "{told}");
    assert!(told.contains("did you mean digits-mlp?"), "{told}");
    assert!(!place.path("out").exists());
}

#[test]
fn results_kept_beside_a_study_are_gone_on_with_in_a_fresh_clone() {
    let place = Place::new(STUDY);
    fs::create_dir_all(place.path("results/study")).unwrap();
    assert_eq!(place.run(&[]).status.code(), Some(0));
    let table = place.path("results/study/trials.csv");
    let before = fs::read_to_string(&table).unwrap();
    assert_eq!(before.lines().count(), 5);
    fs::remove_dir_all(place.path("out")).unwrap();
    fs::write(place.path("study.toml"), STUDY.replace("studies = 2", "studies = 3")).unwrap();
    let output = place.run(&["--resume"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let after = fs::read_to_string(&table).unwrap();
    assert!(after.starts_with(&before));
    assert_eq!(after.lines().count(), 7);
}

#[test]
fn a_report_is_told_by_the_clock_asked_for_and_compares_at_equal_cost() {
    let search = STUDY.replace("learning_rate = 1e-3\n", "learning_rate = { method = \"adam_sls\" }\n");
    let place = Place::new(&search);
    assert_eq!(place.run(&[]).status.code(), Some(0));
    let rows = place.rows();
    let passes = |name: &str| {
        let row = rows.iter().find(|row| row.submission == name).unwrap();
        assert!(row.best_loss <= row.final_loss && row.final_loss > Some(0.0), "{row:?}");
        (row.steps, row.forwards.unwrap(), row.backwards.unwrap())
    };
    assert_eq!(passes("cosine"), (66, 66, 66));
    let (steps, forwards, backwards) = passes("constant");
    assert!((steps, backwards) == (66, 66) && forwards > 2 * steps, "{forwards} forwards");
    let report = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
        command.current_dir(place.folder.path()).args(["report", "out"]).args(more).output().unwrap()
    };
    let told = report(&["--clock", "passes"]);
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    assert!(String::from_utf8(told.stdout).unwrap().contains("passes, in the"));
    let page = fs::read_to_string(place.path("out/report.html")).unwrap();
    for heading in
        ["digits-mlp after 66 updates, where the cheapest ends", "digits-mlp after 132 passes, where the cheapest ends"]
    {
        assert!(page.contains(heading), "{heading}");
    }
    let told = report(&["--clock", "pass"]);
    assert_eq!(told.status.code(), Some(2));
    assert!(stderr(&told).contains("did you mean passes?"), "{}", stderr(&told));
    let run = place.path("out/trials/cosine/digits-mlp/study-0/trial-0/run");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
    let told = command.args(["report", "--clock", "passes"]).arg(run).output().unwrap();
    assert!(told.status.code() == Some(2) && stderr(&told).contains("the folder of one study"), "{}", stderr(&told));
}

#[test]
fn every_study_that_comes_with_the_program_can_be_read() {
    let studies = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies");
    let mut seen = 0;
    for entry in fs::read_dir(&studies).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let include = |recipe: &str| fs::read_to_string(studies.join(recipe));
        let name = path.display().to_string();
        let study = rheostat_bench::Study::read(&name, &text, rheostat_workload::WORKLOADS, &include);
        let study = study.unwrap_or_else(|error| panic!("{error}"));
        assert!(study.trials().count() > 0, "{name}");
        seen += 1;
    }
    assert!(seen >= 4, "{seen} studies");
}
