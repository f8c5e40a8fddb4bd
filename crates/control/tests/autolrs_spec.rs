//! The specification of AutoLRS: strict to read, refused by name.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod toy;

use rheostat_control::autolrs::{Forecasting, Metric, SearchMethod};
use rheostat_control::{
    AutoLrs, ControlError, Controller, ControllerMethod, ControllerSpec, Hyperparameter, controllers_of,
};
use rheostat_schedule::{Family, Frame, Span};
use toy::setting;

fn fields(errors: &[ControlError]) -> Vec<&str> {
    errors.iter().map(ControlError::field).collect()
}

fn refused(spec: &AutoLrs, frame: Frame) -> (String, String) {
    let errors = spec.controller(&setting(frame)).expect_err("refused");
    assert!(spec.resolve(Hyperparameter::LearningRate, &setting(Frame::steps(1))).is_err());
    (errors[0].field().to_owned(), errors[0].to_string())
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    let given: String = AutoLrs::METHOD
        .parameters
        .iter()
        .filter_map(|parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?)))
        .collect();
    assert_eq!(toml::from_str::<AutoLrs>(&given).unwrap(), AutoLrs::default());
    assert_eq!(toml::from_str::<AutoLrs>("").unwrap(), AutoLrs::default());
    assert_eq!(AutoLrs::METHOD.family, Family::Controller);
    assert!(AutoLrs::METHOD.parameters.iter().all(|parameter| !parameter.required));
    let span = Some(Span::Steps(100));
    let (warmup_peak, budget_cap) = (Some(0.1), Some(0.5));
    let all = AutoLrs {
        train: span,
        search: span,
        doubling_up_to: span,
        warmup: span,
        warmup_peak,
        budget_cap,
        ..AutoLrs::default()
    };
    let written: toml::Table = toml::from_str(&toml::to_string(&all).unwrap()).unwrap();
    let mut names: Vec<_> = AutoLrs::METHOD.parameters.iter().map(|parameter| parameter.name).collect();
    names.sort_unstable();
    assert_eq!(written.keys().map(String::as_str).collect::<Vec<_>>(), names, "every field is declared");
}

