use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::activation::relu;
use burn::tensor::{DType, Device, Tensor};
use proptest::prelude::*;

use crate::agreement::{Draw, Path, View, agree, agree_in_double, cases, numbers, size, views};

/// A layer whose parameters have gradients, in the precision of the run.
fn layer(draw: &mut Draw, channels: usize, dtype: DType) -> BatchNorm {
    let device = Device::flex().autodiff();
    let mut layer = BatchNormConfig::new(channels).init(&device);
    layer.gamma = Param::from_tensor(draw.tensor([channels], View::Plain));
    layer.beta = Param::from_tensor(draw.tensor([channels], View::Plain));
    let ones = |value: f64| Tensor::<1>::full([channels], value, (&device, dtype));
    layer.running_mean = burn::module::RunningState::new(ones(0.25));
    layer.running_var = burn::module::RunningState::new(ones(2.0));
    layer
}

/// What a residual block does with a layer.
#[derive(Debug, Clone, Copy)]
enum Use {
    Alone,
    Rectified,
    Added,
}

fn uses() -> impl Strategy<Value = Use> {
    prop_oneof![Just(Use::Alone), Just(Use::Rectified), Just(Use::Added)]
}

fn apply(path: Path, what: Use, layer: &BatchNorm, input: Tensor<4>, shortcut: Tensor<4>) -> Tensor<4> {
    match (path, what) {
        (Path::Kernel, Use::Alone) => rheostat_kernels::batch_norm(layer, input) + shortcut,
        (Path::Kernel, Use::Rectified) => rheostat_kernels::batch_norm_relu(layer, input) + shortcut,
        (Path::Kernel, Use::Added) => rheostat_kernels::batch_norm_add_relu(layer, input, shortcut),
        (Path::Composed, Use::Alone) => layer.forward(input) + shortcut,
        (Path::Composed, Use::Rectified) => relu(layer.forward(input)) + shortcut,
        (Path::Composed, Use::Added) => relu(layer.forward(input) + shortcut),
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn it_agrees_with_burn(
        seed: u64, images in 2_usize..5, channels in size(40), image in (size(9), size(9)), what in uses(),
        frozen: bool, view in views(), shortcut_view in views(),
    ) {
        let normalised = |draw: &mut Draw| {
            let input = draw.tensor([images, channels, image.0, image.1], view) + 3.0;
            let shortcut = draw.tensor([images, channels, image.0, image.1], shortcut_view);
            let mut layer = layer(draw, channels, input.dtype());
            if frozen {
                // Its parameters have no gradients then; the test still wants some.
                let [gamma, beta] = [layer.gamma.val(), layer.beta.val()];
                layer = layer.freeze();
                layer.gamma = Param::from_tensor(gamma);
                layer.beta = Param::from_tensor(beta);
            }
            apply(draw.path, what, &layer, input, shortcut)
        };
        // A few numbers normalise to nearly the same whatever they are, and their gradients are what is left of numbers that cancel.
        let different = if matches!(view, View::Expanded) { images } else { images * image.0 * image.1 };
        if different < 8 { agree_in_double(seed, normalised) } else { agree(seed, normalised) }
    }

    #[test]
    fn running_moments_move_as_burns_do(seed: u64, images in 2_usize..5, channels in size(40), side in size(6)) {
        let _turn = crate::alone();
        let moments = |path: Path| {
            let device = Device::flex().autodiff();
            let layer = BatchNormConfig::new(channels).with_momentum(0.3).init(&device);
            device.seed(seed);
            for _ in 0..3 {
                let input = Tensor::<4>::random([images, channels, side, side], burn::tensor::Distribution::Default, &device);
                match path {
                    Path::Kernel => drop(rheostat_kernels::batch_norm(&layer, input)),
                    Path::Composed => drop(layer.forward(input)),
                }
            }
            [layer.running_mean.value().into_data(), layer.running_var.value().into_data()].map(|data| numbers(&data))
        };
        for (kernel, composed) in moments(Path::Kernel).iter().flatten().zip(moments(Path::Composed).iter().flatten()) {
            prop_assert!((kernel - composed).abs() < 1e-5, "{kernel} for {composed}");
        }
    }
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
