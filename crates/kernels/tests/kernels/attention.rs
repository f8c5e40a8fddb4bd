use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};
use proptest::prelude::*;

use crate::agreement::{Path, agree, cases, size, views};

/// The definition, head by head.
fn composed(joint: Tensor<3>, heads: usize, causal: bool) -> Tensor<3> {
    let [_, tokens, joint_width] = joint.dims();
    let width = joint_width / 3;
    let head = width / heads;
    let device = joint.device();
    let heads = (0..heads).map(|index| {
        let part = |part: usize| joint.clone().narrow(2, part * width + index * head, head);
        let mut scores = part(0).matmul(part(1).swap_dims(1, 2)).mul_scalar(1.0 / (head as f64).sqrt());
        if causal {
            let hidden = Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, &device).unsqueeze::<3>();
            scores = scores.clone().mask_fill(hidden.expand(scores.dims()), f32::NEG_INFINITY);
        }
        softmax(scores, 2).matmul(part(2))
    });
    Tensor::cat(heads.collect(), 2)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_the_definition(
        seed: u64, sequences in size(4), tokens in size(40), heads in size(4), head in size(20), causal: bool, view in views(),
    ) {
        agree(seed, |draw| {
            let joint = draw.tensor([sequences, tokens, 3 * heads * head], view);
            match draw.path {
                Path::Kernel => rheostat_kernels::attention(joint, heads, causal, 0.0),
                Path::Composed => composed(joint, heads, causal),
            }
        });
    }
}
