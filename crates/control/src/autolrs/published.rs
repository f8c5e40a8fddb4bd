//! The forecast of the program that the paper was made with, as it works out: its smoothing spline has no knots but the ends
//! wherever the scatter is below 1, so it is a quadratic.

use super::exponential::ExponentialCurve;
use crate::gaussian_process::Points;

/// Rounds of trimming, and the share of the points that each looks at.
const ROUNDS: usize = 10;
const SHARE: f64 = 0.03;
/// Both tolerances of the search over `ln(-b)`.
const TOLERANCE: f64 = 1e-5;
const ITERATIONS: usize = 200;
/// The first step away from 0.
const FIRST_STEP: f64 = 0.00025;

/// A quadratic is fitted and the largest residuals in the first half of the window are dropped, ten times the largest 3 %, of
/// evaluations once the largest one. The exponential curve is then fitted to what the last quadratic says at the places left,
/// `ln(-b)` by the simplex method from 0. `None` where the points determine no curve.
pub(super) fn published(points: &Points, evaluations: bool) -> Option<ExponentialCurve> {
    let middle = points.x.get(points.x.len() / 2).copied()?;
    let mut left = points.clone();
    let rounds = if evaluations { 1 } else { ROUNDS };
    for _ in 0..rounds {
        let curve = Quadratic::fit(&left)?;
        let count = if evaluations { 1 } else { (SHARE * left.x.len() as f64) as usize };
        let mut residuals: Vec<_> =
            left.x.iter().zip(&left.y).enumerate().map(|(at, (x, y))| ((y - curve.at(*x)).abs(), at, *x)).collect();
        residuals.sort_unstable_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        let dropped: Vec<_> =
            residuals.iter().take(count).filter(|(_, _, x)| *x < middle).map(|(_, at, _)| *at).collect();
        let kept = |at: &usize| !dropped.contains(at);
        let keep = |values: &[f64]| -> Vec<f64> {
            values.iter().enumerate().filter(|(at, _)| kept(at)).map(|(_, value)| *value).collect()
        };
        left = Points { x: keep(&left.x), y: keep(&left.y) };
    }
    let curve = Quadratic::fit(&left)?;
    left.y = left.x.iter().map(|x| curve.at(*x)).collect();
    let log = simplex(|log| {
        let squares = ExponentialCurve::given(&left, -f64::exp(log)).squares;
        if squares.is_nan() { f64::INFINITY } else { squares }
    });
    let fitted = ExponentialCurve::given(&left, -log.exp());
    (fitted.amplitude.is_finite() && fitted.limit.is_finite()).then_some(fitted)
}

/// The simplex method of Nelder and Mead for one unknown, from 0.
fn simplex(objective: impl Fn(f64) -> f64) -> f64 {
    let look = |at: f64| (at, objective(at));
    let (mut best, mut worst) = (look(0.0), look(FIRST_STEP));
    for _ in 0..ITERATIONS {
        if worst.1 < best.1 {
            std::mem::swap(&mut best, &mut worst);
        }
        if (best.0 - worst.0).abs() <= TOLERANCE && (best.1 - worst.1).abs() <= TOLERANCE {
            break;
        }
        let away = |factor: f64| look(best.0 + factor * (best.0 - worst.0));
        let reflected = away(1.0);
        worst = if reflected.1 < best.1 {
            let expanded = away(2.0);
            if expanded.1 < reflected.1 { expanded } else { reflected }
        } else {
            let outside = reflected.1 < worst.1;
            let contracted = away(if outside { 0.5 } else { -0.5 });
            let limit = if outside { reflected.1 } else { worst.1 };
            // With one unknown, shrinking towards the best is the contraction inside.
            if contracted.1 <= limit { contracted } else { away(-0.5) }
        };
    }
    if worst.1 < best.1 { worst.0 } else { best.0 }
}

/// `c0 + c1 z + c2 z^2` with `z = (x - centre) / unit`.
struct Quadratic {
    centre: f64,
    unit: f64,
    coefficients: [f64; 3],
}

impl Quadratic {
    /// Least squares, by orthogonal polynomials on the points. `None` of fewer than three different places.
    fn fit(points: &Points) -> Option<Self> {
        let (first, last) = (*points.x.first()?, *points.x.last()?);
        let (centre, unit) = (0.5 * (first + last), 0.5 * (last - first));
        if unit <= 0.0 || points.x.len() < 3 {
            return None;
        }
        let z: Vec<f64> = points.x.iter().map(|x| (x - centre) / unit).collect();
        let count = z.len() as f64;
        let sum = |of: &dyn Fn(f64, f64) -> f64| z.iter().zip(&points.y).map(|(z, y)| of(*z, *y)).sum::<f64>();
        // 1, z - m and (z - m)^2 - k (z - m) - s are orthogonal.
        let m = sum(&|z, _| z) / count;
        let squares = sum(&|z, _| (z - m).powi(2));
        let (k, s) = (sum(&|z, _| (z - m).powi(3)) / squares, squares / count);
        let second = |z: f64| (z - m).powi(2) - k * (z - m) - s;
        let norm = sum(&|z, _| second(z).powi(2));
        if squares <= 0.0 || norm <= 0.0 {
            return None;
        }
        let a = sum(&|_, y| y) / count;
        let b = sum(&|z, y| (z - m) * y) / squares;
        let c = sum(&|z, y| second(z) * y) / norm;
        let coefficients = [a - b * m + c * (m * m + k * m - s), b - c * (2.0 * m + k), c];
        coefficients.iter().all(|value| value.is_finite()).then_some(Self { centre, unit, coefficients })
    }

    fn at(&self, x: f64) -> f64 {
        let z = (x - self.centre) / self.unit;
        let [c0, c1, c2] = self.coefficients;
        c0 + z * (c1 + z * c2)
    }
}
