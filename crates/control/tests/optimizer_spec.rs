//! Specifications of optimizers: strict to read, checked against the ranges they declare.

use rheostat_control::optimizers::{
    Adam, Adamw, HeavyBall, Muon, MuonAdamw, Nesterov, Prodigy, ScheduleFree, ScheduleFreeForm, Sgd,
};
use rheostat_control::{
    ControlError, ControllerMethod, ControllerSpec, DecayCoupling, EpsilonPlacement, Hyperparameter, OPTIMIZERS,
    OptimizerMethod, OptimizerSpec, ScheduledWeightDecay,
};
use rheostat_schedule::parameter::Kind;

fn every_spec() -> [OptimizerSpec; 8] {
    [
        OptimizerSpec::Sgd(Sgd::default()),
        OptimizerSpec::HeavyBall(HeavyBall::default()),
        OptimizerSpec::Nesterov(Nesterov::default()),
        OptimizerSpec::Adam(Adam::default()),
        OptimizerSpec::Adamw(Adamw::default()),
        OptimizerSpec::Muon(Muon::default()),
        OptimizerSpec::Prodigy(Prodigy::default()),
        OptimizerSpec::ScheduleFree(ScheduleFree::default()),
    ]
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
        assert_eq!(explicit.decay(), spec.decay(), "{}", method.name);
        for which in Hyperparameter::ALL {
            assert_eq!(explicit.default_of(which), spec.default_of(which), "{} {which}", method.name);
        }
        assert!(OPTIMIZERS.contains(method));
    }
}

#[test]
fn weight_decay_couples_as_each_library_does_by_default() {
    assert_eq!(OptimizerSpec::Adam(Adam::default()).decay(), DecayCoupling::L2);
    assert_eq!(OptimizerSpec::Adamw(Adamw::default()).decay(), DecayCoupling::LrCoupled);
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
    assert_eq!(hat.check(), Ok(()));
    assert!(Adamw { epsilon_placement: EpsilonPlacement::Raw, ..hat }.check().is_err());
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
