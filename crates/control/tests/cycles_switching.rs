//! Cycles that end early: when, what follows, and what the rest of the run becomes.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_control::MetricDirection::{Decreasing, Increasing};
use rheostat_control::{
    Action, Controller, Cycles, CyclesController, Decision, Hyperparameter, Observation, Reset, Setting, StopReason,
};
use rheostat_schedule::Frame;

/// Three cycles of 100 updates, for an increasing metric of target 0.8.
fn started(text: &str) -> CyclesController {
    for_updates(300, text)
}

fn for_updates(total: u64, text: &str) -> CyclesController {
    let spec: Cycles = toml::from_str(text).expect("a specification");
    let setting =
        Setting { frame: Frame::steps(total), evaluate_every: 10, target: 0.8, direction: Increasing, seed: 0 };
    let mut controller = spec.resolve(&setting).expect("resolves");
    controller.begin();
    controller
}

const SWITCH: &str = "[early_switch]\nsmoothing = 1.0\n";

fn stepped(controller: &mut CyclesController, from: u64, to: u64) -> Decision {
    let mut last = Decision::default();
    for step in from..to {
        last = controller.observe(&Observation::Step { step, loss: 1.0 });
    }
    last
}

fn evaluated(controller: &mut CyclesController, updates: u64, loss: f64, metric: f64) -> Decision {
    controller.observe(&Observation::Evaluation { updates, loss, metric })
}

/// Goes on to `to` updates with a loss that turns there.
fn turned(controller: &mut CyclesController, from: u64, to: u64) -> Decision {
    stepped(controller, from, to - 1);
    evaluated(controller, to - 1, 1.0, 0.4);
    stepped(controller, to - 1, to);
    evaluated(controller, to, 2.0, 0.4)
}

fn rate(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::LearningRate).expect("it owns the rate")
}

fn reason(decision: &Decision) -> String {
    decision.reason.as_ref().expect("a reason").to_string()
}

fn resets(decision: &Decision) -> Vec<Reset> {
    let reset = |action: &Action| if let Action::Reset(reset) = action { Some(*reset) } else { None };
    decision.actions.iter().filter_map(reset).collect()
}

#[test]
fn a_loss_that_turns_ends_the_cycle_and_resets_by_that_evaluation_at_once() {
    let mut controller = started(&format!("warmup = \"0 %\"\n[reset]\n{SWITCH}"));
    let decision = turned(&mut controller, 0, 40);
    let reset = resets(&decision)[0];
    assert_eq!((reset.tau, reset.alpha, reset.draw, decision.actions.len()), (0.5, 0.5, 1, 1));
    assert_eq!(rate(&decision), 1e-3, "local step 0 of the new cycle");
    assert_eq!((controller.cycle(), controller.start()), (1, 40));
    let said = reason(&decision);
    assert!(said.contains("rose by 1 after") && said.contains("40 updates") && said.contains("tau 0.5"), "{said}");
}

#[test]
fn a_minimum_out_of_reach_ends_the_cycle() {
    let mut controller = started(&format!("{SWITCH}recovery = 2"));
    for (updates, loss) in [(10, 0.5), (20, 0.504)] {
        stepped(&mut controller, updates - 10, updates);
        assert_eq!(evaluated(&mut controller, updates, loss, 0.1).reason, None);
    }
    stepped(&mut controller, 20, 30);
    let decision = evaluated(&mut controller, 30, 0.508, 0.1);
    assert!(reason(&decision).contains("regain its minimum: 0.5 was 2 evaluations ago"), "{}", reason(&decision));
    assert_eq!(controller.cycle(), 1);
}

#[test]
fn the_rest_of_the_run_is_divided_anew() {
    let mut even = started(SWITCH);
    turned(&mut even, 0, 40);
    assert_eq!(even.ends(), [170, 300]);
    let mut kept = started(&format!("{SWITCH}replan = \"keep_lengths\""));
    turned(&mut kept, 0, 40);
    assert_eq!(kept.ends(), [140, 300]);
    let weights = "[[cycle]]\n[[cycle]]\nweight = 3.0\n[[cycle]]\nweight = 1.0\n";
    let mut weighted = started(&format!("{weights}{SWITCH}"));
    turned(&mut weighted, 0, 40);
    assert_eq!(weighted.ends(), [235, 300]);
    let lengths =
        "[[cycle]]\nlength = \"100 steps\"\n[[cycle]]\nlength = \"150 steps\"\n[[cycle]]\nlength = \"50 steps\"\n";
    let mut lengths = started(&format!("{lengths}{SWITCH}"));
    turned(&mut lengths, 0, 100 - 20);
    assert_eq!(lengths.ends(), [245, 300], "lengths are their own weights");
}

