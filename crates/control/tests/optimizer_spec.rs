//! Specifications of optimizers: strict to read, checked against the ranges they declare.
#![allow(clippy::unwrap_used, reason = "tests")]

use rheostat_control::optimizers::{
    Adam, Adamp, Adamw, HeavyBall, HeavyBallForm, Lamb, Lion, Muon, MuonAdamw, Nadamw, NadamwForm, Nesterov, Prodigy,
    Rmsprop, RmspropForm, ScheduleFree, ScheduleFreeForm, Sgd, Sgdw,
};
use rheostat_control::{
    ControlError, ControllerMethod, ControllerSpec, DecayCoupling, EpsilonPlacement, Hyperparameter, OPTIMIZERS,
    OptimizerSpec, ScheduledWeightDecay,
};
use rheostat_schedule::parameter::Kind;

fn every_spec() -> Vec<OptimizerSpec> {
    vec![
        OptimizerSpec::Sgd(Sgd::default()),
        OptimizerSpec::HeavyBall(HeavyBall::default()),
        OptimizerSpec::Nesterov(Nesterov::default()),
        OptimizerSpec::Adam(Adam::default()),
        OptimizerSpec::Adamw(Adamw::default()),
        OptimizerSpec::Sgdw(Sgdw::default()),
        OptimizerSpec::Rmsprop(Rmsprop::default()),
        OptimizerSpec::Nadamw(Nadamw::default()),
        OptimizerSpec::Adamp(Adamp::default()),
        OptimizerSpec::Lamb(Lamb::default()),
        OptimizerSpec::Lion(Lion::default()),
        OptimizerSpec::Muon(Muon::default()),
        OptimizerSpec::Prodigy(Prodigy::default()),
        OptimizerSpec::ScheduleFree(ScheduleFree::default()),
    ]
}

#[test]
fn every_optimizer_is_listed() {
    let listed: Vec<_> = OPTIMIZERS.iter().map(|method| method.name).collect();
    assert_eq!(listed.len(), every_spec().len());
    assert!(every_spec().iter().all(|spec| listed.contains(&spec.name())), "{listed:?}");
}

#[test]
fn a_bare_method_name_is_a_whole_specification() {
    for spec in every_spec() {
        let read: OptimizerSpec = toml::from_str(&format!("method = {:?}", spec.name())).unwrap();
        assert_eq!(read, spec);
        assert_eq!(spec.check(), Ok(()));
    }
}

#[test]
fn a_specification_survives_toml() {
    for spec in every_spec() {
        let written = toml::to_string(&spec).unwrap();
        assert_eq!(toml::from_str::<OptimizerSpec>(&written).unwrap(), spec, "{written}");
    }
}

#[test]
fn an_unknown_key_is_refused_by_name() {
    let error = toml::from_str::<OptimizerSpec>("method = \"adamw\"\nbeta_2 = 0.9").unwrap_err();
    assert!(error.to_string().contains("beta_2"), "{error}");
}

#[test]
fn the_declared_defaults_are_the_defaults_in_force() {
    for spec in every_spec() {
        let method = spec.method();
        let declared: String = method
            .parameters
            .iter()
            .filter_map(|parameter| Some(format!("{} = {}\n", parameter.name, parameter.default?)))
            .collect();
        let explicit: OptimizerSpec = toml::from_str(&format!("method = {:?}\n{declared}", method.name)).unwrap();
        for which in Hyperparameter::ALL {
            assert_eq!(explicit.default_of(which), spec.default_of(which), "{} {which}", method.name);
        }
        assert_eq!((explicit.decay(), explicit.epsilon()), (spec.decay(), spec.epsilon()), "{}", method.name);
        assert_eq!(explicit.check(), Ok(()), "{}", method.name);
        assert!(OPTIMIZERS.contains(method));
    }
}

#[test]
fn weight_decay_couples_as_each_library_does_by_default() {
    assert_eq!(OptimizerSpec::Adam(Adam::default()).decay(), DecayCoupling::L2);
    assert_eq!(OptimizerSpec::Adamw(Adamw::default()).decay(), DecayCoupling::LrCoupled);
}

