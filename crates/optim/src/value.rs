use burn::tensor::Tensor;

/// The arithmetic that update rules are written in: a number of host memory, or a whole tensor on a device.
///
/// A rule is one formula over `Value`s. On a processor it is compiled into one fused pass over memory; on an accelerator it
/// becomes tensor operations. Both round alike, so both give the same bits.
pub trait Value: Clone {
    /// `self * factor`.
    fn scale(self, factor: f64) -> Self;
    /// `self + offset`.
    fn shift(self, offset: f64) -> Self;
    /// `self + other`.
    fn plus(self, other: Self) -> Self;
    /// `self * other`.
    fn times(self, other: Self) -> Self;
    /// `self / other`.
    fn over(self, other: Self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// 1, -1, or 0 for 0.
    fn sign(self) -> Self;
}

macro_rules! number {
    ($type:ty) => {
        impl Value for $type {
            #[inline(always)]
            fn scale(self, factor: f64) -> Self {
                self * factor as $type
            }

            #[inline(always)]
            fn shift(self, offset: f64) -> Self {
                self + offset as $type
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
            fn over(self, other: Self) -> Self {
                self / other
            }

            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn sign(self) -> Self {
                // Neither above nor below: 0 stays 0, and what is not a number stays so.
                if self > 0.0 {
                    1.0
                } else if self < 0.0 {
                    -1.0
                } else {
                    self
                }
            }
        }
    };
}

number!(f32);
number!(f64);

impl Value for Tensor<1> {
    fn scale(self, factor: f64) -> Self {
        self.mul_scalar(factor)
    }

    fn shift(self, offset: f64) -> Self {
        self.add_scalar(offset)
    }

    fn plus(self, other: Self) -> Self {
        self.add(other)
    }

    fn times(self, other: Self) -> Self {
        self.mul(other)
    }

    fn over(self, other: Self) -> Self {
        self.div(other)
    }

    fn root(self) -> Self {
        self.sqrt()
    }

    fn sign(self) -> Self {
        Tensor::sign(self)
    }
}

/// An elementwise rule: from a gradient and `S` state values to a direction and the next state.
pub trait Formula<const S: usize>: Copy + Send + Sync {
    /// One element, or one tensor of them.
    fn apply<V: Value>(self, gradient: V, state: [V; S]) -> (V, [V; S]);
}
