use std::f64::consts::FRAC_1_SQRT_2;

use super::cholesky::Cholesky;
use super::{GaussianProcess, GaussianProcessError, Points, correlation, finite, positive};

/// What is believed of the curve `f`, without the noise, at some places.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The mean at each place.
    pub mean: Vec<f64>,
    /// The variance of the difference between each place and the last. Rounding may leave it below 0 by about 1e-15 of the
    /// curve's variance; [`Prediction::probability`] clips it.
    pub difference_variance: Vec<f64>,
}

/// Places predicted side by side: a row of them fits the registers, a block of rows the first-level cache.
const WIDTH: usize = 16;

impl GaussianProcess {
    /// Conditions on `points` and predicts at `places`.
    ///
    /// ```text
    /// K = s R + sigma^2 I = L L'      mean = mu + k' K^-1 (y - mu)      B = L^-1 k
    /// difference variance with the last place G = 2 s (1 - R(x_i, x_G)) - |B_i - B_G|^2
    /// ```
    ///
    /// # Errors
    /// [`GaussianProcessError`] for points or places that are no curve, parameters out of range, and a covariance that stays
    /// indefinite with `1e-4 s` on its diagonal.
    pub fn predict(&self, points: &Points, places: &[f64]) -> Result<Prediction, GaussianProcessError> {
        points.check()?;
        finite("place", places)?;
        finite("mean", &[self.mean])?;
        positive("scale", self.scale)?;
        positive("noise", self.noise)?;
        positive("length scale", self.length_scale)?;
        let Some(&last) = places.last() else {
            return Err(GaussianProcessError::Shape { places: 0, values: points.y.len() });
        };
        let count = points.x.len();
        let covariance = |distance: f64| self.scale * correlation(distance, self.length_scale);
        let mut matrix = vec![0.0; count * count];
        for row in 0..count {
            for column in 0..row {
                matrix[row * count + column] = covariance(points.x[row] - points.x[column]);
            }
            matrix[row * count + row] = self.scale + self.noise;
        }
        let factor =
            Cholesky::new(&matrix, count, self.scale).ok_or(GaussianProcessError::Indefinite { points: count })?;
        let weights = factor.solve(points.y.iter().map(|value| value - self.mean).collect());

        let mut at_last: Vec<[f64; 1]> = points.x.iter().map(|x| [covariance(x - last)]).collect();
        factor.forward(&mut at_last);
        let mut prediction = Prediction { mean: Vec::new(), difference_variance: Vec::new() };
        let mut block = vec![[0.0; WIDTH]; count];
        for places in places.chunks(WIDTH) {
            let mut mean = [self.mean; WIDTH];
            for ((row, x), weight) in block.iter_mut().zip(&points.x).zip(&weights) {
                for (lane, place) in places.iter().enumerate() {
                    row[lane] = covariance(x - place);
                    mean[lane] += row[lane] * weight;
                }
            }
            factor.forward(&mut block);
            let mut explained = [0.0; WIDTH];
            for (row, [of_last]) in block.iter().zip(&at_last) {
                for lane in 0..WIDTH {
                    explained[lane] += (row[lane] - of_last).powi(2);
                }
            }
            for (lane, place) in places.iter().enumerate() {
                // 1 - R without the cancellation near the last place.
                let z = (place - last) / self.length_scale;
                let prior = -2.0 * self.scale * (-0.5 * z * z).exp_m1();
                prediction.mean.push(mean[lane]);
                prediction.difference_variance.push(prior - explained[lane]);
            }
        }
        Ok(prediction)
    }
}

impl Prediction {
    /// How sure it is that some earlier place lies below the last: `max_i Phi((mean_G - mean_i) / sqrt(d_i^2 + floor))` over all
    /// places before the last, a lower bound of the probability (arXiv 2107.05855, equations 3 and 4). `floor`, in squared
    /// units of the values, is added to each variance. 0 without an earlier place.
    pub fn probability(&self, floor: f64) -> f64 {
        let Some((last, earlier)) = self.mean.split_last() else { return 0.0 };
        let rise = |(mean, variance): (&f64, &f64)| (last - mean) / (variance.max(0.0) + floor).sqrt();
        // The normal distribution is monotone: the largest argument has the largest probability. NaN (0 / 0) is no rise.
        let largest = earlier.iter().zip(&self.difference_variance).map(rise).fold(f64::NEG_INFINITY, f64::max);
        0.5 * libm::erfc(-largest * FRAC_1_SQRT_2)
    }

    /// Index of the lowest mean, of equals the first.
    pub fn lowest(&self) -> usize {
        (0..self.mean.len()).min_by(|left, right| self.mean[*left].total_cmp(&self.mean[*right])).unwrap_or(0)
    }
}
