//! The automated warm-up: its rates, its specification, its state, and losses that are not finite.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod curves;

use std::f64::consts::PI;

use rheostat_control::autowu::{AutoWarmUpController, Decay, Fit, Growth, NoDetection, NonFinite, Subset};
use rheostat_control::{
    Action, AutoWarmUp, ControlError, Controller, Decision, Hyperparameter, Observation, StopReason,
};
use rheostat_schedule::{Frame, Span};

/// Twenty epochs of 50 updates, half of them at most warm-up.
fn frame() -> Frame {
    Frame::steps(1000).steps_per_epoch(50)
}

fn masked() -> AutoWarmUp {
    AutoWarmUp { on_non_finite: NonFinite::Mask, ..AutoWarmUp::default() }
}

fn started(spec: &AutoWarmUp) -> AutoWarmUpController {
    let mut controller = spec.resolve(&frame(), 0).expect("resolves");
    controller.begin();
    controller
}

fn told(controller: &mut AutoWarmUpController, step: u64, loss: f64) -> Decision {
    controller.observe(&Observation::Step { step, loss })
}

fn rate(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::LearningRate).expect("it owns the rate")
}

fn reason(decision: &Decision) -> String {
    decision.reason.as_ref().expect("a reason").to_string()
}

/// Falls, and rises again from `turn` updates on.
fn valley(turn: u64) -> impl Fn(u64) -> f64 {
    move |step| 2.0 + 4.0 * (step as f64 / turn as f64 - 1.0).powi(2) + 0.02 * ((step * 7919) % 101) as f64 / 101.0
}

fn close(got: f64, want: f64) {
    assert!((got - want).abs() <= 1e-12 * want.abs(), "{got:e} {want:e}");
}

#[test]
fn rates_grow_by_one_factor() {
    let spec = AutoWarmUp { max_warmup: Span::Steps(60_000), ..AutoWarmUp::default() };
    let controller = spec.resolve(&Frame::steps(120_000).steps_per_epoch(1000), 0).expect("resolves");
    let fixture = curves::fixture();
    let want = fixture["lr@{0,1,30000,59999,60000}"].as_array().expect("rates");
    for (step, want) in [0, 1, 30_000, 59_999].into_iter().zip(want) {
        let (got, want) = (controller.warm_up_rate(step), want.as_f64().unwrap());
        // The fixture multiplies, which drifts by the step; the closed form does not.
        assert!((got - want).abs() < 4e-12 * want, "{step}: {got:e} {want:e}");
    }
    close(controller.warm_up_rate(30_000), 1e-5_f64.sqrt());
    close(controller.warm_up_rate(60_000), 1.0);
    let gamma = fixture["gamma(1e-5,1,60000)"].as_f64().unwrap();
    close(controller.warm_up_rate(30_001) / controller.warm_up_rate(30_000), gamma);
}

#[test]
fn rates_grow_by_one_amount_if_asked_to() {
    let controller = started(&AutoWarmUp { growth: Growth::Linear, ..AutoWarmUp::default() });
    close(controller.warm_up_rate(0), 1e-5);
    close(controller.warm_up_rate(250), 0.5 * (1e-5 + 1.0));
}

#[test]
fn update_t_is_made_at_the_rate_of_t() {
    let mut controller = masked().resolve(&frame(), 0).expect("resolves");
    assert_eq!(rate(&controller.begin()), controller.warm_up_rate(0));
    for step in 0..40 {
        assert_eq!(rate(&told(&mut controller, step, 2.0)), controller.warm_up_rate(step + 1));
    }
}

/// Plays a valley until the decay begins: the controller, the updates then done and that decision.
fn switched(spec: &AutoWarmUp) -> (AutoWarmUpController, u64, Decision) {
    let (mut controller, losses) = (started(spec), valley(200));
    for step in 0..500 {
        let decision = told(&mut controller, step, losses(step));
        if !controller.is_warming_up() {
            return (controller, step + 1, decision);
        }
    }
    panic!("it never switched");
}

#[test]
fn it_decays_from_the_rate_where_the_loss_was_lowest() {
    let (controller, updates, decision) = switched(&masked());
    assert_eq!(updates % 50, 0, "tests are at the ends of epochs");
    assert!((300..=450).contains(&updates), "{updates}");
    let lowest = controller.warm_up_rate(200);
    assert!((rate(&decision) / lowest).ln().abs() < 0.5, "{} {lowest}", rate(&decision));
    let said = reason(&decision);
    assert!(said.contains("3 of 3") && said.contains("% sure") && said.contains("decays"), "{said}");
}

