//! Averages of the weights in recipes, and what optimizers ask of the rest of a recipe.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{messages, read};
use insta::assert_snapshot;
use rheostat_control::Averaging;

const CONSTANT: &str = "workload = \"toy\"\nlearning_rate = 0.01\n[optimizer]\nmethod = \"schedule_free\"\n";

#[test]
fn an_average_is_resolved_in_updates() {
    let recipe = read("workload = \"toy\"\n[averaging]\nmethod = \"swa\"\nfrom = \"5 epochs\"\n").unwrap();
    assert_eq!(recipe.plan(1000).unwrap().averaging, Some(Averaging::SwaEvery { from: 50, every: 10 }));
    assert_eq!(read("workload = \"toy\"\n").unwrap().plan(1000).unwrap().averaging, None);
}

#[test]
fn the_tail_of_each_cycle_ends_at_a_read_out_point() {
    let text = "workload = \"toy\"\nread_outs = [\"2 epochs\", \"10 epochs\"]\n[averaging]\nmethod = \"tail\"\nover = \"10 %\"\n";
    let found = read(text).unwrap().plan(1000).unwrap().averaging;
    assert_eq!(found, Some(Averaging::Tail { windows: vec![(19, 20), (93, 100)], every: 1 }));
    assert_snapshot!(messages(&text.replace("10 %", "30 steps")), @"toy.toml:5:8: averaging.over: 30 updates of the 20 from step 0 to 20");
}

#[test]
fn a_recipe_with_an_average_reads_back_from_its_own_text() {
    let text = "workload = \"toy\"\n[averaging]\nmethod = \"ema\"\ndecay = 0.99\n";
    let recipe = read(text).unwrap();
    assert_eq!(read(&recipe.to_toml()).unwrap().averaging, recipe.averaging);
    assert_ne!(recipe.hash(), read("workload = \"toy\"\n").unwrap().hash());
}

#[test]
fn what_is_wrong_with_an_average_is_said_where_it_stands() {
    assert_snapshot!(messages("workload = \"toy\"\naveraging = 0.99\n"), @r#"toy.toml:2:13: averaging = 0.99 is a number, not a table (write [averaging] and method = "ema")"#);
    assert_snapshot!(messages("workload = \"toy\"\n[averaging]\nmethod = \"emma\"\n"), @r#"toy.toml:3:10: unknown method "emma" (did you mean ema?)"#);
    assert_snapshot!(messages("workload = \"toy\"\n[averaging]\nmethod = \"ema\"\ndecay = 1.5\nevery = 3\n"), @r#"
    toy.toml:4:9: decay = 1.5 is out of range: at least 0 and less than 1
    toy.toml:5:1: ema has no parameter every (known: decay, decay_warmup, from)
    "#);
    assert_snapshot!(messages("workload = \"toy\"\n[averaging]\nmethod = \"swa\"\nfrom = \"200 steps\"\n"), @r#"toy.toml:4:8: averaging.from: step 200 is not before the last of the 100 there are"#);
}

#[test]
fn schedule_free_takes_a_constant_rate_with_a_warm_up() {
    read(CONSTANT).unwrap();
    let warmed = "workload = \"toy\"\n[optimizer]\nmethod = \"schedule_free\"\n\
                  [learning_rate]\nmethod = \"constant\"\nvalue = 0.01\nwarmup = \"5 %\"\n";
    read(warmed).unwrap();
    let cosine = "workload = \"toy\"\n[optimizer]\nmethod = \"schedule_free\"\n\
                  [learning_rate]\nmethod = \"cosine\"\npeak = 0.01\n";
    assert_snapshot!(messages(cosine), @r#"toy.toml:5:10: schedule_free takes a constant rate, with a warm-up at most, not "cosine" (set learning_rate = 0.0025, or allow_schedule = true in [optimizer])"#);
    read(&cosine.replace("\"schedule_free\"\n", "\"schedule_free\"\nallow_schedule = true\n")).unwrap();
    let controlled = cosine.replace("cosine", "autowu").replace("peak = 0.01\n", "");
    let why = r#"not "autowu" (set learning_rate = 0.0025, or allow_schedule = true in [optimizer])"#;
    assert!(messages(&controlled).contains(why), "{}", messages(&controlled));
    read(&controlled.replace("\"schedule_free\"\n", "\"schedule_free\"\nallow_schedule = true\n")).unwrap();
    let group =
        format!("{CONSTANT}[[group]]\npath = \"bias\"\nlearning_rate = {{ method = \"cosine\", peak = 0.1 }}\n");
    assert!(messages(&group).contains("not \"cosine\""));
}

#[test]
fn no_line_search_finds_the_rate_of_what_contains_it() {
    for (optimizer, refused) in [("schedule_free", true), ("prodigy", true), ("muon", false)] {
        let text =
            format!("workload = \"toy\"\nlearning_rate.method = \"alsals\"\n[optimizer]\nmethod = {optimizer:?}\n");
        let found = read(&text).map_err(|error| error.to_string());
        let why = format!(
            "toy.toml:2:24: learning_rate.method: {optimizer} moves by displacements that contain the learning rate, so that alsals \
             cannot choose it: take adamw"
        );
        assert_eq!(found.err(), refused.then_some(why));
    }
}

#[test]
fn schedule_free_takes_no_second_average() {
    assert_snapshot!(messages(&format!("{CONSTANT}[averaging]\nmethod = \"ema\"\n")), @r#"toy.toml:5:1: schedule_free averages the weights itself (leave [averaging] out)"#);
}

#[test]
fn prodigy_takes_no_rates_of_groups_but_0() {
    let text = "workload = \"toy\"\nlearning_rate = 1.0\n[optimizer]\nmethod = \"prodigy\"\n\
                [[group]]\npath = \"bias\"\nlearning_rate = 0.5\n";
    assert_snapshot!(messages(text), @"toy.toml:7:17: prodigy finds one step size for the whole model: the group has a rate of its own (leave it out, or set 0 for weights that stay)");
    read(&text.replace("0.5", "0.0")).unwrap();
    read(&text.replace("0.5", "1.0")).unwrap();
    let share = text.replace("learning_rate = 0.5", "rate_factor = 0.5");
    assert_snapshot!(messages(&share), @"toy.toml:7:15: prodigy finds one step size for the whole model: the group has a rate of its own (leave it out, or set 0 for weights that stay)");
    read(&share.replace("0.5", "0.0")).unwrap();
}

#[test]
fn a_pattern_of_muon_is_checked_where_it_stands() {
    let text = "workload = \"toy\"\n[optimizer]\nmethod = \"muon\"\nadamw = { paths = \"(\" }\n";
    assert_snapshot!(messages(text), @r#"toy.toml:4:19: path = "(" is no regular expression: error: unclosed group"#);
    read(&text.replace("\"(\"", "\"head\"")).unwrap();
}
