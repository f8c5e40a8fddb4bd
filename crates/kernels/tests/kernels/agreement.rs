//! Runs a function twice, with kernels and composed, and compares results and gradients.

use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
use proptest::prelude::*;

/// How a tensor lies in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) enum View {
    Plain,
    Swapped,
    Narrowed,
    Flipped,
    Expanded,
}

pub(crate) fn views() -> impl Strategy<Value = View> {
    prop_oneof![Just(View::Plain), Just(View::Swapped), Just(View::Narrowed), Just(View::Flipped), Just(View::Expanded)]
}

/// Which side is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    Kernel,
    Composed,
}

/// Where to find the gradient of a tensor.
type Leaf = Box<dyn Fn(&Gradients) -> Option<TensorData>>;

/// Draws the same tensors for either path, and remembers those that have gradients.
pub(crate) struct Draw {
    pub(crate) path: Path,
    dtype: DType,
    state: u64,
    leaves: Vec<Leaf>,
}

impl Draw {
    fn new(path: Path, dtype: DType, seed: u64) -> Self {
        Self { path, dtype, state: seed, leaves: Vec::new() }
    }

    /// A number between -1 and 1 (a linear congruential generator with Knuth's constants).
    fn number(&mut self) -> f64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as f64 / f64::from(1_u32 << 30) - 1.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (((self.number() + 1.0) / 2.0 * bound as f64) as usize).min(bound - 1)
    }

    /// A tensor of numbers between -2 and 2 with a gradient.
    pub(crate) fn tensor<const D: usize>(&mut self, shape: [usize; D], view: View) -> Tensor<D> {
        let mut stored = shape;
        match view {
            View::Swapped if D > 1 => stored.swap(D - 2, D - 1),
            View::Narrowed => stored[D - 1] += 3,
            View::Expanded => stored[D - 1] = 1,
            _ => {}
        }
        let numbers: Vec<f64> = (0..stored.iter().product()).map(|_| 2.0 * self.number()).collect();
        let leaf = self.leaf(TensorData::new(numbers, stored));
        match view {
            View::Swapped if D > 1 => leaf.swap_dims(D - 2, D - 1),
            View::Narrowed => leaf.narrow(D - 1, 2, shape[D - 1]),
            View::Flipped => leaf.flip([D as isize - 1]),
            View::Expanded => leaf.expand(shape),
            _ => leaf,
        }
    }

    /// A tensor of these numbers with a gradient.
    pub(crate) fn leaf<const D: usize>(&mut self, numbers: TensorData) -> Tensor<D> {
        let leaf = Tensor::<D>::from_data(numbers, (&Device::flex().autodiff(), self.dtype)).require_grad();
        let kept = leaf.clone();
        self.leaves.push(Box::new(move |gradients| kept.grad(gradients).map(Tensor::into_data)));
        leaf
    }

    /// The result, and the gradients of all leaves for random gradients of the result.
    fn finish<const D: usize>(mut self, result: Tensor<D>) -> Vec<TensorData> {
        let shape = result.dims();
        let numbers: Vec<f64> = (0..shape.iter().product()).map(|_| self.number()).collect();
        let weights = Tensor::<D>::from_data(TensorData::new(numbers, shape), (&Device::flex().autodiff(), self.dtype));
        let mut data = vec![result.clone().into_data()];
        let gradients = (result * weights).sum().backward();
        data.extend(self.leaves.iter().map(|leaf| leaf(&gradients).expect("a leaf with a gradient")));
        data
    }
}

fn run<const D: usize>(
    path: Path,
    dtype: DType,
    seed: u64,
    function: &impl Fn(&mut Draw) -> Tensor<D>,
) -> Vec<TensorData> {
    let mut draw = Draw::new(path, dtype, seed);
    let result = function(&mut draw);
    draw.finish(result)
}

/// Both paths agree to 1e-10 in `f64` and to 1e-5 in `f32`, relative to the largest number (or 1), and two runs of the kernel
/// agree in every bit.
pub(crate) fn agree<const D: usize>(seed: u64, function: impl Fn(&mut Draw) -> Tensor<D>) {
    agree_in(&[(DType::F64, 1e-10), (DType::F32, 1e-5)], seed, function);
}

/// The same in `f64` alone, for what is so ill-conditioned that in `f32` either path is mostly rounding.
pub(crate) fn agree_in_double<const D: usize>(seed: u64, function: impl Fn(&mut Draw) -> Tensor<D>) {
    agree_in(&[(DType::F64, 1e-10)], seed, function);
}

fn agree_in<const D: usize>(tolerances: &[(DType, f64)], seed: u64, function: impl Fn(&mut Draw) -> Tensor<D>) {
    for &(dtype, tolerance) in tolerances {
        let kernel = run(Path::Kernel, dtype, seed, &function);
        let composed = run(Path::Composed, dtype, seed, &function);
        for (part, (kernel, composed)) in kernel.iter().zip(&composed).enumerate() {
            assert_eq!(kernel.shape(), composed.shape(), "{dtype:?}, part {part}");
            let (kernel, composed) = (numbers(kernel), numbers(composed));
            let largest = composed.iter().fold(1.0_f64, |largest, number| largest.max(number.abs()));
            for (at, (kernel, composed)) in kernel.iter().zip(&composed).enumerate() {
                let error = (kernel - composed).abs();
                assert!(error <= tolerance * largest, "{dtype:?}, part {part}, number {at}: {kernel} for {composed}");
            }
        }
        assert_eq!(bits(&kernel), bits(&run(Path::Kernel, dtype, seed, &function)), "{dtype:?}");
    }
}

/// Both paths have the same infinite results and the same that are no number; the others agree to 1e-5.
pub(crate) fn agree_beyond_numbers<const D: usize>(function: impl Fn(&mut Draw) -> Tensor<D>) {
    let kernel = run(Path::Kernel, DType::F32, 1, &function);
    let composed = run(Path::Composed, DType::F32, 1, &function);
    for (part, (kernel, composed)) in kernel.iter().zip(&composed).enumerate() {
        for (at, (kernel, composed)) in numbers(kernel).into_iter().zip(numbers(composed)).enumerate() {
            let close = (kernel - composed).abs() <= 1e-5 * composed.abs().max(1.0);
            let same = kernel == composed || (kernel.is_nan() && composed.is_nan()) || close;
            assert!(same, "part {part}, number {at}: {kernel} for {composed}");
        }
    }
}

pub(crate) fn numbers(data: &TensorData) -> Vec<f64> {
    data.iter::<f64>().collect()
}

fn bits(data: &[TensorData]) -> Vec<Vec<u64>> {
    data.iter().map(|data| data.iter::<f64>().map(f64::to_bits).collect()).collect()
}

/// Few cases, since each compares four runs.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, ..ProptestConfig::default() }
}

/// Sizes with more odd ones and ones than there would be by chance.
pub(crate) fn size(largest: usize) -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(1), 4 => 1..=largest]
}