#[test]
fn each_form_has_its_own_defaults() {
    let tf = Rmsprop { form: RmspropForm::Tf, epsilon: Some(1e-10), ..Rmsprop::default() };
    let of = |spec: OptimizerSpec, which| (spec.default_of(which), spec.contains_rate());
    assert_eq!(of(OptimizerSpec::Rmsprop(tf), Hyperparameter::Beta2), (Some(0.9), true));
    assert_eq!(of(OptimizerSpec::Rmsprop(Rmsprop::default()), Hyperparameter::Beta2), (Some(0.99), false));
    let polyak = HeavyBall { form: HeavyBallForm::Polyak, ..HeavyBall::default() };
    assert_eq!(of(OptimizerSpec::HeavyBall(polyak), Hyperparameter::Momentum), (Some(0.9), true));
    let dozat = OptimizerSpec::Nadamw(Nadamw { form: NadamwForm::Dozat, ..Nadamw::default() });
    assert_eq!(dozat.default_of(Hyperparameter::WeightDecay), Some(0.0));
    let algoperf = OptimizerSpec::Nadamw(Nadamw::default());
    assert_eq!(algoperf.default_of(Hyperparameter::WeightDecay), Some(0.01));
}

/// Everything that is wrong with it, as users read it.
fn refusals(text: &str) -> Vec<String> {
    let spec: OptimizerSpec = toml::from_str(text).unwrap();
    spec.check().unwrap_err().iter().map(ControlError::to_string).collect()
}

#[test]
fn what_does_not_fit_together_is_refused() {
    assert_eq!(
        refusals("method = 'rmsprop'\nform = 'tf'"),
        ["form: tf needs an epsilon, for which libraries differ: set epsilon = 1e-10, or 1e-7 as Keras"]
    );
    assert_eq!(
        refusals("method = 'rmsprop'\nform = 'tf'\nepsilon = 0.0"),
        ["epsilon = 0 is out of range: more than 0"]
    );
    assert_eq!(
        refusals("method = 'nadamw'\nmomentum_decay = 4e-3\nepsilon = -1.0"),
        [
            "epsilon = -1 is out of range: at least 0",
            "momentum_decay: algoperf's form has a beta1 that stands still: leave it out, or set form = \"dozat\"",
        ]
    );
    assert_eq!(
        refusals("method = 'adamp'\ndecay = 'l2'\nepsilon = 0.0\nwd_ratio = 1.5"),
        [
            "decay: adamp takes lr_coupled, schedule_multiplier, independent, not l2",
            "epsilon = 0 is out of range: more than 0",
            "wd_ratio = 1.5 is out of range: 0 to 1",
        ]
    );
    assert_eq!(
        refusals("method = 'lion'\ndecay = 'l2'\nbeta2 = 1.0"),
        [
            "beta2 = 1 is out of range: at least 0 and less than 1",
            "decay: lion takes lr_coupled, schedule_multiplier, independent, not l2",
        ]
    );
    assert_eq!(
        refusals("method = 'lamb'\nnorm_range = [2.0, -1.0]"),
        ["norm_range = -1 is out of range: at least 0, the first below the second", "norm_range: 2 is not below -1"]
    );
    assert_eq!(
        refusals("method = 'heavy_ball'\nform = 'polyak'\ndampening = 0.1"),
        ["dampening: the polyak form takes the whole gradient: leave it out, or set form = \"torch\""]
    );
    // Rust only: no recipe can name it.
    let inside = OptimizerSpec::Sgd(Sgd { decay: DecayCoupling::Inside, ..Sgd::default() });
    assert_eq!(inside.check().unwrap_err()[0].field(), "decay");
}

#[test]
fn a_coupling_of_what_the_direction_contains_cannot_be_named() {
    for text in
        ["method = 'lamb'\ndecay = 'l2'", "method = 'adamw'\ndecay = 'inside'", "method = 'lion'\nepsilon = 1e-8"]
    {
        assert!(toml::from_str::<OptimizerSpec>(text).is_err(), "{text}");
    }
}

#[test]
fn every_constant_out_of_range_is_reported() {
    let spec =
        OptimizerSpec::Adam(Adam { momentum: Some(1.0), beta2: Some(-0.1), epsilon: f64::NAN, ..Adam::default() });
    let fields: Vec<_> = spec.check().unwrap_err().iter().map(|error| error.field().to_owned()).collect();
    assert_eq!(fields, ["momentum", "beta2", "epsilon"]);

    let damped = OptimizerSpec::HeavyBall(HeavyBall { dampening: 1.0, ..HeavyBall::default() });
    assert!(damped.check().is_err());
}

#[test]
fn epsilon_zero_needs_the_hat_placement() {
    let hat = Adamw { epsilon: 0.0, ..Adamw::default() };
    assert_eq!(OptimizerSpec::Adamw(hat.clone()).check(), Ok(()));
    assert!(OptimizerSpec::Adamw(Adamw { epsilon_placement: EpsilonPlacement::Raw, ..hat }).check().is_err());
}

