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
}
