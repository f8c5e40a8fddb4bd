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
    /// Whether some gradients of the result are no numbers.
    spoilt: bool,
    leaves: Vec<Leaf>,
}

impl Draw {
    pub(crate) fn new(path: Path, dtype: DType, seed: u64) -> Self {
        Self { path, dtype, state: seed, spoilt: false, leaves: Vec::new() }
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
    pub(crate) fn finish<const D: usize>(mut self, result: Tensor<D>) -> Vec<TensorData> {
        let shape = result.dims();
        let weights = if self.spoilt {
            spoilt(&shape)
        } else {
            let numbers: Vec<f64> = (0..shape.iter().product()).map(|_| self.number()).collect();
            TensorData::new(numbers, shape)
        };
        let weights = Tensor::<D>::from_data(weights, (&Device::flex().autodiff(), self.dtype));
        let mut data = vec![result.clone().into_data()];
        let gradients = (result * weights).sum().backward();
        data.extend(self.leaves.iter().map(|leaf| leaf(&gradients).expect("a leaf with a gradient")));
        data
    }
}

/// Numbers of which some are none or infinite.
pub(crate) fn spoilt(shape: &[usize]) -> TensorData {
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let count: usize = shape.iter().product();
    let numbers: Vec<f32> = (0..count)
        .map(|index| if index % 37 == 5 { special[index / 37 % 3] } else { (index % 11) as f32 - 5.0 })
        .collect();
    TensorData::new(numbers, shape.to_vec())
}

fn run<const D: usize>(mut draw: Draw, function: &impl Fn(&mut Draw) -> Tensor<D>) -> Vec<TensorData> {
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

/// The same with pools of 1, 2 and 4 threads, for what is large enough to be split.
pub(crate) fn agree_on_threads<const D: usize>(seed: u64, function: impl Fn(&mut Draw) -> Tensor<D> + Sync) {
    for threads in [1, 2, 4] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| agree(seed, &function));
    }
}

fn agree_in<const D: usize>(tolerances: &[(DType, f64)], seed: u64, function: impl Fn(&mut Draw) -> Tensor<D>) {
    for &(dtype, tolerance) in tolerances {
        let kernel = run(Draw::new(Path::Kernel, dtype, seed), &function);
        let composed = run(Draw::new(Path::Composed, dtype, seed), &function);
        for (part, (kernel, composed)) in kernel.iter().zip(&composed).enumerate() {
            assert_eq!(kernel.shape(), composed.shape(), "{dtype:?}, part {part}");
            let (kernel, composed) = (numbers(kernel), numbers(composed));
            let largest = composed.iter().fold(1.0_f64, |largest, number| largest.max(number.abs()));
            for (at, (kernel, composed)) in kernel.iter().zip(&composed).enumerate() {
                let error = (kernel - composed).abs();
                assert!(error <= tolerance * largest, "{dtype:?}, part {part}, number {at}: {kernel} for {composed}");
            }
        }
        kernel.iter().for_each(|data| leave_no_numbers(data.num_elements(), dtype));
        let again = run(Draw::new(Path::Kernel, dtype, seed), &function);
        assert!(bits(&kernel) == bits(&again), "{dtype:?}: other bits the second time");
    }
}

/// Fills the memory that the next results of so many numbers get, so that what a kernel does not write shows.
fn leave_no_numbers(count: usize, dtype: DType) {
    let place = Device::flex();
    let bad = || rheostat_kernels::gelu(Tensor::<1>::full([count], f32::NAN, (&place, dtype)));
    drop([bad(), bad(), bad(), bad()]);
}

/// Both paths have the same infinite results and the same that are no number; the others agree to 1e-5. So do the
/// gradients, for ordinary gradients of the result and for some that are no numbers.
pub(crate) fn agree_beyond_numbers<const D: usize>(function: impl Fn(&mut Draw) -> Tensor<D>) {
    for spoilt in [false, true] {
        let [kernel, composed] = [Path::Kernel, Path::Composed]
            .map(|path| run(Draw { spoilt, ..Draw::new(path, DType::F32, 1) }, &function));
        for (part, (kernel, composed)) in kernel.iter().zip(&composed).enumerate() {
            for (at, (kernel, composed)) in numbers(kernel).into_iter().zip(numbers(composed)).enumerate() {
                let close = (kernel - composed).abs() <= 1e-5 * composed.abs().max(1.0);
                let same = kernel == composed || (kernel.is_nan() && composed.is_nan()) || close;
                assert!(same, "spoilt gradients: {spoilt}, part {part}, number {at}: {kernel} for {composed}");
            }
        }
    }
}

/// The kernel's result has this shape and no numbers, and all gradients are zero.
pub(crate) fn nothing_comes_of_nothing<const D: usize>(shape: [usize; D], function: impl Fn(&mut Draw) -> Tensor<D>) {
    for dtype in [DType::F32, DType::F64] {
        let data = run(Draw::new(Path::Kernel, dtype, 1), &function);
        assert_eq!(data[0].shape().dims::<D>(), shape);
        assert_eq!(data[0].num_elements(), 0);
        for (part, gradient) in data.iter().enumerate().skip(1) {
            assert!(numbers(gradient).iter().all(|&number| number == 0.0), "{dtype:?}, part {part}: {gradient}");
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
