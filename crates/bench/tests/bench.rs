//! What having trials run promises: each once, none lost, whatever happens.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use common::{Nobody, QUICK, THREE, attempts, run, study, table_path, watched, whole};
use rheostat_bench::{BenchError, Cost, Progress, Projection, ResultsTable, TrialKey, Watch};
use rheostat_score::{Clock, Leaderboard, Rules, TableRow, TrialRow, read_results};
use rheostat_testkit::runner::ScriptedRunner;

#[test]
fn every_trial_is_run_once_and_has_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(THREE);
    let progress = run(&study, &QUICK, folder.path(), 2).unwrap();
    assert_eq!(progress, Progress { wanted: 9, done: 9 });
    whole(&study, folder.path());
    assert!(attempts(&study, folder.path()).iter().all(|(_, begun)| *begun == 1));

    let table = ResultsTable::open(&table_path(folder.path())).unwrap();
    let row = table.row(&study.trials().find(|key| key.submission == "right" && key.study == 0).unwrap()).unwrap();
    // 1 - exp(-0.05 t) reaches 0.9 at t = 46.05: at the evaluation after 50 updates, the sixth of them.
    assert_eq!((row.steps_to_target, row.eval_index, row.time_to_target_s), (Some(50), Some(5), 0.5));
    assert_eq!((row.status.as_str(), row.steps, row.budget_steps, row.n_evals), ("target_met", 50, 100, 6));
    assert_eq!((row.role.as_str(), row.direction.as_str(), row.target), ("base", "increasing", 0.9));
}

#[test]
fn the_table_of_results_can_be_scored() {
    let folder = tempfile::tempdir().unwrap();
    run(&study(THREE), &QUICK, folder.path(), 1).unwrap();
    let trials = read_results(&fs::read_to_string(table_path(folder.path())).unwrap(), Clock::Steps).unwrap();
    let boards = Leaderboard::all(&trials, &Rules::default());
    assert_eq!(boards[0].entries[0].submission, "right");
    assert_eq!(boards[0].entries[0].score, 1.0);
}

#[test]
fn a_second_run_finds_nothing_to_do_and_a_larger_study_does_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    run(&study(THREE), &QUICK, folder.path(), 1).unwrap();
    run(&study(THREE), &QUICK, folder.path(), 1).unwrap();
    let larger = study(&THREE.replace("studies = 3", "studies = 5"));
    run(&larger, &QUICK, folder.path(), 1).unwrap();
    whole(&larger, folder.path());
    assert!(attempts(&larger, folder.path()).iter().all(|(_, begun)| *begun == 1));
}

#[test]
fn a_trial_that_crashes_is_a_row_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(THREE);
    let runner = ScriptedRunner { crash: Some("right/scripted/study-1"), ..QUICK };
    run(&study, &runner, folder.path(), 2).unwrap();
    whole(&study, folder.path());
    let table = ResultsTable::open(&table_path(folder.path())).unwrap();
    let failed: Vec<&TrialRow> = table.rows().filter(|row| row.status == "failed").collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].why.as_str(), failed[0].reached, failed[0].time_to_target_s),
        ("it crashed", false, f64::INFINITY)
    );
}

#[test]
fn a_metric_that_is_no_number_never_reaches_a_target() {
    let folder = tempfile::tempdir().unwrap();
    let study = study("studies = 1\n[workload.scripted]\n[submission.wild]\nlearning_rate = 100.0\n");
    run(&study, &QUICK, folder.path(), 1).unwrap();
    let table = ResultsTable::open(&table_path(folder.path())).unwrap();
    let row = table.rows().next().unwrap();
    assert!(!row.reached && row.time_to_target_s == f64::INFINITY && row.steps_to_target.is_none());
}

#[test]
fn rows_of_another_recipe_are_refused_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    run(&study(THREE), &QUICK, folder.path(), 1).unwrap();
    let before = fs::read(table_path(folder.path())).unwrap();
    let changed = study(&THREE.replace("learning_rate = 1.0", "learning_rate = 2.0"));
    let error = run(&changed, &QUICK, folder.path(), 1).unwrap_err();
    assert!(matches!(&error, BenchError::Changed { trial, .. } if trial.starts_with("fast/")), "{error}");
    assert_eq!(fs::read(table_path(folder.path())).unwrap(), before);
    // A submission that is gone from the study leaves its rows as they are.
    let fewer = study(&THREE.replace("[submission.fast]\nlearning_rate = 1.0\n", ""));
    run(&fewer, &QUICK, folder.path(), 1).unwrap();
    assert_eq!(fs::read(table_path(folder.path())).unwrap(), before);
}