#[test]
fn a_cosine_ends_with_the_run() {
    let (mut controller, since, first) = switched(&masked());
    let start = rate(&first);
    for step in since..999 {
        let got = rate(&told(&mut controller, step, 2.0));
        let u = (step + 1 - since) as f64 / (1000 - since) as f64;
        close(got, start * 0.5 * (1.0 + (PI * u).cos()));
        assert!(got > 0.0, "every update of the run counts");
    }
    assert_eq!(rate(&told(&mut controller, 999, 2.0)), 0.0);
    assert_eq!(rate(&told(&mut controller, 1000, 2.0)), 0.0);
}

#[test]
fn the_published_offset_wastes_the_last_update() {
    let (mut controller, since, first) = switched(&AutoWarmUp { decay_offset: 1, ..masked() });
    let start = controller.last_test().expect("a test").rate;
    close(rate(&first), start * 0.5 * (1.0 + (PI / (1000 - since) as f64).cos()));
    let last = (since..999).map(|step| rate(&told(&mut controller, step, 2.0))).last();
    assert_eq!(last, Some(0.0));
}

#[test]
fn a_constant_may_come_before_the_cosine() {
    let (mut controller, since, first) = switched(&AutoWarmUp { decay: Decay::ConstantCosine, ..masked() });
    let start = rate(&first);
    for step in since..999 {
        let got = rate(&told(&mut controller, step, 2.0));
        if step < 800 {
            assert_eq!(got, start);
        } else {
            close(got, start * 0.5 * (1.0 + (PI * (step + 1 - 800) as f64 / 200.0).cos()));
        }
    }
}

#[test]
fn without_a_minimum_it_decays_from_where_the_loss_was_lowest_or_as_asked() {
    let ended = |on_no_detection| {
        let mut controller = started(&AutoWarmUp { on_no_detection, ..masked() });
        let decision = (0..500).map(|step| told(&mut controller, step, 5.0 - step as f64 * 1e-3)).last();
        (controller, decision.expect("a decision"))
    };
    let (controller, decision) = ended(NoDetection::DecayFromArgmin);
    // It fell to the end, so the lowest place is the end.
    close(rate(&decision), controller.warm_up_rate(499));
    assert!(reason(&decision).contains("no minimum was found in 500 updates"), "{}", reason(&decision));
    let (controller, decision) = ended(NoDetection::DecayFromCurrent);
    close(rate(&decision), controller.warm_up_rate(499));
    let (_, decision) = ended(NoDetection::Error);
    assert_eq!(decision.actions, [Action::Stop(StopReason::Diverged)]);
}

#[test]
fn a_loss_that_is_not_finite_rolls_back_to_where_the_loss_still_fell() {
    let (mut controller, losses) = (AutoWarmUp::default().resolve(&frame(), 0).expect("resolves"), valley(200));
    assert_eq!(controller.begin().actions, [Action::Save]);
    let mut saved = 0;
    for step in 0..270 {
        if told(&mut controller, step, losses(step)).actions == [Action::Save] {
            saved = step + 1;
        }
    }
    assert!((150..=250).contains(&saved), "kept while the loss fell: {saved}");
    let lowest = controller.warm_up_rate(200);
    let back = told(&mut controller, 270, f64::NAN);
    assert_eq!(back.actions, [Action::Restore]);
    assert!((rate(&back) / lowest).ln().abs() < 1.0, "{} {lowest}", rate(&back));
    assert!(reason(&back).contains(&format!("back to the state after {saved} updates")), "{}", reason(&back));
    // The host is back there: the update after the snapshot comes next, and the decay takes all that is left of the run.
    let next = told(&mut controller, saved, 2.0);
    close(rate(&next), rate(&back) * 0.5 * (1.0 + (PI / (1000 - saved) as f64).cos()));
    assert!(next.actions.is_empty() && next.reason.is_none());
}

#[test]
fn a_snapshot_that_is_lost_itself_ends_the_run() {
    let (mut controller, losses) = (started(&AutoWarmUp::default()), valley(200));
    (0..100).for_each(|step| drop(told(&mut controller, step, losses(step))));
    assert_eq!(told(&mut controller, 100, f64::NAN).actions, [Action::Restore]);
    let decision = told(&mut controller, 100, f64::NAN);
    assert_eq!(decision.actions, [Action::Stop(StopReason::Diverged)], "{decision:?}");
}

