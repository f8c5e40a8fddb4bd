//! A run killed at any moment loses nothing.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rheostat_record::{Checkpoint, Event, Run};

const SETS: &[&str] = &["budget=12 epochs", "checkpoint_every=7 steps", "dropout=0.1", "seed=4"];

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

#[test]
fn a_run_killed_at_twenty_random_moments_equals_the_uninterrupted_run_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let began = std::time::Instant::now();
    assert!(train(&whole).status().unwrap().success());
    let length = began.elapsed();

    // Moments spread over the run by the golden ratio, so that they fall everywhere: start-up, steps, checkpoints.
    let (mut kills, mut share) = (0, 0.37_f64);
    let mut command = train(&killed);
    while kills < 20 {
        let mut child = command.spawn().unwrap();
        // Short leashes, so that the run is not over before the kills are.
        std::thread::sleep(length.mul_f64(0.25 * share).min(Duration::from_secs(5)));
        share = (share + 0.618_033_988_749_894_9).fract();
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        if ended.is_some() && killed.join("result.json").exists() {
            break;
        }
        kills += 1;
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
    assert!(kills >= 5, "the run was over after {kills} kills");
    assert!(command.status().unwrap().success());
    assert_eq!(losses(&killed), losses(&whole));
    assert_eq!(weights(&killed), weights(&whole));
}
