//! What the harness itself costs: a study of 10,000 scripted trials, read, run, gone on with and scored. One JSON line.
//!
//! `cargo bench -p rheostat-bench --bench scale`
#![allow(clippy::expect_used, clippy::print_stdout, reason = "a measurement")]

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rheostat_bench::{Bench, ResultsTable, Study, Watch};
use rheostat_score::{Clock, Leaderboard, Rules, read_results};
use rheostat_testkit::runner::{SCRIPTED, ScriptedRunner};

struct Nobody;

impl Watch for Nobody {}

fn run(study: &Study, folder: &Path) {
    let runner = ScriptedRunner { pause: Duration::ZERO, crash: None };
    let mut table = ResultsTable::open(&folder.join("trials.csv")).expect("a table");
    let stop = AtomicBool::new(false);
    let bench = Bench { study, runner: &runner, folder, jobs: 2, threads: 1, kernels: true, stop: &stop };
    bench.run(&mut table, &Nobody).expect("a study");
}

fn main() {
    let mut text = "studies = 500\n[workload.scripted]\n".to_owned();
    for index in 0..20 {
        text += &format!("[submission.s{index}]\nlearning_rate = {}\n", 0.01 * f64::from(index + 1));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    let mut last = 0.0;
    let mut lap = || {
        let total = began.elapsed().as_secs_f64();
        let lap = total - last;
        last = total;
        lap
    };
    let study = Study::read("scale.toml", &text, &[SCRIPTED], &|_| Err(std::io::ErrorKind::NotFound.into()));
    let study = study.expect("a study");
    let trials = study.trials().count();
    let read = lap();
    run(&study, folder.path());
    let first = lap();
    run(&study, folder.path());
    let resumed = lap();
    let text = std::fs::read_to_string(folder.path().join("trials.csv")).expect("a table");
    let boards = Leaderboard::all(&read_results(&text, Clock::Seconds).expect("trials"), &Rules::default());
    let scored = lap();
    println!(
        "{{\"trials\":{trials},\"submissions\":{},\"read_s\":{read:.3},\"run_s\":{first:.3},\"resume_s\":{resumed:.3},\"score_s\":{scored:.3}}}",
        boards[0].entries.len()
    );
}
