//! What a person reads when a recipe is wrong.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{messages, read_with};
use insta::assert_snapshot;

#[test]
fn an_unknown_key_names_the_nearest_one() {
    assert_snapshot!(messages("workload = \"toy\"\nbugdet = \"3 epochs\"\n"), @"toy.toml:2:1: unknown key bugdet (did you mean budget?)");
}

#[test]
fn an_unknown_workload_names_the_known_ones() {
    assert_snapshot!(messages("workload = \"zzz\"\n"), @r#"toy.toml:1:12: unknown workload "zzz" (known: toy, other)"#);
}

#[test]
fn a_missing_workload_is_said() {
    assert_snapshot!(messages("seed = 1\n"), @"toy.toml:1:1: no workload is named (known: toy, other)");
}

#[test]
fn all_errors_of_a_file_come_together_in_its_order() {
    let text = "workload = \"toy\"\nseed = -1\n[learning_rate]\nmethod = \"cosin\"\npeak = -1\n[optimizer]\nmethod = \"adamw\"\nbeta3 = 1\nepsilon = -1\n";
    assert_snapshot!(messages(text), @r#"
    toy.toml:2:8: seed = -1 is out of range: at least 0
    toy.toml:4:10: unknown method "cosin" (did you mean cosine?)
    toy.toml:8:1: adamw has no parameter beta3 (did you mean beta2?)
    toy.toml:9:11: epsilon = -1 is out of range: at least 0; more than 0 if `epsilon_placement` is raw
    "#);
}

#[test]
fn a_bare_number_is_no_span() {
    let text = "workload = \"toy\"\n[learning_rate]\nmethod = \"cosine\"\npeak = 1e-3\nwarmup = 500\n";
    assert_snapshot!(messages(text), @r#"toy.toml:5:10: warmup = 500 has no unit (write "500 steps", "500 epochs", "500 samples" or, as a share, "10 %")"#);
}

#[test]
fn a_wrong_unit_is_named() {
    let text = "workload = \"toy\"\nbudget = \"3 weeks\"\n";
    assert_snapshot!(messages(text), @"toy.toml:2:10: budget: `weeks` is no unit, the units are steps, epochs, samples (also k samples, M samples) or %");
}

#[test]
fn a_budget_cannot_be_a_share() {
    assert_snapshot!(messages("workload = \"toy\"\nbudget = \"10 %\"\n"), @r#"toy.toml:2:10: budget = "10 %" is a share of itself (write "20 epochs" or "5000 steps")"#);
}

#[test]
fn a_warm_up_longer_than_the_run_is_found_where_it_stands() {
    let text = "workload = \"toy\"\nbudget = \"50 steps\"\n[learning_rate]\nmethod = \"cosine\"\npeak = 1e-3\nwarmup = \"60 steps\"\n";
    assert_snapshot!(messages(text), @"toy.toml:6:10: learning_rate.warmup: 60 steps of warm-up, must be less than the 50 steps there are");
}

#[test]
fn an_error_inside_a_part_points_at_the_part() {
    let text = "workload = \"toy\"\n[learning_rate]\nmethod = \"sequence\"\nparts = [\n  { for = \"10 steps\", method = \"constant\", value = 1e-3 },\n  { method = \"cosine\", peek = 1e-3 },\n]\n";
    assert_snapshot!(messages(text), @"
    toy.toml:6:3: cosine needs peak: first value
    toy.toml:6:24: cosine has no parameter peek (did you mean peak?)
    ");
}

#[test]
fn a_value_out_of_range_along_the_run_is_refused() {
    let text = "workload = \"toy\"\n[momentum]\nmethod = \"linear\"\nstart = 0.5\nend = 1.5\n";
    let found = messages(text);
    assert!(found.starts_with("toy.toml:3:1: momentum is 1.4") || found.contains("momentum is"), "{found}");
    assert!(found.contains("at least 0 and less than 1"), "{found}");
}

#[test]
fn a_hyperparameter_that_the_optimizer_lacks_is_refused() {
    let text = "workload = \"toy\"\nmomentum = 0.9\n[optimizer]\nmethod = \"sgd\"\n";
    assert_snapshot!(messages(text), @"toy.toml:2:12: sgd has no momentum; it has: weight_decay");
}

#[test]
fn a_hyperparameter_that_the_workload_lacks_is_refused() {
    assert_snapshot!(messages("workload = \"toy\"\nlabel_smoothing = 0.1\n"), @"toy.toml:2:19: toy has no label_smoothing");
}

#[test]
fn a_constant_given_twice_is_a_contradiction() {
    let text = "workload = \"toy\"\nweight_decay = 0.1\n[optimizer]\nmethod = \"adamw\"\nweight_decay = 0.2\n";
    assert_snapshot!(messages(text), @"toy.toml:5:1: weight_decay is given twice: at the top and in [optimizer] (keep one)");
}

#[test]
fn a_target_of_another_metric_is_refused() {
    assert_snapshot!(messages("workload = \"toy\"\ntarget = { bleu = 30 }\n"), @"toy.toml:2:12: toy has no metric bleu (its metric is accuracy)");
}

#[test]
fn a_group_has_a_rate_of_its_own_or_a_share() {
    let text = "workload = \"toy\"\n[[group]]\npath = \"bias\"\nlearning_rate = 0.1\nrate_factor = 0.5\n[[group]]\npath = \"head\"\nrate_factor = -1\n[[group]]\npath = \"x\"\nrate_facto = 1.0\n";
    assert_snapshot!(messages(text), @r"
    toy.toml:5:15: the group has a learning_rate of its own and a rate_factor for the model's (leave one of them out)
    toy.toml:8:15: rate_factor = -1 is out of range: at least 0
    toy.toml:11:1: unknown key rate_facto (did you mean rate_factor?)
    ");
}

#[test]
fn a_group_may_not_set_what_concerns_the_whole_run() {
    let text = "workload = \"toy\"\n[[group]]\npath = \"(\"\nbatch_size = 3\n";
    assert_snapshot!(messages(text), @r#"
    toy.toml:3:8: path = "(" is no regular expression: error: unclosed group
    toy.toml:4:1: batch_size is one for the whole run, not for a group (a group may set: learning_rate, momentum, beta2, weight_decay)
    "#);
}

#[test]
fn a_batch_larger_than_the_data_is_refused() {
    assert_snapshot!(messages("workload = \"toy\"\nbatch_size = 2000\n"), @"toy.toml:2:14: batch_size is 2000 in epoch 0, more than the 1000 training samples");
}

#[test]
fn a_batch_size_cannot_change_at_a_step() {
    let text = "workload = \"toy\"\n[batch_size]\nmethod = \"step\"\npeak = 10\ngamma = 2\nevery = \"5 steps\"\n";
    assert_snapshot!(messages(text), @"toy.toml:6:9: the batch size changes at epoch boundaries, not at a step (write epochs, samples or %)");
}

#[test]
fn a_syntax_error_has_its_place() {
    let found = messages("workload = \"toy\"\nseed = = 3\n");
    assert!(found.starts_with("toy.toml:2:"), "{found}");
}

#[test]
fn an_error_from_the_command_line_says_so() {
    let error = read_with("workload = \"toy\"\n", &[("learning_rate.peak", "high")]).expect_err("wrong").to_string();
    assert_snapshot!(error, @r#"--set learning_rate.peak:1:1: peak = "high" is a text, not a number"#);
    let error = read_with("workload = \"toy\"\n", &[("seed.x", "3")]).expect_err("wrong").to_string();
    assert_snapshot!(error, @"--set seed.x:1:1: seed is a number, so it has no key x");
}

#[test]
fn a_time_limit_needs_a_unit_of_time() {
    assert_snapshot!(messages("workload = \"toy\"\ntime_limit = \"90\"\n"), @r#"toy.toml:2:14: time_limit = "90" is no time greater than 0 (write "90 s", "15 min" or "2 h")"#);
}
