//! The loss along updates: what is read off it, and its form as JSON.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_record::{Column, Landscape, OtherBatch};

fn column(step: u64, chosen: f64, after: f64, losses: [f64; 3]) -> Column {
    Column { step, chosen, loss: 1.0, after, losses: losses.to_vec() }
}

fn landscape(columns: Vec<Column>) -> Landscape {
    Landscape { sizes: vec![0.01, 0.1, 1.0], columns, others: Vec::new() }
}

#[test]
fn the_best_step_is_the_lowest_of_the_sizes_and_the_step_taken() {
    let landscape = landscape(Vec::new());
    assert_eq!(landscape.best(&column(0, 0.02, 0.7, [0.9, 0.5, 3.0])), Some((0.1, 0.5)));
    assert_eq!(landscape.best(&column(0, 0.02, 0.4, [0.9, 0.5, 3.0])), Some((0.02, 0.4)));
    assert_eq!(landscape.best(&column(0, 0.02, 0.5, [0.9, 0.5, 0.5])), Some((0.02, 0.5)), "the shortest of equal ones");
    assert_eq!(landscape.best(&column(0, 0.02, f64::NAN, [0.9, f64::NAN, f64::INFINITY])), Some((0.01, 0.9)));
    assert_eq!(landscape.best(&column(0, 0.02, 1.5, [1.0, 1.2, f64::INFINITY])), None, "no step lowers the loss");
    assert_eq!(landscape.best(&Column { loss: f64::NAN, ..column(0, 0.02, 0.5, [0.5; 3]) }), None);
}

#[test]
fn the_step_taken_is_a_point_of_its_curve_unless_none_was() {
    let landscape = landscape(Vec::new());
    let points = landscape.points(&column(0, 0.5, 0.7, [0.9, 0.8, 3.0]));
    assert_eq!(points, [(0.01, 0.9), (0.1, 0.8), (0.5, 0.7), (1.0, 3.0)]);
    assert_eq!(landscape.points(&column(0, 7.0, 9.0, [0.9, 0.8, 3.0]))[3], (7.0, 9.0));
    assert_eq!(landscape.points(&column(0, 0.0, 1.0, [0.9, 0.8, 3.0])).len(), 3);
}

#[test]
fn consecutive_updates_are_counted_from_the_end() {
    let at = |steps: &[u64]| landscape(steps.iter().map(|step| column(*step, 0.1, 1.0, [1.0; 3])).collect());
    let steps = |landscape: &Landscape, count| -> Vec<u64> {
        landscape.consecutive(count).iter().map(|column| column.step).collect()
    };
    let spread = at(&[0, 5, 6, 7, 10, 11, 12]);
    assert_eq!(steps(&spread, 10), [10, 11, 12]);
    assert_eq!(steps(&spread, 2), [11, 12]);
    assert_eq!(steps(&at(&[0, 5]), 10), [5]);
    assert_eq!(steps(&at(&[]), 10), [0_u64; 0]);
}

#[test]
fn spread_updates_leave_out_those_that_lie_closer_than_the_first_two() {
    let at = |steps: &[u64]| landscape(steps.iter().map(|step| column(*step, 0.1, 1.0, [1.0; 3])).collect());
    let steps = |steps: &[u64]| at(steps).spread().iter().map(|column| column.step).collect::<Vec<_>>();
    assert_eq!(steps(&[0, 5, 10, 12, 13, 14, 15]), [0, 5, 10, 15]);
    assert_eq!(steps(&[0, 1, 2, 3]), [0, 1, 2, 3]);
    assert_eq!(steps(&[0, 5, 7, 11, 13]), [0, 5, 11]);
    assert_eq!(steps(&[4]), [4]);
    assert_eq!(steps(&[]), [0_u64; 0]);
}

#[test]
fn losses_that_are_no_numbers_survive_in_json() {
    let mut landscape = landscape(vec![column(3, 0.5, f64::NAN, [1.0 / 3.0, f64::INFINITY, f64::NEG_INFINITY])]);
    landscape.others.push(OtherBatch { step: 2, loss: 1.0, after: 0.5, losses: vec![0.5, f64::NAN, 2.0] });
    let text = serde_json::to_string(&landscape).unwrap();
    assert!(text.contains("\"losses\":[0.3333333333333333,\"inf\",\"-inf\"]"), "{text}");
    let read: Landscape = serde_json::from_str(&text).unwrap();
    assert_eq!(format!("{read:?}"), format!("{landscape:?}"));
}
