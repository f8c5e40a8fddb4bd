use std::f64::consts::TAU;

use super::spectrum::eigenvalues;
use super::{GaussianProcess, GaussianProcessError, Kernel, NOISE_FLOOR, Points, positive};
use crate::golden_section::golden_section;

/// What some points say of the parameters, for a fixed length scale.
///
/// Built once for a set of points: with `R = Q Lambda Q'` and `y` and `1` turned by `Q'`, every likelihood is a sum over the
/// eigenvalues, `O(n)` instead of `O(n^3)`.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginalLikelihood {
    length_scale: f64,
    kernel: Kernel,
    eigenvalues: Vec<f64>,
    ones: Vec<f64>,
    values: Vec<f64>,
    least_variance: f64,
}

/// Logarithm of the marginal likelihood, with its exact gradient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogLikelihood {
    /// `-(y - mu)' K^-1 (y - mu) / 2 - ln|K| / 2 - n ln(2 pi) / 2`.
    pub value: f64,
    /// Its derivative by the mean.
    pub by_mean: f64,
    /// Its derivative by the scale.
    pub by_scale: f64,
    /// Its derivative by the noise.
    pub by_noise: f64,
}

/// `ln(sigma^2 / s)` is searched from here on, in steps of [`STEP`], then by golden section.
const LOWEST: f64 = -12.0;
const STEP: f64 = 0.25;
const STEPS: u32 = 80;
const GOLDEN_SECTIONS: usize = 80;

/// The best parameters for one ratio of noise to scale.
struct Candidate {
    log_ratio: f64,
    value: f64,
    mean: f64,
    scale: f64,
}

impl MarginalLikelihood {
    /// Decomposes the correlations of the points.
    ///
    /// # Errors
    /// [`GaussianProcessError`] for points that are no curve, a length scale that is not more than 0, or eigenvalues that were
    /// not found.
    pub fn new(points: &Points, length_scale: f64) -> Result<Self, GaussianProcessError> {
        Self::with_kernel(points, length_scale, Kernel::default())
    }

    /// The same for another kernel.
    ///
    /// # Errors
    /// As [`MarginalLikelihood::new`].
    pub fn with_kernel(points: &Points, length_scale: f64, kernel: Kernel) -> Result<Self, GaussianProcessError> {
        points.check()?;
        positive("length scale", length_scale)?;
        let count = points.x.len();
        let mut matrix = vec![1.0; count * count];
        for row in 0..count {
            for column in 0..row {
                let entry = kernel.correlation(points.x[row] - points.x[column], length_scale);
                matrix[row * count + column] = entry;
                matrix[column * count + row] = entry;
            }
        }
        let mut turned = [vec![1.0; count], points.y.clone()];
        let mut eigenvalues = eigenvalues(matrix, &mut turned)?;
        // Correlations are positive semidefinite; what is below 0 is rounding.
        eigenvalues.iter_mut().for_each(|value| *value = value.max(0.0));
        let [ones, values] = turned;
        Ok(Self { length_scale, kernel, eigenvalues, ones, values, least_variance: points.least_variance() })
    }

    /// Points it was built from.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// The length scale that it was built for.
    pub fn length_scale(&self) -> f64 {
        self.length_scale
    }

    /// The kernel that it was built for.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// The likelihood of these parameters; its own length scale and kernel count, not theirs.
    ///
    /// `alpha = K^-1 (y - mu)`; the gradient is `1' alpha`, `(alpha' R alpha - tr(K^-1 R)) / 2` and
    /// `(alpha' alpha - tr K^-1) / 2`.
    pub fn at(&self, process: &GaussianProcess) -> LogLikelihood {
        let GaussianProcess { mean, scale, noise, .. } = *process;
        let (mut square, mut log_determinant) = (0.0, 0.0);
        let (mut by_mean, mut by_scale, mut by_noise) = (0.0, 0.0, 0.0);
        for ((eigenvalue, one), value) in self.eigenvalues.iter().zip(&self.ones).zip(&self.values) {
            let variance = scale * eigenvalue + noise;
            let residual = value - mean * one;
            let weight = residual / variance;
            square += residual * weight;
            log_determinant += variance.ln();
            by_mean += one * weight;
            by_scale += eigenvalue * (weight * weight - 1.0 / variance);
            by_noise += weight * weight - 1.0 / variance;
        }
        let value = -0.5 * (square + log_determinant + self.count() as f64 * TAU.ln());
        LogLikelihood { value, by_mean, by_scale: 0.5 * by_scale, by_noise: 0.5 * by_noise }
    }

    /// Maximum likelihood, by a search over one number: for each ratio `delta = sigma^2 / s` the best mean and scale are known,
    ///
    /// ```text
    /// V = R + delta I    mu = 1' V^-1 y / 1' V^-1 1    s = (y - mu)' V^-1 (y - mu) / n
    /// L = -n (ln 2 pi + 1 + ln s) / 2 - ln|V| / 2
    /// ```
    ///
    /// and `ln delta` is searched over -12 to 8. The noise is at least [`NOISE_FLOOR`]. `None` if the values are all the same, so
    /// that there is nothing to fit.
    pub fn profile(&self) -> Option<GaussianProcess> {
        let on_grid = (0..=STEPS).map(|step| self.candidate(LOWEST + STEP * f64::from(step)));
        let coarse = on_grid.max_by(|left, right| left.value.total_cmp(&right.value))?;
        let best = self.refined(coarse);
        if best.scale.is_nan() || best.scale <= self.least_variance {
            return None;
        }
        let noise = (best.log_ratio.exp() * best.scale).max(NOISE_FLOOR);
        let (length_scale, kernel) = (self.length_scale, self.kernel);
        Some(GaussianProcess { mean: best.mean, scale: best.scale, noise, length_scale, kernel })
    }

    fn refined(&self, coarse: Candidate) -> Candidate {
        let highest = LOWEST + STEP * f64::from(STEPS);
        let around = [(coarse.log_ratio - STEP).max(LOWEST), (coarse.log_ratio + STEP).min(highest)];
        // Closer than 1e-10 the likelihoods differ by rounding only.
        let (value, best) = golden_section(around, 1e-10, GOLDEN_SECTIONS, |log_ratio| {
            let candidate = self.candidate(log_ratio);
            (candidate.value, candidate)
        });
        if value > coarse.value { best } else { coarse }
    }

    fn candidate(&self, log_ratio: f64) -> Candidate {
        let ratio = log_ratio.exp();
        let (mut ones_ones, mut ones_values) = (0.0, 0.0);
        let mut log_determinant = 0.0;
        // One logarithm for eight eigenvalues: their product is between 1e-42 and 1e48.
        for eigenvalues in self.eigenvalues.chunks(8) {
            log_determinant += eigenvalues.iter().map(|value| value + ratio).product::<f64>().ln();
        }
        for ((eigenvalue, one), value) in self.eigenvalues.iter().zip(&self.ones).zip(&self.values) {
            let weight = one / (eigenvalue + ratio);
            ones_ones += weight * one;
            ones_values += weight * value;
        }
        let mean = ones_values / ones_ones;
        let squares = self.eigenvalues.iter().zip(&self.ones).zip(&self.values);
        let squares: f64 = squares.map(|((eigenvalue, one), y)| (y - mean * one).powi(2) / (eigenvalue + ratio)).sum();
        let count = self.count() as f64;
        let scale = squares / count;
        let value = -0.5 * count * (TAU.ln() + 1.0 + scale.ln()) - 0.5 * log_determinant;
        Candidate { log_ratio, value, mean, scale }
    }
}
