use crate::gaussian_process::Points;
use crate::golden_section::golden_section;

/// A curve that levels off: `y(x) = a exp(b x) + c`, with `b < 0`.
///
/// ```
/// use rheostat_control::autolrs::ExponentialCurve;
/// use rheostat_control::gaussian_process::Points;
///
/// let x: Vec<f64> = (0..100).map(f64::from).collect();
/// let y = x.iter().map(|x| 1.5 * (-0.004 * x).exp() + 0.7).collect();
/// let curve = ExponentialCurve::fit(&Points { x, y }, 1000.0).expect("four points and more");
/// assert!((curve.at(1000.0) - 0.7274734583331).abs() < 1e-10);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExponentialCurve {
    /// `a`, in units of the values.
    pub amplitude: f64,
    /// `b`, per unit of the places.
    pub exponent: f64,
    /// `c`, in units of the values.
    pub limit: f64,
    /// Sum of squared residuals.
    pub squares: f64,
}

/// Places at which `ln(-b)` is tried before the best is refined.
const GRID: usize = 200;
const GOLDEN_SECTIONS: usize = 100;
/// Fewest points that say something of three unknowns and their error.
const FEWEST: usize = 4;

impl ExponentialCurve {
    /// Least squares by variable projection: for each `b` the best `a` and `c` are known, and `ln(-b)` is searched from
    /// `ln(2 / horizon)`, so that the curve levels off within the horizon, to 0, one unit of the places; by a grid of 200,
    /// then by golden section. `None` of fewer than 4 points, and where a place or a value is not finite.
    pub fn fit(points: &Points, horizon: f64) -> Option<Self> {
        let finite = points.x.iter().chain(&points.y).all(|number| number.is_finite());
        if points.x.len() != points.y.len() || points.x.len() < FEWEST || !finite {
            return None;
        }
        let lowest = bound(horizon);
        let step = -lowest / (GRID - 1) as f64;
        let look = |log: f64| {
            let curve = Self::given(points, -log.exp());
            (-curve.squares, curve)
        };
        let on_grid = (0..GRID).map(|at| lowest + step * at as f64).map(|log| (log, look(log)));
        let (log, (value, coarse)) = on_grid.max_by(|(_, left), (_, right)| left.0.total_cmp(&right.0))?;
        let around = [(log - step).max(lowest), (log + step).min(0.0)];
        let (refined, best) = golden_section(around, 1e-14, GOLDEN_SECTIONS, look);
        let best = if refined > value { best } else { coarse };
        (best.amplitude.is_finite() && best.limit.is_finite()).then_some(best)
    }

    /// The best `a` and `c` for a `b`, by linear least squares about the means. Where all places tell the same, `a` is 0.
    pub(super) fn given(points: &Points, exponent: f64) -> Self {
        let count = points.x.len() as f64;
        let basis: Vec<f64> = points.x.iter().map(|x| (exponent * x).exp()).collect();
        let mean_basis = basis.iter().sum::<f64>() / count;
        let mean_value = points.y.iter().sum::<f64>() / count;
        let (mut of_basis, mut with_values) = (0.0, 0.0);
        for (basis, value) in basis.iter().zip(&points.y) {
            of_basis += (basis - mean_basis).powi(2);
            with_values += (basis - mean_basis) * (value - mean_value);
        }
        let amplitude = if of_basis > 0.0 { with_values / of_basis } else { 0.0 };
        let limit = mean_value - amplitude * mean_basis;
        let residual = |(basis, value): (&f64, &f64)| value - mean_value - amplitude * (basis - mean_basis);
        let squares = basis.iter().zip(&points.y).map(|pair| residual(pair).powi(2)).sum();
        Self { amplitude, exponent, limit, squares }
    }

    /// The value at a place.
    pub fn at(&self, x: f64) -> f64 {
        self.amplitude * (self.exponent * x).exp() + self.limit
    }

    /// The standard error of the curve's value at `x`, from the scatter of the points it was fitted to and how little they
    /// say of `x`, to first order in the three unknowns:
    ///
    /// ```text
    /// se^2 = squares / (n - 3) (1 / n + h' M^-1 h)
    /// ```
    ///
    /// with `M` the sums of squares and products, about their means, of the derivatives by `a` and by `ln(-b)` at the points,
    /// and `h` those derivatives at `x`, less the means. Where the points cannot tell the two apart, `b` is taken for known.
    pub fn standard_error(&self, points: &Points, x: f64) -> f64 {
        let count = points.x.len() as f64;
        let by_amplitude = |x: f64| (self.exponent * x).exp();
        let by_log = |x: f64| self.amplitude * x * self.exponent * (self.exponent * x).exp();
        let mean = |of: &dyn Fn(f64) -> f64| points.x.iter().map(|x| of(*x)).sum::<f64>() / count;
        let (mean_amplitude, mean_log) = (mean(&by_amplitude), mean(&by_log));
        let (mut first, mut second, mut mixed) = (0.0, 0.0, 0.0);
        for place in &points.x {
            let (u, v) = (by_amplitude(*place) - mean_amplitude, by_log(*place) - mean_log);
            first += u * u;
            second += v * v;
            mixed += u * v;
        }
        let (u, v) = (by_amplitude(x) - mean_amplitude, by_log(x) - mean_log);
        let determinant = first * second - mixed * mixed;
        let leverage = if determinant > 1e-12 * first * second {
            (u * u * second - 2.0 * u * v * mixed + v * v * first) / determinant
        } else if first > 0.0 {
            u * u / first
        } else {
            0.0
        };
        let variance = self.squares / (count - 3.0).max(1.0);
        (variance * (1.0 / count + leverage.max(0.0))).sqrt()
    }
}

/// The lowest `ln(-b)`: a time constant of half the horizon.
fn bound(horizon: f64) -> f64 {
    (2.0 / horizon.max(4.0)).ln()
}
