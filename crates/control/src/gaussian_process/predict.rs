use std::f64::consts::FRAC_1_SQRT_2;

use super::cholesky::Cholesky;
use super::{GaussianProcess, GaussianProcessError, Points, finite, positive};

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
        let factor = self.factor(points, places)?;
        let Some(&last) = places.last() else {
            return Err(GaussianProcessError::Shape { places: 0, values: points.y.len() });
        };
        let count = points.x.len();
        let covariance = |distance: f64| self.covariance(distance);
        let step = even_step(places);
        let weights = factor.solve(points.y.iter().map(|value| value - self.mean).collect());

        let mut at_last: Vec<[f64; 1]> = points.x.iter().map(|x| [covariance(x - last)]).collect();
        factor.forward(&mut at_last);
        let mut prediction = Prediction { mean: Vec::new(), difference_variance: Vec::new() };
        let mut block = vec![[0.0; WIDTH]; count];
        for places in places.chunks(WIDTH) {
            let mut mean = [self.mean; WIDTH];
            for ((row, x), weight) in block.iter_mut().zip(&points.x).zip(&weights) {
                match step {
                    Some(step) => {
                        self.kernel.correlations(x - places[0], step, self.length_scale, row);
                        row.iter_mut().for_each(|correlation| *correlation *= self.scale);
                    }
                    None => row.iter_mut().zip(places).for_each(|(entry, place)| *entry = covariance(x - place)),
                }
                mean.iter_mut().zip(&*row).for_each(|(mean, entry)| *mean += entry * weight);
            }
            factor.forward(&mut block);
            let mut explained = [0.0; WIDTH];
            for (row, [of_last]) in block.iter().zip(&at_last) {
                for lane in 0..WIDTH {
                    explained[lane] += (row[lane] - of_last).powi(2);
                }
            }
            for (lane, place) in places.iter().enumerate() {
                let prior = 2.0 * self.scale * self.kernel.decorrelation(place - last, self.length_scale);
                prediction.mean.push(mean[lane]);
                prediction.difference_variance.push(prior - explained[lane]);
            }
        }
        Ok(prediction)
    }

    /// The variance of the curve itself at each place, given `points`: `s - |B_i|^2`, at least 0. [`GaussianProcess::predict`] has no
    /// need of it; it is what a picture of the curve needs.
    ///
    /// # Errors
    /// As [`GaussianProcess::predict`].
    pub fn variances(&self, points: &Points, places: &[f64]) -> Result<Vec<f64>, GaussianProcessError> {
        let factor = self.factor(points, places)?;
        let mut variances = Vec::with_capacity(places.len());
        let mut block = vec![[0.0; WIDTH]; points.x.len()];
        for places in places.chunks(WIDTH) {
            for (row, x) in block.iter_mut().zip(&points.x) {
                for (value, place) in row.iter_mut().zip(places) {
                    *value = self.covariance(x - place);
                }
            }
            factor.forward(&mut block);
            let explained = |lane: usize| block.iter().map(|row| row[lane] * row[lane]).sum::<f64>();
            variances.extend((0..places.len()).map(|lane| (self.scale - explained(lane)).max(0.0)));
        }
        Ok(variances)
    }

    fn covariance(&self, distance: f64) -> f64 {
        self.scale * self.kernel.correlation(distance, self.length_scale)
    }

    /// The Cholesky factor of the covariance of `points`, once everything is within range.
    fn factor(&self, points: &Points, places: &[f64]) -> Result<Cholesky, GaussianProcessError> {
        points.check()?;
        finite("place", places)?;
        finite("mean", &[self.mean])?;
        positive("scale", self.scale)?;
        positive("noise", self.noise)?;
        positive("length scale", self.length_scale)?;
        let count = points.x.len();
        let mut matrix = vec![0.0; count * count];
        for row in 0..count {
            for column in 0..row {
                matrix[row * count + column] = self.covariance(points.x[row] - points.x[column]);
            }
            matrix[row * count + row] = self.scale + self.noise;
        }
        Cholesky::new(&matrix, count, self.scale).ok_or(GaussianProcessError::Indefinite { points: count })
    }
}

/// The distance from one place to the next, if it is everywhere the same but for rounding.
fn even_step(places: &[f64]) -> Option<f64> {
    let [first, .., last] = places else { return None };
    let step = (last - first) / (places.len() - 1) as f64;
    let rounding = 4.0 * f64::EPSILON * first.abs().max(last.abs());
    places.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() <= rounding).then_some(step)
}

impl Prediction {
    /// How sure it is that some earlier place lies below the last: `max_i Phi((mean_G - mean_i) / sqrt(d_i^2 + floor))` over all
    /// places before the last, a lower bound of the probability (arXiv 2107.05855, equations 3 and 4). `floor`, in squared
    /// units of the values, is added to each variance. 0 without an earlier place.
    pub fn probability(&self, floor: f64) -> f64 {
        // The normal distribution is monotone: the largest argument has the largest probability.
        normal(self.rises(floor).fold(f64::NEG_INFINITY, f64::max))
    }

    /// The same for each place by itself: how sure it is that the curve is lower there than at the last place. The last has 0.5.
    pub fn probabilities(&self, floor: f64) -> Vec<f64> {
        let earlier = self.rises(floor).map(|rise| normal(if rise.is_nan() { 0.0 } else { rise }));
        earlier.chain(self.mean.last().map(|_| 0.5)).collect()
    }

    /// How far each place before the last lies below the last, in standard deviations. NaN (0 / 0) is no rise.
    fn rises(&self, floor: f64) -> impl Iterator<Item = f64> + '_ {
        let split = self.mean.split_last();
        split.into_iter().flat_map(move |(last, earlier)| {
            let rise = move |(mean, variance): (&f64, &f64)| (last - mean) / (variance.max(0.0) + floor).sqrt();
            earlier.iter().zip(&self.difference_variance).map(rise)
        })
    }

    /// Index of the lowest mean, of equals the first.
    pub fn lowest(&self) -> usize {
        (0..self.mean.len()).min_by(|left, right| self.mean[*left].total_cmp(&self.mean[*right])).unwrap_or(0)
    }
}

/// The distribution function of the standard normal distribution.
fn normal(argument: f64) -> f64 {
    0.5 * libm::erfc(-argument * FRAC_1_SQRT_2)
}
