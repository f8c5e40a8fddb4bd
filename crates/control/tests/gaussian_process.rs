//! Gaussian-process regression against GPyTorch and NumPy, and what must hold for any curve.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod curves;

use std::f64::consts::LN_2;

use rheostat_control::gaussian_process::{
    AdamFit, GaussianProcess, GaussianProcessError, Kernel, MarginalLikelihood, NOISE_FLOOR, Points, Prediction,
};

const LENGTH_SCALE: f64 = 0.2;

fn close(got: f64, want: f64, relative: f64) {
    assert!((got - want).abs() <= relative * want.abs(), "{got:e} {want:e}");
}

fn every_fourth() -> Points {
    let losses = curves::short();
    Points { x: (0..100).map(|at| f64::from(4 * at) / 400.0).collect(), y: losses.into_iter().step_by(4).collect() }
}

fn all() -> Points {
    Points { x: (0..400).map(|at| f64::from(at) / 400.0).collect(), y: curves::short() }
}

fn grid(count: u32) -> Vec<f64> {
    (0..count).map(|at| f64::from(at) / f64::from(count - 1)).collect()
}

fn numbers(of: &serde_json::Value) -> Vec<f64> {
    of.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

#[test]
fn the_curve_is_that_of_the_fixture() {
    assert_eq!(curves::short()[..5], numbers(&curves::fixture()["curve_first5"]));
}

#[test]
fn likelihood_and_gradient_agree_with_numpy() {
    let (fixture, points) = (curves::fixture(), every_fourth());
    let mean = curves::mean(&points.y);
    let process =
        GaussianProcess { mean, scale: LN_2, noise: 1e-3, length_scale: LENGTH_SCALE, kernel: Kernel::default() };
    let got = MarginalLikelihood::new(&points, LENGTH_SCALE).unwrap().at(&process);
    close(got.value, fixture["lml(mu=mean,s=ln2,n2=1e-3)"].as_f64().unwrap(), 1e-9);
    let want = numbers(&fixture["lml_grad(mu,s,n2)"]);
    for (got, want) in [got.by_mean, got.by_scale, got.by_noise].into_iter().zip(want) {
        close(got, want, 1e-9);
    }
}

#[test]
fn the_gradient_is_the_slope_of_the_likelihood() {
    let likelihood = MarginalLikelihood::new(&every_fourth(), LENGTH_SCALE).unwrap();
    let process =
        GaussianProcess { mean: 1.7, scale: 0.5, noise: 2e-3, length_scale: LENGTH_SCALE, kernel: Kernel::default() };
    let got = likelihood.at(&process);
    let difference = |step: f64, change: fn(&mut GaussianProcess, f64)| {
        let value = |step| {
            let mut process = process;
            change(&mut process, step);
            likelihood.at(&process).value
        };
        (value(step) - value(-step)) / (2.0 * step)
    };
    close(difference(1e-5, |process, step| process.mean += step), got.by_mean, 1e-6);
    close(difference(1e-5, |process, step| process.scale += step), got.by_scale, 1e-6);
    close(difference(1e-8, |process, step| process.noise += step), got.by_noise, 1e-6);
}

#[test]
fn a_hundred_iterations_of_adam_end_where_gpytorch_ends() {
    let want = &curves::fixture()["adam100"];
    let likelihood = MarginalLikelihood::new(&every_fourth(), LENGTH_SCALE).unwrap();
    let got = AdamFit::default().run(&likelihood, curves::mean(&curves::short()), 100);
    close(got.mean, want["mu"].as_f64().unwrap(), 1e-9);
    close(got.scale, want["s"].as_f64().unwrap(), 1e-9);
    close(got.noise, want["n2"].as_f64().unwrap(), 1e-9);
    close(likelihood.at(&got).value, 184.9100910780188, 1e-9);
}

#[test]
fn two_fits_of_fifty_iterations_are_one_of_a_hundred_if_the_mean_goes_on_too() {
    let likelihood = MarginalLikelihood::new(&every_fourth(), LENGTH_SCALE).unwrap();
    let (mut once, mut twice) = (AdamFit::default(), AdamFit::default());
    let whole = once.run(&likelihood, 1.5, 100);
    let half = twice.run(&likelihood, 1.5, 50);
    assert_eq!(twice.run(&likelihood, half.mean, 50), whole);
    assert_eq!(once, twice);
}

#[test]
fn the_profile_fit_is_the_maximum_likelihood() {
    let want = &curves::fixture()["profile_mle"];
    let likelihood = MarginalLikelihood::new(&every_fourth(), LENGTH_SCALE).unwrap();
    let got = likelihood.profile().expect("the values differ");
    let at = likelihood.at(&got);
    close(at.value, want["ll"].as_f64().unwrap(), 1e-9);
    close(got.mean, want["mu"].as_f64().unwrap(), 1e-7);
    // The likelihood is flat at its maximum: a search by values finds the place to half the digits.
    close(got.scale, want["s"].as_f64().unwrap(), 1e-6);
    close(got.noise, want["n2"].as_f64().unwrap(), 1e-6);
    assert!(at.by_mean.abs() < 1e-6, "{at:?}");
    assert!((at.by_scale * got.scale).abs() < 1e-5 && (at.by_noise * got.noise).abs() < 1e-5, "{at:?}");
}

#[test]
fn no_other_parameters_are_more_likely_than_the_profile_fit() {
    for losses in [curves::short(), curves::long(), curves::losses(150, 2.0, 0.9)] {
        let likelihood = MarginalLikelihood::new(&curves::stride(&losses, 100), LENGTH_SCALE).unwrap();
        let best = likelihood.profile().unwrap();
        let highest = likelihood.at(&best).value;
        for factor in [0.5, 0.9, 0.99, 1.01, 1.1, 2.0] {
            for other in [
                GaussianProcess { scale: best.scale * factor, ..best },
                GaussianProcess { noise: best.noise * factor, ..best },
                GaussianProcess { mean: best.mean * factor, ..best },
                GaussianProcess { scale: best.scale * factor, noise: best.noise * factor, ..best },
            ] {
                assert!(likelihood.at(&other).value <= highest + 1e-9 * highest.abs());
            }
        }
    }
}

#[test]
fn predictions_agree_with_numpy() {
    let fixture = curves::fixture();
    let number = |of: &serde_json::Value| of.as_f64().expect("a number");
    let adam = &fixture["adam100"];
    let (mean, scale, noise) = (number(&adam["mu"]), number(&adam["s"]), number(&adam["n2"]));
    let process = GaussianProcess { mean, scale, noise, length_scale: LENGTH_SCALE, kernel: Kernel::default() };
    let places = grid(500);
    let got = process.predict(&all(), &places).unwrap();
    for (at, want) in [0, 249, 499].into_iter().zip(numbers(&fixture["mean[0,249,499]"])) {
        close(got.mean[at], want, 1e-9);
    }
    for (at, want) in [0, 249, 490, 498].into_iter().zip(numbers(&fixture["vardiff[0,249,490,498]"])) {
        close(got.difference_variance[at], want, 1e-9);
    }
    close(places[got.lowest()], number(&fixture["argmin_x"]), 1e-12);
    assert_eq!(got.probability(1e-4), number(&fixture["full_condition_prob_past_min"]));
}

#[test]
fn places_in_an_even_row_are_predicted_as_each_is_alone() {
    for kernel in [Kernel::SquaredExponential, Kernel::Matern52] {
        let length_scales = [1e-4, 1e-3, 5e-3, 0.02, 0.06, 0.2, 2.0];
        for (length_scale, count) in length_scales.into_iter().flat_map(|l| [2_usize, 10, 20, 50, 500].map(|n| (l, n)))
        {
            let process = GaussianProcess { mean: 0.1, scale: 1.3, noise: 1e-2, length_scale, kernel };
            let row = grid(count as u32);
            let together = process.predict(&all(), &row).unwrap();
            for (at, place) in row.iter().enumerate().step_by(count.div_ceil(100)) {
                let alone = process.predict(&all(), &[*place, 0.777, 1.0]).unwrap();
                close(together.mean[at], alone.mean[0], 1e-11);
                let (one, other) = (together.difference_variance[at], alone.difference_variance[0]);
                // Of the rounding of a distance a short length scale makes more.
                let error = (one - other).abs();
                let case = format!("{kernel:?}, {length_scale}, {count} at {place}");
                assert!(error < 1e-12 + 1e-15 / length_scale, "{case}: {one} and {other}");
            }
        }
    }
}

#[test]
fn variances_of_differences_are_never_below_zero_by_more_than_rounding() {
    for noise in [1e-4, 1e-2, 1.0] {
        let process =
            GaussianProcess { mean: 0.0, scale: 1.0, noise, length_scale: LENGTH_SCALE, kernel: Kernel::default() };
        let got = process.predict(&all(), &grid(500)).unwrap();
        assert!(got.difference_variance.iter().all(|variance| *variance >= -1e-12));
        assert!(got.difference_variance[499].abs() <= 1e-15, "the last place does not differ from itself");
    }
}

#[test]
fn a_flat_mean_is_no_evidence_either_way() {
    let flat = Prediction { mean: vec![1.0; 5], difference_variance: vec![4.0; 5] };
    assert_eq!(flat.probability(1e-4), 0.5);
    let alone = Prediction { mean: vec![1.0], difference_variance: vec![0.0] };
    assert_eq!(alone.probability(1e-4), 0.0);
}

#[test]
fn the_floor_hides_rises_below_a_sixtieth() {
    let want = curves::fixture()["min_detectable_gap(conf .95, var 0, jit 1e-4)"].as_f64().unwrap();
    let rising = |by: f64| Prediction { mean: vec![0.0, by], difference_variance: vec![0.0; 2] }.probability(1e-4);
    assert!(rising(want * (1.0 - 1e-9)) < 0.95 && rising(want * (1.0 + 1e-9)) > 0.95);
}

#[test]
fn a_constant_added_to_the_values_moves_the_mean_alone() {
    let points = every_fourth();
    let moved = Points { y: points.y.iter().map(|y| y + 100.0).collect(), ..points.clone() };
    let fit = |points: &Points| MarginalLikelihood::new(points, LENGTH_SCALE).unwrap().profile().unwrap();
    let (before, after) = (fit(&points), fit(&moved));
    close(after.mean, before.mean + 100.0, 1e-9);
    close(after.scale, before.scale, 1e-5);
    close(after.noise, before.noise, 1e-5);
}

#[test]
fn a_fit_by_moments_takes_the_noise_from_neighbours() {
    let points = curves::stride(&curves::losses(4000, 0.3, 1.0), 1000);
    let got = GaussianProcess::by_moments(&points, LENGTH_SCALE).unwrap().unwrap();
    // Uniform noise of width w has variance w^2 / 12.
    close(got.noise, 0.3 * 0.3 / 12.0, 0.1);
    let (mean, variance) = points.moments();
    assert_eq!((got.mean, got.scale), (mean, variance - got.noise));
}

#[test]
fn constant_values_leave_nothing_to_fit() {
    let points = Points { x: grid(30), y: vec![2.5; 30] };
    assert_eq!(GaussianProcess::by_moments(&points, LENGTH_SCALE), Ok(None));
    let zero = Points { y: vec![0.0; 30], ..points };
    assert_eq!(MarginalLikelihood::new(&zero, LENGTH_SCALE).unwrap().profile(), None);
}

#[test]
fn fits_never_have_less_noise_than_the_floor() {
    let x = grid(60);
    let y = x.iter().map(|x| (3.0 * x).sin()).collect();
    let likelihood = MarginalLikelihood::new(&Points { x, y }, LENGTH_SCALE).unwrap();
    assert_eq!(likelihood.profile().unwrap().noise, NOISE_FLOOR);
    assert!(AdamFit::default().run(&likelihood, 0.0, 2000).noise >= NOISE_FLOOR);
}

#[test]
fn places_that_coincide_are_fitted_and_predicted() {
    let points = Points { x: vec![0.5; 20], y: (0..20).map(f64::from).collect() };
    let fitted = MarginalLikelihood::new(&points, LENGTH_SCALE).unwrap().profile().unwrap();
    let got = fitted.predict(&points, &grid(11)).unwrap();
    assert!(got.mean.iter().chain(&got.difference_variance).all(|value| value.is_finite()));
    // Without noise to speak of the covariance is singular; the jitter makes it definite.
    let singular = GaussianProcess { noise: 1e-300, ..fitted };
    assert!(singular.predict(&points, &grid(11)).is_ok());
}

#[test]
fn a_covariance_beyond_the_largest_number_has_no_factor() {
    // Correlations are indefinite by rounding at most, which the jitter covers. An overflow it does not.
    let kernel = Kernel::default();
    let process = GaussianProcess { mean: 0.0, scale: f64::MAX, noise: f64::MAX, length_scale: LENGTH_SCALE, kernel };
    let points = Points { x: grid(5), y: vec![1.0; 5] };
    let refused = GaussianProcessError::Indefinite { points: 5 };
    assert_eq!(process.predict(&points, &grid(11)), Err(refused));
    assert_eq!(process.variances(&points, &grid(11)), Err(refused));
    assert!(refused.to_string().contains("covariance of 5 points"), "{refused}");
}

#[test]
fn what_is_no_curve_is_refused_by_name() {
    let points = |x: &[f64], y: &[f64]| Points { x: x.to_vec(), y: y.to_vec() };
    let refused = |points: &Points, length_scale| {
        let error = MarginalLikelihood::new(points, length_scale).unwrap_err();
        let also = GaussianProcess::by_moments(points, length_scale).unwrap_err();
        assert_eq!(error.to_string(), also.to_string());
        error
    };
    assert_eq!(refused(&points(&[], &[]), 0.2), GaussianProcessError::Shape { places: 0, values: 0 });
    assert_eq!(refused(&points(&[0.0], &[1.0, 2.0]), 0.2), GaussianProcessError::Shape { places: 1, values: 2 });
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for (points, what) in [(points(&[0.0, bad], &[1.0, 2.0]), "place"), (points(&[0.0, 1.0], &[bad, 2.0]), "value")]
        {
            let error = refused(&points, 0.2).to_string();
            assert!(error.contains(what), "{error}");
        }
        assert!(refused(&points(&[0.0, 1.0], &[1.0, 2.0]), bad).to_string().contains("length scale"));
    }
    let good = points(&[0.0, 1.0], &[1.0, 2.0]);
    assert!(refused(&good, 0.0).to_string().contains("more than 0"));
    let process = GaussianProcess { mean: 0.0, scale: 1.0, noise: 0.1, length_scale: 0.2, kernel: Kernel::default() };
    assert!(process.predict(&good, &[]).is_err());
    for process in [
        GaussianProcess { scale: f64::NAN, ..process },
        GaussianProcess { noise: 0.0, ..process },
        GaussianProcess { length_scale: -1.0, ..process },
    ] {
        assert!(matches!(process.predict(&good, &[1.0]), Err(GaussianProcessError::OutOfRange { .. })));
    }
}

