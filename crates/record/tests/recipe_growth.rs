//! Recipes in which the batch grows, and the other controllers that are neither of the rate.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{TOY, messages, read};
use insta::assert_snapshot;
use proptest::prelude::*;
use rheostat_control::{ControllerSpec, Hyperparameter, Observation};
use rheostat_record::{Plan, Recipe, RecipeText, WorkloadFacts};
use rheostat_schedule::{Frame, ScheduleSpec, Span};

const STAIRS: &str = "workload = \"toy\"\nbudget = \"6 epochs\"\n\
                      learning_rate = { method = \"step\", peak = 0.4, gamma = 0.5, every = \"2 epochs\" }\n";

fn plan(text: &str) -> Plan {
    read(text).unwrap().plan(1000).unwrap()
}

fn rate(plan: &Plan, step: u64) -> f64 {
    plan.base.at(step).get(Hyperparameter::LearningRate).unwrap()
}

#[test]
fn the_batch_doubles_where_the_rate_would_halve_and_the_rate_stays() {
    let plan = plan(&format!("{STAIRS}batch_size = {{ method = \"grow\", start = 50, maximum = 500 }}\n"));
    assert_eq!(plan.total_steps, 20 + 20 + 10 + 10 + 5 + 5);
    let sizes = plan.batch_sizes().unwrap();
    assert_eq!([0, 39, 40, 59, 60, 69].map(|step| sizes.at(step)), [50.0, 50.0, 100.0, 100.0, 200.0, 200.0]);
    assert!((0..70).all(|step| rate(&plan, step) == 0.4));
    let last = plan.batch_at(69);
    assert_eq!((last.epoch, last.first, last.size), (5, 800, 200));
    assert_eq!(plan.peak_rates, [0.4]);
    assert!(plan.controllers.is_empty(), "it is planned before the run");
    let begun = plan.controller().unwrap().begin();
    assert_eq!(begun.hyperparameters.get(Hyperparameter::LearningRate), Some(0.4));
}

#[test]
fn at_its_maximum_the_batch_leaves_the_falling_to_the_rate() {
    let plan = plan(&format!("{STAIRS}batch_size = {{ method = \"grow\", start = 50, maximum = 100 }}\n"));
    let sizes = plan.batch_sizes().unwrap();
    assert_eq!([0, 40, 60].map(|step| (sizes.at(step), rate(&plan, step))), [(50.0, 0.4), (100.0, 0.4), (100.0, 0.2)]);
}

#[test]
fn spans_of_the_rate_are_of_the_reference_and_others_of_the_updates_made() {
    let text = "workload = \"toy\"\nbudget = \"4000 samples\"\nbatch_size = { method = \"grow\", start = 50, maximum = 200 }\n\
                learning_rate = { method = \"multistep\", peak = 0.4, gamma = 0.25, at = [\"50 %\"], warmup = \"10 steps\" }\n\
                momentum = { method = \"multistep\", peak = 0.9, gamma = 0.5, at = [\"3 epochs\"] }\n";
    let plan = plan(text);
    assert_eq!(plan.total_steps, 20 + 20 + 5 + 5);
    assert_eq!([0, 9, 10, 39, 40].map(|step| rate(&plan, step)), [0.04000000000000001, 0.4, 0.4, 0.4, 0.4]);
    let momentum = |step| plan.base.at(step).get(Hyperparameter::Momentum).unwrap();
    assert_eq!((momentum(44), momentum(45)), (0.9, 0.45));
    assert_eq!(plan.evaluate_every, 20);
}

#[test]
fn a_groups_own_rate_is_scaled_like_the_rest() {
    let text = format!(
        "{STAIRS}batch_size = {{ method = \"grow\", start = 50, maximum = 500 }}\n[[group]]\npath = \"head\"\nlearning_rate = 0.1\n"
    );
    let plan = plan(&text);
    let of_group = |step| plan.group_values(1, step, &plan.base.at(step)).get(Hyperparameter::LearningRate);
    assert_eq!([0, 39, 40, 60].map(of_group), [Some(0.1), Some(0.1), Some(0.2), Some(0.4)]);
    assert_eq!(plan.peak_rates, [0.4, 0.1], "of the reference");
}