#[test]
fn a_run_that_is_lost_before_ten_losses_ends_with_advice() {
    for on_non_finite in [NonFinite::Rollback, NonFinite::SwitchNow] {
        let mut controller = started(&AutoWarmUp { on_non_finite, ..AutoWarmUp::default() });
        (0..9).for_each(|step| drop(told(&mut controller, step, 2.0 - step as f64)));
        let decision = told(&mut controller, 9, f64::INFINITY);
        assert_eq!(decision.actions, [Action::Stop(StopReason::Diverged)]);
        let said = reason(&decision);
        assert!(
            said.contains("inf at update 9") && said.contains("9 finite losses") && said.contains("lower `low`"),
            "{said}"
        );
    }
}

#[test]
fn switching_at_once_is_for_hosts_that_skip_the_update() {
    let spec = AutoWarmUp { on_non_finite: NonFinite::SwitchNow, ..AutoWarmUp::default() };
    let lost = || {
        let (mut controller, losses) = (started(&spec), valley(200));
        (0..230).for_each(|step| drop(told(&mut controller, step, losses(step))));
        let decision = told(&mut controller, 230, f64::NAN);
        assert!(decision.actions.is_empty() && !controller.is_warming_up());
        controller
    };
    // A host that skipped it tells update 230 again.
    assert!(told(&mut lost(), 230, 2.0).reason.is_none());
    assert!(told(&mut lost(), 231, 2.0).reason.is_none());
    let mut dead = lost();
    assert_eq!(told(&mut dead, 231, f64::NAN).actions, [Action::Stop(StopReason::Diverged)]);
    assert!(told(&mut dead, 232, f64::NAN).actions.is_empty(), "it asks to stop once");
}

#[test]
fn an_error_is_an_end_and_a_mask_leaves_the_loss_out() {
    let mut strict = started(&AutoWarmUp { on_non_finite: NonFinite::Error, ..AutoWarmUp::default() });
    assert_eq!(told(&mut strict, 0, f64::NAN).actions, [Action::Stop(StopReason::Diverged)]);
    let losses = valley(200);
    let (mut clean, mut holed) = (started(&masked()), started(&masked()));
    for step in 0..400 {
        told(&mut clean, step, losses(step));
        told(&mut holed, step, if step % 10 == 3 { f64::NAN } else { losses(step) });
    }
    assert!(!clean.is_warming_up() && !holed.is_warming_up(), "holes do not hide the minimum");
}

#[test]
fn a_test_with_nothing_to_look_at_is_skipped_and_says_why() {
    let mut controller = started(&AutoWarmUp { test_every: Span::Steps(8), ..masked() });
    let mut until = |updates: u64| {
        let loss = |step| if step == 3 { f64::NAN } else { 2.0 };
        let last = (updates - 8..updates).map(|step| told(&mut controller, step, loss(step))).last();
        let decision = last.expect("a decision");
        assert_eq!(rate(&decision), controller.warm_up_rate(updates), "it rises on");
        assert!(controller.is_warming_up() && controller.last_test().is_none());
        reason(&decision)
    };
    assert_eq!(until(8), "test after 8 updates skipped: 7 finite losses, at least 10 are needed");
    assert_eq!(until(16), "test after 16 updates skipped: all losses are the same");
}

#[test]
fn no_loss_at_all_makes_a_rate_that_is_none() {
    for on_non_finite in [NonFinite::Rollback, NonFinite::SwitchNow, NonFinite::Mask, NonFinite::Error] {
        for subset in [Subset::BinMean, Subset::Stride, Subset::Random] {
            let spec = AutoWarmUp { on_non_finite, subset, predict_points: 50, ..AutoWarmUp::published() };
            for bad in [f64::NAN, f64::NEG_INFINITY, f64::MAX, 1e100, 1e-320] {
                for at in [0, 11, 49, 120, 499, 700] {
                    let (mut controller, losses) = (started(&spec), valley(200));
                    for step in 0..1001 {
                        let loss = if step >= at && step % 3 == at % 3 { bad } else { losses(step) };
                        let decision = told(&mut controller, step, loss);
                        Hyperparameter::LearningRate.check(rate(&decision)).expect("a rate");
                    }
                }
            }
        }
    }
    let mut controller = started(&masked());
    for bad in [f64::NAN, f64::INFINITY] {
        controller.observe(&Observation::Evaluation { updates: 0, loss: bad, metric: bad });
        assert_eq!(
            rate(&controller.observe(&Observation::Gradient { step: 0, rate: 1e-5, norm: bad, change: None })),
            1e-5
        );
    }
}

