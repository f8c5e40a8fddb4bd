//! Cycles: their rates, their boundaries, and what is reset at them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_control::MetricDirection::{self, Decreasing, Increasing};
use rheostat_control::{
    Action, Buffers, ControlError, Controller, Cycles, CyclesController, Decision, Hyperparameter, Observation, Reset,
    Setting, StopReason,
};
use rheostat_schedule::{Frame, ScheduleSpec, Span};

fn setting(total: u64, direction: MetricDirection, target: f64) -> Setting {
    Setting { frame: Frame::steps(total).steps_per_epoch(50), evaluate_every: 10, target, direction, seed: 0 }
}

fn controller(text: &str, setting: &Setting) -> CyclesController {
    let spec: Cycles = toml::from_str(text).expect("a specification");
    spec.resolve(setting).expect("resolves")
}

/// A controller of three cycles in 90 updates, for an increasing metric of target 0.8.
fn started(text: &str) -> CyclesController {
    let mut controller = controller(text, &setting(90, Increasing, 0.8));
    controller.begin();
    controller
}

fn stepped(controller: &mut CyclesController, step: u64) -> Decision {
    controller.observe(&Observation::Step { step, loss: 1.0 })
}

fn evaluated(controller: &mut CyclesController, updates: u64, metric: f64) -> Decision {
    controller.observe(&Observation::Evaluation { updates, loss: 1.0, metric })
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

/// The rates of the first `updates` updates, evaluations made where they are asked for.
fn rates(controller: &mut CyclesController, updates: u64) -> Vec<f64> {
    let mut decision = controller.begin();
    let mut rates = Vec::new();
    for step in 0..updates {
        rates.push(rate(&decision));
        decision = stepped(controller, step);
        if decision.actions.contains(&Action::Evaluate) {
            decision = evaluated(controller, step + 1, 0.5);
        }
    }
    rates
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs().max(1e-3), "{got:e} {want:e}");
}

#[test]
fn each_cycle_is_the_plain_schedule_of_its_length() {
    let text = "peak = 0.3\nwarmup = \"10 %\"\nhold = \"20 %\"\nfloor = 0.01\nwarmup_shape = \"cosine\"\n";
    let frame = Frame::steps(100);
    let plain: [(&str, ScheduleSpec); 3] = [
        ("cosine", ScheduleSpec::cosine(0.3).floor(0.01).into()),
        ("linear", ScheduleSpec::linear(0.3, 0.01).into()),
        ("exponential", ScheduleSpec::exponential(0.3, 0.01).into()),
    ];
    for (decay, plain) in plain {
        let plain = plain.warmup(Span::percent(10.0)).hold(Span::percent(20.0));
        let plain = plain.warmup_shape(rheostat_schedule::WarmupShape::Cosine, 0.0);
        let plain = plain.resolve(&frame).expect("resolves");
        let mut controller = controller(&format!("{text}decay = \"{decay}\""), &setting(300, Increasing, 0.8));
        for (step, rate) in (0..).zip(rates(&mut controller, 300)) {
            assert_eq!(rate, plain.at(step % 100), "{decay} {step}");
        }
    }
}

#[test]
fn the_cycles_of_the_thesis_are_reproduced() {
    let peak = 0.0017486387539278373;
    let end = 9.462201281989291e-5;
    let shapes = [
        ("cosine", "", 0.0, [0.0016255792167690825, 0.0007278404604692851, 1.5793729751146173e-12]),
        ("exponential", "hold = \"11733 steps\"", end, [peak, 0.0005071693380003082, 9.462882170854585e-5]),
        ("linear", "hold = \"11733 steps\"", 0.0, [peak, 0.001006576834624374, 4.3139623478592e-8]),
    ];
    for (decay, hold, floor, wanted) in shapes {
        let text = format!(
            "peak = {peak}\ncount = 1\nwarmup = \"1066 steps\"\nwarmup_first = 0\ndecay = \"{decay}\"\nfloor = {floor:e}\n{hold}"
        );
        let rates = rates(&mut controller(&text, &setting(53_333, Increasing, 0.3)), 53_333);
        assert_eq!(rates[0], 0.0);
        close(rates[533], 8.743193769639187e-4);
        close(rates[1065], 0.0017469983798622391);
        close(rates[1066], peak);
        for (step, want) in [10_000, 30_000, 53_332].into_iter().zip(wanted) {
            // The program holds 11732.6 updates, a plateau here lasts whole ones.
            let tolerance = if hold.is_empty() { 1e-12 * peak } else { 3e-5 * peak };
            assert!((rates[step] - want).abs() <= tolerance, "{decay} {step}: {:e} {want:e}", rates[step]);
        }
    }
}

