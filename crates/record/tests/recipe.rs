//! What a right recipe means.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{OTHER, TOY, read, read_with};
use proptest::prelude::*;
use rheostat_control::{Hyperparameter, Hyperparameters, OptimizerSpec};
use rheostat_record::{NonFinite, Recipe, RecipeText};
use rheostat_schedule::{ScheduleSpec, Span};

#[test]
fn the_workload_alone_is_a_recipe() {
    let recipe = read("workload = \"toy\"\n").unwrap();
    assert_eq!(recipe.budget, Span::Epochs(10.0));
    assert_eq!(recipe.evaluate_every, Span::Epochs(1.0));
    assert_eq!(recipe.non_finite, NonFinite::Stop);
    assert_eq!(recipe.target.value, 0.9);
    assert!(matches!(recipe.optimizer, OptimizerSpec::Adamw(_)));
    let plan = recipe.plan(1000).unwrap();
    assert_eq!((plan.total_steps, plan.steps_per_epoch()), (100, 10));
    assert_eq!((plan.evaluate_every, plan.checkpoint_every), (10, 5));
    assert_eq!(plan.peak_rates, [1e-3]);
}

#[test]
fn tables_replace_tables_whole_and_plain_keys_one_by_one() {
    let recipe = read("workload = \"toy\"\nseed = 7\n[learning_rate]\nmethod = \"constant\"\nvalue = 0.1\n").unwrap();
    assert_eq!(recipe.seed, 7);
    assert_eq!(recipe.budget, Span::Epochs(10.0));
    let constant = ScheduleSpec::from(ScheduleSpec::constant(0.1));
    assert_eq!(recipe.hyperparameters[&Hyperparameter::LearningRate], constant);
}

#[test]
fn what_the_optimizer_needs_and_nobody_sets_has_its_default() {
    let recipe = read("workload = \"toy\"\n").unwrap();
    let value = |which| recipe.plan(1000).unwrap().base.at(5).get(which);
    assert_eq!(value(Hyperparameter::Momentum), Some(0.9));
    assert_eq!(value(Hyperparameter::Beta2), Some(0.999));
    assert_eq!(value(Hyperparameter::WeightDecay), Some(0.05));
    assert_eq!(value(Hyperparameter::ClipNorm), None);
}

#[test]
fn a_constant_of_the_users_optimizer_displaces_the_default_at_the_top() {
    let recipe = read("workload = \"toy\"\n[optimizer]\nmethod = \"adamw\"\nweight_decay = 0.2\n").unwrap();
    let plan = recipe.plan(1000).unwrap();
    assert_eq!(plan.base.at(0).get(Hyperparameter::WeightDecay), Some(0.2));
}

#[test]
fn another_optimizer_does_not_inherit_what_was_chosen_for_the_defaults() {
    let decay = |text: &str| read(text).unwrap().plan(1000).unwrap().base.at(0).get(Hyperparameter::WeightDecay);
    assert_eq!(decay("workload = \"toy\"\n[optimizer]\nmethod = \"nesterov\"\n"), Some(0.0));
    assert_eq!(decay("workload = \"toy\"\nweight_decay = 0.3\n[optimizer]\nmethod = \"nesterov\"\n"), Some(0.3));
}

#[test]
fn changes_from_the_command_line_count_last_and_reach_into_tables() {
    let sets = [("learning_rate.peak", "0.5"), ("seed", "3"), ("workload", "other")];
    let recipe = read_with("workload = \"toy\"\nseed = 1\n", &sets).unwrap();
    assert_eq!((recipe.seed, recipe.workload.name), (3, "other"));
    assert_eq!(recipe.plan(1000).unwrap().peak_rates, [0.5]);
}

#[test]
fn the_resolved_text_reads_back_to_the_same_recipe_under_other_defaults() {
    let recipe = read_with("workload = \"toy\"\nclip_norm = 1.0\n", &[("momentum", "0.8")]).unwrap();
    let mut later = TOY;
    later.recipe = "budget = \"99 epochs\"\nbatch_size = 7\nmomentum = 0.1\nclip_norm = 3\n";
    let resolved = recipe.to_toml();
    let text = RecipeText { name: "manifest", text: &resolved, sets: &[], resolved: true };
    let again = Recipe::read(&text, &[later, OTHER]).unwrap();
    assert_eq!(again.plan(1000).unwrap(), recipe.plan(1000).unwrap());
    assert_eq!(again.to_toml(), resolved);
    assert_eq!(again.hash(), recipe.hash());
}