#[test]
fn a_loss_told_twice_or_late_is_ignored_with_a_reason() {
    let mut controller = started(&masked());
    (0..5).for_each(|step| drop(told(&mut controller, step, 2.0)));
    let before = controller.clone();
    for step in [4, 2, 0] {
        let decision = told(&mut controller, step, 9.0);
        assert_eq!(rate(&decision), controller.warm_up_rate(5));
        assert!(reason(&decision).contains("ignored") && reason(&decision).contains("5 is next"));
    }
    assert_eq!(controller, before);
    let leap = told(&mut controller, u64::MAX, 2.0);
    assert!(!controller.is_warming_up(), "a leap past the end of the run ends the warm-up: {leap:?}");
    let (mut longer, losses) = (started(&masked()), valley(200));
    (0..30).for_each(|step| drop(told(&mut longer, step, losses(step))));
    let leap = told(&mut longer, u64::MAX, 2.0);
    Hyperparameter::LearningRate.check(rate(&leap)).expect("a rate");
    let mut within = started(&masked());
    (0..30).for_each(|step| drop(told(&mut within, step, losses(step))));
    assert_eq!(rate(&told(&mut within, 40, losses(40))), within.warm_up_rate(41), "a gap is only a gap");
}

#[test]
fn state_goes_through_bytes_at_every_update() {
    let specs = [
        AutoWarmUp::default(),
        AutoWarmUp { fit: Fit::Adam100, subset: Subset::Random, fit_points: 20, predict_points: 40, ..masked() },
        AutoWarmUp {
            subset: Subset::Stride,
            fit: Fit::Grid,
            on_non_finite: NonFinite::SwitchNow,
            ..AutoWarmUp::default()
        },
    ];
    let losses = valley(180);
    for spec in specs {
        let (mut running, mut resumed) = (started(&spec), started(&spec));
        for step in 0..420 {
            let loss = if step == 290 { f64::NAN } else { losses(step) };
            let decision = told(&mut running, step, loss);
            let mut fresh = spec.resolve(&frame(), 0).expect("resolves");
            fresh.load(&resumed.save()).expect("its own state");
            resumed = fresh;
            assert_eq!(told(&mut resumed, step, loss), decision, "{step}");
            assert_eq!(resumed.save(), running.save(), "{step}");
        }
    }
}

#[test]
fn damaged_states_are_refused_and_change_nothing() {
    let mut controller = started(&AutoWarmUp::default());
    (0..130).for_each(|step| drop(told(&mut controller, step, valley(200)(step))));
    let (before, state) = (controller.clone(), controller.save());
    for end in 0..state.len() {
        assert!(matches!(controller.load(&state[..end]), Err(ControlError::BadState { .. })), "{end}");
    }
    let longer = [state.clone(), vec![0]].concat();
    assert!(controller.load(&longer).is_err());
    for at in 0..state.len() {
        let mut damaged = state.clone();
        damaged[at] ^= 0x80;
        // What still reads must still decide rates.
        if controller.load(&damaged).is_ok() {
            for step in [130, 131, 149] {
                Hyperparameter::LearningRate.check(rate(&told(&mut controller, step, 2.0))).expect("a rate");
            }
        }
        controller.load(&state).expect("the good state");
    }
    assert_eq!(controller, before);
    let mut other = started(&AutoWarmUp { subset: Subset::Stride, ..AutoWarmUp::default() });
    assert!(other.load(&state).unwrap_err().to_string().contains("subset"));
}

#[test]
fn a_million_losses_are_held_in_as_little_as_a_thousand() {
    let frame = Frame::steps(4_000_000).steps_per_epoch(500_000);
    let mut controller = masked().resolve(&frame, 0).expect("resolves");
    controller.begin();
    let held = |controller: &AutoWarmUpController| controller.save().len();
    let mut sizes = Vec::new();
    for step in 0..1_000_000 {
        controller.observe(&Observation::Step { step, loss: 1.0 / (1.0 + step as f64) });
        if [999, 9_999, 999_999].contains(&step) {
            sizes.push(held(&controller));
        }
    }
    // 512 fine bins at most, 16 bytes each.
    assert!(sizes.iter().all(|size| *size < 512 * 16 + 400), "{sizes:?}");
    assert_eq!(controller.last_test().expect("tested").updates, 1_000_000);
}
