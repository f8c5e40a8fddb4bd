//! The specification of the automated warm-up: strict to read, refused by name.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use rheostat_control::autowu::{Fit, Subset};
use rheostat_control::{AutoWarmUp, ControlError, Controller};
use rheostat_schedule::{Family, Frame, Span};

fn frame() -> Frame {
    Frame::steps(1000).steps_per_epoch(50)
}

fn fields(errors: &[ControlError]) -> Vec<&str> {
    errors.iter().map(ControlError::field).collect()
}

#[test]
fn nothing_said_is_the_default() {
    assert_eq!(toml::from_str::<AutoWarmUp>("").unwrap(), AutoWarmUp::default());
    assert_eq!(AutoWarmUp::default().check(), Ok(()));
    assert_eq!(AutoWarmUp::published().check(), Ok(()));
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    let declared = |name: &str| AutoWarmUp::METHOD.parameter(name).and_then(|parameter| parameter.default);
    let text: String = AutoWarmUp::METHOD
        .parameters
        .iter()
        .map(|parameter| format!("{} = {}\n", parameter.name, declared(parameter.name).expect("a default")))
        .collect();
    assert_eq!(toml::from_str::<AutoWarmUp>(&text).unwrap(), AutoWarmUp::default());
    assert_eq!(AutoWarmUp::METHOD.family, Family::Controller);
    let written: toml::Table = toml::from_str(&toml::to_string(&AutoWarmUp::default()).unwrap()).unwrap();
    let mut names: Vec<_> = AutoWarmUp::METHOD.parameters.iter().map(|parameter| parameter.name).collect();
    names.sort_unstable();
    assert_eq!(written.keys().map(String::as_str).collect::<Vec<_>>(), names, "every field is declared");
}

#[test]
fn it_survives_toml_and_unknown_keys_are_refused_by_name() {
    let spec = AutoWarmUp {
        fit: Fit::Adam100,
        subset: Subset::Random,
        max_warmup: Span::Steps(300),
        ..AutoWarmUp::published()
    };
    assert_eq!(toml::from_str::<AutoWarmUp>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    assert!(toml::from_str::<AutoWarmUp>("hight = 1.0").unwrap_err().to_string().contains("hight"));
}

#[test]
fn every_value_out_of_range_is_reported() {
    let spec = AutoWarmUp {
        low: 0.0,
        high: f64::NAN,
        max_warmup: Span::Fraction(1.0),
        test_every: Span::Epochs(0.0),
        confidence: 0.5,
        patience: 0,
        length_scale: -0.2,
        grid_points: 1,
        variance_floor: 0.0,
        bins: 3,
        fit_points: 9,
        predict_points: 5000,
        tests: 0,
        cooldown: Span::Fraction(0.0),
        decay_offset: 2,
        ..AutoWarmUp::default()
    };
    let errors = spec.check().unwrap_err();
    let mut found = fields(&errors);
    found.sort_unstable();
    let wanted = [
        "bins",
        "confidence",
        "cooldown",
        "decay_offset",
        "fit_points",
        "grid_points",
        "high",
        "length_scale",
        "low",
        "max_warmup",
        "patience",
        "predict_points",
        "test_every",
        "tests",
        "variance_floor",
    ];
    assert_eq!(found, wanted);
    assert!(spec.resolve(&frame(), 0).is_err());
}

#[test]
fn the_rate_must_rise() {
    for (low, high) in [(0.1, 0.1), (1.0, 1e-3)] {
        let errors = AutoWarmUp { low, high, ..AutoWarmUp::default() }.check().unwrap_err();
        assert_eq!(fields(&errors), ["low"]);
        assert!(errors[0].to_string().contains("`high`"));
    }
    assert_eq!(fields(&AutoWarmUp { low: -1.0, ..AutoWarmUp::default() }.check().unwrap_err()), ["low"]);
}

#[test]
fn a_confidence_of_one_or_of_a_half_is_no_confidence() {
    for confidence in [0.5, 1.0, f64::NAN, 95.0] {
        assert_eq!(fields(&AutoWarmUp { confidence, ..AutoWarmUp::default() }.check().unwrap_err()), ["confidence"]);
    }
}

#[test]
fn what_the_run_cannot_hold_is_refused_by_name() {
    let refused = |spec: &AutoWarmUp, frame: &Frame| {
        let errors = spec.resolve(frame, 0).expect_err("refused");
        (errors[0].field().to_owned(), errors[0].to_string())
    };
    let spec = AutoWarmUp::default();
    let (field, why) = refused(&spec, &Frame::unbounded().steps_per_epoch(50));
    assert!(field == "max_warmup" && why.contains("unknown"), "{why}");
    let (field, why) = refused(&spec, &Frame::steps(1000));
    assert!(field == "test_every" && why.contains("steps per epoch"), "{why}");
    let (field, _) = refused(&spec, &Frame::steps(1000).steps_per_epoch(0));
    assert_eq!(field, "test_every");
    let (field, why) = refused(&spec, &Frame::steps(1000).steps_per_epoch(200));
    assert!(field == "max_warmup" && why.contains("2 tests") && why.contains("`patience` = 3"), "{why}");
    let long = AutoWarmUp { max_warmup: Span::Steps(1000), ..AutoWarmUp::default() };
    let (field, why) = refused(&long, &frame());
    assert!(field == "max_warmup" && why.contains("no decay"), "{why}");
    assert!(spec.resolve(&Frame::steps(0).steps_per_epoch(1), 0).is_err());
    let tests_in_steps = AutoWarmUp { test_every: Span::Steps(100), ..spec };
    assert!(tests_in_steps.resolve(&Frame::steps(1000), 0).is_ok());
}

#[test]
fn an_even_number_of_votes_is_permitted_with_a_warning() {
    let said =
        |spec: AutoWarmUp| spec.resolve(&frame(), 0).expect("resolves").begin().reason.map(|said| said.to_string());
    let warning = said(AutoWarmUp { tests: 4, ..AutoWarmUp::published() }).expect("a warning");
    assert_eq!(warning, "`tests` = 4 draws may tie, which says no: an odd number cannot");
    assert_eq!(said(AutoWarmUp::published()), None);
    assert_eq!(said(AutoWarmUp { tests: 4, ..AutoWarmUp::default() }), None, "without draws nothing votes");
}
