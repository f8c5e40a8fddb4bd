//! Tensors of the CPU backend as slices of numbers.

use burn::backend::TensorMetadata;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Element, Shape};

use crate::memory::written;
use crate::native::real::Real;

/// A number that a tensor can hold and a kernel can compute in.
pub(crate) trait Number: Real + Element {}

impl Number for f32 {}
impl Number for f64 {}

/// Evaluates the expression with the type alias set to the tensor's type. Other types do not get here: see
/// [`takes`](crate::switch::takes).
macro_rules! typed {
    ($tensor:expr, $type:ident => $body:expr) => {
        if $tensor.dtype() == burn::tensor::DType::F64 {
            type $type = f64;
            $body
        } else {
            type $type = f32;
            $body
        }
    };
}
pub(crate) use typed;

/// The tensor in the order of its axes, without gaps.
pub(crate) fn dense(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The numbers of a tensor that [`dense`] returned.
pub(crate) fn numbers<T: Number>(tensor: &FlexTensor) -> &[T] {
    let storage = tensor.storage::<T>();
    let start = tensor.layout().start_offset();
    &storage[start..start + tensor.layout().num_elements()]
}

/// The numbers from the first element of a tensor on, and the distances between neighbours along each axis.
pub(crate) fn strided<T: Number>(tensor: &FlexTensor) -> (&[T], Vec<usize>) {
    let strides = tensor.layout().strides().iter().map(|stride| stride.unsigned_abs()).collect();
    (&tensor.storage::<T>()[tensor.layout().start_offset()..], strides)
}

/// The tensor, copied if an axis runs backwards in memory or stands still.
pub(crate) fn forwards(tensor: FlexTensor) -> FlexTensor {
    if tensor.layout().strides().iter().all(|&stride| stride > 0) { tensor } else { tensor.to_contiguous() }
}

/// A tensor of these numbers.
pub(crate) fn tensor<T: Number>(numbers: Vec<T>, shape: impl Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(numbers), Layout::contiguous(shape.into()), T::dtype())
}

/// A tensor for the function to write. What its numbers are before is not specified: the function overwrites every one of them.
pub(crate) fn create<T: Number>(shape: impl Into<Shape>, write: impl FnOnce(&mut [T])) -> FlexTensor {
    let layout = Layout::contiguous(shape.into());
    FlexTensor::new(written(layout.num_elements(), write), layout, T::dtype())
}

/// A vector of numbers that were kept in `f64`, in the type of a tensor.
pub(crate) fn vector(numbers: &[f64], dtype: DType) -> FlexTensor {
    let shape = [numbers.len()];
    if dtype == DType::F64 {
        tensor(numbers.to_vec(), shape)
    } else {
        tensor(numbers.iter().map(|&number| number as f32).collect::<Vec<_>>(), shape)
    }
}

/// Moves the second axis to the end: `[image, row, column, channel]` for images. Free if the channels are last in memory.
pub(crate) fn channels_last(tensor: FlexTensor) -> FlexTensor {
    let rank = tensor.rank();
    let axes: Vec<usize> = std::iter::once(0).chain(2..rank).chain(std::iter::once(1)).collect();
    dense(tensor.permute(&axes))
}

/// The opposite of [`channels_last`], and free.
pub(crate) fn channels_second(tensor: FlexTensor) -> FlexTensor {
    let rank = tensor.rank();
    let axes: Vec<usize> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
    tensor.permute(&axes)
}

/// Sizes of the axes.
pub(crate) fn sizes<const D: usize>(tensor: &FlexTensor) -> [usize; D] {
    tensor.layout().shape().dims()
}
