//! A tradeoff study: one cyclic run and one run for each point, and what they were read out as.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;

use common::{QUICK, read, run, study, table_path, whole};
use insta::assert_snapshot;
use rheostat_bench::{Projection, ReadOutTable, ResultsTable, Study};
use rheostat_record::{Recipe, RunResult};
use rheostat_score::{ReadOutRow, TradeoffMode};
use rheostat_testkit::runner::{SCRIPTED, ScriptedRunner};

const CURVES: &str = "studies = 2\n[tradeoff]\npoints = [\"20 steps\", \"40 steps\", \"80 steps\"]\n[workload.scripted]\n\
                      [submission.baseline]\nrecipe = \"cosine.toml\"\n[submission.decayed]\nrecipe = \"cosine.toml\"\nweight_decay = 0.1\n";

fn recipes(study: &Study) -> Vec<(String, Recipe)> {
    let recipe = |key| {
        let (workload, submission) = (&study.workloads[0], study.submission("baseline").unwrap());
        study.recipe(workload, submission, key).unwrap()
    };
    let keys: Vec<_> = study.trials().filter(|key| key.submission == "baseline" && key.study == 0).collect();
    let point = |(recipe, point): (Recipe, Vec<(String, String)>)| {
        (point.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join("; "), recipe)
    };
    keys.iter().map(recipe).map(point).collect()
}

fn refused(tradeoff: &str) -> String {
    let text = format!("{tradeoff}\n[workload.scripted]\n[submission.baseline]\nrecipe = \"cosine.toml\"\n");
    read(&text).expect_err("the study is wrong").to_string()
}

fn rows(folder: &std::path::Path) -> Vec<ReadOutRow> {
    ReadOutTable::open(&folder.join(ReadOutTable::FILE)).unwrap().rows().cloned().collect()
}

#[test]
fn the_trials_are_one_cyclic_run_and_one_run_for_each_point() {
    let found = recipes(&study(CURVES));
    let told: Vec<&str> = found.iter().map(|(point, _)| point.as_str()).collect();
    assert_eq!(
        told,
        [
            "mode = cyclic",
            "mode = standard; budget = 20 steps",
            "mode = standard; budget = 40 steps",
            "mode = standard; budget = 80 steps"
        ]
    );
    let plans: Vec<_> = found.iter().map(|(_, recipe)| recipe.plan(SCRIPTED.samples).unwrap()).collect();
    assert_eq!(plans[0].read_outs, [20, 40, 80]);
    assert!(plans[1..].iter().all(|plan| plan.read_outs == [plan.total_steps]));
    // The points of one curve share their seed, and so their batches: the first cycle is the first run.
    assert!(found.iter().all(|(_, recipe)| recipe.seed == found[0].1.seed && !recipe.stop_at_target));
    assert!((0..20).all(|step| plans[0].base.at(step) == plans[1].base.at(step)));
}

#[test]
fn what_runs_were_read_out_as_stands_in_a_table_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(CURVES);
    run(&study, &QUICK, folder.path(), 2).unwrap();
    whole(&study, folder.path());
    let rows = rows(folder.path());
    assert_eq!(rows.len(), 2 * 2 * (3 + 3));
    for row in &rows {
        assert_eq!(row.step, [20, 40, 80][row.point as usize]);
        assert_eq!((row.spent, row.end_metric.is_some()), (row.step, true));
        let whole = if row.mode == TradeoffMode::Cyclic { 80 } else { row.step };
        assert_eq!(row.budget_steps, whole);
    }
}

#[test]
fn a_second_run_finds_nothing_to_do_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    run(&study(CURVES), &QUICK, folder.path(), 1).unwrap();
    let before = fs::read(folder.path().join(ReadOutTable::FILE)).unwrap();
    run(&study(CURVES), &QUICK, folder.path(), 1).unwrap();
    assert_eq!(fs::read(folder.path().join(ReadOutTable::FILE)).unwrap(), before);
    let larger = study(&CURVES.replace("studies = 2", "studies = 3"));
    run(&larger, &QUICK, folder.path(), 1).unwrap();
    assert_eq!(rows(folder.path()).len(), 3 * 2 * (3 + 3));
}

#[test]
fn a_crash_between_the_two_tables_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(CURVES);
    run(&study, &QUICK, folder.path(), 1).unwrap();
    let read_outs = rows(folder.path());
    // The rows of trials were not written any more, the last read-out is torn.
    let text = fs::read_to_string(table_path(folder.path())).unwrap();
    let kept: Vec<&str> = text.lines().take(3).collect();
    fs::write(table_path(folder.path()), kept.join("\n") + "\n").unwrap();
    let path = folder.path().join(ReadOutTable::FILE);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    run(&study, &QUICK, folder.path(), 1).unwrap();
    whole(&study, folder.path());
    assert_eq!(rows(folder.path()), read_outs);
}

#[test]
fn a_trial_that_crashes_has_a_row_and_no_read_outs() {
    let folder = tempfile::tempdir().unwrap();
    let runner = ScriptedRunner { crash: Some("decayed/scripted/study-0/trial-0"), ..QUICK };
    run(&study(CURVES), &runner, folder.path(), 2).unwrap();
    assert_eq!(rows(folder.path()).len(), 2 * 2 * (3 + 3) - 3);
}

