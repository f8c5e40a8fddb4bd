//! What becomes of a run by the decisions of each controller.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod toy;

use rheostat_control::autowu::{NoDetection, NonFinite};
use rheostat_control::{
    Action, AutoLrs, AutoWarmUp, Buffers, ControlError, Controller, ControllerMethod, Cycles, Decision, Hyperparameter,
    Hyperparameters, Observation, OpenLoop, Plateau, RangeTest, Reset, StopReason, Together, Turn, replay,
};
use rheostat_schedule::{Frame, ScheduleSpec, Span};
use toy::{Host, setting};

const RESET: Action = Action::Reset(Reset { tau: 0.5, alpha: 0.5, draw: 0, buffers: Buffers::Follow });
const STOP: Action = Action::Stop(StopReason::Finished);

fn steps(losses: &[f64]) -> Vec<Observation> {
    (0..).zip(losses).map(|(step, &loss)| Observation::Step { step, loss }).collect()
}

/// Its turns on these observations, each with the updates then done.
fn turns(mut controller: impl Controller, seen: impl IntoIterator<Item = Observation>) -> Vec<(u64, Turn)> {
    let rows = replay(&mut controller, seen);
    rows.iter().filter_map(|row| Some((row.updates, row.decision.turn()?))).collect()
}

#[test]
fn turns_are_told_by_their_names_and_the_end_of_a_run_is_the_largest() {
    for turn in Turn::ALL {
        assert_eq!(Turn::from_name(turn.name()), Some(turn));
        assert_eq!(serde_json::to_string(&turn).unwrap(), format!("\"{}\"", turn.name()));
    }
    assert_eq!(Turn::from_name("note"), None);
    assert!(Turn::ALL.is_sorted());
    assert_eq!(Turn::ALL.map(Turn::name), ["reduce", "switch", "reset", "restore", "stop"]);
}

#[test]
fn actions_are_turns_where_the_decision_does_not_name_another() {
    let turn = |turn, actions: Vec<Action>| Decision { turn, actions, ..Decision::default() }.turn();
    assert_eq!(turn(None, vec![Action::Save, Action::Evaluate]), None);
    assert_eq!(turn(None, vec![Action::Save, RESET]), Some(Turn::Reset));
    assert_eq!(turn(None, vec![Action::Restore, RESET]), Some(Turn::Restore));
    assert_eq!(turn(None, vec![STOP, RESET]), Some(Turn::Stop));
    assert_eq!(turn(Some(Turn::Switch), vec![Action::Restore]), Some(Turn::Switch));
    assert_eq!(turn(Some(Turn::Reduce), Vec::new()), Some(Turn::Reduce));
}

/// Decides the same on everything.
struct Always(Decision);

impl Controller for Always {
    fn begin(&mut self) -> Decision {
        Decision::default()
    }

