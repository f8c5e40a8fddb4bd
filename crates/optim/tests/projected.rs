//! What LAMB and AdamP promise of their directions: one ratio a tensor, and no part along the weights.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Matrix, Vector, rate};
use rheostat_control::optimizers::{Adamp, Lamb};
use rheostat_control::{Direction, Hyperparameters, OptimizerSpec};
use rheostat_optim::{Optimizer, Searching};

const WEIGHTS: [[f64; 3]; 2] = [[1.0, 2.0, -1.0], [0.5, -1.5, 2.0]];
const GRADIENT: [[f64; 3]; 2] = [[0.5, 0.1, -0.7], [0.3, 0.9, -0.2]];

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// How far one update of this size takes the weights.
fn displacement(spec: OptimizerSpec, weights: &[[f64; 3]], size: f64) -> Vec<f64> {
    let model = Matrix::new(weights);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let gradients = model.gradients(&GRADIENT);
    let stepped = optimizer.step(model, gradients, &[rate(size)]).unwrap().values();
    weights.as_flattened().iter().zip(stepped).map(|(before, after)| before - after).collect()
}

#[test]
fn a_step_of_lamb_is_as_long_as_the_rate_times_the_weights() {
    let length = norm(WEIGHTS.as_flattened());
    for weight_decay in [0.0, 0.1] {
        let lamb = Lamb { weight_decay: Some(weight_decay), ..Lamb::default() };
        let moved = norm(&displacement(OptimizerSpec::Lamb(lamb.clone()), &WEIGHTS, 0.03));
        assert!((moved - 0.03 * length).abs() < 1e-14, "{moved}");
        for (range, norm_taken) in [([0.0, 2.0], 2.0), ([5.0, 10.0], 5.0), ([1.0, 100.0], length)] {
            let lamb = Lamb { norm_range: Some(range), ..lamb.clone() };
            let moved = norm(&displacement(OptimizerSpec::Lamb(lamb), &WEIGHTS, 0.03));
            assert!((moved - 0.03 * norm_taken).abs() < 1e-14, "{moved} in {range:?}");
        }
    }
}

#[test]
fn lamb_moves_weights_of_zeros_as_adam_does() {
    let lamb = Lamb { epsilon: 1e-15, ..Lamb::default() };
    for moved in displacement(OptimizerSpec::Lamb(lamb), &[[0.0; 3]; 2], 0.03) {
        assert!((moved.abs() - 0.03).abs() < 1e-14, "{moved}");
    }
}

#[test]
fn lamb_may_leave_the_ratio_out_where_nothing_decays() {
    let lamb = |always_adapt, weight_decay| {
        let spec = Lamb { always_adapt, weight_decay: Some(weight_decay), epsilon: 1e-15, ..Lamb::default() };
        displacement(OptimizerSpec::Lamb(spec), &WEIGHTS, 0.03)
    };
    assert_eq!(lamb(false, 0.1), lamb(true, 0.1));
    assert_ne!(lamb(false, 0.0), lamb(true, 0.0));
    assert!(lamb(false, 0.0).iter().all(|moved| (moved.abs() - 0.03).abs() < 1e-14), "as adam");
}

#[test]
fn a_projected_direction_is_orthogonal_to_the_weights_row_by_row() {
    for nesterov in [false, true] {
        // Every angle is orthogonal enough.
        let adamp = Adamp { delta: 100.0, nesterov, ..Adamp::default() };
        let moved = displacement(OptimizerSpec::Adamp(adamp), &WEIGHTS, 0.1);
        for (row, moved) in WEIGHTS.iter().zip(moved.chunks(3)) {
            let along: f64 = row.iter().zip(moved).map(|(weight, moved)| weight * moved).sum();
            assert!(along.abs() < 1e-8 && norm(moved) > 0.05, "{along}");
        }
    }
}

