//! What the driver itself refuses and promises, beside the contract that every rule is under.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use burn::module::{Module, Param, ParamId};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{DType, Device, Tensor, TensorData};
use common::{Vector, rate};
use rheostat_control::optimizers::{Adam, Adamw, Sgd};
use rheostat_control::{DecayCoupling, Hyperparameter, OptimizerSpec};
use rheostat_optim::{Gradients, OptimError, Optimizer, ParameterGroup};
use rheostat_schedule::{Frame, ScheduleSpec};

fn sgd(decay: DecayCoupling) -> OptimizerSpec {
    OptimizerSpec::Sgd(Sgd { decay, weight_decay: Some(0.1) })
}

#[derive(Module, Debug)]
struct Pair {
    first: Linear,
    second: Linear,
}

fn pair() -> Pair {
    let device = Device::flex().autodiff();
    let linear = || LinearConfig::new(2, 2).init(&device);
    Pair { first: linear(), second: linear() }
}

#[test]
fn a_specification_out_of_range_is_refused() {
    let spec = OptimizerSpec::Adam(Adam { momentum: Some(1.5), epsilon: -1.0, ..Adam::default() });
    let error = Optimizer::new(&spec, &pair(), &[]).unwrap_err();
    assert!(matches!(&error, OptimError::Specification(errors) if errors.len() == 2), "{error}");
}

#[test]
fn tied_parameters_are_refused_by_both_their_names() {
    let first = pair().first;
    let tied = Pair { first: first.clone(), second: first };
    let error = Optimizer::new(&sgd(DecayCoupling::L2), &tied, &[]).unwrap_err();
    let (first, second) = ("first.weight".to_owned(), "second.weight".to_owned());
    assert_eq!(error, OptimError::TiedParameters { first, second });
}

#[test]
fn a_pattern_that_does_not_parse_is_refused() {
    assert!(matches!(ParameterGroup::matching("(bias"), Err(OptimError::BadPattern { .. })));
}

#[test]
fn the_schedule_multiplier_needs_a_peak_rate() {
    let model = Vector::new(&[1.0]);
    let spec = sgd(DecayCoupling::ScheduleMultiplier);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let gradients = model.gradients(&[1.0]);
    let error = optimizer.step(model.clone(), gradients.clone(), &[rate(0.1)]).unwrap_err();
    assert_eq!(error, OptimError::MissingBaseRate { group: 0 });
    // Without decay there is nothing to refer to.
    let undecayed = rate(0.1).with(Hyperparameter::WeightDecay, 0.0);
    assert_eq!(optimizer.step(model.clone(), gradients, &[undecayed]).unwrap().values(), [0.9]);
    for base in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
        assert!(optimizer.with_base_rates(&[base]).is_err(), "{base}");
    }
    let optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    assert!(matches!(optimizer.with_base_rates(&[]), Err(OptimError::GroupCount { got: 0, groups: 1, .. })));
}

#[test]
fn decay_follows_the_step_size_of_the_trial() {
    let model = Vector::new(&[1.0]);
    for (decay, wanted) in [
        (DecayCoupling::LrCoupled, 1.0 - 0.5 * 0.1 - 0.5),
        (DecayCoupling::ScheduleMultiplier, 1.0 - 0.5 / 2.0 * 0.1 - 0.5),
        (DecayCoupling::Independent, 1.0 - 0.1 - 0.5),
        (DecayCoupling::L2, 1.0 - 0.5 * 1.1),
    ] {
        let mut optimizer = Optimizer::new(&sgd(decay), &model, &[]).unwrap().with_base_rates(&[2.0]).unwrap();
        let update = optimizer.direction(&model, model.gradients(&[1.0]), &[rate(0.01)]).unwrap();
        let got = optimizer.apply(model.clone(), &update, &[0.5]).unwrap().values()[0];
        assert!((got - wanted).abs() < 1e-15, "{decay:?}: {got} {wanted}");
    }
}

