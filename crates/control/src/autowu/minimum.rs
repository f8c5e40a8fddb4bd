use super::Fit;
use crate::gaussian_process::{AdamFit, GaussianProcess, GaussianProcessError, MarginalLikelihood, Points};

/// Whether a noisy curve has its minimum in the past: the decision test of AutoWU (arXiv 2107.05855, section 2.1), without the
/// controller around it.
///
/// ```
/// use rheostat_control::autowu::MinimumTest;
/// use rheostat_control::gaussian_process::Points;
///
/// let x: Vec<f64> = (0..64).map(|step| f64::from(step) / 64.0).collect();
/// let y = x.iter().map(|x| (x - 0.5).powi(2)).collect();
/// let found = MinimumTest::default().run(&Points { x, y })?.expect("the values differ");
/// assert!(found.probability > 0.99 && (found.place - 0.5).abs() < 0.02);
/// # Ok::<(), rheostat_control::gaussian_process::GaussianProcessError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinimumTest {
    /// How the Gaussian process is fitted.
    pub fit: Fit,
    /// Its length scale, as a share of what has elapsed; 0.2.
    pub length_scale: f64,
    /// Places from 0 to 1 at which the smoothed curve is looked at; 500.
    pub grid_points: usize,
    /// Added to the variance of every difference, in squared units of the values; 1e-4.
    pub variance_floor: f64,
}

/// What a test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minimum {
    /// How sure it is that the curve was lower before than it is now.
    pub probability: f64,
    /// Where the smoothed curve is lowest, 0 to 1.
    pub place: f64,
}

impl Default for MinimumTest {
    fn default() -> Self {
        Self { fit: Fit::default(), length_scale: 0.2, grid_points: 500, variance_floor: 1e-4 }
    }
}

/// Iterations of the published fit.
const ADAM_ITERATIONS: u32 = 100;

impl MinimumTest {
    /// Fits and looks, at the same points, with a fresh [`AdamFit`] if it is needed. `None` if the values are all the same.
    ///
    /// # Errors
    /// [`GaussianProcessError`].
    pub fn run(&self, points: &Points) -> Result<Option<Minimum>, GaussianProcessError> {
        let (mean, _) = points.moments();
        let fitted = self.fitted(points, mean, &mut AdamFit::default())?;
        fitted.map(|process| self.look(&process, points)).transpose()
    }

    /// Parameters for these points. `mean` is where [`Fit::Adam100`] starts, and `adam` what it goes on from; the other fits need
    /// neither. `None` if the values are all the same.
    ///
    /// # Errors
    /// [`GaussianProcessError`].
    pub fn fitted(
        &self,
        points: &Points,
        mean: f64,
        adam: &mut AdamFit,
    ) -> Result<Option<GaussianProcess>, GaussianProcessError> {
        let likelihood = || MarginalLikelihood::new(points, self.length_scale);
        match self.fit {
            Fit::Profile => Ok(likelihood()?.profile()),
            Fit::Adam100 => Ok(Some(adam.run(&likelihood()?, mean, ADAM_ITERATIONS))),
            Fit::Grid => GaussianProcess::by_moments(points, self.length_scale),
        }
    }

    /// Conditions on these points and looks for an earlier place below the last.
    ///
    /// # Errors
    /// [`GaussianProcessError`].
    pub fn look(&self, process: &GaussianProcess, points: &Points) -> Result<Minimum, GaussianProcessError> {
        let places = self.places();
        let prediction = process.predict(points, &places)?;
        let probability = prediction.probability(self.variance_floor);
        Ok(Minimum { probability, place: places.get(prediction.lowest()).copied().unwrap_or(1.0) })
    }

    /// Where the smoothed curve is looked at: `grid_points` places from 0 to 1, both included.
    pub fn places(&self) -> Vec<f64> {
        let last = self.grid_points.saturating_sub(1).max(1) as f64;
        (0..self.grid_points).map(|at| at as f64 / last).collect()
    }
}
