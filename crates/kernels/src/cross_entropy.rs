//! Softmax cross-entropy.

use burn::backend::flex::FlexTensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

use crate::native::cross_entropy::forward;
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{create, dense, numbers, sizes, tensor, typed};

/// Mean cross-entropy of logits `[samples, classes]` with smoothed targets: `1 - smoothing` on the true class and `smoothing`
/// spread evenly over all of them (arXiv:1512.00567, section 7).
///
/// The kernel computes the gradient along with the loss, so that the backward pass only scales it. Without samples the mean is
/// not a number.
///
/// # Panics
/// If there is not one target for each sample, or a target is not a class.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    let [samples, classes] = logits.dims();
    assert_eq!(targets.dims(), [samples], "one target for each sample");
    if !takes(&logits) {
        return composed(logits, targets, smoothing);
    }
    let targets: Vec<usize> =
        targets.into_data().iter::<i64>().map(|class| usize::try_from(class).unwrap_or(classes)).collect();
    assert!(targets.iter().all(|&class| class < classes), "targets are numbers of classes");
    apply_1(CrossEntropy { targets, smoothing }, logits)
}

/// The same by Burn's own operations.
fn composed(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    let [_, classes] = logits.dims();
    let logarithms = log_softmax(logits, 1);
    let of_true_class = logarithms.clone().gather(1, targets.unsqueeze_dim::<2>(1)).squeeze_dim::<1>(1);
    let likelihood = mean(of_true_class);
    if smoothing == 0.0 {
        return likelihood.neg();
    }
    let of_all_classes = mean(logarithms.sum_dim(1).squeeze_dim::<1>(1));
    likelihood.mul_scalar(smoothing - 1.0) - of_all_classes.mul_scalar(smoothing / classes as f64)
}

/// Rows that one reduction may take. Burn reduces longer vectors in an order that depends on the threads.
const REDUCTION: usize = 1 << 20;

/// The mean of a vector, in an order that does not depend on the threads.
fn mean(values: Tensor<1>) -> Tensor<1> {
    let [length] = values.dims();
    if length <= REDUCTION {
        return values.mean();
    }
    let sums = values.split(REDUCTION, 0).into_iter().map(Tensor::sum).collect();
    Tensor::cat(sums, 0).sum().mul_scalar(1.0 / length as f64)
}

#[derive(Debug, Clone)]
struct CrossEntropy {
    targets: Vec<usize>,
    smoothing: f64,
}

impl Operation<1> for CrossEntropy {
    /// The gradient of the logits for a gradient of 1.
    type Saved = FlexTensor;

    fn forward(&self, [logits]: [FlexTensor; 1]) -> (FlexTensor, FlexTensor) {
        let logits = dense(logits);
        typed!(logits, T => {
            let mut loss = T::default();
            let gradient = create::<T>(sizes::<2>(&logits), |gradient| {
                loss = forward(numbers(&logits), &self.targets, self.smoothing, gradient);
            });
            (tensor(vec![loss], [1]), gradient)
        })
    }

    fn backward(&self, mut saved: FlexTensor, gradient: FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let gradient = dense(gradient);
        typed!(saved, T => {
            let scale = numbers::<T>(&gradient).first().copied().unwrap_or_default();
            if scale != 1.0 {
                saved.storage_mut::<T>().iter_mut().for_each(|slope| *slope *= scale);
            }
        });
        [Some(saved)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn a_mean_over_many_rows_is_taken_in_fixed_chunks() {
        let length = 2 * REDUCTION + 3;
        let values = Tensor::from_data(TensorData::new(vec![0.25_f32; length], [length]), &Device::flex());
        assert_eq!(mean(values).into_scalar::<f32>(), 0.25);
    }
}
