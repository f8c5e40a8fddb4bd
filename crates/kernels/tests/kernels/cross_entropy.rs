use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use proptest::prelude::*;

use crate::agreement::{Draw, Path, View, agree, agree_on_threads, cases, size, views};

/// The loss of logits for targets that are drawn.
pub(crate) fn loss(draw: &mut Draw, logits: Tensor<2>, smoothing: f64) -> Tensor<1> {
    let [samples, classes] = logits.dims();
    let classes_of: Vec<i32> = (0..samples).map(|_| draw.below(classes) as i32).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(classes_of, [samples]), &Device::flex().autodiff());
    match draw.path {
        Path::Kernel => rheostat_kernels::cross_entropy(logits, targets, smoothing),
        Path::Composed => composed(logits, targets, smoothing),
    }
}

/// The definition. What has no part in it, as other classes without smoothing, is left out, and may be infinite.
fn composed(logits: Tensor<2>, targets: Tensor<1, Int>, smoothing: f64) -> Tensor<1> {
    let [samples, classes] = logits.dims();
    let logarithms = log_softmax(logits, 1);
    let share = -1.0 / samples as f64;
    let true_class = logarithms.clone().gather(1, targets.unsqueeze_dim::<2>(1)).sum() * (share * (1.0 - smoothing));
    if smoothing == 0.0 { true_class } else { true_class + logarithms.sum() * (share * smoothing / classes as f64) }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_the_definition(
        seed: u64, samples in size(60), classes in size(40), smoothing in prop_oneof![Just(0.0), 0.0..1.0], view in views(),
    ) {
        agree(seed, |draw| {
            let logits = draw.tensor([samples, classes], view) * 3.0;
            loss(draw, logits, smoothing)
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    for smoothing in [0.0, 0.1] {
        agree_on_threads(1, |draw| {
            let logits = draw.tensor([701, 97], View::Plain) * 3.0;
            loss(draw, logits, smoothing)
        });
    }
}
