//! What a controller was told: from events, and from tables of losses.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use common::{evaluation, manifest, step};
use proptest::prelude::*;
use rheostat_control::{Asks, Change, Observation};
use rheostat_record::{Event, EventSink, RecordError, Run, RunWriter, observations, read_losses};

fn told(step: u64, loss: f64) -> Observation {
    Observation::Step { step, loss }
}

fn wrong(text: &str) -> String {
    read_losses("losses.csv", text).expect_err("the table is wrong").to_string()
}

#[test]
fn events_are_told_in_their_order_with_the_first_evaluation_first() {
    let mut refused = step(1, 0.9);
    if let Event::Step { gradient_norm, .. } = &mut refused {
        *gradient_norm = f64::INFINITY;
    }
    let reason = Event::Decision { step: 1, decision: "note".into(), reason: "because".into() };
    let events = [evaluation(0, 0.1), step(0, 1.0), reason, evaluation(1, 0.2), refused];
    let seen = observations(&events, Asks::default()).unwrap();
    let evaluated = |updates, metric| Observation::Evaluation { updates, loss: 1.0, metric };
    assert_eq!(seen[..3], [evaluated(0, 0.1), told(0, 1.0), evaluated(1, 0.2)]);
    assert!(matches!(seen[3..], [Observation::Step { step: 1, loss }] if loss.is_nan()), "{seen:?}");
}

#[test]
fn updates_that_were_refused_or_taken_back_are_told_and_those_of_a_resume_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(folder.path(), &manifest()).unwrap();
    let skip = Event::Skip { step: 1, loss: 0.5, gradient_norm: f64::NAN };
    let events = [
        step(0, 1.0),
        Event::Checkpoint { step: 1, spent: Some(1) },
        step(1, 9.0),
        Event::Resume { step: 1, spent: Some(1) },
        skip,
        step(1, 0.8),
        Event::Restore { step: 0 },
        step(0, 0.7),
    ];
    for event in &events {
        writer.event(event).unwrap();
    }
    let history = Run::history(folder.path()).unwrap();
    let seen = observations(&history, Asks::default()).unwrap();
    assert!(matches!(seen[1], Observation::Step { step: 1, loss } if loss.is_nan()), "{seen:?}");
    assert_eq!((seen.len(), seen[0], seen[2], seen[3]), (4, told(0, 1.0), told(1, 0.8), told(0, 0.7)));
    let standing = observations(&Run::open(folder.path()).unwrap().events, Asks::default()).unwrap();
    assert_eq!(standing, [told(0, 0.7)], "what stands is less than what was seen");
}

#[test]
fn a_controller_that_asks_for_the_gradient_is_told_its_norm() {
    let asks = Asks { gradient: true, ..Asks::default() };
    let seen = observations(&[step(0, 2.0)], asks).unwrap();
    assert_eq!(seen, [Observation::Gradient { step: 0, rate: 1e-3, norm: 1.0, change: None }, told(0, 2.0)]);
}

const MOMENTS: Asks = Asks { gradient: false, change: false, moments: true };
const CHANGE: Asks = Asks { gradient: true, change: true, moments: false };

