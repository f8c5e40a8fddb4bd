//! The loss along updates: it is what the update really does, and measuring leaves no trace in the run.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::path::Path;

use common::{folder, recipe, story, weights};
use rheostat_record::{Column, Event, Manifest, OtherBatch, Plan, Recipe, RecipeText, Run};
use rheostat_train::{Host, LandscapeGrid, Observer, Outcome, Place, TrainError, train};
use rheostat_workload::WORKLOADS;

#[derive(Default)]
struct Watch {
    columns: Vec<Column>,
    others: Vec<OtherBatch>,
    /// Resident memory in bytes after every update that was measured, where the system tells.
    resident: Vec<u64>,
}

impl Observer for Watch {
    fn begin(&mut self, _: &Manifest, _: &Plan, _: u64) {}

    fn event(&mut self, _: &Event) {}

    fn landscape(&mut self, column: Column, others: Vec<OtherBatch>) {
        self.columns.push(column);
        assert!(self.others.is_empty(), "only the last update is measured with other batches");
        self.others = others;
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        self.resident
            .extend(statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).map(|pages| pages * 4096));
    }
}

fn grid(sizes: &[f64], every: u64, batches: u64, until: u64) -> LandscapeGrid {
    LandscapeGrid { sizes: sizes.to_vec(), every, batches, until }
}

fn try_measured(recipe: &Recipe, grid: LandscapeGrid, path: &Path) -> Result<(Outcome, Watch), TrainError> {
    let data = std::env::var_os("RHEOSTAT_DATA").map(Into::into);
    let host = Host { landscape: Some(grid), data, ..Host::default() };
    let mut watch = Watch::default();
    let outcome = train(recipe, Place::New { path, id: "test" }, &host, &mut watch)?;
    Ok((outcome, watch))
}

fn measured(recipe: &Recipe, grid: LandscapeGrid, path: &Path) -> (Outcome, Watch) {
    try_measured(recipe, grid, path).unwrap()
}

/// Trains with and without a landscape.
fn assert_unnoticed(recipe: &Recipe, grid: LandscapeGrid, what: &str) {
    let (plain, watched) = (folder(), folder());
    let host = Host { data: std::env::var_os("RHEOSTAT_DATA").map(Into::into), ..Host::default() };
    let place = Place::New { path: plain.path(), id: "test" };
    let one = train(recipe, place, &host, &mut rheostat_train::Silent).unwrap().result;
    let (two, watch) = measured(recipe, grid, watched.path());
    let two = two.result;
    assert!(!watch.columns.is_empty(), "{what}: something was measured");
    let stories = [plain.path(), watched.path()].map(|path| format!("{:?}", story(&Run::open(path).unwrap())));
    assert_eq!(stories[0], stories[1], "{what}");
    assert_eq!(weights(plain.path()), weights(watched.path()), "{what}");
    let bills = |result: &rheostat_record::RunResult| (result.forwards, result.backwards, result.steps_spent);
    assert_eq!(bills(&one), bills(&two), "{what}");
}