#[test]
fn a_budget_in_steps_or_a_rate_under_a_controller_cannot_be_planned() {
    let grow = "batch_size = { method = \"grow\", start = 50, maximum = 100 }\n";
    let rate = "learning_rate = 0.1\n";
    assert_snapshot!(messages(&format!("workload = \"toy\"\nbudget = \"70 steps\"\n{rate}{grow}")), @r#"toy.toml:2:10: budget = "70 steps": how many updates there are follows from the batches that grow (write epochs or samples)"#);
    assert_snapshot!(messages(&format!("workload = \"toy\"\nlearning_rate = {{ method = \"autowu\" }}\n{grow}")), @"toy.toml:2:17: grow owns the batch size and scales the rate: it needs a schedule of the learning rate (or give batch_size a schedule)");
}

#[test]
fn a_batch_larger_than_the_data_or_that_cannot_grow_is_found_before_the_run() {
    let text = |table: &str| messages(&format!("workload = \"toy\"\nbatch_size = {{ method = \"grow\", {table} }}\n"));
    assert_snapshot!(text("start = 50, maximum = 1001"), @"toy.toml:2:55: batch_size.maximum = 1001 is more than the 1000 training samples");
    assert_snapshot!(text("start = 50, maximum = 40"), @"toy.toml:2:55: batch_size.maximum: 40 is less than `start` = 50: the batch must be able to grow");
    assert_snapshot!(text("start = 50"), @"toy.toml:2:14: grow needs maximum: most samples in an update");
    assert_snapshot!(text("start = 50, maximum = 100, quantum = 0"), @"toy.toml:2:70: quantum = 0 is out of range: at least 1");
}

#[test]
fn momentum_against_the_rate_takes_its_range_from_the_schedule_or_asks_for_it() {
    let inverse = "momentum = { method = \"inverse\" }\n";
    let plan = plan(&format!("{STAIRS}{inverse}"));
    let ControllerSpec::Inverse(spec) = &plan.controllers[0].1 else { panic!("another method") };
    assert_eq!((spec.rate_low, spec.rate_peak), (Some(0.1), Some(0.4)));
    let mut controller = plan.controller().unwrap();
    let mut momentum = controller.begin().hyperparameters.get(Hyperparameter::Momentum).unwrap();
    assert!((momentum - 0.85).abs() <= 1e-12);
    for step in 0..59 {
        let decision = controller.observe(&Observation::Step { step, loss: 1.0 });
        momentum = decision.hyperparameters.get(Hyperparameter::Momentum).unwrap();
    }
    assert!((momentum - 0.95).abs() <= 1e-12);
    assert_snapshot!(messages(&format!("workload = \"toy\"\nlearning_rate = {{ method = \"autowu\" }}\n{inverse}")), @r"
    toy.toml:3:12: momentum.rate_low: it must be given: only a schedule of the learning rate tells beforehand how far the rate will move
    toy.toml:3:12: momentum.rate_peak: it must be given: only a schedule of the learning rate tells beforehand how far the rate will move
    ");
    assert_snapshot!(messages(&format!("workload = \"toy\"\nlearning_rate = 0.1\n{inverse}")), @"toy.toml:3:12: momentum.rate_low: 0.1 is not less than `rate_peak` = 0.1: the momentum follows a rate that moves");
}

#[test]
fn weight_decay_by_second_moments_needs_an_optimizer_that_has_them() {
    let swd = "weight_decay = { method = \"swd\" }\n";
    assert!(read(&format!("workload = \"toy\"\n{swd}")).unwrap().plan(1000).is_ok());
    let with = |optimizer: &str| messages(&format!("workload = \"toy\"\n{swd}[optimizer]\n{optimizer}\n"));
    assert_snapshot!(with("method = \"nesterov\""), @"toy.toml:2:27: weight_decay.method: swd divides by bias-corrected second moments, which nesterov does not have: take adamw");
    assert_snapshot!(with("method = \"adam\""), @r#"toy.toml:2:27: weight_decay.method: swd counts on weight decay times the learning rate: set decay = "lr_coupled" in [optimizer]"#);
}

#[test]
fn the_recipes_that_show_them_can_be_planned() {
    let recipes = [
        include_str!("../../../recipes/adaptive_heavy_ball.toml"),
        include_str!("../../../recipes/general-cyclical.toml"),
        include_str!("../../../recipes/grow.toml"),
        include_str!("../../../recipes/inverse.toml"),
        include_str!("../../../recipes/swd.toml"),
    ];
    let knobs = &[Hyperparameter::Dropout, Hyperparameter::LabelSmoothing];
    let digits = WorkloadFacts { name: "digits-mlp", samples: 1077, knobs, ..TOY };
    for text in recipes {
        let text = RecipeText { name: "recipe", text, sets: &[], resolved: false };
        let plan = Recipe::read(&text, &[digits])
            .and_then(|recipe| recipe.plan(1077))
            .unwrap_or_else(|error| panic!("{error}"));
        assert!(plan.controller().is_ok());
    }
}

#[test]
fn an_adaptive_momentum_needs_an_optimizer_with_momentum() {
    let text = "workload = \"toy\"\nmomentum = { method = \"adaptive_heavy_ball\" }\n[optimizer]\nmethod = \"sgd\"\n";
    assert_snapshot!(messages(text), @"toy.toml:2:12: sgd has no momentum; it has: weight_decay");
}

proptest! {
    #[test]
    fn in_every_update_the_rate_over_the_batch_is_that_of_the_reference_and_no_sample_is_lost_but_a_remainder(
        start in 1_u64..8,
        quantum in 1_u64..9,
        more in 0_u64..200,
        epochs in 1_u64..12,
        samples in 300_u64..1200,
    ) {
        let start = start * quantum;
        let text = format!(
            "workload = \"toy\"\nbudget = \"{epochs} epochs\"\nlearning_rate = {{ method = \"cosine\", peak = 0.5, warmup = \"10 %\" }}\n\
             batch_size = {{ method = \"grow\", start = {start}, maximum = {}, quantum = {quantum} }}\n",
            start + more
        );
        let plan = read(&text).unwrap().plan(samples).unwrap();
        let frame = Frame::steps(epochs * (samples / start));
        let reference = ScheduleSpec::cosine(0.5).warmup(Span::percent(10.0)).resolve(&frame).unwrap();
        let mut seen = vec![0; epochs as usize];
        for step in 0..plan.total_steps {
            let at = plan.batch_at(step);
            prop_assert!((start..=start + more).contains(&at.size));
            seen[at.epoch as usize] += at.size;
            let of_reference = reference.at(at.epoch * (samples / start) + at.first / start) / start as f64;
            prop_assert!((rate(&plan, step) / at.size as f64 - of_reference).abs() <= 1e-12);
            if at.first == 0 && at.epoch > 0 {
                let before = seen[at.epoch as usize - 1];
                prop_assert!(before <= samples && samples - before < start + more);
            }
        }
    }
}
