//! Every rule against values computed by other implementations, to 1e-12 in double precision. The fixture is taken from
//! runs of PyTorch, optax and NumPy; they agree among themselves to 2e-15.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use common::{Matrix, Vector, rate, ten_updates};
use rheostat_control::optimizers::{
    Adam, Adamp, Adamw, HeavyBall, HeavyBallForm, Lamb, Lion, Nadamw, NadamwForm, Nesterov, Rmsprop, RmspropForm, Sgd,
    Sgdw,
};
use rheostat_control::{
    BiasCorrection, Controller, DecayCoupling, Direction, EpsilonPlacement, Hyperparameter, Hyperparameters,
    Observation, OptimizerSpec, ScheduledWeightDecay,
};
use rheostat_optim::{Optimizer, Searching};

const FIXTURE: &str = include_str!("fixtures/optimizers.json");

fn fixture(name: &str) -> serde_json::Value {
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(FIXTURE).unwrap();
    all[name].clone()
}

fn agrees(name: &str, spec: OptimizerSpec, base_rate: Option<f64>, values: impl Fn(usize) -> Hyperparameters) {
    agrees_to(1e-12, name, spec, base_rate, values);
}

fn agrees_to(
    tolerance: f64,
    name: &str,
    spec: OptimizerSpec,
    base_rate: Option<f64>,
    values: impl Fn(usize) -> Hyperparameters,
) {
    let got = ten_updates(&spec, base_rate, values);
    let wanted: BTreeMap<usize, Vec<f64>> = serde_json::from_value(fixture(name)).unwrap();
    for (updates, wanted) in wanted {
        for (got, wanted) in got[updates - 1].iter().zip(wanted) {
            assert!((got - wanted).abs() <= tolerance, "{name} after {updates}: {got} instead of {wanted}");
        }
    }
}

#[test]
fn sgd_agrees() {
    agrees("sgd(eta=.05)", OptimizerSpec::Sgd(Sgd::default()), None, |_| rate(0.05));
}

#[test]
fn heavy_ball_agrees() {
    agrees("heavy_ball(.05,.9)", OptimizerSpec::HeavyBall(HeavyBall::default()), None, |_| rate(0.05));
    // At a rate that stands still both forms are one.
    let polyak = HeavyBall { form: HeavyBallForm::Polyak, ..HeavyBall::default() };
    agrees("heavy_ball(.05,.9)", OptimizerSpec::HeavyBall(polyak), None, |_| rate(0.05));
}

#[test]
fn nesterov_agrees() {
    agrees("nesterov(.05,.9)", OptimizerSpec::Nesterov(Nesterov::default()), None, |_| rate(0.05));
}

#[test]
fn decoupled_weight_decay_agrees_in_all_couplings() {
    for (coupling, name) in [
        (DecayCoupling::LrCoupled, "sgdw(.05,.9,wd=.01,lr,eta_base=.1)"),
        (DecayCoupling::ScheduleMultiplier, "sgdw(.05,.9,wd=.01,sched,eta_base=.1)"),
        (DecayCoupling::Independent, "sgdw(.05,.9,wd=.01,indep,eta_base=.1)"),
    ] {
        let spec = HeavyBall { weight_decay: Some(0.01), decay: coupling, ..HeavyBall::default() };
        agrees(name, OptimizerSpec::HeavyBall(spec), Some(0.1), |_| rate(0.05));
        let spec = Sgdw { momentum: Some(0.9), weight_decay: Some(0.01), decay: coupling, ..Sgdw::default() };
        agrees(name, OptimizerSpec::Sgdw(spec), Some(0.1), |_| rate(0.05));
    }
}

#[test]
fn l2_decay_is_a_term_of_the_gradient() {
    let spec = OptimizerSpec::Sgd(Sgd { weight_decay: Some(0.5), ..Sgd::default() });
    let got = ten_updates(&spec, None, |_| rate(0.05));
    let mut wanted = common::START;
    for got in got {
        for (theta, a) in wanted.iter_mut().zip(common::CURVATURE) {
            *theta -= 0.05 * (a + 0.5) * *theta;
        }
        for (got, wanted) in got.iter().zip(wanted) {
            assert!((got - wanted).abs() <= 1e-12, "{got} {wanted}");
        }
    }
}

#[test]
fn adam_agrees_with_both_placements_of_epsilon() {
    let adam = |epsilon, epsilon_placement| OptimizerSpec::Adam(Adam { epsilon, epsilon_placement, ..Adam::default() });
    agrees("adam(.1)", adam(1e-8, EpsilonPlacement::Hat), None, |_| rate(0.1));
    agrees("adam_eps_hat(.1,eps=1e-3)", adam(1e-3, EpsilonPlacement::Hat), None, |_| rate(0.1));
    agrees("adam_eps_raw(.1,eps=1e-3)", adam(1e-3, EpsilonPlacement::Raw), None, |_| rate(0.1));
}