#[test]
fn rounding_leaves_no_cycle_shorter_than_the_shortest() {
    let weights = [3, 1, 2, 2].map(|weight| format!("[[cycle]]\nweight = {weight}.0\n")).concat();
    let text = format!("warmup = \"0 %\"\n{weights}{SWITCH}min_cycle = \"2 steps\"");
    let mut controller = for_updates(10, &text);
    assert_eq!(controller.ends(), [3, 5, 7, 10]);
    turned(&mut controller, 0, 2);
    // Eight updates by weights 1, 2, 2 would be 1, 3 and 4.
    assert_eq!(controller.ends(), [4, 6, 10]);
}

#[test]
fn no_switch_leaves_less_than_a_shortest_cycle() {
    assert_eq!(started(SWITCH).min_cycle(), 6, "2 % of the run");
    let cycles = "[[cycle]]\nweight = 9.0\n[[cycle]]\n";
    let queue = "on_exhausted = \"queue\"\n[[queue]]";
    let text = format!("{cycles}{SWITCH}min_cycle = \"30 steps\"\n{queue}");
    let mut early = started(&text);
    stepped(&mut early, 0, 200);
    turned(&mut early, 200, 269);
    assert_eq!((early.start(), early.ends()), (269, &[300][..]));
    let mut late = started(&text);
    stepped(&mut late, 0, 270);
    let decision = turned(&mut late, 270, 280);
    assert!(decision.actions.is_empty() && reason(&decision).contains("20 updates are left"), "{}", reason(&decision));
    assert_eq!((late.cycle(), late.start()), (1, 270));
}

#[test]
fn a_cycle_too_short_for_its_warm_up_shrinks_it() {
    let text = format!("{SWITCH}on_exhausted = \"queue\"\n[[queue]]\nwarmup = \"150 steps\"\nhold = \"50 steps\"");
    let mut controller = started(&text);
    stepped(&mut controller, 0, 200);
    let mut rates = vec![rate(&turned(&mut controller, 200, 259))];
    assert_eq!((controller.cycle(), controller.ends()), (3, &[300][..]));
    rates.extend((259..299).map(|step| rate(&stepped(&mut controller, step, step + 1))));
    // 41 updates: 30 of warm-up, 10 at the peak, one of decay that begins there.
    assert!(rates[..30].windows(2).all(|pair| pair[0] < pair[1]), "{rates:?}");
    assert!(rates[29..].iter().all(|rate| *rate == 1e-3), "{rates:?}");
}

#[test]
fn in_the_last_cycle_a_switch_is_declined_once_finishes_or_takes_from_the_queue() {
    let mut goes_on = started(SWITCH);
    stepped(&mut goes_on, 0, 200);
    let decision = turned(&mut goes_on, 200, 240);
    assert!(decision.actions.is_empty() && reason(&decision).contains("last cycle"));
    stepped(&mut goes_on, 240, 250);
    assert_eq!(evaluated(&mut goes_on, 250, 9.0, 0.4).reason, None, "said once");
    assert_eq!(goes_on.cycle(), 2);

    let mut finishes = started(&format!("{SWITCH}on_exhausted = \"finish\""));
    stepped(&mut finishes, 0, 200);
    assert_eq!(turned(&mut finishes, 200, 240).actions, [Action::Stop(StopReason::Finished)]);

    let queue = "on_exhausted = \"queue\"\n[reset]\nmode = \"hard\"\n[[queue]]\npeak = 0.5\nwarmup = \"0 %\"\n[[queue]]\npeak = 0.25\nwarmup = \"0 %\"";
    let mut queued = started(&format!("{SWITCH}{queue}"));
    stepped(&mut queued, 0, 200);
    for (from, peak, draw) in [(200, 0.5, 3), (220, 0.25, 4)] {
        let decision = turned(&mut queued, from, from + 20);
        assert_eq!((rate(&decision), resets(&decision)[0].draw), (peak, draw));
        assert_eq!((queued.start(), queued.ends()), (from + 20, &[300][..]));
    }
    let empty = turned(&mut queued, 240, 260);
    assert!(empty.actions.is_empty() && reason(&empty).contains("last cycle"));
}