#[test]
fn cycles_without_resets_are_the_schedule_of_the_thesis() {
    use rheostat_schedule::presets::papers::{THESIS_PEAKS, ThesisDecay, thesis_cycles};
    let spec = thesis_cycles(ThesisDecay::Cosine, 10_000, &THESIS_PEAKS, 0.02);
    let schedule = spec.resolve(&Frame::steps(10_000)).expect("resolves");
    let peaks = THESIS_PEAKS.map(|peak| format!("[[cycle]]\npeak = {peak}\n")).concat();
    let text = format!("warmup = \"66 steps\"\nwarmup_first = 0\n{peaks}");
    for (step, rate) in (0..).zip(rates(&mut controller(&text, &setting(10_000, Increasing, 0.8)), 10_000)) {
        assert_eq!(rate, schedule.at(step), "{step}");
    }
}

#[test]
fn boundaries_divide_the_run_and_none_is_at_its_end() {
    let ends = |text: &str, total: u64| controller(text, &setting(total, Increasing, 0.3)).ends().to_vec();
    assert_eq!(ends("", 160_000), [53_333, 106_666, 160_000]);
    assert_eq!(ends("count = 4", 10), [2, 5, 7, 10]);
    let weights = "[[cycle]]\nweight = 0.1\n[[cycle]]\nweight = 0.1\n[[cycle]]\nweight = 0.1";
    assert_eq!(ends(weights, 300), [100, 200, 300], "rounding of the weights takes no update away");
    assert_eq!(ends("[[cycle]]\n[[cycle]]\nweight = 3.0", 400), [100, 400]);
    let lengths = "[[cycle]]\nlength = \"1 epoch\"\n[[cycle]]\nlength = \"30 steps\"\n[[cycle]]\nlength = \"20 %\"";
    assert_eq!(ends(lengths, 100), [50, 80, 100]);
    let shares = "[[cycle]]\nlength = \"33.3 %\"\n[[cycle]]\nlength = \"66.7 %\"";
    assert_eq!(ends(shares, 100), [33, 100]);
}

#[test]
fn a_cycle_inherits_what_it_does_not_say() {
    let text = "peak = 0.2\nwarmup = \"0 %\"\nfloor = 0.1\n[[cycle]]\n[[cycle]]\npeak = 0.4\nfloor = 0.0\ndecay = \"linear\"\n\
                [[cycle]]\nwarmup = \"10 steps\"\nhold = \"5 steps\"";
    let mut controller = controller(text, &setting(90, Increasing, 0.8));
    let rates = rates(&mut controller, 90);
    close(rates[0], 0.2);
    close(rates[15], 0.15);
    close(rates[30], 0.4);
    close(rates[45], 0.2);
    close(rates[60], 0.02);
    assert!(rates[69..75].iter().all(|rate| *rate == 0.2) && rates[76] < 0.2);
}

#[test]
fn an_exponential_cycle_without_a_floor_ends_at_a_twentieth_of_its_peak() {
    let mut controller = controller("peak = 0.2\ncount = 1\ndecay = \"exponential\"", &setting(100, Increasing, 0.8));
    controller.begin();
    assert_eq!(rate(&stepped(&mut controller, 99)), 0.2 * rheostat_control::cycles::EXPONENTIAL_FLOOR);
}

#[test]
fn without_a_reset_only_the_rate_begins_again() {
    for text in ["", "[reset]\nmode = \"none\""] {
        let mut controller = started(text);
        for step in 0..100 {
            let decision = stepped(&mut controller, step);
            assert_eq!(decision.actions, [], "{step}");
            assert_eq!(decision.reason.is_some(), step == 29 || step == 59, "{step}");
        }
    }
}

#[test]
fn full_resets_come_with_the_boundary_and_never_at_the_end() {
    for (mode, alpha) in [("hard", 1.0), ("params_only", 0.0)] {
        let mut controller = started(&format!("warmup = \"0 %\"\n[reset]\nmode = \"{mode}\"\nbuffers = \"keep\""));
        let mut draws = Vec::new();
        for step in 0..100 {
            let decision = stepped(&mut controller, step);
            for reset in resets(&decision) {
                assert_eq!((reset.tau, reset.alpha, reset.buffers), (1.0, alpha, Buffers::Keep));
                assert_eq!(rate(&decision), 1e-3, "the rate of local step 0");
                draws.push((step, reset.draw));
            }
            // The recipe's evaluation is made with the weights before the reset.
            assert_eq!(evaluated(&mut controller, step + 1, f64::NAN).actions, []);
        }
        assert_eq!(draws, [(29, 1), (59, 2)]);
    }
}

