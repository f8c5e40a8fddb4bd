//! Recipes whose numbers are for another batch size than theirs.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{OTHER, TOY, messages, read};
use insta::assert_snapshot;
use rheostat_control::{ControllerSpec, Hyperparameter, OptimizerSpec};
use rheostat_record::{Plan, Recipe, RecipeText, WorkloadFacts};

const SQRT: &str = "batch_scaling = { rule = \"sqrt\", reference = 25 }\n";

fn plan(text: &str) -> Plan {
    read(&format!("workload = \"toy\"\n{text}")).unwrap().plan(1000).unwrap()
}

fn wrong(text: &str) -> String {
    messages(&format!("workload = \"toy\"\n{text}"))
}

fn value(plan: &Plan, which: Hyperparameter, step: u64) -> f64 {
    plan.base.at(step).get(which).unwrap()
}

fn rates(plan: &Plan) -> Vec<f64> {
    (0..plan.total_steps).map(|step| value(plan, Hyperparameter::LearningRate, step)).collect()
}

#[test]
fn the_whole_curve_is_scaled_also_that_of_the_default() {
    // Batches of 100, four times the reference.
    let (as_written, scaled) = (plan(""), plan(SQRT));
    let twice: Vec<f64> = rates(&as_written).iter().map(|rate| 2.0 * rate).collect();
    assert_eq!(rates(&scaled), twice);
    assert_eq!(scaled.peak_rates, [2e-3]);
    assert_eq!(scaled.optimizer, as_written.optimizer);
    for which in [Hyperparameter::Momentum, Hyperparameter::Beta2, Hyperparameter::WeightDecay] {
        assert_eq!(value(&scaled, which, 7), value(&as_written, which, 7));
    }
}

#[test]
fn the_published_rates_come_out_of_recipes() {
    let large = WorkloadFacts { samples: 100_000, ..TOY };
    let rate = |batch: u64, rule: &str, base: f64| {
        let text = format!(
            "workload = \"toy\"\nbatch_size = {batch}\nlearning_rate = {base}\nbatch_scaling.rule = \"{rule}\"\n"
        );
        let recipe = Recipe::read(&RecipeText { name: "toy.toml", text: &text, sets: &[], resolved: false }, &[large]);
        value(&recipe.unwrap().plan(100_000).unwrap(), Hyperparameter::LearningRate, 3)
    };
    let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-12 * want, "{got} {want}");
    for (batch, want) in [(256, 0.001), (1024, 0.002), (8192, 5.656_854_249_492_381e-3), (16_384, 0.008)] {
        close(rate(batch, "sqrt", 0.001), want);
    }
    close(rate(32_768, "sqrt", 0.001), 0.011_313_708_498_984_762);
    close(rate(8192, "linear", 0.1), 3.2);
}

#[test]
fn adam_sde_scales_rate_moments_and_epsilon_together() {
    let text = "learning_rate = 1e-3\nbatch_scaling = { rule = \"adam_sde\", reference = 25 }\n[optimizer]\nmethod = \"adam\"\nbeta2 = 0.999\n";
    let plan = plan(text);
    let close = |which, want: f64| assert!((value(&plan, which, 5) - want).abs() < 1e-12, "{which}");
    close(Hyperparameter::LearningRate, 2e-3);
    close(Hyperparameter::Momentum, 0.6);
    close(Hyperparameter::Beta2, 0.996);
    assert!(matches!(&plan.optimizer, OptimizerSpec::Adam(adam) if adam.epsilon == 5e-9), "{:?}", plan.optimizer);
}

#[test]
fn groups_are_scaled_like_the_model() {
    let text = "batch_scaling = { rule = \"adam_sde\", reference = 25, maximum = 0.015 }\n[[group]]\npath = \"head\"\nlearning_rate = 0.01\nmomentum = 0.8\n[[group]]\npath = \"bias\"\nweight_decay = 0.0\n";
    let plan = plan(text);
    let of_group = |group| plan.group_values(group, 5, &plan.base.at(5));
    let head = of_group(1);
    assert_eq!(head.get(Hyperparameter::LearningRate), Some(0.015), "at its own bound");
    assert!((head.get(Hyperparameter::Momentum).unwrap() - 0.2).abs() < 1e-12);
    assert_eq!(of_group(2).get(Hyperparameter::LearningRate), Some(value(&plan, Hyperparameter::LearningRate, 5)));
    assert_eq!(plan.peak_rates, [2e-3, 0.015, 2e-3]);
}

#[test]
fn of_a_moving_batch_the_first_size_counts() {
    let scheduled = plan(
        "batch_size = { method = \"step\", peak = 100, gamma = 2.0, every = \"2 epochs\" }\nlearning_rate = 0.1\nbatch_scaling = { rule = \"linear\", reference = 50 }\nbudget = \"4 epochs\"\n",
    );
    assert!(rates(&scheduled).iter().all(|rate| *rate == 0.2));
    // What grows keeps the rate that a growing batch would have, times the factor of its start.
    let stairs = "learning_rate = { method = \"step\", peak = 0.4, gamma = 0.5, every = \"2 epochs\" }\nbudget = \"6 epochs\"\nbatch_size = { method = \"grow\", start = 50, maximum = 100 }\n";
    let (as_written, grown) =
        (plan(stairs), plan(&format!("{stairs}batch_scaling = {{ rule = \"linear\", reference = 25 }}\n")));
    assert_eq!(grown.batch_sizes().unwrap(), as_written.batch_sizes().unwrap());
    let twice: Vec<f64> = rates(&as_written).iter().map(|rate| 2.0 * rate).collect();
    assert_eq!(rates(&grown), twice);
}