#[test]
fn a_matern_kernel_knows_its_points_and_nothing_far_away() {
    let points = Points { x: vec![0.0, 0.4, 0.5, 1.0], y: vec![1.0, -1.0, -0.5, 0.7] };
    let process = GaussianProcess { mean: 0.2, scale: 1.5, noise: 1e-8, length_scale: 0.3, kernel: Kernel::Matern52 };
    let at_points = process.predict(&points, &points.x).unwrap();
    at_points.mean.iter().zip(&points.y).for_each(|(mean, y)| assert!((mean - y).abs() < 1e-6, "{mean} {y}"));
    assert!(process.variances(&points, &points.x).unwrap().iter().all(|variance| *variance < 1e-6));
    let far = process.predict(&points, &[1e6]).unwrap().mean[0];
    assert_eq!((far, process.variances(&points, &[1e6]).unwrap()[0]), (0.2, 1.5));
    // At one length scale the correlation is (1 + sqrt 5 + 5 / 3) exp(-sqrt 5).
    let one = Points { x: vec![0.0], y: vec![1.2] };
    let mean = process.predict(&one, &[0.3]).unwrap().mean[0];
    let correlation = (1.0 + 5.0_f64.sqrt() + 5.0 / 3.0) * (-(5.0_f64.sqrt())).exp();
    assert!((mean - (0.2 + correlation)).abs() < 1e-7, "{mean}");
}

