use super::dot;

/// The lower triangular factor `L` of `K = L L'`, by rows.
pub(super) struct Cholesky {
    rows: Vec<f64>,
    size: usize,
}

/// Tried in turn, as multiples of `scale` added to the diagonal.
const JITTERS: [f64; 8] = [0.0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4];

impl Cholesky {
    /// Factors a symmetric matrix, of which the lower triangle is read; `None` if no jitter makes it definite.
    pub(super) fn new(matrix: &[f64], size: usize, scale: f64) -> Option<Self> {
        JITTERS.iter().find_map(|jitter| Self::with_jitter(matrix, size, jitter * scale))
    }

    fn with_jitter(matrix: &[f64], size: usize, jitter: f64) -> Option<Self> {
        let mut rows = matrix.to_vec();
        for row in 0..size {
            let (above, from_here) = rows.split_at_mut(row * size);
            let this = &mut from_here[..size];
            for column in 0..row {
                let that = &above[column * size..(column + 1) * size];
                this[column] = (this[column] - dot(&this[..column], &that[..column])) / that[column];
            }
            let left = this[row] + jitter - dot(&this[..row], &this[..row]);
            // A pivot that is not a number is refused too.
            if left.is_nan() || left <= 0.0 || left.is_infinite() {
                return None;
            }
            this[row] = left.sqrt();
        }
        Some(Self { rows, size })
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * self.size..(row + 1) * self.size]
    }

    /// `K^-1 b`.
    pub(super) fn solve(&self, mut b: Vec<f64>) -> Vec<f64> {
        for row in 0..self.size {
            let factors = self.row(row);
            b[row] = (b[row] - dot(&factors[..row], &b[..row])) / factors[row];
        }
        for row in (0..self.size).rev() {
            let factors = self.row(row);
            b[row] /= factors[row];
            let (above, solved) = b.split_at_mut(row);
            above.iter_mut().zip(factors).for_each(|(entry, factor)| *entry -= factor * solved[0]);
        }
        b
    }

    /// `L^-1 B` in place, for many right-hand sides side by side.
    pub(super) fn forward<const WIDTH: usize>(&self, sides: &mut [[f64; WIDTH]]) {
        for row in 0..self.size {
            let factors = self.row(row);
            let (solved, rest) = sides.split_at_mut(row);
            // A copy, so that the sums stay in registers.
            let mut this = rest[0];
            for (factor, that) in factors.iter().zip(&*solved) {
                for lane in 0..WIDTH {
                    this[lane] -= factor * that[lane];
                }
            }
            let inverse = 1.0 / factors[row];
            rest[0] = this.map(|entry| entry * inverse);
        }
    }
}
