//! Every rule against values computed by other implementations, to 1e-12 in double precision. The fixture is taken from
//! runs of PyTorch, optax and NumPy; they agree among themselves to 2e-15.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::BTreeMap;

use common::{Vector, rate, ten_updates};
use rheostat_control::optimizers::{Adam, Adamw, HeavyBall, Nesterov, Sgd};
use rheostat_control::{
    BiasCorrection, DecayCoupling, Direction, EpsilonPlacement, Hyperparameter, Hyperparameters, OptimizerSpec,
};
use rheostat_optim::{Optimizer, Searching};

const FIXTURE: &str = include_str!("fixtures/optimizers.json");

fn fixture(name: &str) -> serde_json::Value {
    let all: BTreeMap<String, serde_json::Value> = serde_json::from_str(FIXTURE).unwrap();
    all[name].clone()
}

fn agrees(name: &str, spec: OptimizerSpec, base_rate: Option<f64>, values: impl Fn(usize) -> Hyperparameters) {
    let got = ten_updates(&spec, base_rate, values);
    let wanted: BTreeMap<usize, Vec<f64>> = serde_json::from_value(fixture(name)).unwrap();
    for (updates, wanted) in wanted {
        for (got, wanted) in got[updates - 1].iter().zip(wanted) {
            assert!((got - wanted).abs() <= 1e-12, "{name} after {updates}: {got} instead of {wanted}");
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
                let mut line = optimizer.line(&model, gradients.clone(), &none, searching).unwrap();
                assert!((line.decrease() + 2.0 * wanted).abs() < 1e-12, "{which:?}");
                let trial = optimizer.trial(&model, &line, 0.5, true).unwrap().unwrap();
                assert!((trial.values()[0] + 0.5 * wanted).abs() < 1e-12, "{which:?}");

                optimizer.turn(&mut line, Direction::Applied).unwrap();
                optimizer.load(&before).unwrap();
                let update = optimizer.direction(&model, gradients.clone(), &none).unwrap();
                assert_eq!(line.decrease(), update.dot(&gradients).unwrap(), "{which:?}");
                optimizer.turn(&mut line, which).unwrap();
                assert!((line.decrease() + 2.0 * wanted).abs() < 1e-12, "{which:?}");
            }
        }
    }
}