#[test]
fn the_projection_counts_every_budget() {
    let folder = tempfile::tempdir().unwrap();
    let table = ResultsTable::open(&table_path(folder.path())).unwrap();
    let cost = rheostat_bench::Cost { seconds_per_sample: 1.0, seconds_per_evaluation: 0.0, samples: SCRIPTED.samples };
    let costs = [("scripted".to_owned(), cost)].into_iter().collect();
    let projection = Projection::new(&study(CURVES), &table, &costs).unwrap();
    let part = &projection.parts[0];
    let per_step = part.samples as f64 / part.steps as f64;
    assert_eq!((part.wanted, part.steps), (8, 80));
    assert_eq!(part.seconds, Some(2.0 * (80.0 + 20.0 + 40.0 + 80.0) * per_step));
}

#[test]
fn what_is_wrong_is_told_with_what_to_change() {
    assert_snapshot!(refused("[tradeoff]\npoints = [\"40 steps\", \"20 steps\"]"), @r#"studies/test.toml:2:23: points[1] = "20 steps" is not after "40 steps" (write the points in increasing order)"#);
    assert_snapshot!(refused("[tradeoff]\npoints = [\"40 %\", 20, \"x\"]\nmode = [\"cyclic\"]"), @r#"
    studies/test.toml:2:11: points[0] = "40 %" is a share, of which there is no whole (write epochs, steps or samples)
    studies/test.toml:2:19: points[1] = 20 is no span (write "2 epochs" or "500 steps")
    studies/test.toml:2:23: points[2]: `x` is no span: write a number and a unit, the units are steps, epochs, samples (also k samples, M samples) or %
    studies/test.toml:3:1: tradeoff has no mode (did you mean modes?)
    "#);
    assert_snapshot!(refused("[tradeoff]\n"), @r#"studies/test.toml:1:1: the tradeoff has no points (write points = ["1 epochs", "2 epochs", "4 epochs"])"#);
    assert_snapshot!(refused("[tradeoff]\npoints = [\"1 epochs\"]\nmodes = [\"cylic\"]"), @r#"studies/test.toml:3:10: "cylic" is none of cyclic, standard (did you mean cyclic?)"#);
    assert_snapshot!(refused("[tradeoff]\npoints = [\"1 epochs\"]\nmodes = []\npeak_decay = 0.0\nrewarm = 3\nstay = [\"momentun\"]"), @r#"
    studies/test.toml:3:9: modes = [] names no mode (write modes = ["cyclic"], or leave it out for both)
    studies/test.toml:4:14: peak_decay = 0.0 is no number above 0
    studies/test.toml:5:10: rewarm = 3 is no span (write "2 epochs" or "500 steps")
    studies/test.toml:6:9: "momentun" is no hyperparameter (did you mean momentum?)
    "#);
    assert_snapshot!(refused("[recipe]\nbudget = \"3 epochs\"\nstop_at_target = true\n[tradeoff]\npoints = [\"1 epochs\"]"), @"
    studies/test.toml:2:1: the points of the tradeoff are the budgets (leave budget out)
    studies/test.toml:3:1: a curve goes on beyond the target (leave stop_at_target out)
    ");
    assert_snapshot!(refused("ruleset = \"external_tuning\"\n[tradeoff]\npoints = [\"1 epochs\"]"), @r#"studies/test.toml:1:11: a tradeoff has the points of its curves in place of a search (leave ruleset = "external_tuning" out)"#);
}

#[test]
fn what_is_to_stay_or_to_restart_must_be_there() {
    let cyclic = "[tradeoff]\npoints = [\"20 steps\", \"40 steps\"]\n";
    assert_snapshot!(refused(&format!("{cyclic}stay = [\"momentum\"]")), @"studies/test.toml:3:9: momentum has no schedule in any submission, so there is nothing to stay (leave stay out: the learning rate alone has a schedule)");
    let moving = "[submission.moving]\nrecipe = \"cosine.toml\"\n\
                  weight_decay = { method = \"linear\", start = 0.1, end = 0.0 }\n";
    let asked = |tradeoff: &str| {
        let text = format!(
            "{cyclic}{tradeoff}\n[workload.scripted]\n[submission.baseline]\nrecipe = \"cosine.toml\"\n{moving}"
        );
        read(&text).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(asked("stay = [\"weight_decay\"]"), Ok(()));
    assert_snapshot!(asked("stay = [\"weight_decay\", \"momentum\"]").unwrap_err(), @"studies/test.toml:3:25: momentum has no schedule in any submission, so there is nothing to stay (those that have one: weight_decay)");
    assert_snapshot!(refused(&format!("{cyclic}modes = [\"standard\"]\npeak_decay = 0.5\nrewarm = \"5 steps\"\nstay = [\"momentum\"]")), @"
    studies/test.toml:4:1: peak_decay is for cyclic runs, and modes asks for none (leave peak_decay out)
    studies/test.toml:5:1: rewarm is for cyclic runs, and modes asks for none (leave rewarm out)
    studies/test.toml:6:1: stay is for cyclic runs, and modes asks for none (leave stay out)
    ");
}

/// So that a reader of a result finds the read-outs there.
#[test]
fn a_result_without_read_outs_is_written_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let study = study(common::THREE);
    run(&study, &QUICK, folder.path(), 1).unwrap();
    let key = study.trials().next().unwrap();
    let text = fs::read_to_string(folder.path().join(key.folder()).join("scripted.json")).unwrap();
    let (_, result): (serde_json::Value, RunResult) = serde_json::from_str(&text).unwrap();
    assert!(result.read_outs.is_empty() && !text.contains("read_outs"));
    assert!(!folder.path().join(ReadOutTable::FILE).exists());
}
