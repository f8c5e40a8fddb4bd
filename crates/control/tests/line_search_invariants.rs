//! What holds of line searches whatever the landscape.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod quadratic;

use proptest::prelude::*;
use quadratic::{Host, Rule, Update, resolved};
use rheostat_control::line_searches::{AdamSls, Alsals, BestStep, Salsa, Sls, Tested};
use rheostat_control::{LineSearchMethod, Outcome};

const UPDATES: u64 = 40;

/// Curvatures over four powers of ten, weights away from 0.
fn landscape() -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let curvature = (-2.0..2.0_f64).prop_map(|power| 10.0_f64.powf(power));
    let weight = prop_oneof![0.1..3.0_f64, -3.0..-0.1_f64];
    (1..6_usize).prop_flat_map(move |count| {
        (prop::collection::vec(curvature.clone(), count), prop::collection::vec(weight.clone(), count))
    })
}

fn run(spec: &impl LineSearchMethod, host: &mut Host) -> Vec<Update> {
    let mut search = resolved(spec);
    (0..UPDATES).map_while(|step| host.update(&mut *search, step).ok()).collect()
}

fn step_sizes(updates: &[Update]) -> Vec<f64> {
    updates.iter().map(|update| update.verdict.step_size).collect()
}

proptest! {
    #[test]
    fn a_step_that_satisfies_the_criterion_does_so_when_looked_at_again(
        (curvatures, weights) in landscape(), c in 0.05..0.9_f64, smoothing in prop_oneof![Just(0.0), 0.0..0.999_f64],
        initial in 0.01..10.0_f64,
    ) {
        let spec = Alsals { c, smoothing, initial, ..Alsals::default() };
        let mut host = Host::new(&curvatures, &weights, Rule::Adam(0.9, 1e-8));
        let mut search = resolved(&spec);
        let (mut decreases, mut slopes) = (0.0, 0.0);
        for step in 0..UPDATES {
            let Ok(done) = host.update(&mut *search, step) else { break };
            let base = done.base.expect("it searches");
            prop_assert!(done.verdict.step_size <= 10.0);
            if matches!(done.verdict.outcome, Outcome::Satisfied | Outcome::Unresolved) {
                slopes = smoothing * slopes + (1.0 - smoothing) * base.decrease;
                decreases = smoothing * decreases + (1.0 - smoothing) * (base.loss - host.loss(&host.weights));
                let share = if slopes > 0.0 { c } else { 1.0 / c };
                let wanted = share * done.verdict.step_size * slopes;
                let satisfied = decreases >= wanted - 1e-12 * wanted.abs().max(base.loss);
                prop_assert!(satisfied || done.verdict.outcome == Outcome::Unresolved, "{decreases} {wanted}");
            } else {
                prop_assert!(matches!(done.verdict.outcome, Outcome::Exhausted | Outcome::Flat));
                prop_assert_eq!(done.verdict.step_size, 0.0);
            }
        }
    }

    #[test]
    fn without_momentum_alsals_and_adam_with_sls_take_the_same_steps(
        (curvatures, weights) in landscape(), c in 0.05..0.9_f64, smoothing in prop_oneof![Just(0.0), 0.0..0.999_f64],
    ) {
        let one = Alsals { c, smoothing, ..Alsals::default() };
        let two = AdamSls { c, smoothing, max_backtracks: 100, ..AdamSls::default() };
        let host = Host::new(&curvatures, &weights, Rule::Adam(0.0, 1e-8));
        prop_assert_eq!(step_sizes(&run(&one, &mut host.clone())), step_sizes(&run(&two, &mut host.clone())));
    }

    #[test]
    fn the_unit_of_the_loss_changes_no_step_along_directions_of_adam(
        (curvatures, weights) in landscape(), power in -20..20_i32,
    ) {
        let host = Host::new(&curvatures, &weights, Rule::Adam(0.9, 0.0));
        let scaled = host.clone().scaled(2.0_f64.powi(power));
        macro_rules! same {
            ($($spec:expr),*) => {$(
                let (one, two) = (run(&$spec, &mut host.clone()), run(&$spec, &mut scaled.clone()));
                prop_assert_eq!(step_sizes(&one), step_sizes(&two));
            )*};
        }
        same!(AdamSls::default(), Alsals::default(), Alsals::plain(), Salsa::default());
        same!(Salsa { tested: Tested::Applied, ..Salsa::default() }, BestStep { refine: 5, ..BestStep::default() });
    }

    #[test]
    fn the_unit_of_the_loss_divides_the_steps_of_sls((curvatures, weights) in landscape(), power in -5..5_i32) {
        let scale = 2.0_f64.powi(power);
        let host = Host::new(&curvatures, &weights, Rule::Sgd);
        let scaled = host.clone().scaled(scale);
        let unit = Sls { maximum: 1e6, ..Sls::default() };
        let other = Sls { initial: 1.0 / scale, maximum: 1e6 / scale, ..Sls::default() };
        let (one, two) = (run(&unit, &mut host.clone()), run(&other, &mut scaled.clone()));
        for (one, two) in one.iter().zip(&two) {
            // What counts as a gradient of 0 has a unit.
            if [one, two].iter().any(|update| update.verdict.outcome == Outcome::Flat) {
                break;
            }
            prop_assert_eq!(one.verdict.step_size, two.verdict.step_size * scale);
        }
    }

    #[test]
    fn the_best_step_is_no_worse_than_any_tried((curvatures, weights) in landscape(), refine in 0..20_u64) {
        let mut host = Host::new(&curvatures, &weights, Rule::Adam(0.9, 1e-8));
        let before = host.clone();
        let mut search = resolved(&BestStep { refine, ..BestStep::default() });
        let done = host.update(&mut *search, 0).unwrap();
        prop_assert_eq!(done.tried.len() as u64, 29 + refine);
        let reached = host.loss(&host.weights);
        for size in done.tried {
            let direction = before.weights.iter().zip(&host.weights).map(|(x, y)| (x - y) / done.verdict.step_size);
            let tried: Vec<f64> = before.weights.iter().zip(direction).map(|(x, d)| x - size * d).collect();
            prop_assert!(before.loss(&tried) >= reached * (1.0 - 1e-9));
        }
    }
}