#[test]
fn what_a_cosine_leaves_of_the_weights_depends_on_the_coupling_as_computed_independently() {
    // 100 updates without a gradient from a rate of 0.1, weight decay 0.01: the products of the factors.
    let schedule = ScheduleSpec::cosine(0.1).resolve(&Frame::steps(100)).unwrap();
    for (decay, wanted) in [
        (DecayCoupling::LrCoupled, 0.950_735_854_450_715_2),
        (DecayCoupling::ScheduleMultiplier, 0.602_353_586_294_457_3),
        (DecayCoupling::Independent, 0.366_032_341_273_229_26),
    ] {
        let spec = OptimizerSpec::Sgd(Sgd { decay, weight_decay: Some(0.01) });
        let mut model = Vector::new(&[1.0]);
        let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap().with_base_rates(&[schedule.peak()]).unwrap();
        for step in 0..100 {
            let gradients = model.gradients(&[0.0]);
            model = optimizer.step(model, gradients, &[rate(schedule.at(step))]).unwrap();
        }
        let got = model.values()[0];
        assert!((got - wanted).abs() < 1e-12, "{decay:?}: {got} {wanted}");
    }
}

#[test]
fn an_update_needs_the_model_it_was_made_for() {
    let model = Vector::new(&[1.0]);
    let mut optimizer = Optimizer::new(&sgd(DecayCoupling::L2), &model, &[]).unwrap();
    let update = optimizer.direction(&model, model.gradients(&[1.0]), &[rate(0.1)]).unwrap();
    assert!(matches!(optimizer.apply(pair(), &update, &[0.1]), Err(OptimError::OtherModel { .. })));
    assert!(matches!(optimizer.apply(Vector::new(&[1.0, 2.0]), &update, &[0.1]), Err(OptimError::OtherModel { .. })));
    assert!(matches!(optimizer.apply(model.clone(), &update, &[0.1, 0.1]), Err(OptimError::GroupCount { .. })));
    assert!(matches!(optimizer.apply(model, &update, &[f64::NAN]), Err(OptimError::Hyperparameter { .. })));
}

#[test]
fn a_trial_works_on_a_copy_without_gradients_and_leaves_the_base() {
    let model = Vector::new(&[1.0]);
    let base = model.valid().train().no_grad();
    let mut optimizer = Optimizer::new(&sgd(DecayCoupling::L2), &model, &[]).unwrap();
    let update = optimizer.direction(&model, model.gradients(&[1.0]), &[rate(0.1)]).unwrap();
    for size in [1.0, 0.5, 0.25] {
        let trial = optimizer.apply(base.clone(), &update, &[size]).unwrap();
        assert!(!trial.theta.val().is_require_grad());
        assert!((trial.values()[0] - (1.0 - size * 1.1)).abs() < 1e-15);
    }
    assert_eq!((base.values(), model.values()), (vec![1.0], vec![1.0]));
}

#[test]
fn scaling_by_a_factor_outside_the_unit_interval_is_refused() {
    let mut optimizer = Optimizer::new(&sgd(DecayCoupling::L2), &pair(), &[]).unwrap();
    for factor in [-0.1, 1.1, f64::NAN] {
        assert!(matches!(optimizer.scale_state(factor), Err(OptimError::OutOfRange { field: "factor", .. })));
    }
}

#[test]
fn a_state_of_another_method_is_refused_by_name() {
    let model = Vector::new(&[1.0]);
    let saved = Optimizer::new(&OptimizerSpec::Adam(Adam::default()), &model, &[]).unwrap().save().unwrap();
    let mut adamw = Optimizer::new(&OptimizerSpec::Adamw(Adamw::default()), &model, &[]).unwrap();
    let error = adamw.load(&saved).unwrap_err().to_string();
    assert!(error.contains("of adam with moment_1"), "{error}");
}

#[test]
fn half_precision_weights_step_too() {
    let device = Device::flex().autodiff();
    let data = TensorData::new(vec![1.0_f32, 2.0], [2]);
    let theta = Tensor::<1>::from_data(data, (&device, DType::F16)).require_grad();
    let model = Vector { theta: Param::initialized(ParamId::new(), theta) };
    let mut optimizer = Optimizer::new(&OptimizerSpec::Adamw(Adamw::default()), &model, &[]).unwrap();
    let loss = (model.theta.val() * model.theta.val()).sum();
    let gradients = Gradients::of(&model, loss.backward()).unwrap();
    let stepped = optimizer.step(model, gradients, &[rate(0.25)]).unwrap();
    assert_eq!(stepped.theta.val().dtype(), DType::F16);
    for (got, wanted) in stepped.values().iter().zip([0.7475, 1.745]) {
        assert!((got - wanted).abs() < 2e-3, "{got} {wanted}");
    }
    let mut fresh = Optimizer::new(&OptimizerSpec::Adamw(Adamw::default()), &stepped, &[]).unwrap();
    fresh.load(&optimizer.save().unwrap()).unwrap();
    assert_eq!(fresh.save().unwrap(), optimizer.save().unwrap());
}
