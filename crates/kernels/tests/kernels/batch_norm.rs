use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Distribution, Tensor};
use proptest::prelude::*;

use crate::agreement::{Draw, Path, View, agree, agree_in_double, agree_on_threads, cases, numbers, size, views};

/// A layer whose parameters have gradients, in the precision of the run. If frozen, it keeps to its running moments.
fn layer(draw: &mut Draw, channels: usize, dtype: DType, frozen: bool) -> BatchNorm {
    let device = Device::flex().autodiff();
    let mut layer = BatchNormConfig::new(channels).init(&device);
    let ones = |value: f64| Tensor::<1>::full([channels], value, (&device, dtype));
    layer.running_mean = RunningState::new(ones(0.25));
    layer.running_var = RunningState::new(ones(2.0));
    if frozen {
        layer = layer.freeze();
    }
    // Parameters of a frozen layer have no gradients; the tests still want some.
    layer.gamma = Param::from_tensor(draw.tensor([channels], View::Plain));
    layer.beta = Param::from_tensor(draw.tensor([channels], View::Plain));
    layer
}

/// What a residual block does with a layer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Use {
    Alone,
    Rectified,
    Added,
}

fn uses() -> impl Strategy<Value = Use> {
    prop_oneof![Just(Use::Alone), Just(Use::Rectified), Just(Use::Added)]
}

/// The input normalised by a layer that is drawn, and put to use.
pub(crate) fn normalised<const D: usize>(
    draw: &mut Draw,
    what: Use,
    input: Tensor<D>,
    shortcut: Tensor<D>,
    frozen: bool,
) -> Tensor<D> {
    let layer = layer(draw, input.dims()[1], input.dtype(), frozen);
    match (draw.path, what) {
        (Path::Kernel, Use::Alone) => rheostat_kernels::batch_norm(&layer, input) + shortcut,
        (Path::Kernel, Use::Rectified) => rheostat_kernels::batch_norm_relu(&layer, input) + shortcut,
        (Path::Kernel, Use::Added) => rheostat_kernels::batch_norm_add_relu(&layer, input, shortcut),
        (Path::Composed, Use::Alone) => layer.forward(input) + shortcut,
        (Path::Composed, Use::Rectified) => relu(layer.forward(input)) + shortcut,
        (Path::Composed, Use::Added) => relu(layer.forward(input) + shortcut),
    }
}

/// The running moments after three batches of random numbers. Whoever asks for them takes a turn.
fn running_moments(path: Path, seed: u64, shape: [usize; 4]) -> Vec<f64> {
    let device = Device::flex().autodiff();
    let layer = BatchNormConfig::new(shape[1]).with_momentum(0.3).init(&device);
    device.seed(seed);
    for _ in 0..3 {
        let input = Tensor::<4>::random(shape, Distribution::Default, &device);
        match path {
            Path::Kernel => drop(rheostat_kernels::batch_norm(&layer, input)),
            Path::Composed => drop(layer.forward(input)),
        }
    }
    [layer.running_mean.value(), layer.running_var.value()].iter().flat_map(|state| numbers(&state.to_data())).collect()
}

fn running_moments_agree(seed: u64, shape: [usize; 4]) {
    let [kernel, composed] = [Path::Kernel, Path::Composed].map(|path| running_moments(path, seed, shape));
    for (kernel, composed) in kernel.iter().zip(&composed) {
        assert!((kernel - composed).abs() < 1e-5, "{kernel} for {composed}");
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn it_agrees_with_burn(
        seed: u64, images in size(4), channels in size(40), image in (size(9), size(9)), what in uses(),
        frozen: bool, view in views(), shortcut_view in views(),
    ) {
        let run = |draw: &mut Draw| {
            let input = draw.tensor([images, channels, image.0, image.1], view) + 3.0;
            let shortcut = draw.tensor([images, channels, image.0, image.1], shortcut_view);
            normalised(draw, what, input, shortcut, frozen)
        };
        // A few numbers normalise to nearly the same whatever they are, and their gradients are what is left of numbers that cancel.
        let different = if matches!(view, View::Expanded) { images } else { images * image.0 * image.1 };
        if different < 8 { agree_in_double(seed, run) } else { agree(seed, run) }
    }

    #[test]
    fn running_moments_move_as_burns_do(seed: u64, images in 2_usize..5, channels in size(40), side in size(6)) {
        let _turn = crate::alone();
        running_moments_agree(seed, [images, channels, side, side]);
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    for (what, frozen) in [(Use::Alone, false), (Use::Rectified, false), (Use::Added, false), (Use::Rectified, true)] {
        agree_on_threads(1, |draw| {
            let [input, shortcut] = [0.5, 0.0].map(|mean| draw.tensor([7, 13, 29, 31], View::Plain) + mean);
            normalised(draw, what, input, shortcut, frozen)
        });
    }
}

#[test]
fn running_moments_move_as_burns_do_where_threads_share_the_work() {
    let _turn = crate::alone();
    running_moments_agree(1, [7, 13, 29, 31]);
}

#[test]
fn a_large_mean_does_not_swamp_the_variance() {
    let device = Device::flex().autodiff();
    let numbers: Vec<f32> = (0..4096).map(|index| 10_000.0 + (index % 7) as f32).collect();
    let input = Tensor::<2>::from_data(burn::tensor::TensorData::new(numbers, [4096, 1]), &device);
    let layer = BatchNormConfig::new(1).init(&device);
    let result = rheostat_kernels::batch_norm(&layer, input).into_data();
    let largest = result.iter::<f64>().fold(0.0, f64::max);
    // The largest of 0, ..., 6 is 3 / 2 standard deviations above the mean.
    assert!((largest - 1.5).abs() < 2e-3, "{largest}");
}
