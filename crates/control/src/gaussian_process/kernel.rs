/// How alike the curve is at two places, by their distance `d`; `l` is the length scale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kernel {
    /// `exp(-d^2 / (2 l^2))`: curves with all derivatives.
    #[default]
    SquaredExponential,
    /// `(1 + z + z^2 / 3) exp(-z)` with `z = sqrt(5) d / l`: curves with two derivatives, of which fewer points say less
    /// (Rasmussen and Williams, equation 4.17).
    Matern52,
}

/// Length scales from which a row is followed by products.
const NEAR: f64 = 8.0;

impl Kernel {
    /// The correlation.
    pub(super) fn correlation(self, distance: f64, length_scale: f64) -> f64 {
        let z = distance / length_scale;
        match self {
            Self::SquaredExponential => (-0.5 * z * z).exp(),
            Self::Matern52 => {
                let z = 5.0_f64.sqrt() * z.abs();
                // Far away the polynomial would be infinite and the exponential 0.
                if z > 700.0 { 0.0 } else { (1.0 + z + z * z / 3.0) * (-z).exp() }
            }
        }
    }

    /// Correlations with places in a row, the first at this distance and each `step` nearer than the one before.
    ///
    /// On a row without gaps the exponents are a parabola in the index, so that each value follows from the last by two products in
    /// place of an exponential. Rows are short and begin within [`NEAR`], so that rounding stays below 1e-13; from further away the
    /// first value says too little of the next ones, or is 0.
    pub(super) fn correlations(self, distance: f64, step: f64, length_scale: f64, row: &mut [f64]) {
        let z = distance / length_scale;
        let by = step / length_scale;
        match self {
            Self::SquaredExponential if z.abs() <= NEAR => {
                let mut value = self.correlation(distance, length_scale);
                let mut ratio = (by * (z - 0.5 * by)).exp();
                let bend = (-by * by).exp();
                for entry in row {
                    *entry = value;
                    value *= ratio;
                    ratio *= bend;
                }
            }
            Self::SquaredExponential | Self::Matern52 => {
                for (index, entry) in row.iter_mut().enumerate() {
                    *entry = self.correlation(distance - index as f64 * step, length_scale);
                }
            }
        }
    }

    /// 1 less the correlation, without cancellation near 0 where the kernel has a closed form for it.
    pub(super) fn decorrelation(self, distance: f64, length_scale: f64) -> f64 {
        let z = distance / length_scale;
        match self {
            Self::SquaredExponential => -(-0.5 * z * z).exp_m1(),
            Self::Matern52 => 1.0 - self.correlation(distance, length_scale),
        }
    }
}
