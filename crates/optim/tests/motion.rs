//! How far gradient and weights move from update to update.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::Vector;
use rheostat_control::Change;
use rheostat_optim::{Motion, OptimError};

fn observe(motion: &mut Motion, weights: &[f64], gradient: &[f64]) -> Option<Change> {
    let model = Vector::new(weights);
    motion.observe(&model, &model.gradients(gradient)).unwrap()
}

#[test]
fn the_first_update_has_nothing_to_compare_with() {
    let mut motion = Motion::default();
    assert_eq!(observe(&mut motion, &[1.0, 2.0], &[3.0, 4.0]), None);
    let change = observe(&mut motion, &[4.0, 6.0], &[3.0, 5.0]);
    assert_eq!(change, Some(Change { gradient: 1.0, parameters: 5.0 }));
    motion.forget();
    assert_eq!(observe(&mut motion, &[1.0, 2.0], &[3.0, 4.0]), None);
}

#[test]
fn it_goes_on_through_bytes() {
    let model = Vector::new(&[0.0, 0.0]);
    let (mut motion, mut loaded) = (Motion::default(), Motion::default());
    loaded.load(&model, &motion.save().unwrap()).unwrap();
    assert_eq!(observe(&mut loaded, &[1.0, 2.0], &[3.0, 4.0]), None);
    observe(&mut motion, &[0.1, 0.2], &[0.3, 0.4]);
    let bytes = motion.save().unwrap();
    loaded.load(&model, &bytes).unwrap();
    assert_eq!(loaded.save().unwrap(), bytes);
    let (weights, gradient) = ([0.5, 0.7], [0.9, 1.1]);
    assert_eq!(observe(&mut loaded, &weights, &gradient), observe(&mut motion, &weights, &gradient));
}

#[test]
fn bytes_of_something_else_are_refused() {
    let mut motion = Motion::default();
    let refused = motion.load(&Vector::new(&[0.0]), b"nonsense");
    assert!(matches!(refused, Err(OptimError::BadBytes { .. })), "{refused:?}");
    observe(&mut motion, &[1.0, 2.0], &[3.0, 4.0]);
    let other = motion.save().unwrap();
    assert!(motion.load(&Vector::new(&[0.0, 0.0, 0.0]), &other).is_err());
}
