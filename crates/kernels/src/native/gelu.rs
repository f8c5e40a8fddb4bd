//! The Gaussian error linear unit.

use pulp::{Arch, Simd, WithSimd};

use super::parallel;
use super::real::{Real, load, store};

/// Which function goes by the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `x Φ(x)`.
    Exact,
    /// `x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
    Tanh,
}

/// Numbers of a task.
const CHUNK: usize = 1 << 14;

/// The unit of each number.
pub(crate) fn forward<T: Real>(form: Form, input: &[T], result: &mut [T]) {
    parallel::chunks(result, CHUNK, |index, result| {
        let input = &input[index * CHUNK..][..result.len()];
        Arch::new().dispatch(Unit { form, input, gradient: None, result });
    });
}

/// The gradient of the numbers for a gradient of their units.
pub(crate) fn input_gradient<T: Real>(form: Form, input: &[T], gradient: &[T], result: &mut [T]) {
    parallel::chunks(result, CHUNK, |index, result| {
        let range = index * CHUNK..index * CHUNK + result.len();
        Arch::new().dispatch(Unit { form, input: &input[range.clone()], gradient: Some(&gradient[range]), result });
    });
}

struct Unit<'a, T> {
    form: Form,
    input: &'a [T],
    gradient: Option<&'a [T]>,
    result: &'a mut [T],
}

impl<T: Real> WithSimd for Unit<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for vector in 0..self.input.len().div_ceil(T::lanes::<S>()) {
            let x = load(simd, self.input, vector);
            let (value, slope) = match self.form {
                Form::Exact => exact::<T, S>(simd, x),
                Form::Tanh => tanh::<T, S>(simd, x),
            };
            let value = match self.gradient {
                Some(gradient) => T::mul(simd, load(simd, gradient, vector), slope),
                None => value,
            };
            store(simd, self.result, vector, value);
        }
    }
}

/// `x Φ(x)` and its derivative `Φ(x) + x φ(x)`.
#[inline(always)]
fn exact<T: Real, S: Simd>(simd: S, x: T::Vector<S>) -> (T::Vector<S>, T::Vector<S>) {
    let (distribution, density) = T::normal(simd, x);
    (T::mul(simd, x, distribution), T::mul_add(simd, x, density, distribution))
}

/// `x σ(2u)` for the polynomial `u` of the approximation, which is the same as with its tanh, and the derivative.
#[inline(always)]
fn tanh<T: Real, S: Simd>(simd: S, x: T::Vector<S>) -> (T::Vector<S>, T::Vector<S>) {
    const CUBE: f64 = 0.044715;
    // √(2/π)
    const SLOPE: f64 = std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;
    let constant = |value: f64| T::splat::<S>(simd, T::of(value));
    let one = constant(1.0);
    let square = T::mul(simd, x, x);
    let doubled = T::mul(simd, x, T::mul_add(simd, square, constant(2.0 * SLOPE * CUBE), constant(2.0 * SLOPE)));
    let negative = T::sub(simd, constant(0.0), doubled);
    let sigmoid = T::div(simd, one, T::add(simd, one, T::exp(simd, negative)));
    let slope = T::mul_add(simd, square, constant(6.0 * SLOPE * CUBE), constant(2.0 * SLOPE));
    let value = T::mul(simd, x, sigmoid);
    let bend = T::mul(simd, T::mul(simd, value, T::sub(simd, one, sigmoid)), slope);
    (value, T::add(simd, sigmoid, bend))
}