#[test]
fn only_evaluations_of_the_cycle_count() {
    let mut controller = started(&format!("{SWITCH}[reset]\nmode = \"hard\""));
    stepped(&mut controller, 0, 90);
    evaluated(&mut controller, 90, 0.1, 0.4);
    let boundary = stepped(&mut controller, 90, 100);
    assert_eq!(resets(&boundary).len(), 1);
    // Of the weights before the reset, and then of fresh ones: neither is compared with the cycle before.
    assert_eq!(evaluated(&mut controller, 100, 5.0, 0.4).reason, None);
    stepped(&mut controller, 100, 110);
    assert_eq!(evaluated(&mut controller, 110, 3.0, 0.4).reason, None);
    assert_eq!(controller.cycle(), 1);
    stepped(&mut controller, 110, 120);
    evaluated(&mut controller, 120, 3.5, 0.4);
    assert_eq!(controller.cycle(), 2);
}

#[test]
fn the_answer_to_a_soft_reset_is_no_evaluation_of_the_new_cycle() {
    let mut controller = started(&format!("{SWITCH}[reset]"));
    assert_eq!(stepped(&mut controller, 0, 100).actions, [Action::Evaluate]);
    assert_eq!(resets(&evaluated(&mut controller, 100, 0.5, 0.6)).len(), 1);
    stepped(&mut controller, 100, 110);
    assert_eq!(evaluated(&mut controller, 110, 4.0, 0.1).reason, None);
    assert_eq!(controller.cycle(), 1);
}

#[test]
fn a_training_loss_that_is_not_finite_ends_the_cycle_and_resets_everything() {
    for loss in [f64::NAN, f64::INFINITY] {
        let mut controller = started(&format!("warmup = \"0 %\"\n[reset]\n{SWITCH}"));
        stepped(&mut controller, 0, 50);
        let decision = controller.observe(&Observation::Step { step: 50, loss });
        assert_eq!(resets(&decision).iter().map(|reset| (reset.tau, reset.draw)).collect::<Vec<_>>(), [(1.0, 1)]);
        assert_eq!((controller.start(), rate(&decision)), (50, 1e-3));
        assert!(reason(&decision).contains(&loss.to_string()));
        let again = controller.observe(&Observation::Step { step: 50, loss });
        assert_eq!((again.actions.len(), controller.cycle()), (0, 1), "a fresh start is not started again");
        assert_eq!(stepped(&mut controller, 50, 51).actions, []);
    }
    let mut without = started("[reset]");
    stepped(&mut without, 0, 50);
    assert_eq!(without.observe(&Observation::Step { step: 50, loss: f64::NAN }).actions, []);
}

#[test]
fn a_validation_loss_that_is_not_finite_ends_the_cycle_and_resets_everything() {
    for loss in [f64::NAN, f64::INFINITY, 1e200] {
        let mut controller = started(&format!("[reset]\n{SWITCH}"));
        stepped(&mut controller, 0, 50);
        assert_eq!(resets(&evaluated(&mut controller, 50, loss, 0.79))[0].tau, 1.0);
    }
}

#[test]
fn what_early_switching_cannot_do_in_this_run_is_said_at_the_beginning() {
    let warned = |text: &str| {
        let setting =
            Setting { frame: Frame::steps(300), evaluate_every: 10, target: 0.2, direction: Decreasing, seed: 0 };
        let spec: Cycles = toml::from_str(text).expect("a specification");
        spec.resolve(&setting).expect("resolves").begin().reason.map(|reason| reason.0)
    };
    let rare = warned("[early_switch]").expect("a warning");
    assert!(rare.contains("10 evaluations") && rare.contains("11 are needed"), "{rare}");
    assert_eq!(warned("[early_switch]\nrecovery = 8"), None);
    assert!(warned("[early_switch]\nrecovery = 8\nregain = -0.1").expect("a warning").contains("`regain`"));
    assert!(warned("[early_switch]\nrecovery = 8\nrise = 0.0").expect("a warning").contains("`rise`"));
}

