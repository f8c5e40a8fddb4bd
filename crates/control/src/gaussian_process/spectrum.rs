use super::{GaussianProcessError, dot};

/// Eigenvalues of a symmetric matrix, and two vectors turned into the coordinates of its eigenvectors.
///
/// A fit needs no more than that of the decomposition, so the eigenvectors are never formed: Householder reflections to
/// tridiagonal form, then implicit QL with Wilkinson's shift (Golub and Van Loan, *Matrix Computations*, section 8.3), both
/// applied to the vectors as they go.
pub(super) fn eigenvalues(mut matrix: Vec<f64>, turned: &mut [Vec<f64>; 2]) -> Result<Vec<f64>, GaussianProcessError> {
    let size = turned[0].len();
    let (mut diagonal, mut beside) = tridiagonal(&mut matrix, size, turned);
    diagonalise(&mut diagonal, &mut beside, turned)
        .then_some(diagonal)
        .ok_or(GaussianProcessError::NoEigenvalues { points: size })
}

/// Shorter columns than this are 0 beside correlations of 1; their squares would underflow.
const NEGLIGIBLE: f64 = 1e-150;

/// Reduces to a diagonal and the elements beside it (`beside[i]` between `i` and `i + 1`, the last unused).
fn tridiagonal(matrix: &mut [f64], size: usize, turned: &mut [Vec<f64>; 2]) -> (Vec<f64>, Vec<f64>) {
    let mut beside = vec![0.0; size];
    let (mut reflector, mut image) = (vec![0.0; size], vec![0.0; size]);
    for column in 0..size.saturating_sub(2) {
        let below = column + 1;
        let (v, p) = (&mut reflector[below..], &mut image[below..]);
        v.copy_from_slice(&matrix[column * size + below..(column + 1) * size]);
        let norm = dot(v, v).sqrt();
        if norm < NEGLIGIBLE {
            continue;
        }
        // The sign that does not cancel.
        beside[column] = if v[0] > 0.0 { -norm } else { norm };
        v[0] -= beside[column];
        let weight = 2.0 / dot(v, v);
        // The upper triangle stands for both.
        p.fill(0.0);
        for row in 0..v.len() {
            let start = (below + row) * size + below;
            let entries = &matrix[start + row..start + v.len()];
            p[row] += dot(entries, &v[row..]);
            let of_v = v[row];
            p[row + 1..].iter_mut().zip(&entries[1..]).for_each(|(p, entry)| *p += entry * of_v);
        }
        p.iter_mut().for_each(|p| *p *= weight);
        let half = 0.5 * weight * dot(p, v);
        p.iter_mut().zip(&*v).for_each(|(p, v)| *p -= half * v);
        for row in 0..v.len() {
            let start = (below + row) * size + below;
            let (of_v, of_p) = (v[row], p[row]);
            let entries = matrix[start + row..start + v.len()].iter_mut();
            entries.zip(&v[row..]).zip(&p[row..]).for_each(|((entry, v), p)| *entry -= of_v * p + of_p * v);
        }
        for vector in turned.iter_mut() {
            let along = weight * dot(v, &vector[below..]);
            vector[below..].iter_mut().zip(&*v).for_each(|(entry, v)| *entry -= along * v);
        }
    }
    if size >= 2 {
        beside[size - 2] = matrix[(size - 2) * size + size - 1];
    }
    ((0..size).map(|at| matrix[at * size + at]).collect(), beside)
}

/// Far more sweeps than an eigenvalue ever takes; two or three are usual.
const MOST_SWEEPS: usize = 60;

/// Turns the diagonal into eigenvalues. False if one did not converge.
fn diagonalise(diagonal: &mut [f64], beside: &mut [f64], turned: &mut [Vec<f64>; 2]) -> bool {
    let size = diagonal.len();
    // Smaller than the rounding of the reduction itself: eigenvalues that small are noise either way.
    let largest = diagonal.iter().chain(&*beside).fold(0.0_f64, |largest, entry| largest.max(entry.abs()));
    let negligible = f64::EPSILON * largest;
    for first in 0..size {
        let mut sweeps = 0;
        loop {
            let last = (first..size - 1).find(|at| beside[*at].abs() <= negligible).unwrap_or(size - 1);
            if last == first {
                break;
            }
            sweeps += 1;
            if sweeps > MOST_SWEEPS {
                return false;
            }
            sweep(diagonal, beside, turned, first, last);
        }
    }
    true
}

/// One implicit QL sweep over the block `first..=last`.
fn sweep(diagonal: &mut [f64], beside: &mut [f64], turned: &mut [Vec<f64>; 2], first: usize, last: usize) {
    let slope = (diagonal[first + 1] - diagonal[first]) / (2.0 * beside[first]);
    let root = (slope * slope + 1.0).sqrt();
    let mut g = diagonal[last] - diagonal[first] + beside[first] / (slope + root.copysign(slope));
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for at in (first..last).rev() {
        let (f, b) = (sine * beside[at], cosine * beside[at]);
        let length = (f * f + g * g).sqrt();
        beside[at + 1] = length;
        if length == 0.0 {
            // The block has split here.
            diagonal[at + 1] -= shift;
            beside[last] = 0.0;
            return;
        }
        sine = f / length;
        cosine = g / length;
        g = diagonal[at + 1] - shift;
        let mixed = (diagonal[at] - g) * sine + 2.0 * cosine * b;
        shift = sine * mixed;
        diagonal[at + 1] = g + shift;
        g = cosine * mixed - b;
        for vector in turned.iter_mut() {
            let (lower, upper) = (vector[at], vector[at + 1]);
            vector[at + 1] = sine * lower + cosine * upper;
            vector[at] = cosine * lower - sine * upper;
        }
    }
    diagonal[first] -= shift;
    beside[first] = g;
    beside[last] = 0.0;
}
