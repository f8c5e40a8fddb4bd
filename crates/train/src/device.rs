use burn::tensor::Device;

use crate::TrainError;

/// The device this build trains on: the GPU of the feature that is on, else the CPU.
pub fn device() -> Device {
    #[cfg(feature = "cuda")]
    let device = Device::cuda(0);
    #[cfg(all(feature = "rocm", not(feature = "cuda")))]
    let device = Device::rocm(0);
    #[cfg(all(any(feature = "wgpu", feature = "metal"), not(any(feature = "cuda", feature = "rocm"))))]
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    #[cfg(not(any(feature = "cuda", feature = "rocm", feature = "wgpu", feature = "metal")))]
    let device = Device::flex();
    device
}

/// Its name, for manifests.
pub const fn device_name() -> &'static str {
    if cfg!(feature = "cuda") {
        "cuda"
    } else if cfg!(feature = "rocm") {
        "rocm"
    } else if cfg!(feature = "metal") {
        "metal"
    } else if cfg!(feature = "wgpu") {
        "wgpu"
    } else {
        "cpu (flex)"
    }
}

/// Bytes of a compute thread's stack: as many as the main thread of a program usually has, for the training loop runs on one.
const STACK: usize = 8 << 20;

/// Sets the threads that tensors are computed with; once per process, before anything is computed.
///
/// # Errors
/// [`TrainError::Threads`] if they were set already.
pub fn set_threads(threads: usize) -> Result<(), TrainError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK);
    pool.build_global().map_err(|error| TrainError::Threads(error.to_string()))
}
