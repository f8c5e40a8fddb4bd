//! What holds of line searches whatever the landscape.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod quadratic;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use quadratic::{Host, Rule, Update, resolved};
use rheostat_control::line_searches::{AdamSls, Alsals, BestStep, Criterion, Salsa, Sls, Tested};
use rheostat_control::{Direction, LineSearchMethod, Outcome};

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

/// What a method says of the steps it accepts: `H >= c eta S`, and `H <= most eta S`.
#[derive(Clone, Copy)]
struct Promise {
    tested: Direction,
    c: f64,
    smoothing: f64,
    /// Of the prediction, at most: Goldstein's other side.
    most: Option<f64>,
    /// In the place of `c` where the averaged slope leads upwards; without it nothing is accepted there.
    uphill: Option<f64>,
}

/// Makes updates, and looks at each accepted step again: loss and slope are computed anew from weights and gradient.
fn keeps(spec: &impl LineSearchMethod, promise: &Promise, mut host: Host) -> Result<(), TestCaseError> {
    let mut search = resolved(spec);
    let Promise { tested, c, smoothing, most, uphill } = *promise;
    let name = spec.method().name;
    let (mut decreases, mut slopes, mut satisfied) = (0.0, 0.0, 0);
    for step in 0..UPDATES {
        let (before, gradient) = (host.clone(), host.gradient());
        let Ok(done) = host.update(&mut *search, step) else { break };
        let size = done.verdict.step_size;
        prop_assert!((0.0..=10.0).contains(&size), "{name}: {size}");
        let direction = host.direction(&gradient, tested);
        let point: Vec<f64> = before.weights.iter().zip(&direction).map(|(x, d)| x - size * d).collect();
        match done.verdict.outcome {
            Outcome::Satisfied | Outcome::Unresolved => {
                let slope: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
                let fall = before.loss(&before.weights) - host.loss(&point);
                slopes = smoothing * slopes + (1.0 - smoothing) * slope;
                decreases = smoothing * decreases + (1.0 - smoothing) * fall;
                if done.verdict.outcome == Outcome::Unresolved {
                    continue;
                }
                satisfied += 1;
                let share = if slopes > 0.0 { Some(c) } else { uphill };
                prop_assert!(share.is_some(), "{name}: accepted along a slope of {slopes}");
                let (least, rounding) =
                    (share.unwrap_or(c) * size * slopes, before.loss(&before.weights).max(size * slopes.abs()));
                prop_assert!(decreases >= least - 1e-12 * rounding, "{name}: {decreases} below {least}");
                if let Some(most) = most.filter(|_| size < 10.0) {
                    let most = most * size * slopes;
                    prop_assert!(decreases <= most + 1e-12 * rounding, "{name}: {decreases} above {most}");
                }
            }
            Outcome::Exhausted if name == "sls" => prop_assert_eq!(size, 1e-6),
            Outcome::Exhausted | Outcome::Flat => prop_assert_eq!(size, 0.0),
            Outcome::Reused | Outcome::Ascent => prop_assert!(name == "salsa" || tested == Direction::Applied),
            other => prop_assert!(false, "{name}: {other:?}"),
        }
    }
    prop_assert!(satisfied > 0, "{name}: nothing was looked at");
    Ok(())
}

proptest! {
    #[test]
    fn a_step_that_satisfies_its_criterion_does_so_when_looked_at_again(
        (curvatures, weights) in landscape(), c in 0.05..0.9_f64, smoothing in prop_oneof![Just(0.0), 0.0..0.999_f64],
        initial in 0.01..10.0_f64,
    ) {
        use Direction::{Applied, NegativeGradient, WithoutMomentum};
        let sgd = Host::new(&curvatures, &weights, Rule::Sgd);
        let adam = Host::new(&curvatures, &weights, Rule::Adam(0.9, 1e-8));
        let plain = Promise { tested: NegativeGradient, c, smoothing: 0.0, most: None, uphill: None };
        keeps(&Sls { c, initial, ..Sls::default() }, &plain, sgd.clone())?;
        let c_of_two_sides = c / 2.0;
        let goldstein = Sls { c: c_of_two_sides, initial, criterion: Criterion::Goldstein, ..Sls::default() };
        keeps(&goldstein, &Promise { c: c_of_two_sides, most: Some(1.0 - c_of_two_sides), ..plain }, sgd)?;
        let smoothed = Promise { tested: WithoutMomentum, smoothing, ..plain };
        keeps(&AdamSls { c, smoothing, initial, ..AdamSls::default() }, &smoothed, adam.clone())?;
        keeps(&Salsa { c, smoothing, initial, ..Salsa::default() }, &smoothed, adam.clone())?;
        let applied = Promise { tested: Applied, ..smoothed };
        keeps(&Salsa { c, smoothing, initial, tested: Tested::Applied, ..Salsa::default() }, &applied, adam.clone())?;
        let uphill = Promise { uphill: Some(1.0 / c), ..applied };
        keeps(&Alsals { c, smoothing, initial, ..Alsals::default() }, &uphill, adam)?;
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
