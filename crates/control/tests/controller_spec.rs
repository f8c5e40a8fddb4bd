//! What a recipe may name where.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_control::{ControllerSpec, Hyperparameter, controllers_of};

#[test]
fn momentum_weight_decay_and_batch_size_have_controllers_of_their_own() {
    let names = |which| controllers_of(which).map(|method| method.name).collect::<Vec<_>>();
    assert_eq!(names(Hyperparameter::Momentum), ["plateau", "adaptive_heavy_ball", "inverse"]);
    assert_eq!(names(Hyperparameter::WeightDecay), ["plateau", "swd"]);
    assert_eq!(names(Hyperparameter::BatchSize), ["grow"]);
    assert!(names(Hyperparameter::LearningRate).contains(&"autowu"));
    assert_eq!(names(Hyperparameter::ClipNorm), ["plateau"]);
}

#[test]
fn each_is_read_by_its_name() {
    for (text, name) in [
        ("method = \"adaptive_heavy_ball\"\nlag = 0", "adaptive_heavy_ball"),
        ("method = \"inverse\"\nhigh = 0.9", "inverse"),
        ("method = \"swd\"", "swd"),
        ("method = \"grow\"\nstart = 16\nmaximum = 64", "grow"),
    ] {
        let spec: ControllerSpec = toml::from_str(text).unwrap();
        assert_eq!(spec.name(), name);
        assert_eq!(toml::from_str::<ControllerSpec>(&toml::to_string(&spec).unwrap()).unwrap(), spec);
    }
}
