//! Studies of the scripted workload.
#![allow(dead_code, clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rheostat_bench::{Bench, BenchError, Progress, ResultsTable, Study, TrialKey, Watch};
use rheostat_record::DocumentError;
use rheostat_testkit::runner::{SCRIPTED, ScriptedRunner};

pub(crate) const QUICK: ScriptedRunner = ScriptedRunner { pause: Duration::ZERO, crash: None };

pub(crate) const THREE: &str = "studies = 3\n[workload.scripted]\n[submission.slow]\nlearning_rate = 0.01\n\
                         [submission.right]\nlearning_rate = 0.1\n[submission.fast]\nlearning_rate = 1.0\n";

pub(crate) fn read(text: &str) -> Result<Study, DocumentError> {
    Study::read("studies/test.toml", text, &[SCRIPTED], &|name| match name {
        "cosine.toml" => {
            Ok("workload = \"other\"\nbudget = \"3 epochs\"\n[learning_rate]\nmethod = \"cosine\"\npeak = 0.2\n"
                .to_owned())
        }
        _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
    })
}

pub(crate) fn study(text: &str) -> Study {
    read(text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn table_path(folder: &Path) -> PathBuf {
    folder.join("trials.csv")
}

/// Runs a study to its end, or until something stops it.
pub(crate) fn run(study: &Study, runner: &ScriptedRunner, folder: &Path, jobs: usize) -> Result<Progress, BenchError> {
    watched(study, runner, folder, jobs, &AtomicBool::new(false), &Nobody)
}

pub(crate) fn watched(
    study: &Study,
    runner: &ScriptedRunner,
    folder: &Path,
    jobs: usize,
    stop: &AtomicBool,
    watch: &dyn Watch,
) -> Result<Progress, BenchError> {
    let mut table = ResultsTable::open(&table_path(folder))?;
    Bench { study, runner, folder, jobs, threads: 1, kernels: true, stop }.run(&mut table, watch)
}

pub(crate) struct Nobody;

impl Watch for Nobody {}

/// How often each trial was begun.
pub(crate) fn attempts(study: &Study, folder: &Path) -> Vec<(TrialKey, usize)> {
    study.trials().map(|key| (key.clone(), ScriptedRunner::attempts(&folder.join(key.folder())))).collect()
}

/// Every trial has exactly one whole row.
pub(crate) fn whole(study: &Study, folder: &Path) {
    let text = std::fs::read_to_string(table_path(folder)).unwrap();
    let table = ResultsTable::open(&table_path(folder)).unwrap();
    for key in study.trials() {
        assert!(table.row(&key).is_some(), "{key} has no row");
    }
    assert_eq!(text.lines().count(), study.trials().count() + 1, "a row twice, or a torn one:\n{text}");
}