#[test]
fn a_row_torn_by_a_crash_is_cut_and_its_trial_not_run_again() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(THREE);
    run(&study, &QUICK, folder.path(), 1).unwrap();
    let path = table_path(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    for cut in [1, 40, text.lines().last().unwrap().len() + 1] {
        fs::write(&path, &text[..text.len() - cut]).unwrap();
        run(&study, &QUICK, folder.path(), 1).unwrap();
        whole(&study, folder.path());
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert!(attempts(&study, folder.path()).iter().all(|(_, begun)| *begun == 1));
}

/// The table without the columns that earlier versions did not have.
fn as_earlier_versions_wrote_it(text: &str) -> String {
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let header = cells(text.lines().next().unwrap());
    let old = |line: &str| {
        let kept = header.iter().zip(cells(line)).filter(|(name, _)| !TrialRow::ADDED.contains(&name.as_str()));
        kept.map(|(_, cell)| cell).collect::<Vec<_>>().join(",") + "\n"
    };
    text.lines().map(old).collect()
}

#[test]
fn a_table_of_an_earlier_version_is_read_and_has_every_column_once_a_row_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let (path, fewer, study) =
        (table_path(folder.path()), study(&THREE.replace("studies = 3", "studies = 1")), study(THREE));
    run(&fewer, &QUICK, folder.path(), 1).unwrap();
    let old = as_earlier_versions_wrote_it(&fs::read_to_string(&path).unwrap());
    // A line that a crash tore stays out of it.
    fs::write(&path, format!("{old}self_tuning,right,scri")).unwrap();
    assert_eq!(run(&fewer, &QUICK, folder.path(), 1).unwrap().done, 3);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&old), "nothing was to be written");
    // Whoever has it open goes on in the new file.
    let mut open = ResultsTable::open(&path).unwrap();
    let mut locked = ResultsTable::open(&path).unwrap();
    run(&study, &QUICK, folder.path(), 2).unwrap();
    whole(&study, folder.path());
    open.refresh().unwrap();
    assert_eq!(open.rows().count(), 9);
    let more = TrialRow { submission: "by_hand".into(), role: "base".into(), forwards: Some(7), ..TrialRow::default() };
    assert!(locked.append(&more).unwrap() && !open.append(&more).unwrap());
    let rows: Vec<TrialRow> = ResultsTable::open(&path).unwrap().rows().cloned().collect();
    assert_eq!(rows.len(), 10);
    for row in rows {
        let known = row.study > 0 || row.submission == "by_hand";
        assert_eq!(row.forwards.is_some(), known, "{row:?}");
        assert!(row.submission == "by_hand" || row.final_loss.is_some() == known, "{row:?}");
    }
}

#[test]
fn two_coordinators_extend_a_table_of_an_earlier_version_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = table_path(folder.path());
    let study = study(&THREE.replace("studies = 3", "studies = 20"));
    run(&study, &QUICK, folder.path(), 1).unwrap();
    let text = as_earlier_versions_wrote_it(&fs::read_to_string(&path).unwrap());
    fs::write(&path, text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    // The trials have their outcomes; only the rows are written again, by both at the same time.
    std::thread::scope(|scope| {
        let ends = [0, 1].map(|_| scope.spawn(|| run(&study, &QUICK, folder.path(), 2)));
        for end in ends {
            end.join().unwrap().unwrap();
        }
    });
    whole(&study, folder.path());
}

#[test]
fn a_damaged_row_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    run(&study(THREE), &QUICK, folder.path(), 1).unwrap();
    let path = table_path(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen(",0.9,true,", ",high,true,", 1)).unwrap();
    let error = run(&study(THREE), &QUICK, folder.path(), 1).unwrap_err().to_string();
    assert!(error.contains("trials.csv") && error.contains("line 2") && error.contains("target"), "{error}");
}

/// Stops the study after some trials.
struct StopAfter<'s> {
    left: AtomicUsize,
    stop: &'s AtomicBool,
}

impl Watch for StopAfter<'_> {
    fn ended(&self, _: &TrialKey, _: &TrialRow) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn a_study_that_is_stopped_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(THREE);
    for after in [2, 4] {
        let stop = AtomicBool::new(false);
        let watch = StopAfter { left: AtomicUsize::new(after), stop: &stop };
        let progress = watched(&study, &QUICK, folder.path(), 1, &stop, &watch).unwrap();
        assert!(progress.done < progress.wanted);
    }
    run(&study, &QUICK, folder.path(), 1).unwrap();
    whole(&study, folder.path());
}

