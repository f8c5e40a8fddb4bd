use burn::tensor::{Device, Tensor};
use proptest::prelude::*;
use rheostat_kernels::{attention, dropout};

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

/// Dropout, and the product with its mask. Whoever asks for either takes a turn.
pub(crate) fn dropped(path: Path, input: Tensor<2>, probability: f64) -> Tensor<2> {
    input.device().seed(8);
    match path {
        Path::Kernel => dropout(input, probability),
        Path::Composed => input.clone() * dropout(input.ones_like(), probability),
    }
}

fn ones(device: &Device) -> Tensor<2> {
    Tensor::ones([300, 100], device)
}

#[test]
fn it_keeps_the_share_that_is_asked_for_and_the_mean() {
    let _turn = crate::alone();
    let device = Device::flex().autodiff();
    device.seed(3);
    for probability in [0.1, 0.5, 0.9] {
        let numbers: Vec<f64> = dropout(ones(&device), probability).into_data().iter::<f64>().collect();
        let kept = numbers.iter().filter(|&&number| number != 0.0).count() as f64 / numbers.len() as f64;
        // Five standard deviations of a binomial share.
        let spread = 5.0 * (probability * (1.0 - probability) / numbers.len() as f64).sqrt();
        assert!((kept - (1.0 - probability)).abs() < spread, "{kept} at {probability}");
        let scale = 1.0 / (1.0 - probability);
        assert!(numbers.iter().all(|&number| number == 0.0 || (number - scale).abs() < 1e-6));
    }
}

#[test]
fn neighbours_are_dropped_independently() {
    let _turn = crate::alone();
    let device = Device::flex().autodiff();
    device.seed(4);
    let numbers: Vec<f64> = dropout(ones(&device), 0.5).into_data().iter::<f64>().map(|number| number - 1.0).collect();
    // The last are the numbers of a task.
    for distance in [1, 2, 16, 100, 1000, 16384] {
        let count = (numbers.len() - distance) as f64;
        let correlation = numbers.iter().zip(&numbers[distance..]).map(|(a, b)| a * b).sum::<f64>() / count;
        assert!(correlation.abs() < 5.0 / count.sqrt(), "{correlation} at {distance}");
    }
}

#[test]
fn the_gradient_passes_where_the_numbers_did() {
    let _turn = crate::alone();
    let device = Device::flex().autodiff();
    device.seed(5);
    let input = ones(&device).require_grad();
    let result = dropout(input.clone(), 0.3);
    let gradients = result.clone().sum().backward();
    input.grad(&gradients).unwrap().into_data().assert_eq(&result.into_data(), true);
}

#[test]
fn a_seed_repeats_the_mask_and_two_calls_differ() {
    let _turn = crate::alone();
    let device = Device::flex().autodiff();
    let draw = || dropout(ones(&device), 0.5).into_data();
    device.seed(6);
    let (first, second) = (draw(), draw());
    device.seed(6);
    assert_eq!(draw(), first);
    assert_ne!(first, second);
}

proptest! {
    #![proptest_config(cases(48))]

    /// However the input lies in memory, an element's fate is that of its place in the tensor.
    #[test]
    fn it_is_a_product_with_its_mask(seed: u64, rows in size(40), columns in size(40), share in 1_u32..10, view in views()) {
        let _turn = crate::alone();
        agree(seed, |draw| {
            let input = draw.tensor([rows, columns], view);
            dropped(draw.path, input, f64::from(share) / 10.0)
        });
    }
}

#[test]
fn it_is_a_product_with_its_mask_where_threads_share_the_work() {
    let _turn = crate::alone();
    agree_on_threads(1, |draw| {
        let input = draw.tensor([211, 307], View::Plain);
        dropped(draw.path, input, 0.4)
    });
}

#[test]
fn without_autodiff_or_without_probability_nothing_is_dropped() {
    let _turn = crate::alone();
    let device = Device::flex();
    dropout(ones(&device), 0.5).into_data().assert_eq(&ones(&device).into_data(), true);
    let device = device.autodiff();
    dropout(ones(&device), 0.0).into_data().assert_eq(&ones(&device).into_data(), true);
    assert_eq!(dropout(ones(&device), 1.0).sum().into_scalar::<f32>(), 0.0);
}

#[test]
fn attention_drops_weights_and_its_gradient_follows() {
    let _turn = crate::alone();
    let device = Device::flex().autodiff();
    let joint = Tensor::<3>::random([2, 8, 24], burn::tensor::Distribution::Default, &device).require_grad();
    let loss = |joint: Tensor<3>| {
        device.seed(7);
        attention(joint, 2, true, 0.4).powf_scalar(2.0).sum()
    };
    let gradients = loss(joint.clone()).backward();
    let slope = joint.grad(&gradients).unwrap();
    // The mask stays the same, so that a small step along the gradient raises the loss by its squared length.
    let step = 1e-3;
    let moved = joint.clone().inner() + slope.clone() * step;
    let moved = Tensor::from_inner(moved);
    let rise = loss(moved).into_scalar::<f32>() - loss(joint).into_scalar::<f32>();
    let expected = slope.powf_scalar(2.0).sum().into_scalar::<f32>() * step as f32;
    assert!((rise - expected).abs() < 0.02 * expected, "{rise} for {expected}");
    let undropped = attention(Tensor::<3>::ones([1, 4, 6], &Device::flex()), 1, false, 0.4);
    assert_eq!(undropped.sum().into_scalar::<f32>(), 8.0);
}
