//! A run killed at any moment loses nothing.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rheostat_record::{Checkpoint, Event, Run};

const SETS: &[&str] =
    &["budget=90 epochs", "evaluate_every=30 epochs", "checkpoint_every=25 steps", "dropout=0.1", "seed=4"];

fn rheostat() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rheostat"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command
}

fn train(out: &Path) -> Command {
    let mut command = rheostat();
    command.args(["train", "--threads", "1", "--out"]).arg(out);
    for set in SETS {
        command.args(["--set", set]);
    }
    command
}

fn losses(path: &Path) -> Vec<(u64, u64)> {
    let loss = |event: &Event| match event {
        Event::Step { step, loss, .. } => Some((*step, loss.to_bits())),
        _ => None,
    };
    Run::open(path).unwrap().events.iter().filter_map(loss).collect()
}

fn weights(path: &Path) -> Vec<u8> {
    Checkpoint::newest(path).unwrap().unwrap().file("weights.safetensors").unwrap().to_vec()
}

/// Lines recorded so far, resumes included.
fn recorded(path: &Path) -> usize {
    std::fs::read(path.join("events.jsonl")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_run_killed_at_twenty_moments_equals_the_uninterrupted_run_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    assert!(train(&whole).status().unwrap().success());

    let mut command = train(&killed);
    let mut share = 0.37_f64;
    for kill in 0..20 {
        let mut child = command.spawn().unwrap();
        // At the start, in the middle of steps, while a checkpoint is written: some progress, then a moment more.
        let enough = recorded(&killed) + kill % 5 * 11;
        while recorded(&killed) < enough && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        share = (share + 0.618_033_988_749_894_9).fract();
        std::thread::sleep(Duration::from_secs_f64(0.02 * share));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!killed.join("result.json").exists(), "the run was over before kill {kill}");
        command = if killed.join("manifest.json").exists() {
            let mut resume = rheostat();
            resume.args(["train", "--resume"]).arg(&killed);
            resume
        } else {
            // Killed before the manifest was whole: nothing was recorded, and the folder is cleared for a new start.
            let _ = std::fs::remove_dir_all(&killed);
            train(&killed)
        };
    }
    assert!(command.status().unwrap().success());
    assert_eq!(losses(&killed), losses(&whole));
    assert_eq!(weights(&killed), weights(&whole));
}
