//! What a training method sets, and when.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::{Hyperparameter, TRAINING_METHODS, TrainingMethod, TrainingMethodSpec, controllers_of};
use rheostat_schedule::parameter::Family;
use rheostat_schedule::{Frame, Part, Schedule, ScheduleSpec, Span};

fn read(text: &str) -> TrainingMethodSpec {
    toml::from_str(text).unwrap()
}

/// The curve of a method in a run of 1000 updates.
fn curve(text: &str) -> (Hyperparameter, Schedule) {
    let spec = read(text);
    spec.check().unwrap();
    let (which, schedule) = spec.schedule().unwrap();
    (which, schedule.resolve(&Frame::steps(1000)).unwrap())
}

fn refused(text: &str) -> Vec<String> {
    read(text).check().unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    for method in TRAINING_METHODS {
        assert_eq!(method.family, Family::TrainingMethod);
        let declared: String = method
            .parameters
            .iter()
            .filter_map(|parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?)))
            .collect();
        let bare = read(&format!("method = {:?}", method.name));
        assert_eq!(read(&format!("method = {:?}\n{declared}", method.name)), bare);
        assert_eq!(bare.name(), method.name);
        assert_eq!(read(&toml::to_string(&bare).unwrap()), bare);
        bare.check().unwrap();
    }
}

#[test]
fn methods_that_stay_as_they_are_set_one_value() {
    for (text, which, value) in [
        ("method = \"label_smoothing\"", Hyperparameter::LabelSmoothing, 0.1),
        ("method = \"mixup\"\nalpha = 0.4", Hyperparameter::Mixup, 0.4),
        ("method = \"cutout\"", Hyperparameter::Cutout, 0.5),
    ] {
        let (set, curve) = curve(text);
        assert_eq!((set, curve.at(0), curve.at(999)), (which, value, value));
    }
}

#[test]
fn images_grow_between_the_delay_and_the_end_at_full_size() {
    let (which, scale) = curve("method = \"progressive_resizing\"");
    assert_eq!(which, Hyperparameter::ImageScale);
    for (step, expected) in [(0, 0.5), (500, 0.5), (650, 0.75), (800, 1.0), (999, 1.0)] {
        assert!((scale.at(step) - expected).abs() < 1e-12, "{step}: {}", scale.at(step));
    }
    assert_eq!(which.first_refused(&scale, Some(1000)), None);
    let (_, at_once) = curve("method = \"progressive_resizing\"\ndelay_fraction = 0.0\nfinetune_fraction = 0.0");
    assert!((at_once.at(500) - 0.75).abs() < 1e-12);
}

#[test]
fn layers_freeze_along_a_line_to_the_end() {
    let (which, frozen) = curve("method = \"layer_freezing\"\nfreeze_level = 0.8");
    assert_eq!(which, Hyperparameter::Frozen);
    for (step, expected) in [(0, 0.0), (500, 0.0), (750, 0.4), (1000, 0.8)] {
        assert!((frozen.at(step) - expected).abs() < 1e-12, "{step}: {}", frozen.at(step));
    }
}

#[test]
fn in_cycles_every_cycle_goes_through_the_whole_schedule() {
    for name in ["progressive_resizing", "layer_freezing"] {
        let (_, whole) = curve(&format!("method = {name:?}"));
        let (_, spec) = read(&format!("method = {name:?}")).schedule().unwrap();
        let cycles = [Part::lasting(Span::Steps(1000), spec.clone()), Part::rest(spec)];
        let cycles = ScheduleSpec::sequence(cycles).resolve(&Frame::steps(2000)).unwrap();
        for step in 0..1000 {
            assert_eq!((cycles.at(step), cycles.at(1000 + step)), (whole.at(step), whole.at(step)), "{name}, {step}");
        }
    }
}

#[test]
fn what_is_out_of_range_is_named() {
    assert_eq!(refused("method = \"mixup\"\nalpha = -0.1"), ["alpha = -0.1 is out of range: at least 0"]);
    assert_eq!(refused("method = \"randaugment\"\nmagnitude = 31\noperations = 0").len(), 2);
    assert_eq!(
        refused("method = \"progressive_resizing\"\ndelay_fraction = 0.75\nfinetune_fraction = 0.25"),
        ["finetune_fraction: 0.25 beside delay_fraction = 0.75 leaves no time to grow"]
    );
}

#[test]
fn values_that_act_on_batches_have_no_controller() {
    for which in [Hyperparameter::Mixup, Hyperparameter::Cutout, Hyperparameter::ImageScale] {
        assert!(which.acts_on_batches() && which.is_of_the_workload());
        assert_eq!(controllers_of(which).count(), 0);
    }
    assert_eq!(controllers_of(Hyperparameter::Frozen).count(), 1);
}

#[test]
fn every_range_holds_its_ends() {
    for (which, least, most) in [
        (Hyperparameter::Mixup, 0.0, 100.0),
        (Hyperparameter::Cutout, 0.0, 1.0),
        (Hyperparameter::ImageScale, 1e-9, 1.0),
        (Hyperparameter::Frozen, 0.0, 1.0),
    ] {
        assert!(which.check(least).is_ok() && which.check(most).is_ok(), "{which}");
        assert!(which.check(-1e-9).is_err() && which.check(f64::NAN).is_err(), "{which}");
        assert_eq!(which.check(1.1).is_ok(), which == Hyperparameter::Mixup);
    }
    assert!(Hyperparameter::ImageScale.check(0.0).is_err() && Hyperparameter::Mixup.check(f64::INFINITY).is_err());
}