#[test]
fn a_soft_reset_asks_for_the_metric_of_the_weights_it_resets() {
    let mut controller = started("warmup = \"0 %\"\n[reset]\nalpha = 0.25");
    evaluated(&mut controller, 10, 0.1);
    (0..29).for_each(|step| assert_eq!(stepped(&mut controller, step).actions, []));
    let decision = stepped(&mut controller, 29);
    assert_eq!((decision.actions.as_slice(), rate(&decision)), (&[Action::Evaluate][..], 1e-3));
    let decision = evaluated(&mut controller, 30, 0.6);
    let reset = resets(&decision)[0];
    close(reset.tau, 0.25);
    assert_eq!((reset.alpha, reset.draw, reset.buffers), (0.25, 1, Buffers::Follow));
    assert_eq!(rate(&decision), 1e-3, "still that of local step 0");
    let said = reason(&decision);
    assert!(said.contains("0.6") && said.contains("0.8") && said.contains("tau"), "{said}");
}

#[test]
fn at_the_target_a_soft_reset_resets_nothing_and_says_so() {
    let mut controller = started("[reset]");
    (0..30).for_each(|step| drop(stepped(&mut controller, step)));
    let decision = evaluated(&mut controller, 30, 0.9);
    assert_eq!(decision.actions, []);
    assert!(reason(&decision).contains("tau 0"), "{}", reason(&decision));
    (30..60).for_each(|step| drop(stepped(&mut controller, step)));
    let reset = resets(&evaluated(&mut controller, 60, 0.4))[0];
    assert_eq!(reset.draw, 1, "draws count the resets that were made");
}

#[test]
fn a_metric_that_is_not_finite_resets_everything_whichever_is_chosen() {
    for metric in ["last", "best_in_cycle", "ema"] {
        let mut controller = started(&format!("[reset]\nmetric = \"{metric}\""));
        evaluated(&mut controller, 10, 0.7);
        (0..30).for_each(|step| drop(stepped(&mut controller, step)));
        let reset = resets(&evaluated(&mut controller, 30, f64::NAN))[0];
        assert_eq!((reset.tau, reset.alpha), (1.0, 0.5), "{metric}");
    }
}

#[test]
fn the_best_or_the_average_of_the_cycle_may_be_weighed() {
    for (metric, first, second) in [("last", 0.4, 0.2), ("best_in_cycle", 0.6, 0.3), ("ema", 0.48, 0.24)] {
        let mut controller = started(&format!("[reset]\nmetric = \"{metric}\"\ntarget = 1.0"));
        let mut play = |from: u64, metrics: [f64; 2]| {
            (from..from + 10).for_each(|step| drop(stepped(&mut controller, step)));
            evaluated(&mut controller, from + 10, metrics[0]);
            (from + 10..from + 30).for_each(|step| drop(stepped(&mut controller, step)));
            resets(&evaluated(&mut controller, from + 30, metrics[1]))[0].tau
        };
        close(play(0, [0.6, 0.4]), 1.0 - first);
        close(play(30, [0.3, 0.2]), 1.0 - second);
    }
}

#[test]
fn a_decreasing_metric_is_measured_against_the_first_evaluation() {
    let mut controller = controller("[reset]", &setting(90, Decreasing, 0.22569));
    assert_eq!(controller.begin().actions, [Action::Evaluate]);
    evaluated(&mut controller, 0, 0.999);
    (0..30).for_each(|step| drop(stepped(&mut controller, step)));
    close(resets(&evaluated(&mut controller, 30, 0.4))[0].tau, 0.22540766316225064);
}

#[test]
fn a_given_reference_or_an_increasing_metric_needs_no_first_evaluation() {
    let decreasing = setting(90, Decreasing, 0.22569);
    for text in ["[reset]\nreference = 0.999", "[reset]\ntau = \"ratio_to_current\"", "[reset]\nmode = \"hard\""] {
        assert_eq!(controller(text, &decreasing).begin().actions, [], "{text}");
    }
    assert_eq!(controller("[reset]", &setting(90, Increasing, 0.8)).begin().actions, []);
}

#[test]
fn expected_progress_stands_in_for_the_target() {
    let text = "[reset.progress]\nmethod = \"saturating_exp\"\nstart = 0\ntimescale = \"20 steps\"";
    let mut controller = started(text);
    (0..30).for_each(|step| drop(stepped(&mut controller, step)));
    let expected = 0.8 * (1.0 - (-1.5_f64).exp());
    close(resets(&evaluated(&mut controller, 30, 0.4))[0].tau, 1.0 - 0.4 / expected);
    let mut best = started("[reset.progress]\nmethod = \"best_so_far\"");
    evaluated(&mut best, 10, 0.5);
    (0..30).for_each(|step| drop(stepped(&mut best, step)));
    close(resets(&evaluated(&mut best, 30, 0.4))[0].tau, 0.2);
    (30..60).for_each(|step| drop(stepped(&mut best, step)));
    assert_eq!(evaluated(&mut best, 60, 0.55).actions, [], "no regression, no reset");
}

