//! Line searches in recipes: named in the place of the learning rate, and what cannot stand beside one.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{messages, read};
use insta::assert_snapshot;
use rheostat_control::{Hyperparameter, Opening};

const ALSALS: &str =
    "workload = \"toy\"\noptimizer = { method = \"adamw\" }\nlearning_rate = { method = \"alsals\" }\n";

#[test]
fn a_search_stands_in_the_place_of_the_rate() {
    let recipe = read(ALSALS).unwrap();
    assert_eq!(recipe.line_search.as_ref().unwrap().name(), "alsals");
    let plan = recipe.plan(1000).unwrap();
    assert_eq!(plan.base.at(0).get(Hyperparameter::LearningRate), None);
    let mut search = plan.line_search().unwrap();
    assert!(matches!(search.open(0, None), Opening::Search(_)));
    let again = read(&recipe.to_toml()).unwrap();
    assert_eq!(again.line_search, recipe.line_search);
    assert_eq!(again.hash(), recipe.hash());
}

#[test]
fn without_one_the_scheduled_rate_is_taken() {
    let plan = read("workload = \"toy\"\nlearning_rate = 0.25\n").unwrap().plan(1000).unwrap();
    let mut search = plan.line_search().unwrap();
    let Opening::Settled(verdict) = search.open(0, Some(0.25)) else { panic!("nothing to be searched") };
    assert_eq!(verdict.step_size, 0.25);
}

#[test]
fn what_a_search_cannot_be_or_stand_for_is_said_at_its_place() {
    let texts = [
        "learning_rate = { method = \"alsal\" }",
        "learning_rate = { method = \"alsals\", c = 1.5 }",
        "learning_rate = { method = \"alsals\", slop = 0.1 }",
        "momentum = { method = \"alsals\" }",
        "optimizer = { method = \"sgd\" }\nlearning_rate = { method = \"adam_sls\" }",
        "optimizer = { method = \"adamw\", decay = \"independent\" }\nlearning_rate = { method = \"alsals\" }",
        "optimizer = { method = \"schedule_free\" }\nlearning_rate = { method = \"alsals\" }",
        "learning_rate = { method = \"alsals\", warmup = \"100 %\" }",
        "learning_rate = 0.1\n[[group]]\npath = \"head\"\nlearning_rate = { method = \"alsals\" }",
    ];
    let said = texts.map(|text| messages(&format!("workload = \"toy\"\n{text}\n")));
    assert_snapshot!(said.join("\n"), @r#"
    toy.toml:2:28: unknown method "alsal" (did you mean alsals?)
    toy.toml:2:42: c = 1.5 is out of range: more than 0 and less than 1
    toy.toml:2:38: alsals has no parameter slop (did you mean slope?)
    toy.toml:2:23: alsals cannot set momentum (it sets: learning_rate)
    toy.toml:3:28: learning_rate.method: adam_sls divides gradients by Adam's second moments, which sgd does not have: take adamw, or sls
    toy.toml:3:28: learning_rate.method: alsals cannot weigh a step with decay = "independent", which does not shrink with the step size that is tried: set decay = "lr_coupled" or "l2" in [optimizer]
    toy.toml:3:28: learning_rate.method: schedule_free moves by displacements that contain the learning rate, so that alsals cannot choose it: take adamw
    toy.toml:2:47: learning_rate.warmup = 1 is out of range: at least 0 and less than the run
    toy.toml:5:28: alsals is a line search of the whole run, not of a group (a group takes schedules)
    "#);
}

#[test]
fn what_follows_the_rate_cannot_stand_beside_a_search() {
    let texts = [
        "momentum = { method = \"inverse\", rate_low = 1e-3, rate_peak = 1.0 }",
        "weight_decay = { method = \"swd\" }",
        "[[group]]\npath = \"head\"\nlearning_rate = 0.1",
        "[batch_scaling]\nrule = \"sqrt\"",
    ];
    let said = texts.map(|text| messages(&format!("{ALSALS}{text}\n")));
    assert_snapshot!(said.join("\n"), @r#"
    toy.toml:4:23: inverse follows the learning rate, which alsals finds only afterwards (give momentum a number or a schedule)
    toy.toml:4:27: swd follows the learning rate, which alsals finds only afterwards (give weight_decay a number or a schedule)
    toy.toml:6:17: alsals finds one step size for the whole model; the group has a rate of its own (a group may take a share of it: rate_factor = 0.1)
    toy.toml:4:1: batch_scaling: alsals measures the step of every batch; there is no rate to scale (leave the table out)
    "#);
}
