//! A schedule once in each cycle, between read-out points.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rheostat_schedule::{Frame, NotCyclable, Part, Restart, ScheduleError, ScheduleSpec, Span};

fn steps(points: &[u64]) -> Vec<Span> {
    points.iter().copied().map(Span::Steps).collect()
}

fn shapes() -> Vec<ScheduleSpec> {
    vec![
        ScheduleSpec::cosine(1.0).floor(0.1).into(),
        ScheduleSpec::linear(1.0, 0.0).into(),
        ScheduleSpec::one_cycle(1.0).into(),
        ScheduleSpec::wsd(1.0, Span::percent(30.0)).into(),
        ScheduleSpec::exponential(1.0, 0.01).into(),
        ScheduleSpec::polynomial(1.0, 2.0).into(),
        ScheduleSpec::multistep(1.0, 0.1, [Span::percent(50.0), Span::percent(75.0)]).into(),
    ]
}

#[test]
fn the_multiplicative_cyclic_schedule_of_the_article_is_a_cosine_once_in_each_cycle() {
    let points = steps(&[16, 32, 64, 128, 256, 512]);
    let cosine = ScheduleSpec::cosine(2.048).warmup(Span::Steps(8));
    let cycled = ScheduleSpec::from(cosine).cycled(&points, &Restart::default()).unwrap();
    let restarts = ScheduleSpec::from(ScheduleSpec::warm_restarts_at(2.048, points).warmup(Span::Steps(8)));
    let frame = Frame::steps(512);
    let (cycled, restarts) = (cycled.resolve(&frame).unwrap(), restarts.resolve(&frame).unwrap());
    for step in 0..512 {
        assert!((cycled.at(step) - restarts.at(step)).abs() < 1e-12, "{step}");
    }
}

#[test]
fn later_cycles_are_lower_and_warm_up_if_they_are_told_to() {
    let points = steps(&[100, 200, 300]);
    let spec = ScheduleSpec::from(ScheduleSpec::cosine(1.0).warmup(Span::Steps(10)));
    let restart = Restart { peak_decay: 0.5, rewarm: Some(Span::Steps(4)) };
    let schedule = spec.cycled(&points, &restart).unwrap().resolve(&Frame::steps(300)).unwrap();
    assert_eq!([schedule.at(9), schedule.at(103), schedule.at(203)], [1.0, 0.5, 0.25]);
    assert_eq!([schedule.at(100), schedule.at(200)], [0.125, 0.0625]);
}

#[test]
fn what_has_no_end_or_cycles_of_its_own_is_refused_by_name() {
    let refused = |spec: ScheduleSpec| spec.cycled(&steps(&[10, 20]), &Restart::default()).unwrap_err();
    assert_eq!(refused(1.0.into()), NotCyclable::Endless { method: "constant" });
    assert_eq!(refused(ScheduleSpec::noam(512.0, Span::Steps(5)).into()), NotCyclable::Endless { method: "noam" });
    assert_eq!(refused(ScheduleSpec::rsqrt(1.0, Span::Steps(5)).into()), NotCyclable::Endless { method: "rsqrt" });
    let own = refused(ScheduleSpec::warm_restarts(1.0, Span::Steps(5)).into());
    assert_eq!(own.to_string(), "warm_restarts has cycles of its own");
}

#[test]
fn points_that_do_not_increase_or_cycles_too_short_are_found_when_resolved() {
    let error = |points: &[u64], warmup| {
        let spec = ScheduleSpec::from(ScheduleSpec::cosine(1.0).warmup(Span::Steps(warmup)));
        let cycled = spec.cycled(&steps(points), &Restart::default()).unwrap();
        cycled.resolve(&Frame::steps(*points.last().unwrap())).unwrap_err()
    };
    assert_eq!(
        error(&[20, 20], 5),
        ScheduleError::NotIncreasing { field: "parts[1].until".into(), value: 20, previous: 20 }
    );
    assert_eq!(error(&[20, 40], 20).field(), "parts[0].warmup");
}

#[test]
fn a_part_has_one_end() {
    let part = Part { lasts: Some(Span::Steps(1)), ..Part::until(Span::Steps(1), ScheduleSpec::constant(1.0)) };
    let errors = ScheduleSpec::from(ScheduleSpec::sequence([part])).check();
    assert_eq!(errors, [ScheduleError::Conflict { field: "parts[0].until".into(), other: "for" }]);
}

proptest! {
    /// Whatever the points and however epochs round: cycles end where the points are, and each is the schedule of a run so long.
    #[test]
    fn every_cycle_is_the_schedule_in_its_own_span(
        gaps in prop::collection::vec(2.0_f64..9.0, 1..6), per_epoch in 7_u64..60, shape in 0_usize..7,
    ) {
        let mut end = 0.0;
        let points: Vec<Span> = gaps.iter().map(|gap| { end += gap; Span::Epochs(end) }).collect();
        let unbounded = Frame::unbounded().steps_per_epoch(per_epoch);
        let ends: Vec<u64> = points.iter().map(|point| unbounded.to_steps(*point, 0).unwrap()).collect();
        let total = *ends.last().unwrap();
        let spec = shapes().swap_remove(shape);
        let cycled = spec.cycled(&points, &Restart::default()).unwrap();
        let cycled = cycled.resolve(&Frame::steps(total).steps_per_epoch(per_epoch)).unwrap();
        let mut begin = 0;
        for end in ends {
            let alone = spec.resolve(&Frame::steps(end - begin).steps_per_epoch(per_epoch)).unwrap();
            for step in begin..end {
                prop_assert_eq!(cycled.at(step).to_bits(), alone.at(step - begin).to_bits());
            }
            begin = end;
        }
    }
}
