//! A run killed at any moment loses nothing.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rheostat_record::{Checkpoint, Event, Run};
use serde_json::Value;

fn rheostat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command
}

/// What is trained: a recipe of the repository, or the embedded default, with changes.
struct Case<'a> {
    recipe: Option<&'a str>,
    sets: &'a [&'a str],
}

impl Case<'_> {
    fn train(&self, out: &Path) -> Command {
        let mut command = rheostat();
        command.arg("train");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
        command.args(self.recipe.map(|name| folder.join(name).with_extension("toml")));
        command.args(["--threads", "1", "--out"]).arg(out);
        for set in self.sets {
            command.args(["--set", set]);
        }
        command
    }
}

/// What happened, but for times and what a resume adds.
fn story(path: &Path) -> Vec<Value> {
    let kept = |event: &Event| !matches!(event, Event::Resume { .. } | Event::Checkpoint { .. });
    let timeless = |event: &Event| {
        let mut line = serde_json::to_value(event).unwrap();
        line.as_object_mut().unwrap().remove("train_seconds");
        line
    };
    Run::history(path).unwrap().iter().filter(|event| kept(event)).map(timeless).collect()
}

fn weights(path: &Path) -> Vec<u8> {
    Checkpoint::newest(path).unwrap().unwrap().file("weights.safetensors").unwrap().to_vec()
}

/// Lines recorded so far, resumes included.
fn recorded(path: &Path) -> usize {
    std::fs::read(path.join("events.jsonl")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

/// Trains to the end, and once more killed so many times. Each kill comes some lines after the resume, up to `most` of them, and a
/// moment more: at the start, in the middle of an update, while a checkpoint is written. `at` is shown what each kill left.
/// Hands back what happened.
fn assert_kills_do_not_matter(case: &Case<'_>, kills: usize, most: usize, mut at: impl FnMut(&Path)) -> Vec<Value> {
    let name = case.recipe.unwrap_or("the default");
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    assert!(case.train(&whole).status().unwrap().success(), "{name}");

    let mut command = case.train(&killed);
    // The fractions of multiples of the golden ratio are spread evenly and follow no rhythm of the run.
    let mut share = 0.37_f64;
    let mut next = || {
        share = (share + 0.618_033_988_749_894_9).fract();
        share
    };
    for kill in 0..kills {
        let mut child = command.spawn().unwrap();
        let enough = recorded(&killed) + (next() * most as f64) as usize;
        while recorded(&killed) < enough && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_secs_f64(0.02 * next()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!killed.join("result.json").exists(), "{name}: the run was over before kill {kill}");
        command = if killed.join("manifest.json").exists() {
            at(&killed);
            let mut resume = rheostat();
            resume.args(["train", "--resume"]).arg(&killed);
            resume
        } else {
            // Killed before the manifest was whole: nothing was recorded, and the folder is cleared for a new start.
            let _ = std::fs::remove_dir_all(&killed);
            case.train(&killed)
        };
    }
    assert!(command.status().unwrap().success(), "{name}");
    let (expected, found) = (story(&whole), story(&killed));
    assert_eq!(expected.iter().zip(&found).find(|(expected, found)| expected != found), None, "{name}");
    assert_eq!(found.len(), expected.len(), "{name}");
    assert!(weights(&killed) == weights(&whole), "{name}: other weights");
    found
}

#[test]
fn a_run_killed_at_twenty_moments_equals_the_uninterrupted_run_bit_for_bit() {
    let sets = ["budget=90 epochs", "evaluate_every=30 epochs", "checkpoint_every=25 steps", "dropout=0.1", "seed=4"];
    assert_kills_do_not_matter(&Case { recipe: None, sets: &sets }, 20, 55, |_| ());
}

#[test]
fn a_run_killed_while_a_controller_or_a_line_search_leads_it_equals_the_uninterrupted_run_bit_for_bit() {
    let epochs = ["budget=8 epochs", "checkpoint_every=11 steps", "dropout=0.1"];
    let with = |more: &[&'static str]| [&epochs[..], more].concat();
    // Each with what it must have done for the kills to mean something.
    for (recipe, done, sets) in [
        ("autowu", "the loss was lowest", with(&["learning_rate.test_every=7 steps", "learning_rate.high=3.0"])),
        ("early-switch", "begins early", with(&["evaluate_every=5 steps", "learning_rate.early_switch.rise=0.001"])),
        ("soft-reset", "share of fresh weights", with(&[])),
        ("adaptive_heavy_ball", "gradient_change", vec!["budget=250 steps", "checkpoint_every=11 steps"]),
        ("swd", "second_moment", with(&[])),
        ("grow", "\"batch_size\":64.0", vec!["budget=12 epochs", "checkpoint_every=11 steps", "dropout=0.1"]),
        ("plateau", "has not improved", with(&["evaluate_every=9 steps", "learning_rate.patience=0"])),
        ("alsals", "satisfied", with(&[])),
    ] {
        let case = Case { recipe: Some(recipe), sets: &sets };
        let story = assert_kills_do_not_matter(&case, 4, 80, |_| ());
        assert!(story.iter().any(|line| line.to_string().contains(done)), "{recipe}: nothing of \"{done}\"");
    }
}

#[test]
fn a_run_killed_in_the_middle_of_a_search_for_its_rate_equals_the_uninterrupted_run_bit_for_bit() {
    // Ten times as many updates in searches as outside, and checkpoints in all of them.
    let sets = [
        "budget=40 steps",
        "evaluate_every=20 steps",
        "checkpoint_every=7 steps",
        "spent_limit=20.0",
        "dropout=0.1",
        "learning_rate.candidates=10",
        "learning_rate.search=11 steps",
        "learning_rate.train=11 steps",
    ];
    let mut within = 0;
    let searching = |path: &Path| {
        let decided = |event: &Event| {
            if let Event::Decision { decision, .. } = event { Some(decision == "switch") } else { None }
        };
        let last = Run::history(path).unwrap().iter().rev().find_map(decided);
        within += usize::from(last == Some(false));
    };
    assert_kills_do_not_matter(&Case { recipe: Some("autolrs"), sets: &sets }, 8, 60, searching);
    assert!(within > 0, "no kill came within a search");
}

#[test]
fn a_run_killed_with_running_statistics_equals_the_uninterrupted_run_bit_for_bit() {
    if !std::env::var_os("RHEOSTAT_DATA").is_some_and(|data| Path::new(&data).join("cifar-10").is_dir()) {
        skipped("CIFAR-10 is needed, in RHEOSTAT_DATA/cifar-10");
        return;
    }
    let sets = ["workload=cifar10-resnet8", "budget=12 steps", "checkpoint_every=3 steps", "batch_size=16"];
    assert_kills_do_not_matter(&Case { recipe: None, sets: &sets }, 3, 6, |_| ());
    // Trial points see the batch in training mode, and are not to reach the statistics that are kept.
    let sets = [&sets[..], &["learning_rate={ method = \"alsals\" }"][..]].concat();
    let story = assert_kills_do_not_matter(&Case { recipe: None, sets: &sets }, 3, 6, |_| ());
    assert!(story.iter().any(|line| line.to_string().contains("satisfied")), "no step was searched");
}

#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
