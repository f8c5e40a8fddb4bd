//! The number types of the kernels, and vectors of them as wide as the processor's.

use bytemuck::{Pod, cast_slice_mut};
use pulp::Simd;

/// `f32` or `f64`: what a kernel computes in.
///
/// A vector of the instruction set `S` holds [`lanes`](Real::lanes) numbers. Every function is inlined into the kernel, which
/// runs inside [`pulp::Arch::dispatch`], so that it is compiled once for each instruction set.
pub(crate) trait Real: Copy + Default + PartialOrd + Pod + Send + Sync + 'static {
    /// As many numbers as fit a register.
    type Vector<S: Simd>: Copy + Pod;

    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Minus infinity.
    const LOWEST: Self;

    fn of(value: f64) -> Self;
    fn wide(self) -> f64;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;

    fn lanes<S: Simd>() -> usize;
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    fn add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn sub<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn mul<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    fn div<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a * b + c`.
    fn mul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// `value` where `test > 0`, else zero; where `test` is not a number, `value`.
    fn where_positive<S: Simd>(simd: S, test: Self::Vector<S>, value: Self::Vector<S>) -> Self::Vector<S>;
    /// The sum of the lanes.
    fn total<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// The largest lane; not specified where one is not a number.
    fn largest<S: Simd>(simd: S, a: Self::Vector<S>) -> Self;
    /// Lane by lane the larger; not specified where one is not a number.
    fn max<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// e to the power of each lane. Results next to the smallest normal number may be zero.
    fn exp<S: Simd>(simd: S, a: Self::Vector<S>) -> Self::Vector<S>;
    /// The standard normal distribution function, and its density.
    fn normal<S: Simd>(simd: S, a: Self::Vector<S>) -> (Self::Vector<S>, Self::Vector<S>);

    fn vectors<S: Simd>(numbers: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// The first lanes of a vector from fewer numbers than it has lanes, the others zero.
    fn load_part<S: Simd>(simd: S, numbers: &[Self]) -> Self::Vector<S>;
    /// The first lanes of a vector to fewer numbers than it has lanes.
    fn store_part<S: Simd>(simd: S, numbers: &mut [Self], vector: Self::Vector<S>);
}

/// The largest number of a row; not specified where one is not a number.
#[inline(always)]
pub(crate) fn highest<T: Real, S: Simd>(simd: S, row: &[T]) -> T {
    let (whole, rest) = T::vectors::<S>(row);
    let mut largest = T::splat(simd, T::LOWEST);
    for &vector in whole {
        largest = T::max(simd, largest, vector);
    }
    rest.iter().fold(T::largest(simd, largest), |highest, &number| if number > highest { number } else { highest })
}

macro_rules! real {
    (
        $type:ident, $vector:ident, $lanes:ident, splat $splat:ident, add $add:ident, sub $sub:ident, mul $mul:ident,
        div $div:ident, fma $fma:ident, at_most $at_most:ident, select $select:ident, sum $sum:ident, reduce_max $reduce_max:ident,
        max $max:ident, read $read:ident, write $write:ident, load $load:ident, store $store:ident, exp $exp:path,
        normal $normal:path
    ) => {
        impl Real for $type {
            type Vector<S: Simd> = S::$vector;
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOWEST: Self = $type::NEG_INFINITY;

            #[inline(always)]
            fn of(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            fn times(self, other: Self) -> Self {
                self * other
            }
            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }
            #[inline(always)]
            fn add<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
            #[inline(always)]
            fn sub<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$sub(a, b)
            }
            #[inline(always)]
            fn mul<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$mul(a, b)
            }
            #[inline(always)]
            fn div<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$div(a, b)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$vector, b: S::$vector, c: S::$vector) -> S::$vector {
                simd.$fma(a, b, c)
            }
            #[inline(always)]
            fn where_positive<S: Simd>(simd: S, test: S::$vector, value: S::$vector) -> S::$vector {
                let zero = simd.$splat(0.0);
                simd.$select(simd.$at_most(test, zero), zero, value)
            }
            #[inline(always)]
            fn total<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$sum(a)
            }
            #[inline(always)]
            fn largest<S: Simd>(simd: S, a: S::$vector) -> Self {
                simd.$reduce_max(a)
            }
            #[inline(always)]
            fn max<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$max(a, b)
            }
            #[inline(always)]
            fn exp<S: Simd>(simd: S, a: S::$vector) -> S::$vector {
                $exp(simd, a)
            }
            #[inline(always)]
            fn normal<S: Simd>(simd: S, a: S::$vector) -> (S::$vector, S::$vector) {
                $normal(simd, a)
            }
            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> (&[S::$vector], &[Self]) {
                S::$read(numbers)
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> (&mut [S::$vector], &mut [Self]) {
                S::$write(numbers)
            }
            #[inline(always)]
            fn load_part<S: Simd>(simd: S, numbers: &[Self]) -> S::$vector {
                simd.$load(numbers)
            }
            #[inline(always)]
            fn store_part<S: Simd>(simd: S, numbers: &mut [Self], vector: S::$vector) {
                simd.$store(numbers, vector);
            }
        }
    };
}

real!(
    f32, f32s, F32_LANES, splat splat_f32s, add add_f32s, sub sub_f32s, mul mul_f32s, div div_f32s, fma mul_add_e_f32s,
    at_most less_than_or_equal_f32s, select select_f32s, sum reduce_sum_f32s, reduce_max reduce_max_f32s, max max_f32s,
    read as_simd_f32s, write as_mut_simd_f32s, load partial_load_f32s, store partial_store_f32s, exp single::exp,
    normal single::normal
);
real!(
    f64, f64s, F64_LANES, splat splat_f64s, add add_f64s, sub sub_f64s, mul mul_f64s, div div_f64s, fma mul_add_e_f64s,
    at_most less_than_or_equal_f64s, select select_f64s, sum reduce_sum_f64s, reduce_max reduce_max_f64s, max max_f64s,
    read as_simd_f64s, write as_mut_simd_f64s, load partial_load_f64s, store partial_store_f64s, exp double::exp,
    normal double::normal
);

/// Vectors of `f32`.
mod single {
    use pulp::Simd;
    use std::f32::consts::LOG2_E;

    /// ln 2 in two parts, the first with so few bits that its products with small integers are exact.
    const LN_2: [f32; 2] = [355.0 / 512.0, -2.121_944_4e-4];
    /// Adding it rounds to an integer, which then fills the low bits.
    const ROUNDING: f32 = 12_582_912.0;
    /// Below it the result is under 2^-125 and flushed to zero, above it infinite.
    const RANGE: [f32; 2] = [-86.643_4, 88.722_84];

    /// 2 to an integer times the Taylor polynomial of degree 7 on the rest, which is at most ln(2) / 2.
    #[inline(always)]
    pub(super) fn exp<S: Simd>(s: S, x: S::f32s) -> S::f32s {
        let shifted = s.mul_add_e_f32s(x, s.splat_f32s(LOG2_E), s.splat_f32s(ROUNDING));
        let power = s.sub_f32s(shifted, s.splat_f32s(ROUNDING));
        let rest = s.mul_add_e_f32s(power, s.splat_f32s(-LN_2[0]), x);
        let rest = s.mul_add_e_f32s(power, s.splat_f32s(-LN_2[1]), rest);
        let mut sum = s.splat_f32s(1.0 / 5040.0);
        for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
            sum = s.mul_add_e_f32s(sum, rest, s.splat_f32s(coefficient));
        }
        // Half the power at a time: 2 to the 128 is no number.
        let bits = s.transmute_u32s_f32s(shifted);
        let exponent = s.wrapping_dyn_shl_u32s(s.sub_u32s(bits, s.splat_u32s(1)), s.splat_u32s(23));
        let half = s.transmute_f32s_u32s(s.add_u32s(exponent, s.splat_u32s(127 << 23)));
        let result = s.mul_f32s(s.mul_f32s(sum, half), s.splat_f32s(2.0));
        let result = s.select_f32s(s.less_than_f32s(x, s.splat_f32s(RANGE[0])), s.splat_f32s(0.0), result);
        let result = s.select_f32s(s.less_than_f32s(s.splat_f32s(RANGE[1]), x), s.splat_f32s(f32::INFINITY), result);
        // A number that is none stays none.
        s.select_f32s(s.equal_f32s(x, x), result, x)
    }

    /// Scale of the variable `t = 1 / (1 + SCALE |x|)` in which the tail is a polynomial.
    const SCALE: f32 = 0.35;
    /// `Φ(-|x|) exp(x² / 2)` as a polynomial in `t` without constant term: our minimax fit to 40 digits on |x| ≤ 14.5, relative
    /// error 3.2e-8. The form is that of Abramowitz and Stegun, 26.2.17.
    const TAIL: [f32; 9] = [
        0.139_621_3,
        0.139_863_52,
        0.119_821_29,
        0.105_552_5,
        -0.023_212_353,
        0.159_319_7,
        -0.255_839,
        0.144_030_92,
        -0.029_157_886,
    ];

    #[inline(always)]
    pub(super) fn normal<S: Simd>(s: S, x: S::f32s) -> (S::f32s, S::f32s) {
        const DENSITY: f32 = 0.398_942_3;
        let one = s.splat_f32s(1.0);
        let bell = exp(s, s.mul_f32s(s.mul_f32s(x, x), s.splat_f32s(-0.5)));
        let t = s.div_f32s(one, s.mul_add_e_f32s(s.abs_f32s(x), s.splat_f32s(SCALE), one));
        let mut sum = s.splat_f32s(TAIL[8]);
        for power in (0..8).rev() {
            sum = s.mul_add_e_f32s(sum, t, s.splat_f32s(TAIL[power]));
        }
        let tail = s.mul_f32s(s.mul_f32s(sum, t), bell);
        let negative = s.less_than_f32s(x, s.splat_f32s(0.0));
        let distribution = s.select_f32s(negative, tail, s.sub_f32s(one, tail));
        (distribution, s.mul_f32s(bell, s.splat_f32s(DENSITY)))
    }
}

/// Vectors of `f64`, lane by lane through the scalar functions: exact rather than fast, since nothing trains in `f64`.
mod double {
    use super::{Pod, cast_slice_mut};
    use pulp::Simd;
    use std::f64::consts::{FRAC_1_SQRT_2, PI};

    #[inline(always)]
    fn map<V: Pod>(mut vector: V, function: impl Fn(f64) -> f64) -> V {
        for lane in cast_slice_mut::<V, f64>(std::slice::from_mut(&mut vector)) {
            *lane = function(*lane);
        }
        vector
    }

    #[inline(always)]
    pub(super) fn exp<S: Simd>(_: S, x: S::f64s) -> S::f64s {
        map(x, f64::exp)
    }

    #[inline(always)]
    pub(super) fn normal<S: Simd>(_: S, x: S::f64s) -> (S::f64s, S::f64s) {
        let distribution = map(x, |x| 0.5 * libm::erfc(-x * FRAC_1_SQRT_2));
        let density = map(x, |x| (-0.5 * x * x).exp() / (2.0 * PI).sqrt());
        (distribution, density)
    }
}

/// A vector of a slice, counted in vectors; behind the end of the slice zeros.
#[inline(always)]
pub(crate) fn load<T: Real, S: Simd>(simd: S, numbers: &[T], vector: usize) -> T::Vector<S> {
    let (whole, rest) = T::vectors::<S>(numbers);
    if vector < whole.len() {
        whole[vector]
    } else if vector == whole.len() {
        T::load_part(simd, rest)
    } else {
        T::splat(simd, T::ZERO)
    }
}

/// Writes a vector of a slice, counted in vectors; what would be behind the end of the slice is dropped.
#[inline(always)]
pub(crate) fn store<T: Real, S: Simd>(simd: S, numbers: &mut [T], vector: usize, value: T::Vector<S>) {
    let (whole, rest) = T::vectors_mut::<S>(numbers);
    if vector < whole.len() {
        whole[vector] = value;
    } else if vector == whole.len() {
        T::store_part(simd, rest, value);
    }
}