#[test]
fn every_bias_correction_is_the_same_while_betas_stand_still() {
    for bias_correction in [BiasCorrection::Mass, BiasCorrection::Keep, BiasCorrection::Restart] {
        let spec = OptimizerSpec::Adam(Adam { bias_correction, ..Adam::default() });
        agrees("adam(.1)", spec, None, |_| rate(0.1));
    }
}

#[test]
fn adamw_agrees() {
    agrees("adamw(.1,wd=.01)", OptimizerSpec::Adamw(Adamw::default()), None, |_| rate(0.1));
}

#[test]
fn adamw_agrees_with_tuned_constants() {
    let spec = Adamw {
        momentum: Some(1.0 - 0.06733926164),
        beta2: Some(0.9955159689799007),
        weight_decay: Some(0.08121616522670176),
        epsilon_placement: EpsilonPlacement::Hat,
        ..Adamw::default()
    };
    agrees("adamw_thesis_hparams(no schedule)", OptimizerSpec::Adamw(spec), None, |_| rate(0.0017486387539278373));
}

#[test]
fn sgdw_looks_ahead_if_told_so() {
    let spec = Sgdw { momentum: Some(0.9), nesterov: true, weight_decay: Some(0.0), ..Sgdw::default() };
    agrees("nesterov(.05,.9)", OptimizerSpec::Sgdw(spec), Some(0.1), |_| rate(0.05));
}

#[test]
fn rmsprop_agrees_in_both_forms() {
    let momentum = Some(0.9);
    let torch = Rmsprop { momentum, ..Rmsprop::default() };
    agrees("rmsprop_torch(.01,.99,0.9,1e-8)", OptimizerSpec::Rmsprop(torch), None, |_| rate(0.01));
    let tf = Rmsprop { form: RmspropForm::Tf, epsilon: Some(1e-10), momentum, ..Rmsprop::default() };
    agrees("rmsprop_tf(.01,rho=.9,gam=.9,eps=1e-10)", OptimizerSpec::Rmsprop(tf), None, |_| rate(0.01));
}

#[test]
fn a_rate_inside_the_buffer_reaches_the_weights_gradually() {
    let (momentum, epsilon) = (Some(0.9), Some(1e-10));
    let tf = OptimizerSpec::Rmsprop(Rmsprop { form: RmspropForm::Tf, epsilon, momentum, ..Rmsprop::default() });
    let still = ten_updates(&tf, None, |step| rate(if step == 0 { 0.01 } else { 0.0 }));
    let first = 1.0 - still[0][0];
    assert!(first > 0.0);
    for (step, theta) in still.iter().enumerate() {
        let wanted = 1.0 - first * (1.0 - 0.9_f64.powi(step as i32 + 1)) / 0.1;
        assert!((theta[0] - wanted).abs() <= 1e-12, "after {step}: {} instead of {wanted}", theta[0]);
    }
}

#[test]
fn nadamw_agrees_in_both_forms() {
    agrees("nadamw_algoperf(.1,wd=.01)", OptimizerSpec::Nadamw(Nadamw::default()), None, |_| rate(0.1));
    let dozat = OptimizerSpec::Nadamw(Nadamw { form: NadamwForm::Dozat, ..Nadamw::default() });
    agrees("nadamw_dozat(.1, product in double precision)", dozat.clone(), None, |_| rate(0.1));
    // torch keeps its product of betas in single precision.
    agrees_to(2e-9, "torch_nadam(.1)", dozat, None, |_| rate(0.1));
}

#[test]
fn lion_agrees() {
    let spec = Lion { weight_decay: Some(0.1), ..Lion::default() };
    agrees("lion(.01,wd=.1)", OptimizerSpec::Lion(spec), None, |_| rate(0.01));
}

#[test]
fn the_sign_of_a_zero_gradient_is_zero() {
    let model = Vector::new(&[1.0, -2.0, 3.0]);
    let mut optimizer = Optimizer::new(&OptimizerSpec::Lion(Lion::default()), &model, &[]).unwrap();
    let gradients = model.gradients(&[0.0, -1e-30, 5.0]);
    let stepped = optimizer.step(model, gradients, &[rate(0.25)]).unwrap();
    assert_eq!(stepped.values(), [1.0, -1.75, 2.75]);
}

