//! What a controller would have decided, on losses that were recorded.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod curves;

use proptest::prelude::*;
use rheostat_control::autowu::NonFinite;
use rheostat_control::{
    Action, AutoWarmUp, AutoWarmUpController, Buffers, ControlError, Controller, Decision, Hyperparameter,
    Hyperparameters, Observation, OpenLoop, Reason, Replayed, Reset, StopReason, Turn, replay, replay_traced,
};
use rheostat_schedule::{Frame, ScheduleSpec, Span};

fn steps(losses: &[f64]) -> Vec<Observation> {
    (0..).zip(losses).map(|(step, &loss)| Observation::Step { step, loss }).collect()
}

fn warm_up(spec: &AutoWarmUp) -> AutoWarmUpController {
    spec.resolve(&Frame::steps(2000).steps_per_epoch(100), 0).expect("resolves")
}

fn rate(values: &Hyperparameters) -> f64 {
    values.get(Hyperparameter::LearningRate).expect("a rate")
}

fn turns(rows: &[Replayed]) -> Vec<(u64, Turn)> {
    rows.iter().filter_map(|row| Some((row.updates, row.turn?))).collect()
}

#[test]
fn schedules_are_replayed_at_the_values_that_they_have() {
    let schedule = ScheduleSpec::cosine(0.1).warmup(Span::Steps(3)).resolve(&Frame::steps(10)).unwrap();
    let mut seen = steps(&[1.0; 10]);
    seen.insert(4, Observation::Evaluation { updates: 4, loss: 1.0, metric: 0.5 });
    let rows = replay(&mut OpenLoop::new([(Hyperparameter::LearningRate, schedule.clone())]), seen.clone());
    assert_eq!(rows.len(), 12);
    assert_eq!((rows[0].seen, rows[0].updates), (None, 0));
    for row in &rows[1..] {
        match row.seen {
            Some(Observation::Step { step, .. }) => {
                assert_eq!(rate(&row.used), schedule.at(step));
                assert_eq!(row.updates, step + 1);
            }
            _ => assert_eq!((row.updates, rate(&row.used)), (4, schedule.at(4))),
        }
        assert_eq!(row.turn, None);
    }
}

#[test]
fn the_rates_are_those_of_a_controller_that_is_asked_directly() {
    let losses = curves::long();
    let mut controller = warm_up(&AutoWarmUp::default());
    let mut next = controller.begin();
    let rows = replay(&mut warm_up(&AutoWarmUp::default()), steps(&losses));
    for (row, seen) in rows[1..].iter().zip(steps(&losses)) {
        assert_eq!(row.used, next.hyperparameters);
        next = controller.observe(&seen);
        assert_eq!(row.decision, next);
    }
}

#[test]
fn the_end_of_a_warm_up_is_a_switch_and_its_tests_are_none() {
    let rows = replay(&mut warm_up(&AutoWarmUp::default()), steps(&curves::long()));
    let [(updates, Turn::Switch)] = turns(&rows)[..] else { panic!("{:?}", turns(&rows)) };
    assert!((900..=1000).contains(&updates), "{updates}");
    assert!(rows.iter().filter(|row| row.decision.reason.is_some()).count() >= 9, "every test says something");
}

#[test]
fn a_rollback_is_a_restore_and_the_end_of_a_run_a_stop() {
    let mut losses = curves::long();
    losses[450] = f64::NAN;
    let rows = replay(&mut warm_up(&AutoWarmUp::default()), steps(&losses));
    assert_eq!(turns(&rows), [(450, Turn::Restore)]);
    let strict = AutoWarmUp { on_non_finite: NonFinite::Error, ..AutoWarmUp::default() };
    assert_eq!(turns(&replay(&mut warm_up(&strict), steps(&losses))), [(450, Turn::Stop)]);
}

/// Decides what it was given, one after another.
struct Script(Vec<Decision>);

impl Controller for Script {
    fn begin(&mut self) -> Decision {
        self.0.remove(0)
    }

