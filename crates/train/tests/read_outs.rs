//! Reading a run out at points: what is recorded there, and that nothing else changes.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{folder, interrupt, losses, recipe, run, story, weights};
use rheostat_record::{Event, ReadOut, Recipe, Run};
use rheostat_schedule::{Restart, Span};
use rheostat_train::Place;

const RATE: &str = "evaluate_every = \"10 steps\"\ntest = \"best\"\nbatch_size = 64\n\
                    [learning_rate]\nmethod = \"cosine\"\npeak = 3e-3\nwarmup = \"8 steps\"\n";

fn points() -> [Span; 3] {
    [Span::Steps(24), Span::Steps(48), Span::Steps(96)]
}

fn cyclic() -> Recipe {
    recipe(RATE).cycled(&points(), &Restart::default(), &[]).unwrap()
}

/// Without what the clock says.
fn timeless(read_outs: &[ReadOut]) -> Vec<ReadOut> {
    read_outs.iter().map(|read_out| ReadOut { train_seconds: 0.0, ..*read_out }).collect()
}

fn read_outs(run: &Run) -> Vec<ReadOut> {
    timeless(&run.result.as_ref().unwrap().read_outs)
}

#[test]
fn a_cyclic_run_cut_at_its_first_point_is_the_standard_run_of_that_budget_to_the_bit() {
    let folder = folder();
    let (standard, cut) = (folder.path().join("standard"), folder.path().join("cut"));
    let (_, standard_run) = run(&recipe(RATE).with_budget(points()[0]).unwrap(), &standard);
    interrupt(&cyclic(), Place::New { path: &cut, id: "test" }, 24);
    let cut_run = Run::open(&cut).unwrap();
    assert_eq!(losses(&standard_run), losses(&cut_run));
    assert_eq!(losses(&cut_run).len(), 24);
    assert_eq!(weights(&standard), weights(&cut));
    // And so is what it is worth there.
    let (_, whole) = run(&cyclic(), &folder.path().join("whole"));
    assert_eq!(read_outs(&whole)[0], read_outs(&standard_run)[0]);
}

#[test]
fn a_run_is_read_out_at_its_points_with_the_end_and_the_best_of_each_cycle() {
    let folder = folder();
    let (outcome, run) = run(&cyclic(), folder.path());
    let found = read_outs(&run);
    assert_eq!(found.iter().map(|read_out| read_out.step).collect::<Vec<_>>(), [24, 48, 96]);
    assert!(found.iter().all(|read_out| (read_out.spent, read_out.forwards) == (read_out.step, read_out.step)));
    let evaluations: Vec<(u64, f64)> = run
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Evaluation { step, val_metric, .. } => Some((*step, *val_metric)),
            _ => None,
        })
        .collect();
    let mut begin = None;
    for read_out in &found {
        assert!(evaluations.contains(&(read_out.step, read_out.val_metric)), "{read_out:?}");
        let of_cycle = evaluations.iter().filter(|(step, _)| Some(*step) > begin && *step <= read_out.step);
        let best = of_cycle.map(|(_, metric)| *metric).fold(f64::NEG_INFINITY, f64::max);
        assert_eq!(read_out.best_metric, Some(best));
        assert!(evaluations.contains(&(read_out.best_step.unwrap(), best)));
        begin = Some(read_out.step);
    }
    let events: Vec<ReadOut> = run
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ReadOut(read_out) => Some(*read_out),
            _ => None,
        })
        .collect();
    assert_eq!(events, outcome.result.read_outs);
}

