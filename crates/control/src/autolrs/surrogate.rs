use crate::gaussian_process::{GaussianProcess, Kernel, MarginalLikelihood, Points};

/// Chooses the next candidate from a Gaussian process of the forecasts over the logarithm of the rate, scaled to 0 to 1:
/// where `mean - kappa sigma` is lowest, on a grid of 512 without the places tried. The kernel is Matern's with 5/2; scale,
/// noise and mean are those of the largest marginal likelihood, and so is the length scale, out of 16 from 0.05 to 2. The
/// first place is the middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surrogate {
    /// Standard deviations below the mean.
    pub kappa: f64,
    /// What it is multiplied by with every place tried.
    pub kappa_decay: f64,
}

const PLACES: usize = 512;
/// Places nearer than this to one that was tried are not tried again.
const SAME: f64 = 1e-3;
const LENGTH_SCALES: usize = 16;
const SHORTEST: f64 = 0.05;
const LONGEST: f64 = 2.0;

impl Surrogate {
    /// The published program's: the mean no longer counts, so it goes where least is known.
    pub const PUBLISHED_KAPPA: f64 = 1e6;

    /// The next place, 0 to 1, after these with their forecasts; `None` stands for a candidate that was given up, and counts
    /// as the worst forecast and the spread of all forecasts on top. Where no process can be fitted, because forecasts are
    /// few or all the same, it is the place farthest from those tried.
    pub fn next(&self, tried: &[(f64, Option<f64>)]) -> f64 {
        let grid = (0..PLACES).map(|at| at as f64 / (PLACES - 1) as f64);
        let nearest = |place: f64| tried.iter().map(|(other, _)| (place - other).abs()).fold(f64::INFINITY, f64::min);
        let free: Vec<f64> = grid.filter(|place| nearest(*place) > SAME).collect();
        if tried.is_empty() {
            return 0.5;
        }
        let farthest = free.iter().copied().max_by(|one, other| nearest(*one).total_cmp(&nearest(*other)));
        self.lowest_bound(tried, &free).or(farthest).unwrap_or(0.5)
    }

    fn lowest_bound(&self, tried: &[(f64, Option<f64>)], free: &[f64]) -> Option<f64> {
        let points = standardised(tried)?;
        let process = fitted(&points)?;
        let mean = process.predict(&points, free).ok()?.mean;
        let variances = process.variances(&points, free).ok()?;
        let kappa = self.kappa * self.kappa_decay.powf(tried.len() as f64);
        let bounds = mean.iter().zip(&variances).map(|(mean, variance)| mean - kappa * variance.sqrt());
        let lowest = bounds.zip(free).min_by(|(one, _), (other, _)| one.total_cmp(other))?;
        Some(*lowest.1)
    }
}

/// In the order of the places, with mean 0 and variance 1. `None` if the forecasts are all the same.
fn standardised(tried: &[(f64, Option<f64>)]) -> Option<Points> {
    let known = || tried.iter().filter_map(|(_, loss)| *loss);
    let (worst, best) = (known().fold(f64::NEG_INFINITY, f64::max), known().fold(f64::INFINITY, f64::min));
    let mut places: Vec<_> =
        tried.iter().map(|(place, loss)| (*place, loss.unwrap_or(worst + (worst - best)))).collect();
    places.sort_unstable_by(|(one, _), (other, _)| one.total_cmp(other));
    let (x, y) = places.into_iter().unzip();
    let mut points = Points { x, y };
    let (mean, variance) = points.moments();
    let unit = variance.sqrt();
    // What is not finite is refused by the fit.
    points.y.iter_mut().for_each(|loss| *loss = (*loss - mean) / unit);
    (unit > 0.0).then_some(points)
}

/// The process of the largest likelihood.
fn fitted(points: &Points) -> Option<GaussianProcess> {
    let ratio = (LONGEST / SHORTEST).ln() / (LENGTH_SCALES - 1) as f64;
    let fits = (0..LENGTH_SCALES).filter_map(|at| {
        let length_scale = SHORTEST * (ratio * at as f64).exp();
        let likelihood = MarginalLikelihood::with_kernel(points, length_scale, Kernel::Matern52).ok()?;
        let process = likelihood.profile()?;
        Some((likelihood.at(&process).value, process))
    });
    fits.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, process)| process)
}
