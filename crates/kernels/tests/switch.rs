//! The switch, in a process of its own, since it holds for all threads.

use burn::tensor::{Device, Tensor};

#[test]
fn without_kernels_burns_own_operations_run() {
    let device = Device::flex();
    let input = Tensor::<1>::from_floats([-3.3, -0.7, 0.1, 1.9, 4.2], &device);
    let composed = burn::tensor::activation::gelu(input.clone()).into_data();
    assert!(rheostat_kernels::enabled());
    let fused = rheostat_kernels::gelu(input.clone()).into_data();
    rheostat_kernels::set_enabled(false);
    assert_eq!(rheostat_kernels::gelu(input.clone()).into_data(), composed);
    rheostat_kernels::set_enabled(true);
    assert_eq!(rheostat_kernels::gelu(input).into_data(), fused);
}