#[test]
fn a_group_takes_its_share_of_the_rate_whoever_sets_it() {
    let text = "workload = \"toy\"\n[[group]]\npath = \"bias$\"\nrate_factor = 0.1\n";
    let plan = read(text).unwrap().plan(1000).unwrap();
    for rate in [0.5, 0.0] {
        let base = Hyperparameters::new().with(Hyperparameter::LearningRate, rate);
        let group = plan.group_values(1, 50, &base);
        assert_eq!(group.get(Hyperparameter::LearningRate), Some(0.1 * rate));
        assert_eq!(plan.group_values(0, 50, &base), base);
    }
    assert_eq!(plan.rate_factors, [1.0, 0.1]);
}

#[test]
fn groups_override_what_they_name() {
    let text = "workload = \"toy\"\n[[group]]\npath = \"bias$\"\nweight_decay = 0.0\n[group.learning_rate]\nmethod = \"linear\"\nstart = 1.0\nend = 0.0\n";
    let plan = read(text).unwrap().plan(1000).unwrap();
    let base = plan.base.at(50);
    assert_eq!(plan.group_values(0, 50, &base), base);
    let group = plan.group_values(1, 50, &base);
    assert_eq!(group.get(Hyperparameter::WeightDecay), Some(0.0));
    assert_eq!(group.get(Hyperparameter::LearningRate), Some(0.5));
    assert_eq!(group.get(Hyperparameter::Momentum), Some(0.9));
}

#[test]
fn a_growing_batch_shortens_its_epochs_and_moves_every_span() {
    let text = "workload = \"toy\"\nbudget = \"4 epochs\"\n[batch_size]\nmethod = \"step\"\npeak = 100\ngamma = 2.0\nevery = \"2 epochs\"\n[learning_rate]\nmethod = \"multistep\"\npeak = 1.0\ngamma = 0.5\nat = [\"3 epochs\"]\n";
    let plan = read(text).unwrap().plan(1000).unwrap();
    assert_eq!(plan.total_steps, 10 + 10 + 5 + 5);
    let sizes = plan.batch_sizes().unwrap();
    assert_eq!([0, 19, 20, 29].map(|step| sizes.at(step)), [100.0, 100.0, 200.0, 200.0]);
    let rate = |step| plan.base.at(step).get(Hyperparameter::LearningRate).unwrap();
    assert_eq!((rate(24), rate(25)), (1.0, 0.5));
    let at = |position| {
        let at = plan.batch_at(position);
        (at.epoch, at.first, at.size)
    };
    assert_eq!(at(0), (0, 0, 100));
    assert_eq!(at(19), (1, 900, 100));
    assert_eq!(at(20), (2, 0, 200));
    assert_eq!(at(29), (3, 800, 200));
    assert_eq!(at(30), (4, 0, 200));
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let _ = read(&text).map(|recipe| recipe.plan(1000));
    }

    #[test]
    fn no_mangled_recipe_makes_the_reader_panic(cut in 0_usize..140, put in "[\\[\\]={}\".,a-z0-9 \n-]{0,6}") {
        let mut text = format!("workload = \"toy\"\n{}", TOY.recipe);
        let cut = cut.min(text.len());
        text.insert_str(cut, &put);
        let _ = read(&text).map(|recipe| recipe.plan(1000));
    }

    #[test]
    fn every_epoch_of_a_plan_uses_every_batch_once(batch in 1_u64..100, beyond in 0_u64..400) {
        let samples = batch + beyond;
        let text = format!("workload = \"toy\"\nbudget = \"3 epochs\"\nbatch_size = {batch}\n[learning_rate]\nmethod = \"constant\"\nvalue = 0.1\n");
        let plan = read(&text).unwrap().plan(samples).unwrap();
        for position in 0..plan.total_steps {
            let at = plan.batch_at(position);
            prop_assert_eq!(at.epoch, position / (samples / batch));
            prop_assert!(at.first + at.size <= samples);
        }
    }
}

#[test]
fn a_key_at_its_default_leaves_the_hash_as_it_is() {
    let text = "workload = \"toy\"\nbudget = \"3 epochs\"\n[learning_rate]\nmethod = \"constant\"\nvalue = 0.1\n";
    let hash = |more: &str| read(&format!("{more}{text}")).unwrap().hash();
    assert_eq!(hash("test = \"final\"\nspent_limit = 3.0\n"), hash(""));
    assert_ne!(hash("test = \"best\"\n"), hash(""));
    assert_ne!(hash("seed = 1\n"), hash(""));
}
