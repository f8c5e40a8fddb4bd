//! Numbers that are none, infinite ones, and nothing at all.

use burn::nn::BatchNormConfig;
use burn::tensor::activation::{self, relu};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Int, Tensor, TensorData, module};

use crate::agreement::{Path, View, agree_beyond_numbers};

/// Numbers of which some are none or infinite.
fn spoilt(shape: &[usize]) -> TensorData {
    let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let count: usize = shape.iter().product();
    let numbers: Vec<f32> = (0..count)
        .map(|index| if index % 37 == 5 { special[index / 37 % 3] } else { (index % 11) as f32 - 5.0 })
        .collect();
    TensorData::new(numbers, shape.to_vec())
}

#[test]
fn gelu_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf::<2>(spoilt(&[9, 25]));
        match draw.path {
            Path::Kernel => rheostat_kernels::gelu(input),
            Path::Composed => activation::gelu(input),
        }
    });
}

#[test]
fn layer_norm_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf::<2>(spoilt(&[9, 21]));
        let [gain, bias] = [draw.tensor([21], View::Plain), draw.tensor([21], View::Plain)];
        match draw.path {
            Path::Kernel => rheostat_kernels::layer_norm(input, gain, bias, 1e-5),
            Path::Composed => module::layer_norm(input, gain, Some(bias), 1e-5),
        }
    });
}

#[test]
fn batch_norm_with_a_rectifier_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf::<2>(spoilt(&[9, 21]));
        let layer = BatchNormConfig::new(21).init(&Device::flex().autodiff());
        match draw.path {
            Path::Kernel => rheostat_kernels::batch_norm_relu(&layer, input),
            Path::Composed => relu(layer.forward(input)),
        }
    });
}

#[test]
fn a_blur_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf::<4>(spoilt(&[2, 3, 6, 7]));
        match draw.path {
            Path::Kernel => rheostat_kernels::blur(input),
            Path::Composed => crate::blur::convolved(input),
        }
    });
}

#[test]
fn a_convolution_passes_them_on() {
    agree_beyond_numbers(|draw| {
        let input = draw.leaf::<4>(spoilt(&[2, 3, 6, 7]));
        let weight = draw.tensor([5, 3, 3, 3], View::Plain);
        match draw.path {
            Path::Kernel => rheostat_kernels::conv2d(input, weight, [1, 1], [1, 1]),
            Path::Composed => module::conv2d(input, weight, None, ConvOptions::new([1, 1], [1, 1], [1, 1], 1)),
        }
    });
}

#[test]
fn a_loss_of_logits_that_are_no_numbers_is_none() {
    let device = Device::flex();
    let targets = || Tensor::<1, Int>::from_data([1, 0], &device);
    for bad in [f32::NAN, f32::INFINITY] {
        let logits = Tensor::<2>::from_data([[0.0, bad, 1.0], [1.0, 2.0, 3.0]], &device);
        assert!(rheostat_kernels::cross_entropy(logits, targets(), 0.0).into_scalar::<f32>().is_nan(), "{bad}");
    }
    let masked = Tensor::<2>::from_data([[0.0, 1.0, f32::NEG_INFINITY], [1.0, 2.0, f32::NEG_INFINITY]], &device);
    assert!(rheostat_kernels::cross_entropy(masked, targets(), 0.0).into_scalar::<f32>().is_finite());
}

#[test]
fn an_empty_batch_has_an_empty_result() {
    let device = Device::flex().autodiff();
    let rows = |columns: usize| Tensor::<2>::zeros([0, columns], &device).require_grad();
    let vector = |value: f64| Tensor::<1>::full([8], value, &device);
    let weight = Tensor::<2>::ones([8, 3], &device).require_grad();
    assert_eq!(rheostat_kernels::gelu(rows(8)).dims(), [0, 8]);
    assert_eq!(rheostat_kernels::dropout(rows(8), 0.5).dims(), [0, 8]);
    assert_eq!(rheostat_kernels::layer_norm(rows(8), vector(1.0), vector(0.0), 1e-5).dims(), [0, 8]);
    assert_eq!(rheostat_kernels::blur(Tensor::zeros([0, 3, 4, 4], &device)).dims(), [0, 3, 4, 4]);
    assert_eq!(rheostat_kernels::attention(Tensor::zeros([0, 4, 24], &device), 2, true, 0.1).dims(), [0, 4, 8]);
    assert_eq!(rheostat_kernels::embedding(weight.clone(), Tensor::zeros([0, 4], &device)).dims(), [0, 4, 3]);
    let result = rheostat_kernels::linear(rows(8), weight.clone(), None);
    assert_eq!(result.dims(), [0, 3]);
    let gradients = result.sum().backward();
    assert_eq!(weight.grad(&gradients).unwrap().sum().into_scalar::<f32>(), 0.0);
}

#[test]
#[should_panic(expected = "targets are numbers of classes")]
fn a_target_that_is_no_class_is_refused() {
    let device = Device::flex();
    rheostat_kernels::cross_entropy(Tensor::zeros([1, 3], &device), Tensor::from_data([3], &device), 0.0);
}

#[test]
#[should_panic(expected = "a weight of 5 by 5 on images of 2 by 2")]
fn a_weight_larger_than_its_images_is_refused() {
    let device = Device::flex();
    rheostat_kernels::conv2d(
        Tensor::zeros([1, 1, 2, 2], &device),
        Tensor::zeros([1, 1, 5, 5], &device),
        [1, 1],
        [0, 0],
    );
}