    fn observe(&mut self, _: &Observation) -> Decision {
        self.0.clone()
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn load(&mut self, _: &[u8]) -> Result<(), ControlError> {
        Ok(())
    }
}

#[test]
fn of_controllers_together_the_largest_turn_is_taken() {
    let together = |turns: &[Option<Turn>], actions: &[Action]| {
        let quiet = turns.iter().map(|turn| Decision { turn: *turn, ..Decision::default() });
        let acting = actions.iter().map(|action| Decision { actions: vec![action.clone()], ..Decision::default() });
        let members = quiet.chain(acting).map(|decision| Box::new(Always(decision)) as Box<dyn Controller>);
        Together::new(members).observe(&Observation::Step { step: 0, loss: 1.0 }).turn()
    };
    let (reduce, switch) = (Some(Turn::Reduce), Some(Turn::Switch));
    assert_eq!(together(&[None, None], &[Action::Save]), None);
    assert_eq!(together(&[switch, None, reduce], &[]), switch);
    assert_eq!(together(&[reduce, switch], &[RESET, Action::Evaluate]), Some(Turn::Reset));
    assert_eq!(together(&[switch], &[Action::Restore, RESET]), Some(Turn::Restore));
    assert_eq!(together(&[switch], &[STOP, Action::Restore]), Some(Turn::Stop));
}

#[test]
fn the_turn_of_one_that_goes_back_to_train_stands_together_with_others() {
    let winner = Decision { turn: Some(Turn::Switch), actions: vec![Action::Restore], ..Decision::default() };
    let quiet = Hyperparameters::new().with(Hyperparameter::Momentum, 0.9).into();
    let members = [winner, quiet].map(|decision| Box::new(Always(decision)) as Box<dyn Controller>);
    let decision = Together::new(members).observe(&Observation::Step { step: 0, loss: 1.0 });
    assert_eq!((decision.turn(), decision.actions), (Some(Turn::Switch), vec![Action::Restore]));
}

/// A loss that falls until update 200 and rises after it.
fn valley(step: u64) -> f64 {
    let noise = 0.05 * ((step * 7919 % 101) as f64 / 101.0 - 0.5);
    2.0 + ((step as f64 - 200.0) / 200.0).powi(2) + noise
}

fn warm_up(spec: AutoWarmUp, losses: impl IntoIterator<Item = f64>) -> Vec<(u64, Turn)> {
    let controller = spec.resolve(&Frame::steps(1000).steps_per_epoch(50), 0).expect("resolves");
    turns(controller, steps(&losses.into_iter().collect::<Vec<_>>()))
}

#[test]
fn the_end_of_a_warm_up_is_a_switch_and_its_tests_are_no_turns() {
    let found = warm_up(AutoWarmUp::default(), (0..1000).map(valley));
    assert!(matches!(found[..], [(250..=450, Turn::Switch)]), "{found:?}");
}

#[test]
fn a_warm_up_without_a_minimum_ends_with_a_switch_or_stops_the_run() {
    let ended = |on_no_detection| {
        let falling = (0..600).map(|step| 5.0 - f64::from(step) * 1e-3);
        warm_up(AutoWarmUp { on_no_detection, ..AutoWarmUp::default() }, falling)
    };
    assert_eq!(ended(NoDetection::DecayFromArgmin), [(500, Turn::Switch)]);
    assert_eq!(ended(NoDetection::DecayFromCurrent), [(500, Turn::Switch)]);
    assert_eq!(ended(NoDetection::Error), [(500, Turn::Stop)]);
}

#[test]
fn a_loss_that_is_not_finite_ends_a_warm_up_with_the_turn_that_was_asked_for() {
    let lost = |on_non_finite| {
        let losses = (0..130).map(|step| if step == 120 { f64::NAN } else { valley(step) });
        warm_up(AutoWarmUp { on_non_finite, ..AutoWarmUp::default() }, losses)
    };
    assert_eq!(lost(NonFinite::Rollback), [(120, Turn::Restore)]);
    assert_eq!(lost(NonFinite::SwitchNow), [(120, Turn::Switch)]);
    assert_eq!(lost(NonFinite::Error), [(120, Turn::Stop)]);
    assert_eq!(lost(NonFinite::Mask), []);
}

#[test]
fn a_cut_on_a_plateau_is_a_reduction_and_an_evaluation_told_again_is_none() {
    let spec = Plateau { factor: 0.5, patience: 1, ..Plateau::over(ScheduleSpec::cosine(0.1)) };
    let mut controller = spec.resolve(Hyperparameter::LearningRate, &setting(Frame::steps(100))).expect("resolves");
    controller.begin();
    let mut evaluated = |updates| controller.observe(&Observation::Evaluation { updates, loss: 1.0, metric: 0.5 });
    assert_eq!([10, 20, 30].map(|updates| evaluated(updates).turn()), [None, None, Some(Turn::Reduce)]);
    let again = evaluated(30);
    assert!(again.reason.is_some() && again.turn().is_none());
    // The schedule falls by itself.
    assert_eq!(controller.observe(&Observation::Step { step: 30, loss: 1.0 }).turn(), None);
}

fn cycles(text: &str, seen: Vec<Observation>) -> Vec<(u64, Turn)> {
    let spec: Cycles = toml::from_str(text).expect("a specification");
    turns(spec.resolve(&setting(Frame::steps(90))).expect("resolves"), seen)
}

/// 90 updates with an evaluation after every tenth.
fn evaluated(metric: f64, loss: impl Fn(u64) -> f64) -> Vec<Observation> {
    let mut seen = Vec::new();
    for step in 0..90 {
        seen.push(Observation::Step { step, loss: 1.0 });
        let updates = step + 1;
        if updates % 10 == 0 {
            seen.push(Observation::Evaluation { updates, loss: loss(updates), metric });
        }
    }
    seen
}

#[test]
fn a_cycle_begins_with_a_switch_and_where_weights_are_reset_with_a_reset() {
    let of = |text, metric| cycles(text, evaluated(metric, |_| 1.0));
    let both = |turn| [(30, turn), (60, turn)];
    assert_eq!(of("", 0.5), both(Turn::Switch));
    assert_eq!(of("[reset]\nmode = \"hard\"", 0.5), both(Turn::Reset));
    assert_eq!(of("[reset]\nmode = \"params_only\"", 0.5), both(Turn::Reset));
    // Once a boundary, when the evaluation has said how much is reset.
    assert_eq!(of("[reset]", 0.5), both(Turn::Reset));
    assert_eq!(of("[reset]", 0.95), both(Turn::Switch));
}

#[test]
fn a_soft_reset_whose_evaluation_was_not_made_takes_its_turn_with_the_next_loss() {
    let of = |text| cycles(text, steps(&[1.0; 45]));
    assert_eq!(of("[reset]\non_missing = 0.5"), [(31, Turn::Reset)]);
    assert_eq!(of("[reset]\non_missing = 0.0"), [(31, Turn::Switch)]);
    assert_eq!(of("[reset]"), [(31, Turn::Stop)]);
}

#[test]
fn a_cycle_that_begins_early_is_a_switch_or_a_reset_and_without_another_one_the_end() {
    let of = |reset: &str, exhausted: &str| {
        let text = format!("count = 2\n{reset}\n[early_switch]\nsmoothing = 1.0\nmin_cycle = \"5 steps\"\n{exhausted}");
        cycles(&text, evaluated(0.5, |updates| if updates == 20 || updates == 70 { 9.0 } else { 1.0 }))
    };
    assert_eq!(of("", ""), [(20, Turn::Switch)]);
    assert_eq!(of("[reset]", ""), [(20, Turn::Reset)]);
    assert_eq!(of("", "on_exhausted = \"finish\""), [(20, Turn::Switch), (70, Turn::Stop)]);
}

#[test]
fn candidates_that_are_given_back_are_restores_and_a_winner_that_trains_is_a_switch() {
    let spec = AutoLrs {
        low: 1e-3,
        high: 10.0,
        candidates: 4,
        train: Some(Span::Steps(100)),
        search: Some(Span::Steps(20)),
        ..AutoLrs::default()
    };
    let ran = |fault: fn(&Host, f64) -> Option<f64>| {
        let mut host = Host::new(1.0);
        host.fault = fault;
        host.run(&mut spec.controller(&setting(Frame::steps(200))).expect("resolves"), 200, 2_000);
        host.turns
    };
    let stage = [Turn::Restore, Turn::Restore, Turn::Restore, Turn::Switch];
    assert_eq!(ran(|_, _| None), [stage, stage].concat());
    // While the first winner trains.
    let once = ran(|host, _| (host.spent == 100).then_some(f64::NAN));
    assert_eq!(once, [&stage[..], &[Turn::Restore], &stage].concat());
    let lost = ran(|_, _| Some(f64::NAN));
    assert_eq!((lost.len(), lost.last()), (8, Some(&Turn::Stop)));
    assert!(lost[..7].iter().all(|turn| *turn == Turn::Restore), "all were given up: {lost:?}");
}

#[test]
fn a_range_test_stops_the_run_and_a_schedule_takes_no_turn() {
    let rising = ScheduleSpec::exponential(1e-5, 1.0).resolve(&Frame::steps(100)).expect("resolves");
    let rising = OpenLoop::new([(Hyperparameter::LearningRate, rising)]);
    let losses: Vec<f64> = (0..40).map(|step| if step < 30 { 1.0 } else { f64::NAN }).collect();
    assert_eq!(turns(rising, steps(&losses)), []);
    let test = RangeTest::default().controller().expect("in range");
    assert_eq!(turns(test, steps(&losses)).first(), Some(&(30, Turn::Stop)));
}

#[test]
#[should_panic(expected = "a switch comes with a reason")]
fn the_contract_asks_for_the_reason_of_a_turn() {
    let silent = Decision { turn: Some(Turn::Switch), ..Decision::default() };
    rheostat_testkit::controller::check(|| Box::new(Always(silent.clone())));
}