    fn observe(&mut self, _: &Observation) -> Decision {
        self.0.remove(0)
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn load(&mut self, _: &[u8]) -> Result<(), ControlError> {
        Ok(())
    }
}

/// The turns of a rate that goes through these values, with a reason each time.
fn turns_of(rates: &[f64]) -> Vec<(u64, Turn)> {
    let decision = |rate: &f64| Decision {
        reason: Some(Reason("because".to_owned())),
        ..Hyperparameters::new().with(Hyperparameter::LearningRate, *rate).into()
    };
    turns(&replay(&mut Script(rates.iter().map(decision).collect()), steps(&vec![1.0; rates.len() - 1])))
}

#[test]
fn what_a_decision_did_is_told_by_the_course_of_the_values() {
    assert_eq!(turns_of(&[0.1, 0.1, 0.01, 0.01]), [(2, Turn::Reduce), (3, Turn::Switch)]);
    assert_eq!(turns_of(&[0.1, 0.09, 0.08, 0.07]), [(1, Turn::Reduce)], "a decay that goes on is no news");
    assert_eq!(turns_of(&[0.1, 0.09, 0.081, 0.04]).last(), Some(&(3, Turn::Reduce)));
    assert_eq!(turns_of(&[0.1, 0.09, 0.081, 0.2]).last(), Some(&(3, Turn::Switch)));
    assert_eq!(turns_of(&[0.0, 0.0, 0.0]), []);
}

#[test]
fn an_action_tells_more_than_a_value_and_nothing_is_told_without_a_reason() {
    let reset = Action::Reset(Reset { tau: 0.5, alpha: 0.5, draw: 0, buffers: Buffers::Follow });
    let with = |actions: Vec<Action>, reason: Option<&str>| {
        let reason = reason.map(|reason| Reason(reason.to_owned()));
        Decision { actions, reason, ..Hyperparameters::new().with(Hyperparameter::LearningRate, 0.1).into() }
    };
    let told = |decision: Decision| {
        turns(&replay(&mut Script(vec![with(Vec::new(), None), decision]), steps(&[1.0]))).pop().map(|turn| turn.1)
    };
    assert_eq!(told(with(vec![reset.clone()], Some("a cycle ended"))), Some(Turn::Reset));
    assert_eq!(told(with(vec![Action::Save, Action::Evaluate], Some("a test"))), None);
    assert_eq!(told(with(vec![reset, Action::Stop(StopReason::Finished)], Some("over"))), Some(Turn::Stop));
    assert_eq!(told(with(vec![Action::Save], None)), None);
}

#[test]
fn a_tracer_sees_the_controller_before_it_is_told() {
    let mut waiting = Vec::new();
    let mut controller = warm_up(&AutoWarmUp::default());
    replay_traced(&mut controller, steps(&curves::long()), |controller, seen| {
        if controller.smoothed(seen).is_some() {
            waiting.push((controller.is_warming_up(), controller.last_test().map_or(0, |test| test.updates)));
        }
    });
    assert!(waiting.len() >= 9);
    let expected: Vec<_> = (0..waiting.len() as u64).map(|tests| (true, tests * 100)).collect();
    assert_eq!(waiting, expected);
}

fn any_loss() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..5.0_f64, 1 => any::<f64>(), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_recorded_the_values_of_a_replay_are_in_range(
        losses in prop::collection::vec((0_u64..3, any_loss()), 1..300),
    ) {
        let mut step = 0_u64;
        let seen: Vec<_> = losses
            .into_iter()
            .map(|(leap, loss)| {
                step += leap;
                Observation::Step { step, loss }
            })
            .collect();
        let count = seen.len();
        let spec = AutoWarmUp { test_every: Span::Steps(20), ..AutoWarmUp::default() };
        let mut controller = spec.resolve(&Frame::steps(300), 1).expect("resolves");
        let rows = replay(&mut controller, seen);
        prop_assert_eq!(rows.len(), count + 1);
        for row in rows {
            for (which, value) in row.used.iter().chain(row.decision.hyperparameters.iter()) {
                prop_assert!(which.check(value).is_ok(), "{which} = {value}");
            }
        }
    }
}