#[test]
fn lamb_agrees_with_and_without_bias_correction() {
    agrees("lamb(.1,wd=.01)", OptimizerSpec::Lamb(Lamb::default()), None, |_| rate(0.1));
    let biased = Lamb { debias: false, ..Lamb::default() };
    agrees("lamb_nobc(.1,wd=.01)", OptimizerSpec::Lamb(biased), None, |_| rate(0.1));
}

const WEIGHTS: [[f64; 3]; 2] = [[1.0, 2.0, -1.0], [0.5, -1.5, 2.0]];
const MATRIX_GRADIENTS: [[[f64; 3]; 2]; 3] =
    [[[0.2, -0.1, 0.0], [0.3, 0.1, 0.0]], [[0.1, 0.3, 0.7], [-0.4, 0.2, 0.25]], [[-0.5, 0.2, 0.1], [0.0, 0.6, -0.3]]];

/// Three updates of the matrix.
fn matrix_agrees(name: &str, spec: OptimizerSpec) {
    let wanted: BTreeMap<usize, Vec<Vec<f64>>> = serde_json::from_value(fixture(name)).unwrap();
    let mut model = Matrix::new(&WEIGHTS);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    for (update, gradient) in MATRIX_GRADIENTS.iter().enumerate() {
        let gradients = model.gradients(gradient);
        model = optimizer.step(model, gradients, &[rate(0.1)]).unwrap();
        for (got, wanted) in model.values().iter().zip(wanted[&(update + 1)].concat()) {
            assert!((got - wanted).abs() <= 1e-12, "{name} after {}: {got} instead of {wanted}", update + 1);
        }
    }
}

#[test]
fn lamb_agrees_on_a_matrix() {
    matrix_agrees("lamb_matrix(W0,G,.1,wd=.01)", OptimizerSpec::Lamb(Lamb::default()));
}

#[test]
fn adamp_agrees_on_a_matrix_that_is_projected_by_rows_and_then_not() {
    assert_eq!(fixture("adamp_projection"), serde_json::json!(["channel", "channel", "none"]));
    let spec = Adamp { weight_decay: Some(0.1), ..Adamp::default() };
    matrix_agrees("adamp(W0,G,.1,wd=.1)", OptimizerSpec::Adamp(spec));
}

#[test]
fn adamp_agrees_on_a_matrix_that_is_projected_as_a_whole() {
    let case = fixture("adamp_layer_case");
    assert_eq!(case["proj"], serde_json::json!(["layer"]));
    let wanted: Vec<Vec<f64>> = serde_json::from_value(case["W"].clone()).unwrap();
    let model = Matrix::new(&[[1.0, 0.0], [0.0, 1.0]]);
    let spec = OptimizerSpec::Adamp(Adamp { weight_decay: Some(0.1), ..Adamp::default() });
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let gradients = model.gradients(&[[1.0, 0.3], [0.2, -1.0]]);
    let stepped = optimizer.step(model, gradients, &[rate(0.1)]).unwrap();
    for (got, wanted) in stepped.values().iter().zip(wanted.concat()) {
        assert!((got - wanted).abs() <= 1e-12, "{got} instead of {wanted}");
    }
}

#[test]
fn adam_with_scheduled_weight_decay_agrees_with_adams() {
    let spec = OptimizerSpec::Adam(Adam { decay: DecayCoupling::LrCoupled, ..Adam::default() });
    let mut controller = ScheduledWeightDecay::default().resolve().unwrap();
    controller.begin();
    let mut model = Vector::new(&common::START);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let wanted: BTreeMap<u64, Vec<f64>> = serde_json::from_value(fixture("adams(.1,wd=5e-4)")).unwrap();
    for step in 0..10 {
        let gradient: Vec<_> = model.values().iter().zip(common::CURVATURE).map(|(theta, a)| a * theta).collect();
        let gradients = model.gradients(&gradient);
        let mut update = optimizer.direction(&model, gradients, &[rate(0.1)]).unwrap();
        let second = optimizer.mean_second_moment(&update).unwrap().unwrap();
        let decision = controller.observe(&Observation::Moments { step, rate: 0.1, second });
        let weight_decay = decision.hyperparameters.get(Hyperparameter::WeightDecay).unwrap();
        optimizer.set_weight_decay(&mut update, &[weight_decay]).unwrap();
        model = optimizer.apply(model, &update, &[0.1]).unwrap();
        for (got, wanted) in model.values().iter().zip(wanted.get(&(step + 1)).into_iter().flatten()) {
            assert!((got - wanted).abs() <= 1e-12, "after {}: {got} instead of {wanted}", step + 1);
        }
    }
}

#[test]
fn the_mass_correction_is_exact_while_beta1_moves() {
    let falling = |step: usize| rate(0.1).with(Hyperparameter::Momentum, 0.95 - 0.1 * step as f64 / 9.0);
    agrees("adam_mass(b1 .95->.85 linear over 10)", OptimizerSpec::Adam(Adam::default()), None, falling);
}

