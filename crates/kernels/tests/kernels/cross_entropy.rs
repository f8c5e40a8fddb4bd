use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use proptest::prelude::*;

use crate::agreement::{Path, agree, cases, size, views};

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_the_definition(
        seed: u64, samples in size(60), classes in 2_usize..40, smoothing in prop_oneof![Just(0.0), 0.0..1.0], view in views(),
    ) {
        agree(seed, |draw| {
            let logits = draw.tensor([samples, classes], view) * 3.0;
            let classes_of: Vec<i32> = (0..samples).map(|_| draw.below(classes) as i32).collect();
            let targets = Tensor::<1, Int>::from_data(TensorData::new(classes_of, [samples]), &Device::flex().autodiff());
            match draw.path {
                Path::Kernel => rheostat_kernels::cross_entropy(logits, targets, smoothing),
                Path::Composed => {
                    let uniform = smoothing / classes as f64;
                    let targets = targets.one_hot::<2>(classes).float().cast(logits.dtype()) * (1.0 - smoothing) + uniform;
                    (log_softmax(logits, 1) * targets).sum() * (-1.0 / samples as f64)
                }
            }
        });
    }
}