#[test]
fn an_evaluation_that_was_not_made_ends_the_run_or_is_stood_in_for() {
    let mut strict = started("[reset]");
    (0..30).for_each(|step| drop(stepped(&mut strict, step)));
    let decision = stepped(&mut strict, 30);
    assert_eq!(decision.actions, [Action::Stop(StopReason::Diverged)]);
    assert!(reason(&decision).contains("`on_missing`"), "{}", reason(&decision));
    assert_eq!(stepped(&mut strict, 31).actions, [], "it asks once");
    let mut lenient = started("[reset]\non_missing = 0.5");
    (0..30).for_each(|step| drop(stepped(&mut lenient, step)));
    let decision = stepped(&mut lenient, 30);
    assert_eq!(resets(&decision).iter().map(|reset| reset.tau).collect::<Vec<_>>(), [0.5]);
    assert_eq!(stepped(&mut lenient, 31).actions, []);
}

#[test]
fn a_refused_update_moves_nothing_and_a_late_one_is_ignored() {
    let mut controller = started("[reset]\nmode = \"hard\"");
    (0..29).for_each(|step| drop(stepped(&mut controller, step)));
    let decision = controller.observe(&Observation::Step { step: 29, loss: f64::NAN });
    assert_eq!((decision.actions.len(), controller.cycle()), (0, 0));
    assert_eq!(resets(&stepped(&mut controller, 29)).len(), 1);
    let again = stepped(&mut controller, 29);
    assert!(again.actions.is_empty() && reason(&again).contains("ignored"));
}

#[test]
fn skipped_updates_may_pass_several_boundaries_at_once() {
    let mut controller = started("warmup = \"0 %\"\n[reset]\nmode = \"hard\"");
    let decision = stepped(&mut controller, 70);
    assert_eq!((resets(&decision).len(), controller.cycle(), rate(&decision)), (1, 2, 1e-3));
    assert_eq!(stepped(&mut controller, u64::MAX).actions, []);
}

#[test]
fn a_state_of_another_run_is_refused() {
    let mut controller = started("");
    let before = controller.save();
    let other = self::controller("", &setting(300, Increasing, 0.8)).save();
    for bytes in [&b"nonsense"[..], &other, &before[..before.len() - 1], &[before.as_slice(), &[0]].concat()] {
        assert!(matches!(controller.load(bytes), Err(ControlError::BadState { controller: "cycles", .. })));
        assert_eq!(controller.save(), before);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn boundaries_increase_and_fill_the_run(total in 1_u64..1_000_000, weights in prop::collection::vec(1e-3..1e3, 1..9)) {
        let cycle = |weight: &f64| format!("[[cycle]]\nweight = {weight:?}\n");
        let text: String = std::iter::once("warmup = \"0 %\"\n".to_owned()).chain(weights.iter().map(cycle)).collect();
        let spec: Cycles = toml::from_str(&text).expect("a specification");
        if let Ok(controller) = spec.resolve(&setting(total, Increasing, 0.8)) {
            let ends = controller.ends();
            prop_assert_eq!((ends.len(), ends.last()), (weights.len(), Some(&total)));
            prop_assert!(ends.windows(2).all(|pair| pair[0] < pair[1]) && ends[0] > 0);
            let sum: f64 = weights.iter().sum();
            let mut before = 0.0;
            for (end, weight) in ends.iter().zip(&weights) {
                before += weight;
                prop_assert!((*end as f64 - total as f64 * before / sum).abs() <= 1.0 + 1e-9 * total as f64);
            }
        }
    }

    #[test]
    fn a_soft_reset_at_the_target_leaves_the_run_as_none_does(metrics in prop::collection::vec(0.8..5.0, 2)) {
        let (mut soft, mut none) = (started("[reset]"), started("[reset]\nmode = \"none\""));
        let mut metrics = metrics.into_iter();
        for step in 0..90 {
            let (mut one, two) = (stepped(&mut soft, step), stepped(&mut none, step));
            if one.actions == [Action::Evaluate] {
                one = evaluated(&mut soft, step + 1, metrics.next().expect("two boundaries"));
            }
            prop_assert_eq!((one.actions, one.hyperparameters), (two.actions, two.hyperparameters));
        }
    }
}