/// The direction of one gradient, from an update of size 1 at the origin.
fn direction(optimizer: &mut Optimizer, gradient: f64) -> f64 {
    let model = Vector::new(&[0.0]);
    let gradients = model.gradients(&[gradient]);
    let update = optimizer.direction(&model, gradients, &[Hyperparameters::new()]).unwrap();
    -optimizer.apply(model, &update, &[1.0]).unwrap().values()[0]
}

#[test]
fn each_bias_correction_answers_a_reset_in_its_own_way() {
    for (bias_correction, name) in [
        (BiasCorrection::Mass, "mass_tracked(before,after one opposite step)"),
        (BiasCorrection::Keep, "keep_count(after one opposite step)"),
        (BiasCorrection::Restart, "restart_count(after one opposite step)"),
    ] {
        let wanted: BTreeMap<String, serde_json::Value> = serde_json::from_value(fixture(name)).unwrap();
        for (factor, wanted) in wanted {
            let wanted = wanted.get(1).unwrap_or(&wanted).as_f64().unwrap();
            let factor: f64 = factor.parse().unwrap();
            if bias_correction == BiasCorrection::Restart && factor == 1.0 {
                continue; // The reference restarts its count even if nothing is scaled; here a factor of 1 is no reset.
            }
            let spec = OptimizerSpec::Adam(Adam { epsilon: 0.0, bias_correction, ..Adam::default() });
            let mut optimizer = Optimizer::new(&spec, &Vector::new(&[0.0]), &[]).unwrap();
            for _ in 0..1000 {
                direction(&mut optimizer, 1.0);
            }
            optimizer.scale_state(factor).unwrap();
            let got = direction(&mut optimizer, -1.0);
            assert!((got - wanted).abs() <= 1e-10, "{name} at {factor}: {got} instead of {wanted}");
        }
    }
}

#[test]
fn a_line_search_may_leave_out_the_momentum() {
    for epsilon_placement in [EpsilonPlacement::Hat, EpsilonPlacement::Raw] {
        for bias_correction in [BiasCorrection::Mass, BiasCorrection::Keep, BiasCorrection::Restart] {
            let adam = Adam { epsilon: 1e-3, epsilon_placement, bias_correction, ..Adam::default() };
            let model = Vector::new(&[0.0]);
            let mut optimizer = Optimizer::new(&OptimizerSpec::Adam(adam), &model, &[]).unwrap();
            direction(&mut optimizer, 1.0);
            let before = optimizer.save().unwrap();
            let gradients = model.gradients(&[-2.0]);

            let mass = 1.0 - 0.999_f64.powi(2);
            let second = 0.999 * 0.001 + 0.001 * 4.0;
            let preconditioned = match epsilon_placement {
                EpsilonPlacement::Hat => -2.0 / ((second / mass).sqrt() + 1e-3),
                EpsilonPlacement::Raw => -2.0 / (second.sqrt() + 1e-3) * mass.sqrt(),
            };
            for (which, wanted) in [(Direction::WithoutMomentum, preconditioned), (Direction::NegativeGradient, -2.0)] {
                optimizer.load(&before).unwrap();
                let searching = Searching { along: which, scales: &[1.0], clipping: 1.0, may_turn: true };
                let none = [Hyperparameters::new()];
                let line = optimizer.line(&model, gradients.clone(), &none, searching).unwrap();
                assert!((line.decrease() + 2.0 * wanted).abs() < 1e-12, "{which:?}");
                let trial = optimizer.trial(&model, &line, 0.5, true).unwrap().unwrap();
                assert!((trial.values()[0] + 0.5 * wanted).abs() < 1e-12, "{which:?}");

                // The same by a turn away from what is applied.
                optimizer.load(&before).unwrap();
                let update = optimizer.direction(&model, gradients.clone(), &none).unwrap();
                optimizer.load(&before).unwrap();
                let searching = Searching { along: Direction::Applied, ..searching };
                let mut line = optimizer.line(&model, gradients.clone(), &none, searching).unwrap();
                assert_eq!(line.decrease(), update.dot(&gradients).unwrap(), "{which:?}");
                optimizer.turn(&model, &mut line, which).unwrap();
                assert!((line.decrease() + 2.0 * wanted).abs() < 1e-12, "{which:?}");
                let trial = optimizer.trial(&model, &line, 0.5, true).unwrap().unwrap();
                assert!((trial.values()[0] + 0.5 * wanted).abs() < 1e-12, "{which:?}");
            }
        }
    }
}
