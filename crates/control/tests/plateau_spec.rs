//! The specification of the reduction on a plateau: strict to read, refused by name.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use rheostat_control::plateau::Watch;
use rheostat_control::{
    ControlError, ControllerMethod, ControllerSpec, Hyperparameter, MetricDirection, Plateau, Setting, controllers_of,
};
use rheostat_schedule::{Frame, ScheduleSpec, Span};

fn setting() -> Setting {
    let frame = Frame::steps(1_000);
    Setting { frame, evaluate_every: 50, target: 0.9, direction: MetricDirection::Increasing, seed: 0 }
}

fn fields(errors: &[ControlError]) -> Vec<&str> {
    errors.iter().map(ControlError::field).collect()
}

fn refused(spec: &Plateau, which: Hyperparameter) -> Vec<ControlError> {
    spec.resolve(which, &setting()).err().expect("refused")
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    let given: String = Plateau::METHOD
        .parameters
        .iter()
        .filter_map(|parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?)))
        .collect();
    assert_eq!(toml::from_str::<Plateau>(&given).unwrap(), Plateau::default());
    assert!(Plateau::METHOD.parameters.iter().all(|parameter| !parameter.required));
    let all = Plateau { peak: Some(1.0), smoothing: Some(0.5), ..Plateau::over(ScheduleSpec::cosine(1.0)) };
    let written: toml::Table = toml::from_str(&toml::to_string(&all).unwrap()).unwrap();
    let mut names: Vec<_> = Plateau::METHOD.parameters.iter().map(|parameter| parameter.name).collect();
    names.sort_unstable();
    assert_eq!(written.keys().map(String::as_str).collect::<Vec<_>>(), names, "every field is declared");
}

#[test]
fn a_recipe_names_it_with_a_number_or_a_schedule() {
    let text = "method = \"plateau\"\nfactor = 0.5\nwatch = \"train_loss\"\n\
                on = { method = \"cosine\", peak = 1e-3, warmup = \"5 %\" }\n";
    let spec: ControllerSpec = toml::from_str(text).unwrap();
    let schedule = ScheduleSpec::cosine(1e-3).warmup(Span::Fraction(0.05));
    let want = Plateau { factor: 0.5, watch: Watch::TrainLoss, ..Plateau::over(schedule) };
    assert_eq!(spec, ControllerSpec::Plateau(want.clone()));
    assert_eq!(spec.name(), "plateau");
    assert_eq!(toml::from_str::<ControllerSpec>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    assert!((want.peak(&setting()).unwrap() - 1e-3).abs() < 1e-12);
    assert_eq!(Plateau::from_peak(0.3).peak(&setting()), Some(0.3));
    let wrong = toml::from_str::<ControllerSpec>("method = \"plateau\"\npeak = 1.0\npatients = 3").unwrap_err();
    assert!(wrong.to_string().contains("patients"), "{wrong}");
}

#[test]
fn exactly_one_of_peak_and_on_is_given() {
    let neither = Plateau::default().check().unwrap_err();
    assert_eq!(fields(&neither), ["peak"]);
    assert!(neither[0].to_string().contains("or a schedule as `on`"), "{}", neither[0]);
    let both = Plateau { peak: Some(1.0), ..Plateau::over(0.1) }.check().unwrap_err();
    assert_eq!(fields(&both), ["peak"]);
    assert!(both[0].to_string().contains("together with `on`"), "{}", both[0]);
}

#[test]
fn every_value_out_of_range_is_reported() {
    let spec = Plateau {
        factor: 1.0,
        threshold: f64::NAN,
        floor: -1.0,
        smallest_change: f64::INFINITY,
        smoothing: Some(0.0),
        accumulate: 0,
        ..Plateau::from_peak(-1.0)
    };
    let errors = spec.check().unwrap_err();
    let wanted = ["peak", "factor", "threshold", "floor", "smallest_change", "smoothing", "accumulate"];
    assert_eq!(fields(&errors), wanted);
    assert!(errors[1].to_string().contains("more than 0 and less than 1"), "{}", errors[1]);
    for factor in [0.0, -0.5, 1.5, f64::NAN] {
        assert_eq!(fields(&Plateau { factor, ..Plateau::from_peak(0.1) }.check().unwrap_err()), ["factor"]);
    }
}

#[test]
fn what_is_wrong_with_the_schedule_is_reported_by_its_key() {
    let errors = Plateau::over(ScheduleSpec::cosine(f64::NAN).warmup_from(3.0)).check().unwrap_err();
    assert_eq!(fields(&errors), ["on.peak", "on.warmup_from"]);
    let late = Plateau::over(ScheduleSpec::cosine(1.0).warmup(Span::Steps(2_000)));
    let errors = refused(&late, Hyperparameter::LearningRate);
    assert_eq!(fields(&errors), ["on.warmup"]);
    assert_eq!(errors[0].to_string().matches("on.warmup").count(), 1, "{}", errors[0]);
}

#[test]
fn values_that_the_hyperparameter_cannot_take_are_refused() {
    let errors = refused(&Plateau::from_peak(1.0), Hyperparameter::Momentum);
    assert_eq!(fields(&errors), ["peak"]);
    let errors = refused(&Plateau::over(ScheduleSpec::linear(0.5, 1.5)), Hyperparameter::Dropout);
    assert_eq!(fields(&errors), ["on"]);
    assert!(errors[0].to_string().contains("dropout is 1"), "{}", errors[0]);
    assert_eq!(fields(&refused(&Plateau::from_peak(0.0), Hyperparameter::ClipNorm)), ["peak"]);
    assert_eq!(fields(&refused(&Plateau::from_peak(64.0), Hyperparameter::BatchSize)), ["method"]);
}

#[test]
fn it_can_set_every_hyperparameter_but_those_of_batches() {
    for which in Hyperparameter::ALL {
        let offered = controllers_of(which).any(|method| method.name == "plateau");
        assert_eq!(offered, which != Hyperparameter::BatchSize && !which.acts_on_batches());
        assert_eq!(Plateau::from_peak(0.5).resolve(which, &setting()).is_ok(), offered, "{which}");
    }
}