/// A rate at which the metric goes up and down, so that the best of a cycle is rarely its end.
#[test]
fn what_is_tested_at_a_point_is_the_best_of_its_cycle_or_its_end_as_the_recipe_says() {
    let folder = folder();
    for (name, averaging) in [("plain", ""), ("averaged", "[averaging]\nmethod = \"ema\"\ndecay = 0.5\n")] {
        let at = |test: &str, points: &[u64]| {
            let points: Vec<String> = points.iter().map(|point| format!("\"{point} steps\"")).collect();
            let points = points.join(", ");
            let text = format!(
                "budget = \"60 steps\"\nevaluate_every = \"2 steps\"\ntest = \"{test}\"\nread_outs = [{points}]\n\
                 learning_rate = 0.1\n{averaging}"
            );
            let path = folder.path().join(format!("{name}-{test}-{points}").replace(['"', ' ', ','], ""));
            read_outs(&run(&recipe(&text), &path).1)
        };
        let best = at("best", &[21, 40, 60]);
        let steps: Vec<u64> = best.iter().filter_map(|read_out| read_out.best_step).collect();
        assert!(best.iter().any(|read_out| read_out.best_step < Some(read_out.step)), "{name}: {best:?}");
        // The same run, tested where each cycle was at its best.
        let there = at("final", &steps);
        let tested =
            |read_outs: &[ReadOut]| read_outs.iter().map(|of| (of.test_loss, of.test_metric)).collect::<Vec<_>>();
        assert_eq!(tested(&best), tested(&there[..best.len()]), "{name}");
        let ends = at("final", &[21, 40, 60]);
        assert_ne!(tested(&best), tested(&ends), "{name}");
        assert_eq!(
            best.iter().map(|of| of.best_metric).collect::<Vec<_>>(),
            ends.iter().map(|of| of.best_metric).collect::<Vec<_>>()
        );
    }
}

#[test]
fn reading_out_changes_nothing_that_is_trained() {
    let folder = folder();
    let plain = recipe(&format!("budget = \"60 steps\"\n{RATE}"));
    let watched = recipe(&format!("budget = \"60 steps\"\nread_outs = [\"7 steps\", \"33 steps\"]\n{RATE}"));
    let (_, without) = run(&plain, &folder.path().join("without"));
    let (_, with) = run(&watched, &folder.path().join("with"));
    assert_eq!(losses(&without), losses(&with));
    assert_eq!(weights(&folder.path().join("without")), weights(&folder.path().join("with")));
    assert_eq!(read_outs(&with).iter().map(|read_out| read_out.step).collect::<Vec<_>>(), [7, 33]);
}

#[test]
fn a_run_interrupted_anywhere_is_read_out_as_one_that_was_not() {
    interrupted_anywhere(&cyclic());
}

#[test]
fn so_is_one_whose_cycles_end_in_an_average() {
    let tail = format!("{RATE}[averaging]\nmethod = \"tail\"\nover = \"30 %\"\n");
    let tail = recipe(&tail).cycled(&points(), &Restart::default(), &[]).unwrap();
    interrupted_anywhere(&tail);
    let folder = folder();
    let (_, plain) = run(&cyclic(), &folder.path().join("plain"));
    let (_, averaged) = run(&tail, &folder.path().join("averaged"));
    assert_eq!(losses(&plain), losses(&averaged), "an average changes nothing that is trained");
    assert_ne!(read_outs(&plain), read_outs(&averaged));
}

fn interrupted_anywhere(recipe: &Recipe) {
    let folder = folder();
    let (_, whole) = run(recipe, &folder.path().join("whole"));
    for after in [5, 24, 25, 47, 60] {
        let path = folder.path().join(after.to_string());
        interrupt(recipe, Place::New { path: &path, id: "test" }, after);
        interrupt(recipe, Place::Resume(&path), u64::MAX);
        let resumed = Run::open(&path).unwrap();
        assert_eq!(read_outs(&resumed), read_outs(&whole), "interrupted after {after}");
        assert_eq!(told(&resumed), told(&whole), "interrupted after {after}");
    }
}

/// The story without what the clock says of read-outs.
fn told(run: &Run) -> Vec<Event> {
    let without_times = |event: Event| match event {
        Event::ReadOut(read_out) => Event::ReadOut(ReadOut { train_seconds: 0.0, ..read_out }),
        other => other,
    };
    story(run).into_iter().map(without_times).collect()
}

#[test]
fn what_was_read_out_of_work_that_was_taken_back_does_not_stand() {
    let folder = folder();
    let searching = "budget = \"120 steps\"\nread_outs = [\"7 steps\", \"40 steps\", \"60 steps\", \"120 steps\"]\n\
                     [learning_rate]\nmethod = \"autolrs\"\nlow = 1e-4\nhigh = 1e-2\ncandidates = 3\ntrain = \"40 steps\"\nsearch = \"10 steps\"\n";
    let (_, run) = run(&recipe(searching), folder.path());
    assert!(run.events.iter().any(|event| matches!(event, Event::Restore { .. })), "nothing was taken back");
    let found = read_outs(&run);
    assert_eq!(found.iter().map(|read_out| read_out.step).collect::<Vec<_>>(), [7, 40, 60, 120]);
    assert!(found.iter().all(|read_out| read_out.spent > read_out.step));
}