#[test]
fn a_row_of_zeros_is_orthogonal_and_a_vector_is_never_projected() {
    // Each row is orthogonal to its gradient, the second because it is 0.
    let weights = [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
    let model = Matrix::new(&weights);
    let spec = OptimizerSpec::Adamp(Adamp { weight_decay: Some(0.5), wd_ratio: 0.0, ..Adamp::default() });
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let gradients = model.gradients(&[[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]);
    let stepped = optimizer.step(model, gradients, &[rate(0.1)]).unwrap().values();
    assert_eq!(stepped[0], 1.0, "a projected tensor takes no decay at a ratio of 0");
    assert!(stepped[3..].iter().all(|weight| (weight + 0.1).abs() < 1e-6), "{stepped:?}");

    let model = Vector::new(&[1.0, 0.0]);
    let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
    let gradients = model.gradients(&[0.0, 1.0]);
    assert_eq!(optimizer.step(model, gradients, &[rate(0.1)]).unwrap().values()[0], 0.95, "a vector decays whole");
}

#[test]
fn every_trial_point_decays_by_the_share_of_its_tensor() {
    let trial = |wd_ratio: f64, delta: f64, size: f64| {
        let model = Matrix::new(&WEIGHTS);
        let spec = OptimizerSpec::Adamp(Adamp { weight_decay: Some(0.5), wd_ratio, delta, ..Adamp::default() });
        let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
        let gradients = model.gradients(&GRADIENT);
        let update = optimizer.direction(&model, gradients, &[Hyperparameters::new()]).unwrap();
        optimizer.apply(model, &update, &[size]).unwrap().values()
    };
    let weights = WEIGHTS.as_flattened();
    for size in [0.1, 0.4] {
        // Projected: at a share of 0.2 and of 0.
        let (decayed, undecayed) = (trial(0.2, 100.0, size), trial(0.0, 100.0, size));
        for ((decayed, undecayed), weight) in decayed.iter().zip(undecayed).zip(weights) {
            assert!((undecayed - decayed - size * 0.5 * 0.2 * weight).abs() < 1e-15);
        }
        // Not projected: the ratio plays no part.
        assert_eq!(trial(0.2, 0.0, size), trial(0.9, 0.0, size));
    }
}

#[test]
fn a_line_search_without_momentum_keeps_projection_and_ratio() {
    let values = [rate(0.1)];
    for spec in [
        OptimizerSpec::Adamp(Adamp { delta: 100.0, ..Adamp::default() }),
        OptimizerSpec::Lamb(Lamb { weight_decay: Some(0.0), ..Lamb::default() }),
    ] {
        let model = Matrix::new(&WEIGHTS);
        let mut optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
        optimizer.direction(&model, model.gradients(&[[9.0; 3]; 2]), &values).unwrap();
        let gradients = model.gradients(&GRADIENT);
        let along = Direction::WithoutMomentum;
        let searching = Searching { along, scales: &[1.0], clipping: 1.0, may_turn: false };
        let line = optimizer.line(&model, gradients, &values, searching).unwrap();
        let trial = optimizer.trial(&model, &line, 1.0, false).unwrap().unwrap().values();
        let moved: Vec<_> = WEIGHTS.as_flattened().iter().zip(&trial).map(|(before, after)| before - after).collect();
        // The same by hand: the gradient over the root of the corrected second moment.
        let adam = GRADIENT.as_flattened().iter().map(|g| {
            let second = (0.999 * 0.001 * 81.0 + 0.001 * g * g) / (1.0 - 0.999_f64.powi(2));
            g / (second.sqrt() + spec.epsilon().unwrap())
        });
        let mut wanted: Vec<_> = adam.collect();
        if matches!(spec, OptimizerSpec::Lamb(_)) {
            let ratio = norm(WEIGHTS.as_flattened()) / norm(&wanted);
            wanted.iter_mut().for_each(|wanted| *wanted *= ratio);
        } else {
            for (row, wanted) in WEIGHTS.iter().zip(wanted.chunks_mut(3)) {
                let along: f64 = row.iter().zip(&*wanted).map(|(weight, wanted)| weight * wanted).sum();
                let square = (norm(row) + 1e-8).powi(2);
                row.iter().zip(wanted).for_each(|(weight, wanted)| *wanted -= weight * along / square);
            }
        }
        for (moved, wanted) in moved.iter().zip(wanted) {
            assert!((moved - wanted).abs() < 1e-12, "{}: {moved} instead of {wanted}", spec.name());
        }
    }
}
