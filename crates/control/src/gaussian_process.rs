//! Exact Gaussian-process regression of a curve, small and in double precision.
//!
//! The model, for values `y` at places `x`, mostly fractions of what has elapsed (AutoWU,
//! arXiv 2107.05855, section 2.1; the algebra is that of Rasmussen and Williams, *Gaussian Processes for Machine Learning*,
//! chapter 2 and section 5.4):
//!
//! ```text
//! y = f(x) + e     f ~ GP(mu, s R)     R(x, x') = exp(-(x - x')^2 / (2 l^2)), or another Kernel     e ~ N(0, sigma^2)
//! ```
//!
//! [`MarginalLikelihood`] fits `mu`, `s` and `sigma^2` with `l` held fixed, [`GaussianProcess::predict`] conditions on points.
//! Made for up to a few hundred points: a fit is one reduction of `R` to its eigenvalues, a prediction one Cholesky factor.

mod adam;
mod cholesky;
mod kernel;
mod likelihood;
mod predict;
mod spectrum;

pub use adam::AdamFit;
pub use kernel::Kernel;
pub use likelihood::{LogLikelihood, MarginalLikelihood};
pub use predict::Prediction;

/// Least noise variance of every fit, in squared units of the values (GPyTorch's constraint).
pub const NOISE_FLOOR: f64 = 1e-4;

/// The parameters of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianProcess {
    /// The constant mean `mu`, in units of the values.
    pub mean: f64,
    /// The variance `s` of the curve, in squared units of the values.
    pub scale: f64,
    /// The variance `sigma^2` of the noise, in squared units of the values.
    pub noise: f64,
    /// The length scale `l`, in units of the places.
    pub length_scale: f64,
    /// The correlation `R`.
    pub kernel: Kernel,
}

/// A curve as it was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Points {
    /// Where, increasing.
    pub x: Vec<f64>,
    /// What was seen there.
    pub y: Vec<f64>,
}

/// Why a fit or a prediction was not possible.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum GaussianProcessError {
    /// As many places as values, and at least one, are needed.
    #[error("{places} places and {values} values are no curve: as many of both, and at least one, are needed")]
    Shape {
        /// Places given.
        places: usize,
        /// Values given.
        values: usize,
    },
    /// A place, a value or a parameter that is not a number within range.
    #[error("{what} = {value} is out of range: {range}")]
    OutOfRange {
        /// What it is.
        what: &'static str,
        /// What was given.
        value: f64,
        /// What is permitted, in words.
        range: &'static str,
    },
    /// The covariance stayed indefinite with a ten-thousandth of the curve's variance added to its diagonal.
    #[error("the covariance of {points} points has no Cholesky factor, even with jitter")]
    Indefinite {
        /// Points conditioned on.
        points: usize,
    },
    /// The eigenvalues of the correlations were not found.
    #[error("the eigenvalues of the correlations of {points} points were not found")]
    NoEigenvalues {
        /// Points fitted.
        points: usize,
    },
}

impl GaussianProcess {
    /// Parameters without an iteration, by moments: the mean, the noise as half the mean squared difference of neighbours,
    /// `s` as what remains of the variance, at least [`NOISE_FLOOR`] of it. `None` if the values are all the same.
    ///
    /// The cheapest fit. Neighbours differ by the slope of the curve too, so the noise is overestimated on steep curves.
    ///
    /// # Errors
    /// [`GaussianProcessError`] for points that are no curve.
    pub fn by_moments(points: &Points, length_scale: f64) -> Result<Option<Self>, GaussianProcessError> {
        points.check()?;
        positive("length scale", length_scale)?;
        let (mean, variance) = points.moments();
        if variance <= points.least_variance() {
            return Ok(None);
        }
        let squares = points.y.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum::<f64>();
        let noise = (squares / (2.0 * (points.y.len() - 1) as f64)).max(NOISE_FLOOR);
        let scale = (variance - noise).max(NOISE_FLOOR * variance);
        Ok(Some(Self { mean, scale, noise, length_scale, kernel: Kernel::default() }))
    }
}

impl Points {
    /// Mean and population variance of the values; NaN without any.
    pub fn moments(&self) -> (f64, f64) {
        let count = self.y.len() as f64;
        let mean = self.y.iter().sum::<f64>() / count;
        let variance = self.y.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        (mean, variance)
    }

    /// Variances up to this are those of values that are all the same: rounding leaves a little.
    fn least_variance(&self) -> f64 {
        let largest = self.y.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        (1e-14 * largest).powi(2).max(1e-300)
    }

    fn check(&self) -> Result<(), GaussianProcessError> {
        let (places, values) = (self.x.len(), self.y.len());
        if places != values || places == 0 {
            return Err(GaussianProcessError::Shape { places, values });
        }
        finite("place", &self.x)?;
        finite("value", &self.y)
    }
}

fn finite(what: &'static str, values: &[f64]) -> Result<(), GaussianProcessError> {
    match values.iter().find(|value| !value.is_finite()) {
        Some(&value) => Err(GaussianProcessError::OutOfRange { what, value, range: "finite" }),
        None => Ok(()),
    }
}

fn positive(what: &'static str, value: f64) -> Result<(), GaussianProcessError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(GaussianProcessError::OutOfRange { what, value, range: "finite and more than 0" })
}

/// Sum of products, in four interleaved sums: fast, and the same on every machine.
fn dot(left: &[f64], right: &[f64]) -> f64 {
    let (left_fours, left_rest) = left.as_chunks::<4>();
    let (right_fours, right_rest) = right.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (left, right) in left_fours.iter().zip(right_fours) {
        for lane in 0..4 {
            sums[lane] += left[lane] * right[lane];
        }
    }
    let rest: f64 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}
