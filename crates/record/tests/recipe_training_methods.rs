//! Training methods in recipes: what a name comes to, and what is said where one cannot stand.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::TOY;
use insta::assert_snapshot;
use rheostat_control::{Hyperparameter, TrainingMethodSpec};
use rheostat_record::{DocumentError, Recipe, RecipeText, WorkloadFacts};

/// A workload that has everything.
const IMAGES: WorkloadFacts = WorkloadFacts {
    name: "images",
    knobs: &[
        Hyperparameter::LabelSmoothing,
        Hyperparameter::Mixup,
        Hyperparameter::Cutout,
        Hyperparameter::ImageScale,
        Hyperparameter::Frozen,
    ],
    methods: &["blurpool", "randaugment", "autoaugment"],
    ..TOY
};

/// The same with methods in its default recipe.
const SMOOTHED: WorkloadFacts = WorkloadFacts {
    name: "smoothed",
    recipe: "budget = \"10 epochs\"\nbatch_size = 100\nlearning_rate = 1e-3\nlabel_smoothing = 0.3\nmethods = [\"mixup\"]\n\
             [optimizer]\nmethod = \"adamw\"\n",
    ..IMAGES
};

fn read(text: &str) -> Result<Recipe, DocumentError> {
    let text = RecipeText { name: "toy.toml", text, sets: &[], resolved: false };
    Recipe::read(&text, &[TOY, IMAGES, SMOOTHED])
}

fn messages(text: &str) -> String {
    let recipe = read(&format!("workload = \"images\"\n{text}"));
    recipe.and_then(|recipe| recipe.plan(1000).map(|_| ())).expect_err("the recipe is wrong").to_string()
}

fn values(recipe: &Recipe, step: u64) -> Vec<(Hyperparameter, f64)> {
    let set = recipe.plan(1000).unwrap().base.at(step);
    set.iter().filter(|(which, _)| which.is_of_the_workload()).collect()
}

#[test]
fn names_and_tables_set_the_hyperparameters_that_they_are_names_for() {
    let text = "workload = \"images\"\nmethods = [\"label_smoothing\", { method = \"mixup\", alpha = 0.4 }, \
                \"progressive_resizing\", \"layer_freezing\"]\n";
    let recipe = read(text).unwrap();
    let expected = [
        (Hyperparameter::LabelSmoothing, 0.1),
        (Hyperparameter::Mixup, 0.4),
        (Hyperparameter::ImageScale, 0.5),
        (Hyperparameter::Frozen, 0.0),
    ];
    assert_eq!(values(&recipe, 0), expected);
    let [.., (_, scale), (_, frozen)] = values(&recipe, 75)[..] else { panic!("four values") };
    assert!((scale - (0.5 + 0.5 * 25.0 / 30.0)).abs() < 1e-12 && (frozen - 0.5).abs() < 1e-12, "{scale} {frozen}");
    assert!(recipe.methods.is_empty(), "what is a hyperparameter is one");
}

#[test]
fn a_name_is_the_same_recipe_as_what_it_stands_for() {
    let named = read("workload = \"images\"\nmethods = [\"layer_freezing\", \"mixup\"]\n").unwrap();
    let spelled =
        "workload = \"images\"\nmixup = 0.2\n[frozen]\nmethod = \"linear\"\nstart = 0.0\nend = 1.0\nhold = \"50 %\"\n";
    let spelled = read(spelled).unwrap();
    assert_eq!(named.hyperparameters, spelled.hyperparameters);
    assert_eq!(named.hash(), spelled.hash());
}

#[test]
fn what_changes_samples_or_model_stays_in_the_list() {
    let recipe = read(
        "workload = \"images\"\nmethods = [\"cutout\", \"blurpool\", { method = \"randaugment\", magnitude = 5 }]\n",
    );
    let names: Vec<_> = recipe.unwrap().methods.iter().map(TrainingMethodSpec::name).collect();
    assert_eq!(names, ["blurpool", "randaugment"]);
}

#[test]
fn a_recipe_with_methods_reads_back_from_its_own_text() {
    let recipe =
        read("workload = \"images\"\nmethods = [\"blurpool\", \"progressive_resizing\", \"cutout\"]\n").unwrap();
    let text = recipe.to_toml();
    let again =
        Recipe::read(&RecipeText { name: "manifest", text: &text, sets: &[], resolved: true }, &[IMAGES]).unwrap();
    assert_eq!((&again.methods, &again.hyperparameters), (&recipe.methods, &recipe.hyperparameters));
    assert_eq!((again.hash(), again.to_toml()), (recipe.hash(), text));
}

