//! What a controller would have decided, on losses that were recorded.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod curves;

use proptest::prelude::*;
use rheostat_control::{
    AutoWarmUp, AutoWarmUpController, Controller, Hyperparameter, Hyperparameters, Observation, OpenLoop, replay,
    replay_traced,
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
        assert_eq!(row.decision.turn(), None);
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

#[test]
fn what_is_told_after_a_restore_counts_from_there() {
    let seen = [
        Observation::Step { step: 7, loss: 1.0 },
        Observation::Moments { step: 3, rate: 0.1, second: 1.0 },
        Observation::Gradient { step: 2, rate: 0.1, norm: 1.0, change: None },
    ];
    let rows = replay(&mut OpenLoop::new([]), seen);
    assert_eq!(rows.iter().map(|row| row.updates).collect::<Vec<_>>(), [0, 8, 3, 2]);
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