#[test]
fn what_was_recorded_of_an_update_is_told_before_its_loss() {
    let change =
        |step, gradient_change, parameter_change| Event::Change { step, rate: 0.5, gradient_change, parameter_change };
    let moments = |step, second_moment| Event::Moments { step, rate: 0.25, second_moment };
    let note = Event::Decision { step: 0, decision: "note".into(), reason: "because".into() };
    let events = [
        change(0, None, None),
        moments(0, None),
        note,
        step(0, 2.0),
        change(1, Some(f64::INFINITY), Some(3.0)),
        moments(1, Some(4.0)),
        step(1, 1.0),
    ];
    let text: Vec<_> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    assert_eq!(text[0], r#"{"event":"change","step":0,"rate":0.5}"#);
    assert_eq!(text[4], r#"{"event":"change","step":1,"rate":0.5,"gradient_change":"inf","parameter_change":3.0}"#);
    assert_eq!(text[5], r#"{"event":"moments","step":1,"rate":0.25,"second_moment":4.0}"#);
    let read: Vec<Event> = text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, events);

    let gradient = |step, change| Observation::Gradient { step, rate: 0.5, norm: 1.0, change };
    let moved = Some(Change { gradient: f64::INFINITY, parameters: 3.0 });
    let second = Observation::Moments { step: 1, rate: 0.25, second: 4.0 };
    let (first, last) = (told(0, 2.0), told(1, 1.0));
    assert_eq!(observations(&read, CHANGE).unwrap(), [gradient(0, None), first, gradient(1, moved), last]);
    assert_eq!(observations(&read, MOMENTS).unwrap(), [first, second, last]);
    let both = observations(&read, CHANGE.or(MOMENTS)).unwrap();
    assert_eq!(both, [gradient(0, None), first, gradient(1, moved), second, last]);
    assert_eq!(observations(&read, Asks::default()).unwrap(), [first, last]);
    let standing = Event::effective([&events[..], &[Event::Restore { step: 1 }]].concat());
    assert_eq!(standing, [&events[..4], &[Event::Restore { step: 1 }]].concat(), "they go with their update");
}

#[test]
fn what_was_not_recorded_cannot_be_replayed() {
    let of_another = [Event::Moments { step: 0, rate: 0.5, second_moment: None }, step(1, 2.0)];
    for (asks, events) in [(MOMENTS, &[step(0, 2.0)][..]), (CHANGE, &[step(0, 2.0)][..]), (MOMENTS, &of_another)] {
        let error = observations(events, asks).unwrap_err();
        assert!(matches!(error, RecordError::NotRecorded { .. }), "{error}");
        assert!(error.to_string().contains("cannot be replayed"));
    }
    let refused = [Event::Skip { step: 0, loss: f64::NAN, gradient_norm: 1.0 }];
    assert_eq!(observations(&refused, CHANGE).unwrap().len(), 1, "nothing was told within an update that was not made");
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let plain = read_losses("a", "step,loss\n0,2.5\n1,1e-3\n").unwrap();
    assert_eq!(plain, [told(0, 2.5), told(1, 1e-3)]);
    let text = "\u{feff}\"loss\", learning_rate ,val_metric,step,val_loss,\"a, b\"\r\n2.5,1e-3,,0,,x\r\n\r\n2,1e-3,0.5,1,1.5,y";
    let seen = read_losses("b", text).unwrap();
    assert_eq!(seen, [told(0, 2.5), told(1, 2.0), Observation::Evaluation { updates: 2, loss: 1.5, metric: 0.5 }]);
}

#[test]
fn an_evaluation_of_which_one_number_is_missing_has_none_there() {
    let seen = read_losses("a", "step,loss,val_loss\n0,2.5,1.5\n").unwrap();
    let [_, Observation::Evaluation { updates: 1, loss, metric }] = seen[..] else { panic!("{seen:?}") };
    assert!(loss == 1.5 && metric.is_nan());
}

#[test]
fn numbers_that_are_not_finite_have_their_names_and_the_update_may_come_again() {
    let seen = read_losses("a", "step,loss\n0,NaN\n0,inf\n0,-inf\n0,1.5\n1,1\n").unwrap();
    let losses: Vec<_> = seen
        .iter()
        .map(|seen| match seen {
            Observation::Step { loss, .. } => *loss,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(losses[0].is_nan());
    assert_eq!(losses[1..], [f64::INFINITY, f64::NEG_INFINITY, 1.5, 1.0]);
}

#[test]
fn everything_wrong_is_told_with_its_place() {
    let text = "step,loss,val_loss\n0,2.5,\n1,x,\n3,1.0,1e\n4,,\n";
    assert_eq!(
        wrong(text),
        "losses.csv:3:3: loss = x is no number (numbers are 0.25, 2.5e-1, NaN, inf or -inf)\n\
         losses.csv:4:1: step 3 where 2 is next (steps are updates, counted from 0 and rising by one)\n\
         losses.csv:4:7: val_loss = 1e is no number (numbers are 0.25, 2.5e-1, NaN, inf or -inf)\n\
         losses.csv:5:3: loss is empty (numbers are 0.25, 2.5e-1, NaN, inf or -inf)"
    );
    assert_eq!(wrong("step,loss\n0,1,2\n"), "losses.csv:2:1: 3 cells in a table of 2 columns");
    assert_eq!(
        wrong("step,loss\n0.5,1\n"),
        "losses.csv:2:1: step = 0.5 is no number (a step is a whole number, from 0)"
    );
    assert!(wrong("step,loss\n1,1\n").contains("step 1 where 0 is next"));
    assert!(wrong("step,loss\n0,1\n0,1\n").contains("step 0 where 1 is next"));
}

#[test]
fn a_column_that_is_missing_or_misspelt_is_told_with_the_nearest_name() {
    assert_eq!(wrong("step,losses\n0,1\n"), "losses.csv:1:1: there is no column loss (did you mean losses?)");
    assert_eq!(
        wrong("step,loss,val_los\n0,1,1\n"),
        "losses.csv:1:11: val_los is no column of a table of losses (did you mean val_loss?)"
    );
    assert_eq!(wrong("step,loss,loss\n0,1,1\n"), "losses.csv:1:11: the column loss stands here twice");
    assert!(wrong("").contains("there is no column step (the table is empty)"));
    assert_eq!(wrong("step,loss\n"), "losses.csv:2:1: the table has no row");
}

#[test]
fn a_table_of_something_else_is_not_read_to_its_end() {
    let text = "step,loss\n".to_owned() + &"a,b\n".repeat(100_000);
    assert!(wrong(&text).lines().count() <= 40);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "[\\PC\n\r\",]{0,120}") {
        let _ = read_losses("any", &text);
        let _ = read_losses("any", &format!("step,loss,val_loss\n{text}"));
    }

    #[test]
    fn losses_written_as_a_table_read_back_to_the_bit(losses in prop::collection::vec(any::<f64>(), 1..50)) {
        let rows: String = losses.iter().enumerate().map(|(step, loss)| format!("{step},{loss:?}\n")).collect();
        let seen = read_losses("any", &format!("step,loss\n{rows}")).unwrap();
        prop_assert_eq!(seen.len(), losses.len());
        for (seen, loss) in seen.iter().zip(&losses) {
            let Observation::Step { loss: read, .. } = seen else { panic!("{seen:?}") };
            prop_assert!(read.to_bits() == loss.to_bits() || read.is_nan() && loss.is_nan());
        }
    }
}