#[test]
fn the_rates_of_controllers_are_scaled_with_what_follows_them() {
    let scaled = plan(&format!(
        "{SQRT}learning_rate = {{ method = \"autowu\", low = 1e-4, high = 0.5 }}\nmomentum = {{ method = \"inverse\", rate_low = 0.0, rate_peak = 0.5 }}\n"
    ));
    let spec = |which| scaled.controllers.iter().find(|(known, _)| *known == which).unwrap().1.clone();
    let ControllerSpec::Autowu(warm_up) = spec(Hyperparameter::LearningRate) else { panic!("another") };
    assert_eq!((warm_up.low, warm_up.high), (2e-4, 1.0));
    let ControllerSpec::Inverse(inverse) = spec(Hyperparameter::Momentum) else { panic!("another") };
    assert_eq!(inverse.rate_peak, Some(1.0));
    // A range that was left open is that of the scaled schedule.
    let open = plan(&format!("{SQRT}momentum = {{ method = \"inverse\" }}\n"));
    assert!(matches!(&open.controllers[0].1, ControllerSpec::Inverse(spec) if spec.rate_peak == Some(2e-3)));
    let plateau = plan(&format!(
        "{SQRT}learning_rate = {{ method = \"plateau\", on = {{ method = \"cosine\", peak = 0.1 }} }}\n"
    ));
    let first = plateau.controller().unwrap().begin().hyperparameters.get(Hyperparameter::LearningRate);
    assert_eq!((first, &plateau.peak_rates[..]), (Some(0.2), &[0.2][..]));
}

#[test]
fn the_recorded_recipe_keeps_its_numbers_and_the_rule_and_reads_back_to_the_same_run() {
    let recipe = read(&format!("workload = \"toy\"\n{SQRT}")).unwrap();
    let resolved = recipe.to_toml();
    assert!(resolved.contains("peak = 0.001") && resolved.contains("sqrt"), "{resolved}");
    let text = RecipeText { name: "manifest", text: &resolved, sets: &[], resolved: true };
    let again = Recipe::read(&text, &[TOY, OTHER]).unwrap();
    assert_eq!(again.plan(1000).unwrap(), recipe.plan(1000).unwrap());
    assert_ne!(recipe.hash(), read("workload = \"toy\"\n").unwrap().hash());
}

#[test]
fn what_cannot_be_scaled_is_said_where_it_stands() {
    assert_snapshot!(wrong("batch_scaling = { rule = \"root\" }\n"), @r#"toy.toml:2:26: rule = "root" is none of: linear, sqrt, power, adam_sde"#);
    assert_snapshot!(wrong("batch_scaling = { reference = 0 }\n"), @"
    toy.toml:2:17: batch_scaling needs rule: how the learning rate goes with the batch size: in proportion, as its root, as a power, as its root with Adam's moments
    toy.toml:2:31: reference = 0 is out of range: at least 1
    ");
    assert_snapshot!(wrong("batch_scaling = \"sqrt\"\n"), @r#"toy.toml:2:17: batch_scaling = "sqrt" is a text, not a table"#);
    assert_snapshot!(wrong("batch_scaling = { rule = \"power\" }\n"), @"toy.toml:2:17: batch_scaling.exponent: missing: `power` needs a number from 0 to 1");
    assert_snapshot!(wrong("batch_scaling = { rule = \"power\", exponent = 1.5 }\n"), @"toy.toml:2:46: exponent = 1.5 is out of range: 0 to 1");
    assert_snapshot!(wrong("batch_scaling = { rule = \"linear\", exponent = 0.5 }\n"), @"toy.toml:2:47: batch_scaling.exponent: only `power` takes one: the other rules have their own");
    let sde = "batch_scaling = { rule = \"adam_sde\", reference = 10 }\n";
    assert_snapshot!(wrong(sde), @"toy.toml:2:26: momentum: 0.9 at 10 times the reference batch, where adam_sde needs 10 (1 - 0.9) to be less than 1");
    assert_snapshot!(wrong(&format!("{sde}momentum = 0.95\n[optimizer]\nmethod = \"adam\"\nbeta2 = 0.9\n")), @"toy.toml:6:9: beta2: 0.9 at 10 times the reference batch, where adam_sde needs 10 (1 - 0.9) to be less than 1");
    assert_snapshot!(wrong(&format!("{sde}[optimizer]\nmethod = \"nesterov\"\n")), @"toy.toml:2:26: batch_scaling.rule: adam_sde is about Adam's moments, and the optimizer is nesterov (linear and sqrt scale the rate of every optimizer)");
    assert_snapshot!(wrong(&format!("{sde}momentum = {{ method = \"linear\", start = 0.95, end = 0.99 }}\n")), @"toy.toml:3:12: momentum: adam_sde scales it as a number, and linear moves it");
    assert_snapshot!(wrong(&format!("{sde}momentum = {{ method = \"inverse\" }}\n")), @"toy.toml:3:12: momentum: adam_sde scales it as a number, and inverse moves it");
    assert_snapshot!(wrong("batch_scaling = { rule = \"sqrt\", maximum = 0.1 }\nlearning_rate = { method = \"autowu\" }\n"), @"toy.toml:2:44: batch_scaling.maximum: autowu finds its largest rate during the run only (leave it out: learning_rate.high is the bound)");
    assert_snapshot!(wrong(&format!("{SQRT}[learning_rate]\nmethod = \"cosine\"\npeak = 0.1\nwarmup = \"500 steps\"\n")), @"toy.toml:6:10: learning_rate.warmup: 500 steps of warm-up, must be less than the 100 steps there are");
}