#[test]
fn the_variance_of_differences_agrees_with_the_kernel_far_from_all_points() {
    let points = Points { x: vec![0.0], y: vec![1.0] };
    for kernel in [Kernel::SquaredExponential, Kernel::Matern52] {
        let process = GaussianProcess { mean: 0.0, scale: 2.0, noise: 1.0, length_scale: 0.5, kernel };
        // Independent places: the variances add.
        let variance = process.predict(&points, &[100.0, 200.0]).unwrap().difference_variance[0];
        assert!((variance - 4.0).abs() < 1e-12, "{kernel:?} {variance}");
        let near = process.predict(&points, &[100.0, 100.0 + 1e-6]).unwrap().difference_variance[0];
        assert!((0.0..1e-10).contains(&near), "{kernel:?} {near}");
    }
}

#[test]
fn a_profile_of_a_matern_kernel_is_a_maximum() {
    let x = grid(12);
    let points = Points { y: x.iter().map(|x| (5.0 * x).sin() + 0.1 * (40.0 * x).cos()).collect(), x };
    let likelihood = MarginalLikelihood::with_kernel(&points, 0.4, Kernel::Matern52).unwrap();
    let best = likelihood.profile().unwrap();
    assert_eq!((best.kernel, likelihood.kernel()), (Kernel::Matern52, Kernel::Matern52));
    let value = likelihood.at(&best).value;
    for factor in [0.9, 1.1] {
        assert!(likelihood.at(&GaussianProcess { scale: best.scale * factor, ..best }).value < value);
        assert!(likelihood.at(&GaussianProcess { mean: best.mean * factor + 0.01, ..best }).value < value);
    }
}
