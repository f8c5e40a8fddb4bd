//! A recipe that is read out at several points: one run in cycles, or one run for each.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{messages, read};
use insta::assert_snapshot;
use proptest::prelude::*;
use rheostat_control::Hyperparameter;
use rheostat_record::{Plan, Recipe};
use rheostat_schedule::{Restart, Span};

fn points(texts: &[&str]) -> Vec<Span> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn plan(recipe: &Recipe) -> Plan {
    recipe.plan(1000).unwrap()
}

fn rates(plan: &Plan) -> Vec<u64> {
    let rate = |step| plan.base.at(step).get(Hyperparameter::LearningRate).unwrap().to_bits();
    (0..plan.total_steps).map(rate).collect()
}

fn refused(text: &str, at: &[&str]) -> String {
    let cycled = read(text).unwrap().cycled(&points(at), &Restart::default(), &[]);
    cycled.and_then(|recipe| recipe.plan(1000)).expect_err("it cannot be cycled").to_string()
}

#[test]
fn points_become_updates_and_are_checked() {
    let recipe = read("workload = \"toy\"\nread_outs = [\"25 steps\", \"5 epochs\", \"100 %\"]").unwrap();
    assert_eq!(plan(&recipe).read_outs, [25, 50, 100]);
    assert!(plan(&read("workload = \"toy\"").unwrap()).read_outs.is_empty());
    assert_snapshot!(
        messages("workload = \"toy\"\nread_outs = [\"5 epochs\", \"50 steps\", \"11 epochs\"]"),
        @r#"
    toy.toml:2:26: read_outs[1] = "50 steps" is at step 50, not after step 50 (write the points in increasing order)
    toy.toml:2:38: read_outs[2] = "11 epochs" is at step 110, after the last of 100 (set budget = "11 epochs" or leave it out)
    "#
    );
}

#[test]
fn a_key_that_is_not_used_leaves_the_hash_as_it_was() {
    let recipe = read("workload = \"toy\"").unwrap();
    assert!(!recipe.to_toml().contains("read_outs"));
}

#[test]
fn the_cyclic_run_begins_as_the_run_of_the_first_point() {
    let base = read("workload = \"toy\"\nweight_decay = { method = \"linear\", start = 0.1, end = 0.0 }").unwrap();
    let at = points(&["2 epochs", "4 epochs", "8 epochs"]);
    let cyclic = plan(&base.cycled(&at, &Restart::default(), &[]).unwrap());
    let first = plan(&base.with_budget(at[0]).unwrap());
    assert_eq!((cyclic.total_steps, &cyclic.read_outs[..]), (80, &[20, 40, 80][..]));
    assert_eq!((first.total_steps, &first.read_outs[..]), (20, &[20][..]));
    for step in 0..20 {
        assert_eq!(cyclic.base.at(step), first.base.at(step));
    }
    let decay = |step| cyclic.base.at(step).get(Hyperparameter::WeightDecay).unwrap();
    assert_eq!((decay(20), decay(40), decay(60)), (0.1, 0.1, 0.05));
}

#[test]
fn what_is_to_stay_goes_on_over_the_whole_run() {
    let base = read("workload = \"toy\"\nweight_decay = { method = \"linear\", start = 0.1, end = 0.0 }").unwrap();
    let at = points(&["2 epochs", "4 epochs", "8 epochs"]);
    let cyclic = base.cycled(&at, &Restart::default(), &[Hyperparameter::WeightDecay]).unwrap();
    assert_eq!(plan(&cyclic).base.at(40).get(Hyperparameter::WeightDecay), Some(0.05));
}

#[test]
fn groups_cycle_along() {
    let group = "[[group]]\npath = \"head\"\nlearning_rate = { method = \"linear\", start = 1.0, end = 0.0 }";
    let base = read(&format!("workload = \"toy\"\n{group}")).unwrap();
    let cyclic = plan(&base.cycled(&points(&["20 steps", "60 steps"]), &Restart::default(), &[]).unwrap());
    let rate = |step| cyclic.groups[0].at(step).get(Hyperparameter::LearningRate).unwrap();
    assert_eq!((rate(10), rate(20), rate(40)), (0.5, 1.0, 0.5));
}

