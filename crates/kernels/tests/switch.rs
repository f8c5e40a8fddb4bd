//! The switch, in a process of its own, since it holds for all threads.

use burn::tensor::{Device, Distribution, Tensor, TensorData, Tolerance};
use rheostat_kernels::set_enabled;

/// What the function returns with kernels and without.
fn both(function: impl Fn() -> Tensor<3>) -> [TensorData; 2] {
    [true, false].map(|enabled| {
        set_enabled(enabled);
        let result = function().into_data();
        set_enabled(true);
        result
    })
}

#[test]
fn without_kernels_burns_own_operations_run() {
    let device = Device::flex();
    let input = Tensor::<3>::from_floats([[[-3.3, -0.7, 0.1, 1.9, 4.2]]], &device);
    let composed = burn::tensor::activation::gelu(input.clone()).into_data();
    assert!(rheostat_kernels::enabled());
    let fused = rheostat_kernels::gelu(input.clone()).into_data();
    assert_eq!(both(|| rheostat_kernels::gelu(input.clone())), [fused, composed]);

    // A token sees nothing of later keys on either path, not even what is no number.
    let joint = Tensor::<3>::random([2, 5, 12], Distribution::Default, &device);
    let spoilt = joint.clone().slice_assign([0..2, 4..5, 4..8], Tensor::full([2, 1, 4], f32::NAN, &device));
    for (joint, causal) in [(joint.clone(), false), (joint, true), (spoilt, true)] {
        let seen = || rheostat_kernels::attention(joint.clone(), 2, causal, 0.0).narrow(1, 0, 4);
        let [fused, composed] = both(seen);
        assert!(fused.iter::<f32>().all(f32::is_finite));
        fused.assert_approx_eq::<f32>(&composed, Tolerance::default());
    }

    // What is dropped differs between the paths; how much, and what it is worth on the average, does not.
    let device = device.autodiff();
    device.seed(1);
    let ones = Tensor::<3>::ones([10, 30, 100], &device);
    for dropped in both(|| rheostat_kernels::dropout(ones.clone(), 0.4)) {
        let kept = dropped.iter::<f64>().filter(|number| (number - 1.0 / 0.6).abs() < 1e-6).count();
        let zeros = dropped.iter::<f64>().filter(|number| *number == 0.0).count();
        assert_eq!(kept + zeros, 30_000);
        // Five standard deviations of a binomial share.
        assert!((kept as f64 / 30_000.0 - 0.6).abs() < 0.015, "{kept}");
    }
    let joint = Tensor::<3>::ones([2, 64, 24], &device);
    for mixed in both(|| rheostat_kernels::attention(joint.clone(), 2, false, 0.4)) {
        let numbers: Vec<f64> = mixed.iter::<f64>().collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        assert!((mean - 1.0).abs() < 0.04 && numbers.iter().any(|number| (number - 1.0).abs() > 1e-3), "{mean}");
    }
}