#[test]
fn what_is_written_displaces_a_default_under_the_other_name() {
    let as_it_is = read("workload = \"smoothed\"\n").unwrap();
    assert_eq!(values(&as_it_is, 0), [(Hyperparameter::LabelSmoothing, 0.3), (Hyperparameter::Mixup, 0.2)]);
    let method = read("workload = \"smoothed\"\nmethods = [\"label_smoothing\"]\n").unwrap();
    assert_eq!(values(&method, 0), [(Hyperparameter::LabelSmoothing, 0.1)], "the list replaces the default's");
    let value = read("workload = \"smoothed\"\nmixup = 0.7\n").unwrap();
    assert_eq!(values(&value, 0), [(Hyperparameter::LabelSmoothing, 0.3), (Hyperparameter::Mixup, 0.7)]);
}

#[test]
fn an_unknown_method_names_the_nearest_one() {
    assert_snapshot!(messages("methods = [\"mixupp\"]\n"), @r#"toy.toml:2:12: unknown method "mixupp" (did you mean mixup?)"#);
    assert_snapshot!(messages("methods = [{ method = \"cutut\" }]\n"), @r#"toy.toml:2:23: unknown method "cutut" (did you mean cutout?)"#);
}

#[test]
fn a_list_that_is_none_is_told_how_to_be_one() {
    assert_snapshot!(messages("methods = \"mixup\"\n"), @r#"toy.toml:2:11: methods = "mixup" is a text, not a list (write methods = ["mixup"])"#);
    assert_snapshot!(messages("methods = [3, {}]\n"), @r#"
    toy.toml:2:12: 3 is a number, neither a name nor a table with a method (write { method = "mixup", alpha = 0.2 })
    toy.toml:2:15: {} is a table, neither a name nor a table with a method (write { method = "mixup", alpha = 0.2 })
    "#);
}

#[test]
fn parameters_are_checked_where_they_stand() {
    assert_snapshot!(messages("methods = [{ method = \"mixup\", alpha = -1, beta = 2 }]\n"), @r#"
    toy.toml:2:40: alpha = -1 is out of range: at least 0
    toy.toml:2:44: mixup has no parameter beta (known: alpha)
    "#);
    let late = "methods = [{ method = \"progressive_resizing\", delay_fraction = 0.9 }]\n";
    assert_snapshot!(messages(late), @"toy.toml:2:12: progressive_resizing.finetune_fraction: 0.2 beside delay_fraction = 0.9 leaves no time to grow");
}

#[test]
fn a_method_beside_its_own_hyperparameter_is_refused() {
    assert_snapshot!(messages("methods = [\"mixup\"]\nmixup = 0.3\n"), @"toy.toml:2:12: mixup is given twice: as the method mixup and as a value of its own (keep one)");
    assert_snapshot!(messages("methods = [\"mixup\", { method = \"mixup\", alpha = 0.1 }]\n"), @"toy.toml:2:32: mixup is named twice (keep one)");
    assert_snapshot!(messages("methods = [\"randaugment\", \"autoaugment\"]\n"), @"toy.toml:2:27: randaugment and autoaugment are two policies for the same images (keep one)");
}

#[test]
fn a_workload_is_not_given_what_it_does_not_have() {
    let wrong = read("workload = \"toy\"\nmethods = [\"mixup\", \"blurpool\"]\n").unwrap_err().to_string();
    assert_snapshot!(wrong, @r#"
    toy.toml:2:12: toy has no mixup
    toy.toml:2:21: toy has no blurpool
    "#);
}

#[test]
fn channels_last_is_known_and_refused_with_the_reason() {
    assert_snapshot!(messages("methods = [\"channels_last\"]\n"), @"toy.toml:2:12: channels_last is nothing to choose here: the layers keep channels last in memory on the CPU, and a GPU backend chooses its own layout (leave it out; docs/methods/channels_last.md says more)");
}

#[test]
fn what_acts_on_batches_follows_schedules_and_no_controller() {
    read("workload = \"images\"\n[mixup]\nmethod = \"cosine\"\npeak = 0.4\n").unwrap();
    assert_snapshot!(messages("[mixup]\nmethod = \"plateau\"\npeak = 0.4\n"), @"toy.toml:3:10: plateau cannot set mixup: batches are assembled ahead of their updates (give mixup a number or a schedule)");
    assert_snapshot!(messages("[[group]]\npath = \"bias\"\nmixup = 0.4\n"), @"toy.toml:4:1: mixup is one for the whole run, not for a group (a group may set: learning_rate, momentum, beta2, weight_decay)");
    assert_snapshot!(messages("[image_scale]\nmethod = \"linear\"\nstart = 0.0\nend = 1.0\n"), @"toy.toml:2:1: image_scale is 0 at step 0, must be more than 0 and at most 1");
}