#[test]
fn an_evaluation_told_again_or_late_is_ignored() {
    let mut controller = started(SWITCH);
    stepped(&mut controller, 0, 10);
    evaluated(&mut controller, 10, 1.0, 0.4);
    for (steps, updates) in [(10..10, 10), (10..30, 20)] {
        stepped(&mut controller, steps.start, steps.end);
        let before = controller.save();
        let decision = evaluated(&mut controller, updates, 9.0, 0.4);
        assert!(decision.actions.is_empty() && reason(&decision).contains("ignored"), "{updates}");
        assert_eq!(controller.save(), before);
    }
}

/// Any observation in about the order a host tells them.
fn losses() -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    let loss = || prop_oneof![4 => 0.0..3.0, 1 => Just(f64::NAN), 1 => Just(1e300), 1 => Just(f64::NEG_INFINITY)];
    prop::collection::vec((prop_oneof![20 => 0.0..3.0, 1 => Just(f64::NAN)], loss(), loss()), 320)
}

fn texts() -> impl Strategy<Value = String> {
    let reset = prop_oneof![
        Just(""),
        Just("[reset]\n"),
        Just("[reset]\nmode = \"hard\"\n"),
        Just("[reset]\nmetric = \"ema\"\non_missing = 0.3\n"),
    ];
    let replan = prop_oneof![Just("redistribute"), Just("keep_lengths")];
    let exhausted = prop_oneof![Just("continue"), Just("finish"), Just("queue")];
    (1_u64..8, reset, replan, exhausted, 1_u64..20, 1_u64..30).prop_map(
        |(count, reset, replan, exhausted, recovery, shortest)| {
            let queue = if exhausted == "queue" { "[[queue]]\npeak = 0.1\n[[queue]]\nhold = \"30 %\"\n" } else { "" };
            format!(
                "count = {count}\nwarmup = \"20 steps\"\n{reset}[early_switch]\nrecovery = {recovery}\nmin_cycle = \"{shortest} steps\"\n\
                 replan = \"{replan}\"\non_exhausted = \"{exhausted}\"\n{queue}"
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_is_observed_the_plan_stays_sound(text in texts(), losses in losses(), every in 1_u64..15) {
        let mut controller = started(&text);
        let spec: Cycles = toml::from_str(&text).expect("a specification");
        let most = spec.count + spec.queue.len() as u64 - 1;
        let (mut step, mut draws, mut start, mut starts) = (0, 0, 0, 0);
        for (training, loss, metric) in losses {
            let mut decisions = vec![controller.observe(&Observation::Step { step, loss: training })];
            step += u64::from(training.is_finite());
            let asked = decisions[0].actions.contains(&Action::Evaluate);
            if asked || (training.is_finite() && step % every == 0) {
                decisions.push(evaluated(&mut controller, step, loss, metric));
            }
            for decision in &decisions {
                let rate = rate(decision);
                prop_assert!(rate.is_finite() && (0.0..=0.1).contains(&rate));
                for reset in resets(decision) {
                    draws += 1;
                    prop_assert_eq!(reset.draw, draws);
                    prop_assert!(reset.tau > 0.0 && reset.tau <= 1.0 && (0.0..=1.0).contains(&reset.alpha));
                    prop_assert!(step < 300, "no reset at or after the end");
                }
            }
            if controller.start() > start {
                start = controller.start();
                starts += 1;
                prop_assert!(start + controller.min_cycle() <= 300, "no cycle begins in the last updates");
            }
            let ends = controller.ends();
            prop_assert!(ends.last() == Some(&300) && ends[0] > start && ends.windows(2).all(|pair| pair[0] < pair[1]));
            if decisions.iter().any(|decision| decision.actions.contains(&Action::Stop(StopReason::Finished))) {
                break;
            }
        }
        prop_assert!(starts <= most && draws <= most, "{} starts, {} resets, {} at most", starts, draws, most);
    }

    #[test]
    fn a_run_taken_up_again_goes_on_the_same(text in texts(), losses in losses(), cut in 0_usize..320) {
        let (mut whole, mut resumed) = (started(&text), started(&text));
        for (index, (step, (training, loss, metric))) in (0..).zip(losses).enumerate() {
            if index == cut {
                resumed = started(&text);
                resumed.load(&whole.save()).expect("its own state");
            }
            let seen = [
                Observation::Step { step, loss: training },
                Observation::Evaluation { updates: step + 1, loss, metric },
            ];
            for seen in &seen {
                prop_assert_eq!(whole.observe(seen), resumed.observe(seen));
            }
        }
        prop_assert_eq!(whole.save(), resumed.save());
    }
}
