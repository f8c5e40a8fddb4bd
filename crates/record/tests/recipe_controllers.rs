//! Controllers in recipes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{messages, read};
use insta::assert_snapshot;
use rheostat_control::{Action, ControllerSpec, Hyperparameter};

const AUTOWU: &str = "workload = \"toy\"\nlearning_rate = { method = \"autowu\", high = 0.1 }\n";

#[test]
fn a_learning_rate_may_be_a_controller() {
    let recipe = read(AUTOWU).unwrap();
    assert!(!recipe.hyperparameters.contains_key(&Hyperparameter::LearningRate));
    assert!(
        matches!(&recipe.controllers[&Hyperparameter::LearningRate], ControllerSpec::Autowu(spec) if spec.high == 0.1)
    );
    let plan = recipe.plan(1000).unwrap();
    let begun = plan.controller().unwrap().begin();
    assert_eq!(begun.hyperparameters.get(Hyperparameter::LearningRate), Some(1e-5));
    assert_eq!(begun.hyperparameters.get(Hyperparameter::WeightDecay), Some(0.05));
    assert_eq!(begun.actions, [Action::Save]);
    let resolved = recipe.to_toml();
    assert!(resolved.contains("method = \"autowu\""), "{resolved}");
}

#[test]
fn a_controller_of_something_else_says_what_it_sets() {
    assert_snapshot!(messages("workload = \"toy\"\nmomentum = { method = \"autowu\" }\n"), @"toy.toml:2:23: autowu cannot set momentum (it sets: learning_rate)");
}

#[test]
fn an_unknown_method_may_be_a_misspelt_controller() {
    assert_snapshot!(messages("workload = \"toy\"\nlearning_rate = { method = \"autowoo\" }\n"), @r#"toy.toml:2:28: unknown method "autowoo" (did you mean autowu?)"#);
}

#[test]
fn what_a_controller_does_not_know_is_named_like_everything_else() {
    let text = "workload = \"toy\"\n[learning_rate]\nmethod = \"autowu\"\nhigh = -1\npatience = 0\nwarmup = \"5 %\"\nlov = 1e-5\n";
    assert_snapshot!(messages(text), @r"
    toy.toml:4:8: high = -1 is out of range: more than 0
    toy.toml:5:12: patience = 0 is out of range: at least 1
    toy.toml:6:1: autowu has no parameter warmup (did you mean max_warmup?)
    toy.toml:7:1: autowu has no parameter lov (did you mean low?)
    ");
    let text = "workload = \"toy\"\n[learning_rate]\nmethod = \"autowu\"\nlow = 2.0\n";
    assert_snapshot!(messages(text), @"toy.toml:4:7: learning_rate.low: 2 is not less than `high` = 1: the rate must rise");
}

#[test]
fn a_warm_up_too_short_for_its_tests_is_found_before_the_run() {
    let text = "workload = \"toy\"\nbudget = \"4 epochs\"\nlearning_rate = { method = \"autowu\" }\n";
    assert_snapshot!(messages(text), @"toy.toml:3:17: learning_rate.max_warmup: 20 updates hold 2 tests, one every 10; `patience` = 3 asks for as many in a row: lengthen the warm-up, or test more often with `test_every`");
}

#[test]
fn a_group_has_schedules_only() {
    let text = "workload = \"toy\"\n[[group]]\npath = \"bias\"\nlearning_rate = { method = \"autowu\" }\n";
    assert_snapshot!(messages(text), @"toy.toml:4:28: autowu is a controller of the whole run, not of a group (a group takes schedules)");
}

#[test]
fn a_controller_that_goes_on_after_a_bad_loss_needs_a_host_that_does() {
    let masked = "workload = \"toy\"\nlearning_rate = { method = \"autowu\", on_non_finite = \"mask\" }\n";
    assert_snapshot!(messages(masked), @r#"toy.toml:2:54: learning_rate.on_non_finite: the run would end at the first loss that is not finite (set non_finite = "skip")"#);
    assert!(read(&format!("non_finite = \"skip\"\n{masked}")).unwrap().plan(1000).is_ok());
}

#[test]
fn a_decay_that_refers_to_the_peak_needs_one_known_before() {
    let text = format!("{AUTOWU}[optimizer]\nmethod = \"adamw\"\ndecay = \"schedule_multiplier\"\n");
    assert_snapshot!(messages(&text), @r#"toy.toml:5:9: decay = "schedule_multiplier" refers to the peak of the rate, which autowu finds during the run only (choose lr_coupled, independent or l2)"#);
}