#[test]
fn measuring_changes_no_bit_of_the_run() {
    for text in [
        "learning_rate = 0.1\n[optimizer]\nmethod = \"sgd\"\n",
        "dropout = 0.2\naccumulate = 3\nclip_norm = 0.5\nlearning_rate = { method = \"cosine\", peak = 1e-2 }\n",
        "[optimizer]\nmethod = \"adamw\"\n[learning_rate]\nmethod = \"alsals\"\n",
        "dropout = 0.2\n[optimizer]\nmethod = \"heavy_ball\"\n[learning_rate]\nmethod = \"sls\"\n",
        "weight_decay = { method = \"swd\", strength = 0.05 }\n[optimizer]\nmethod = \"adamw\"\n",
        "[optimizer]\nmethod = \"adamw\"\n[learning_rate]\nmethod = \"cycles\"\n",
        "weight_decay = 0.1\n[optimizer]\nmethod = \"adamw\"\ndecay = \"independent\"\n",
    ] {
        assert_unnoticed(&recipe(text), grid(&[1e-3, 1.0], 3, 4, 30), text);
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn running_statistics_stay_those_of_the_run() {
    let data = std::env::var_os("RHEOSTAT_DATA").map(std::path::PathBuf::from);
    if !data.is_some_and(|data| data.join("cifar-10").exists()) {
        eprintln!("skipped: RHEOSTAT_DATA has no cifar-10");
        return;
    }
    let text = "workload = \"cifar10-resnet8\"\nbudget = \"3 steps\"\nbatch_size = 16\nevaluate_every = \"100 %\"\n";
    let text = RecipeText { name: "test.toml", text, sets: &[], resolved: false };
    let recipe = Recipe::read(&text, WORKLOADS).unwrap();
    assert_unnoticed(&recipe, grid(&[1e-2, 10.0], 1, 2, 3), "cifar10-resnet8");
}

#[test]
fn the_point_at_the_step_taken_is_what_the_step_did() {
    // Every batch is the whole training set, so the next update begins where the last one was measured to end.
    let place = folder();
    let recipe =
        recipe("batch_size = 1077\nbudget = \"12 steps\"\nlearning_rate = 0.3\n[optimizer]\nmethod = \"nesterov\"\n");
    let (_, watch) = measured(&recipe, grid(&[1e-3, 1e-2, 0.1, 1.0], 1, 3, 12), place.path());
    assert_eq!(watch.columns.len(), 12);
    for pair in watch.columns.windows(2) {
        assert_eq!((pair[0].chosen, pair[0].step + 1), (0.3, pair[1].step));
        assert!((pair[0].after - pair[1].loss).abs() < 1e-5 * pair[1].loss, "{} then {}", pair[0].after, pair[1].loss);
        assert!(pair[0].after != pair[0].loss);
    }
    // And the batches before are the same images as that of the last update.
    let last = watch.columns.last().unwrap();
    assert_eq!(watch.others.iter().map(|other| other.step).collect::<Vec<_>>(), [9, 10]);
    for other in &watch.others {
        let pairs =
            other.losses.iter().zip(&last.losses).chain([(&other.loss, &last.loss), (&other.after, &last.after)]);
        for (other, own) in pairs {
            assert!((other - own).abs() < 1e-5 * own, "{other} instead of {own}");
        }
    }
}

#[test]
fn along_the_gradient_the_loss_begins_to_fall_as_its_square_says() {
    let place = folder();
    let recipe = recipe("dropout = 0.1\nlearning_rate = 0.1\nclip_norm = 100.0\n[optimizer]\nmethod = \"sgd\"\n");
    let (_, watch) = measured(&recipe, grid(&[1e-3], 1, 1, 20), place.path());
    let run = Run::open(place.path()).unwrap();
    let norm = |step: u64| {
        run.events.iter().find_map(|event| match event {
            Event::Step { step: at, gradient_norm, .. } if *at == step => Some(*gradient_norm),
            _ => None,
        })
    };
    for column in &watch.columns {
        let (slope, expected) = ((column.loss - column.losses[0]) / 1e-3, norm(column.step).unwrap().powi(2));
        assert!((slope / expected - 1.0).abs() < 0.05, "update {}: {slope} instead of {expected}", column.step);
    }
}

#[test]
fn a_line_search_and_the_landscape_see_the_same_losses() {
    let text = "dropout = 0.2\n[optimizer]\nmethod = \"adam\"\n[learning_rate]\nmethod = \"best_step\"\nlow = 1e-4\nhigh = 1.0\npoints = 5\n";
    let place = folder();
    let sizes =
        rheostat_control::line_searches::BestStep { low: 1e-4, high: 1.0, points: 5, refine: 0, cap: None }.sizes();
    let (_, watch) = measured(&recipe(text), grid(&sizes, 1, 1, 30), place.path());
    let lowest = |column: &Column| {
        let points = sizes.iter().zip(&column.losses);
        points.min_by(|one, other| one.1.total_cmp(other.1)).map(|(size, loss)| (*size, loss.to_bits()))
    };
    assert_eq!(watch.columns.len(), 30);
    for column in &watch.columns {
        assert_eq!(lowest(column), Some((column.chosen, column.after.to_bits())), "update {}", column.step);
    }
}

#[test]
fn groups_move_by_their_shares_at_every_size() {
    // With the head alone moving, its share is all of the curve: a third of the step size does what the whole step does.
    let text = |factor: f64| {
        format!(
            "learning_rate = 0.3\n[optimizer]\nmethod = \"sgd\"\n[[group]]\npath = \"^head\"\nrate_factor = {factor:?}\n\
             [[group]]\npath = \"^(first|second)\"\nrate_factor = 0.0\n"
        )
    };
    let (one, two) = (folder(), folder());
    let (_, whole) = measured(&recipe(&text(1.0)), grid(&[0.25, 1.0], 1, 1, 1), one.path());
    let (_, part) = measured(&recipe(&text(0.25)), grid(&[1.0, 4.0], 1, 1, 1), two.path());
    assert_eq!(whole.columns[0].losses, part.columns[0].losses);
    assert_ne!(whole.columns[0].after, part.columns[0].after);
}

#[test]
fn what_is_measured_are_every_so_many_updates_and_the_last() {
    let place = folder();
    let (_, watch) = measured(&recipe("learning_rate = 0.1\n"), grid(&[0.1], 10, 3, 25), place.path());
    assert_eq!(watch.columns.iter().map(|column| column.step).collect::<Vec<_>>(), [0, 10, 20, 22, 23, 24]);
    assert_eq!(watch.others.iter().map(|other| other.step).collect::<Vec<_>>(), [22, 23]);
}

#[test]
fn a_rule_whose_directions_contain_the_rate_is_refused_before_anything_is_written() {
    let place = folder();
    let path = place.path().join("run");
    let recipe = recipe("[optimizer]\nmethod = \"prodigy\"\n");
    let error = try_measured(&recipe, grid(&[0.1], 1, 1, 10), &path).err().unwrap();
    assert!(matches!(error, TrainError::Setup(_)) && error.to_string().contains("prodigy"), "{error}");
    assert!(!path.exists());
}

#[test]
fn memory_stays_flat_over_thousands_of_measured_points() {
    let place = folder();
    let sizes: Vec<f64> = (0..40).map(|size| 1e-4 * 1.2f64.powi(size)).collect();
    let recipe = recipe("budget = \"400 steps\"\nlearning_rate = 0.1\nevaluate_every = \"100 %\"\n");
    let (_, watch) = measured(&recipe, grid(&sizes, 1, 1, 400), place.path());
    if let (Some(early), Some(late)) = (watch.resident.get(100), watch.resident.last()) {
        // A pass whose graph nobody frees keeps more than 10 kB: 120 MB over these points.
        assert!(*late < early + (16 << 20), "{early} bytes after 100 updates, {late} after 400");
    }
}