#[test]
fn a_rate_without_an_end_is_refused_with_what_to_take_instead() {
    let at = ["2 epochs", "4 epochs"];
    let with = |rate: &str| refused(&format!("workload = \"toy\"\nlearning_rate = {rate}"), &at);
    assert_snapshot!(with("1e-3"), @"toy.toml:2:17: learning_rate: constant does not come to an end at a point, so the run cannot be read out at its points (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd)");
    assert_snapshot!(with("{ method = \"autowu\" }"), @r#"toy.toml:2:28: autowu finds the learning rate during the run: it has no schedule that could end at every point (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd; or draw the standard curve alone: modes = ["standard"])"#);
    assert_snapshot!(with("{ method = \"warm_restarts\", peak = 1.0, first = \"1 epochs\" }"), @"toy.toml:2:28: learning_rate: warm_restarts has cycles of its own, so the run cannot be read out at its points (the points make the cycles; take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd)");
}

#[test]
fn a_search_a_growing_batch_and_an_endless_decay_are_refused_with_what_to_take_instead() {
    let at = ["2 epochs", "4 epochs"];
    let with = |line: &str| refused(&format!("workload = \"toy\"\n{line}"), &at);
    assert_snapshot!(with("learning_rate = { method = \"alsals\" }"), @r#"toy.toml:2:28: alsals finds the learning rate during the run: it has no schedule that could end at every point (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd; or draw the standard curve alone: modes = ["standard"])"#);
    assert_snapshot!(with("batch_size = { method = \"grow\", start = 50, maximum = 500 }"), @"toy.toml:2:25: grow plans the batch sizes of one whole run, not of cycles (give batch_size a number or a schedule)");
    let endless = "weight_decay = { method = \"rsqrt\", peak = 0.1, timescale = \"10 steps\" }";
    assert_snapshot!(with(endless), @r#"toy.toml:2:27: weight_decay: rsqrt does not come to an end at a point, so the run cannot be read out at its points (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd; or let it stay as it is over the whole run: stay = ["weight_decay"])"#);
    let stays = read(&format!("workload = \"toy\"\n{endless}")).unwrap();
    let cycled = stays.cycled(&points(&at), &Restart::default(), &[Hyperparameter::WeightDecay]);
    assert!(cycled.and_then(|recipe| recipe.plan(1000)).is_ok(), "as it says");
}

#[test]
fn points_out_of_order_and_a_warm_up_beyond_the_first_are_told_as_such() {
    assert_snapshot!(refused("workload = \"toy\"", &["4 epochs", "2 epochs"]), @r#"toy.toml:1:1: point "2 epochs" is update 20, not after "4 epochs", update 40 (write the points in increasing order)"#);
    assert_snapshot!(refused("workload = \"toy\"", &["40 steps", "1 epochs"]), @r#"toy.toml:1:1: point "1 epoch" is update 10, not after "40 steps", update 40 (write the points in increasing order)"#);
    let long = "workload = \"toy\"\nlearning_rate = { method = \"cosine\", peak = 1.0, warmup = \"3 epochs\" }";
    assert_snapshot!(refused(long, &["2 epochs", "8 epochs"]), @"toy.toml:2:59: in the first cycle, up to 2 epochs: learning_rate.warmup: 30 steps of warm-up, must be less than the 20 steps there are (let the first point come later, or warm up for less)");
}

#[test]
fn a_rate_that_is_as_high_at_a_point_as_before_is_refused() {
    let at = ["20 steps", "40 steps", "80 steps"];
    let with = |rate: &str| refused(&format!("workload = \"toy\"\nlearning_rate = {rate}"), &at);
    assert_snapshot!(with("{ method = \"step\", peak = 1.0, every = \"30 steps\", gamma = 0.1 }"), @"toy.toml:2:17: learning_rate does not come down within the cycle of updates 0 to 20: it ends at 1, its highest (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd; lengths in percent are those of the cycle)");
    assert_snapshot!(with("{ method = \"wsd\", peak = 1.0, cooldown = \"0 steps\" }"), @"toy.toml:2:17: learning_rate does not come down within the cycle of updates 0 to 20: it ends at 1, its highest (take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd; lengths in percent are those of the cycle)");
    let parts = |first: &str| {
        format!(
            "{{ method = \"sequence\", parts = [{{ for = \"50 %\", {first} }}, {{ method = \"cosine\", peak = 1.0 }}] }}"
        )
    };
    assert_snapshot!(with(&parts("method = \"cyclic\", floor = 0.1, peak = 1.0, up = \"3 steps\"")), @"toy.toml:2:28: learning_rate: cyclic has cycles of its own, so the run cannot be read out at its points (the points make the cycles; take one that comes down within a given span: cosine, linear, polynomial, one_cycle, wsd)");
    let fine = format!("workload = \"toy\"\nlearning_rate = {}", parts("method = \"constant\", value = 1.0"));
    let base = read(&fine).unwrap();
    assert!(base.cycled(&points(&at), &Restart::default(), &[]).and_then(|recipe| recipe.plan(1000)).is_ok());
}

#[test]
fn the_rate_alone_decays_from_cycle_to_cycle_and_warms_up_again() {
    let base = read("workload = \"toy\"\nweight_decay = { method = \"linear\", start = 0.1, end = 0.0 }").unwrap();
    let restart = Restart { peak_decay: 0.5, rewarm: Some("5 steps".parse().unwrap()) };
    let at = points(&["20 steps", "40 steps"]);
    let plan = plan(&base.cycled(&at, &restart, &[]).unwrap());
    let at = |which, step| plan.base.at(step).get(which).unwrap();
    let decay = |step| at(Hyperparameter::WeightDecay, step);
    assert_eq!((decay(20), decay(30)), (decay(0), decay(10)));
    let rate = |step| at(Hyperparameter::LearningRate, step);
    assert!(rate(20) < rate(25), "it warms up again");
    let highest = |steps: std::ops::Range<u64>| steps.map(rate).fold(0.0, f64::max);
    assert!((highest(20..40) / highest(0..20) - 0.5).abs() < 0.05);
}

#[test]
fn a_second_warm_up_has_room_in_its_cycle() {
    let base = read("workload = \"toy\"").unwrap();
    let restart = Restart { rewarm: Some("3 epochs".parse().unwrap()), ..Restart::default() };
    let refused = base.cycled(&points(&["5 epochs", "7 epochs", "20 epochs"]), &restart, &[]).unwrap_err();
    assert_snapshot!(refused.to_string(), @r#"toy.toml:1:1: rewarm = "3 epochs" is 30 updates, and the cycle up to "7 epochs" has 20 (warm up again for less, or set the points further apart)"#);
}

#[test]
fn an_average_over_a_share_of_the_run_has_no_place_in_a_cyclic_one() {
    let at = ["20 steps", "40 steps"];
    let with = |averaging: &str| refused(&format!("workload = \"toy\"\naveraging = {averaging}"), &at);
    assert_snapshot!(with("{ method = \"swa\" }"), @r#"toy.toml:2:13: averaging.from is a share of the run, which is another one in a cyclic run than in that to a point (give epochs or steps; or method = "tail", an average of the end of each cycle)"#);
    assert_snapshot!(with("{ method = \"ema\", from = \"10 %\" }"), @r#"toy.toml:2:38: averaging.from is a share of the run, which is another one in a cyclic run than in that to a point (give epochs or steps; or method = "tail", an average of the end of each cycle)"#);
    for fine in [
        "{ method = \"ema\" }",
        "{ method = \"tail\" }",
        "{ method = \"swa\", from = \"10 steps\", every = \"2 steps\" }",
    ] {
        let base = read(&format!("workload = \"toy\"\naveraging = {fine}")).unwrap();
        assert!(
            base.cycled(&points(&at), &Restart::default(), &[]).and_then(|recipe| recipe.plan(1000)).is_ok(),
            "{fine}"
        );
    }
}

proptest! {
    /// Wherever the points are, the run is read out there and the rate begins anew right after.
    #[test]
    fn read_outs_are_where_the_cycles_end(gaps in prop::collection::vec(3_u64..40, 1..6), epochs in any::<bool>()) {
        let mut end = 0;
        let at: Vec<Span> = gaps.iter().map(|gap| {
            end += gap;
            if epochs { Span::Epochs(end as f64 / 7.0) } else { Span::Steps(end) }
        }).collect();
        let base = read("workload = \"toy\"\nlearning_rate = { method = \"linear\", start = 1.0, end = 0.0 }").unwrap();
        let cyclic = plan(&base.cycled(&at, &Restart::default(), &[]).unwrap());
        let rates = rates(&cyclic);
        let peaks: Vec<u64> = (1..).zip(rates.windows(2)).filter(|(_, pair)| pair[0] != pair[1] && f64::from_bits(pair[1]) == 1.0)
            .map(|(step, _)| step).chain([cyclic.total_steps]).collect();
        prop_assert_eq!(peaks, cyclic.read_outs);
    }
}
