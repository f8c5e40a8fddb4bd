//! Whether kernels or Burn's own operations run.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{DType, Device, Tensor};

static ENABLED: AtomicBool = AtomicBool::new(true);

/// Whether the kernels run where they can: yes, until [`set_enabled`] says otherwise.
pub fn enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Turns the kernels of this process on or off. What was computed before stays as it was; a backward pass runs the way its
/// forward pass did.
pub fn set_enabled(enabled: bool) {
    ENABLED.store(enabled, Ordering::Relaxed);
}

/// Whether a kernel can compute with this tensor, and may.
pub(crate) fn takes<const D: usize>(tensor: &Tensor<D>) -> bool {
    enabled() && matches!(tensor.dtype(), DType::F32 | DType::F64) && tensor.device() == Device::flex()
}