#[test]
fn a_recipe_names_it() {
    let text = "method = \"autolrs\"\nhigh = 1\ntrain = \"400 steps\"\nmetric = \"val_loss\"\n\
                search_method = \"gp_lcb\"\nforecast = \"last_window_mean\"\n";
    let spec: ControllerSpec = toml::from_str(text).unwrap();
    let want = AutoLrs {
        high: 1.0,
        train: Some(Span::Steps(400)),
        metric: Metric::ValLoss,
        search_method: SearchMethod::GpLcb,
        forecast: Forecasting::LastWindowMean,
        ..AutoLrs::default()
    };
    assert_eq!(spec, ControllerSpec::Autolrs(want));
    assert_eq!(spec.name(), "autolrs");
    assert_eq!(toml::from_str::<ControllerSpec>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    let wrong = toml::from_str::<ControllerSpec>("method = \"autolrs\"\ncandidate = 3").unwrap_err();
    assert!(wrong.to_string().contains("candidate"), "{wrong}");
}

#[test]
fn it_sets_the_learning_rate_only() {
    for which in Hyperparameter::ALL {
        let offered = controllers_of(which).any(|method| method.name == "autolrs");
        assert_eq!(offered, which == Hyperparameter::LearningRate);
    }
}

#[test]
fn every_value_out_of_range_is_reported() {
    let spec = AutoLrs {
        low: 0.0,
        high: f64::NAN,
        candidates: 1,
        train: Some(Span::Steps(0)),
        search: Some(Span::Fraction(1.5)),
        doubling_up_to: Some(Span::Epochs(0.0)),
        warmup: Some(Span::Fraction(-0.1)),
        warmup_peak: Some(-1.0),
        loss_floor: f64::INFINITY,
        kappa: -1.0,
        kappa_decay: 1.5,
        budget_cap: Some(0.0),
        ..AutoLrs::default()
    };
    let mut found = spec.check().unwrap_err().iter().map(|error| error.field().to_owned()).collect::<Vec<_>>();
    found.sort_unstable();
    let wanted = [
        "budget_cap",
        "candidates",
        "doubling_up_to",
        "high",
        "kappa",
        "kappa_decay",
        "loss_floor",
        "low",
        "search",
        "train",
        "warmup",
        "warmup_peak",
    ];
    assert_eq!(found, wanted);
}

#[test]
fn there_must_be_something_to_search() {
    for (low, high) in [(0.1, 0.1), (1.0, 1e-3)] {
        let errors = AutoLrs { low, high, ..AutoLrs::default() }.check().unwrap_err();
        assert_eq!(fields(&errors), ["low"]);
        assert!(errors[0].to_string().contains("`high`"));
    }
    let alone = AutoLrs { warmup_peak: Some(0.1), ..AutoLrs::default() }.check().unwrap_err();
    assert_eq!(fields(&alone), ["warmup_peak"]);
}

#[test]
fn the_default_lengths_follow_the_budget() {
    let lengths = |total: u64| {
        let mut controller = AutoLrs::default().controller(&setting(Frame::steps(total))).expect("resolves");
        let first = rheostat_control::Controller::begin(&mut controller).reason.unwrap().to_string();
        let mut host = toy::Host::new(1e-3);
        host.run(&mut controller, total, total);
        let trained = host.reasons.iter().find(|reason| reason.contains("it trains for")).unwrap().clone();
        (first, trained)
    };
    for (total, train, search) in [(100, 100, 10), (990, 247, 25), (2_000, 500, 50), (40_000, 1_000, 100)] {
        let (first, trained) = lengths(total);
        assert!(first.ends_with(&format!("tried for {search} updates each")), "{total}: {first}");
        assert!(trained.ends_with(&format!("it trains for {train} updates")), "{total}: {trained}");
    }
}

#[test]
fn what_the_run_cannot_hold_is_refused_by_name() {
    let steps = |updates| Some(Span::Steps(updates));
    let plain = AutoLrs::default();
    let (field, why) = refused(&plain, Frame::unbounded());
    assert!(field == "train" && why.contains("length of the run is unknown"), "{why}");
    assert!(AutoLrs { train: steps(500), ..plain.clone() }.controller(&setting(Frame::unbounded())).is_ok());
    let (field, why) = refused(&plain, Frame::steps(99));
    assert!(field == "train" && why.contains("100 updates") && why.contains("a run of 99"), "{why}");
    let warm = AutoLrs { warmup: steps(150), ..plain.clone() };
    let (field, why) = refused(&warm, Frame::steps(240));
    assert!(field == "train" && why.contains("after 150 of warm-up"), "{why}");
    let (field, why) = refused(&AutoLrs { search: steps(9), ..plain.clone() }, Frame::steps(1_000));
    assert!(field == "search" && why.contains("at least 10"), "{why}");
    let (field, why) = refused(&AutoLrs { train: steps(50), ..plain.clone() }, Frame::steps(1_000));
    assert!(field == "search" && why.contains("or `train`"), "{why}");
    let validation = AutoLrs { metric: Metric::ValLoss, search: steps(47), ..plain.clone() };
    let (field, why) = refused(&validation, Frame::steps(1_000));
    assert!(field == "search" && why.contains("at least 48"), "{why}");
    let (field, why) = refused(&AutoLrs { search: steps(251), ..plain.clone() }, Frame::steps(1_000));
    assert!(field == "train" && why.contains("`search`"), "{why}");
    let (field, _) = refused(&AutoLrs { doubling_up_to: steps(100), ..plain.clone() }, Frame::steps(1_000));
    assert_eq!(field, "doubling_up_to");
    let endless = AutoLrs { train: steps(u64::MAX), search: steps(100_001), ..plain.clone() };
    assert_eq!(refused(&endless, Frame::unbounded()).0, "search");
    let (field, why) = refused(&AutoLrs { train: Some(Span::Epochs(2.0)), ..plain }, Frame::steps(1_000));
    assert!(field == "train" && why.contains("steps per epoch"), "{why}");
}

#[test]
fn the_published_form_is_well_formed() {
    assert_eq!(AutoLrs::published().check(), Ok(()));
    assert!(AutoLrs::published().controller(&setting(Frame::steps(20_000))).is_ok());
}

#[test]
fn a_range_too_wide_for_its_candidates_is_permitted_with_a_warning() {
    for warmup in [None, Some(Span::Steps(10))] {
        let said = |low: f64| {
            let spec = AutoLrs { low, high: 10.0, warmup, ..AutoLrs::default() };
            let mut controller = spec.controller(&setting(Frame::steps(1_000))).expect("resolves");
            controller.begin().reason.map_or_else(String::new, |said| said.to_string())
        };
        let warning = said(9e-6);
        assert!(
            warning.ends_with(
                "the 10 candidates are to cover rates from 9e-6 to 10, a factor of 1.111e6: neighbours are far apart, narrow \
                 the range"
            ),
            "{warning}"
        );
        assert_eq!(
            warning.contains("stage 1 after 0 updates"),
            warmup.is_none(),
            "what it decided is said too: {warning}"
        );
        assert!(!said(1.1e-5).contains("narrow"));
    }
}