#[test]
fn two_coordinators_share_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(&THREE.replace("studies = 3", "studies = 8"));
    let slow = ScriptedRunner { pause: Duration::from_millis(1), ..QUICK };
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..2).map(|_| scope.spawn(|| run(&study, &slow, folder.path(), 2).unwrap())).collect();
        for run in runs {
            assert_eq!(run.join().unwrap(), Progress { wanted: 24, done: 24 });
        }
    });
    whole(&study, folder.path());
    assert!(attempts(&study, folder.path()).iter().all(|(_, begun)| *begun == 1));
}

const COORDINATOR: &str = "RHEOSTAT_TEST_COORDINATOR";
const STUDIES: &str = "RHEOSTAT_TEST_STUDIES";

/// Not a test of its own: what the next one starts as another process, and kills.
#[test]
fn coordinator_to_be_killed() {
    let Some(folder) = std::env::var_os(COORDINATOR) else { return };
    let slow = ScriptedRunner { pause: Duration::from_millis(2), ..QUICK };
    let studies = std::env::var(STUDIES).unwrap_or_else(|_| "3".to_owned());
    let text = THREE.replace("studies = 3", &format!("studies = {studies}"));
    watched(&study(&text), &slow, folder.as_ref(), 2, &AtomicBool::new(false), &Nobody).unwrap();
}

#[test]
fn a_coordinator_killed_at_any_moment_loses_nothing_and_repeats_only_what_was_not_over() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(THREE);
    let mut kills = 0;
    for milliseconds in [5, 20, 25, 30, 35, 40, 50, 60, 80, 120] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "coordinator_to_be_killed", "--nocapture"])
            .env(COORDINATOR, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        kills += 1;
        child.wait().unwrap();
        let over = |(key, _): &&(TrialKey, usize)| folder.path().join(key.folder()).join("scripted.json").exists();
        let begun = attempts(&study, folder.path());
        let before: Vec<_> = begun.iter().filter(over).cloned().collect();
        // What was over before the next coordinator is not begun again by it.
        if kills == 5 {
            run(&study, &QUICK, folder.path(), 1).unwrap();
            let after = attempts(&study, folder.path());
            assert!(before.iter().all(|trial| after.contains(trial)));
        }
    }
    whole(&study, folder.path());
    assert!(attempts(&study, folder.path()).iter().all(|(_, begun)| *begun <= kills + 1));
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_study_with_an_error_and_what_was_over_stays() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(&THREE.replace("studies = 3", "studies = 8"));
    // A limit on file sizes stands for the full disk: the table of results does not fit below it.
    let script = format!(
        "trap '' XFSZ; ulimit -f 3; exec {} --exact coordinator_to_be_killed",
        std::env::current_exe().unwrap().display()
    );
    let mut command = Command::new("bash");
    let output = command.args(["-c", &script]).env(COORDINATOR, folder.path()).env(STUDIES, "8").output().unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("trials.csv") && told.contains("writing"), "{told}");
    let rows = ResultsTable::open(&table_path(folder.path())).unwrap().rows().count();
    assert!((1..24).contains(&rows), "{rows} rows");
    run(&study, &QUICK, folder.path(), 1).unwrap();
    whole(&study, folder.path());
    assert!(attempts(&study, folder.path()).iter().all(|(_, begun)| *begun == 1));
}

#[test]
fn a_table_begun_by_nobody_but_its_header_is_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = table_path(folder.path());
    fs::File::create(&path).unwrap().write_all(b"ruleset,subm").unwrap();
    let study = study(THREE);
    run(&study, &QUICK, folder.path(), 1).unwrap();
    whole(&study, folder.path());
}

#[test]
fn a_projection_is_what_the_trials_that_are_left_would_cost() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(THREE);
    let cost = Cost::measure(&study.workloads[0], &QUICK, &folder.path().join("probe"), 1, true).unwrap();
    // The script takes 10 ms for an update of 10 samples.
    assert!((cost.seconds_per_sample - 0.001).abs() < 1e-12);
    assert_eq!(cost.samples, 1000);
    let costs = BTreeMap::from([("scripted".to_owned(), cost)]);
    let mut table = ResultsTable::open(&table_path(folder.path())).unwrap();
    let before = Projection::new(&study, &table, &costs).unwrap();
    let part = &before.parts[0];
    assert_eq!((part.submission.as_str(), part.wanted, part.done), ("slow", 3, 0));
    assert_eq!((part.steps, part.samples, part.evaluations), (100, 1000, 12));
    // Nine trials of a second each, and what their evaluations take.
    assert!((9.0..9.2).contains(&before.seconds().unwrap()), "{before:?}");
    assert_eq!(Projection::new(&study, &table, &BTreeMap::new()).unwrap().seconds(), None);

    run(&study, &QUICK, folder.path(), 1).unwrap();
    table.refresh().unwrap();
    assert_eq!(Projection::new(&study, &table, &costs).unwrap().seconds(), Some(0.0));
}