#[test]
fn a_hyperparameter_that_the_rule_lacks_is_refused_with_what_it_has() {
    let error = OptimizerSpec::Sgd(Sgd::default()).accepts(Hyperparameter::Momentum).unwrap_err();
    assert!(matches!(&error, ControlError::NoSuchHyperparameter { optimizer: "sgd", .. }));
    assert_eq!(error.to_string(), "sgd has no momentum; it has: weight_decay");
    assert!(OptimizerSpec::HeavyBall(HeavyBall::default()).accepts(Hyperparameter::Beta2).is_err());
    assert_eq!(OptimizerSpec::Sgd(Sgd::default()).accepts(Hyperparameter::LearningRate), Ok(()));
}

#[test]
fn the_adamw_beside_muon_has_declared_defaults_and_ranges() {
    let table = Muon::METHOD.parameter("adamw").unwrap();
    let Kind::Table(parameters) = table.kind else { unreachable!() };
    let declared: String =
        parameters.iter().map(|parameter| format!("{} = {}\n", parameter.name, parameter.default.unwrap())).collect();
    let explicit: MuonAdamw = toml::from_str(&declared).unwrap();
    assert_eq!(explicit, MuonAdamw { paths: Some(MuonAdamw::PATHS.to_owned()), ..MuonAdamw::default() });

    let adamw = MuonAdamw { rate_ratio: 0.0, momentum: 1.0, beta2: -0.5, epsilon: f64::NAN, paths: None };
    let errors = OptimizerSpec::Muon(Muon { adamw, ..Muon::default() }).check().unwrap_err();
    let fields: Vec<_> = errors.iter().map(ControlError::field).collect();
    assert_eq!(fields, ["adamw.rate_ratio", "adamw.momentum", "adamw.beta2", "adamw.epsilon"]);
}

#[test]
fn the_form_of_algoperf_has_constants_of_its_own() {
    let spec = ScheduleFree { form: ScheduleFreeForm::Algoperf2024, ..ScheduleFree::default() };
    assert_eq!(spec.step_power(), 0.75);
    let spec = OptimizerSpec::ScheduleFree(spec);
    assert_eq!(spec.default_of(Hyperparameter::Beta2), Some(0.9955159689799007));
    assert_eq!(spec.default_of(Hyperparameter::WeightDecay), Some(0.08121616522670176));
    assert_eq!(spec.check(), Ok(()));
}

#[test]
fn a_rule_may_permit_less_than_its_hyperparameter_does() {
    let averaging = OptimizerSpec::ScheduleFree(ScheduleFree { momentum: Some(0.0), ..ScheduleFree::default() });
    let errors = averaging.check().unwrap_err();
    assert_eq!(errors[0].to_string(), "momentum = 0 is out of range: more than 0 and less than 1");
    assert_eq!(OptimizerSpec::Adamw(Adamw::default()).check_value(Hyperparameter::Momentum, 0.0), Ok(()));
}

#[test]
fn the_constants_of_prodigy_are_checked() {
    let spec = Prodigy { d0: 0.0, d_coef: -1.0, growth_rate: Some(0.5), epsilon: -1.0, ..Prodigy::default() };
    let errors = OptimizerSpec::Prodigy(spec).check().unwrap_err();
    let fields: Vec<_> = errors.iter().map(ControlError::field).collect();
    assert_eq!(fields, ["epsilon", "d0", "d_coef", "growth_rate"]);
}

#[test]
fn scheduled_weight_decay_is_refused_where_the_direction_holds_the_decay() {
    let swd = ControllerSpec::Swd(ScheduledWeightDecay::default());
    for spec in [OptimizerSpec::Prodigy(Prodigy::default()), OptimizerSpec::ScheduleFree(ScheduleFree::default())] {
        assert!(swd.check_optimizer(&spec).is_err(), "{}", spec.name());
    }
}

#[test]
fn every_hyperparameter_knows_its_range_and_its_name() {
    for which in Hyperparameter::ALL {
        assert_eq!(Hyperparameter::from_name(which.name()), Some(which));
        for value in [f64::NAN, f64::NEG_INFINITY, -1.0] {
            assert!(which.check(value).is_err(), "{which} = {value}");
        }
    }
    assert!(Hyperparameter::Momentum.check(1.0).is_err());
    assert!(Hyperparameter::LearningRate.check(f64::INFINITY).is_err());
    assert!(Hyperparameter::BatchSize.check(0.5).is_err());
    assert_eq!(Hyperparameter::ClipNorm.check(f64::INFINITY), Ok(()));
}
