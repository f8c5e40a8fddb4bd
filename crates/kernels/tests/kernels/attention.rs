use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};
use proptest::prelude::*;
use rheostat_kernels::dropout;

use crate::agreement::{Path, View, agree, agree_on_threads, cases, size, views};

/// Attention whose mask, if weights are dropped, is the same on either path. Whoever asks for one takes a turn.
pub(crate) fn attention(path: Path, joint: Tensor<3>, heads: usize, causal: bool, probability: f64) -> Tensor<3> {
    joint.device().seed(11);
    match path {
        Path::Kernel => rheostat_kernels::attention(joint, heads, causal, probability),
        Path::Composed => composed(joint, heads, causal, probability),
    }
}

/// The definition, head by head.
fn composed(joint: Tensor<3>, heads: usize, causal: bool, probability: f64) -> Tensor<3> {
    let [sequences, tokens, joint_width] = joint.dims();
    let width = joint_width / 3;
    let head = width / heads;
    let device = joint.device();
    // The fate of a weight depends on its position alone.
    let factors = dropout(Tensor::<4>::ones([sequences, heads, tokens, tokens], (&device, joint.dtype())), probability);
    let heads = (0..heads).map(|index| {
        let part = |part: usize| joint.clone().narrow(2, part * width + index * head, head);
        let mut scores = part(0).matmul(part(1).swap_dims(1, 2)).mul_scalar(1.0 / (head as f64).sqrt());
        if causal {
            let hidden = Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, &device).unsqueeze::<3>();
            scores = scores.clone().mask_fill(hidden.expand(scores.dims()), f32::NEG_INFINITY);
        }
        let weights = softmax(scores, 2) * factors.clone().narrow(1, index, 1).squeeze_dim::<3>(1);
        weights.matmul(part(2))
    });
    Tensor::cat(heads.collect(), 2)
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn it_agrees_with_the_definition(
        seed: u64, sequences in size(4), tokens in size(40), heads in size(4), head in size(20), causal: bool,
        probability in prop_oneof![Just(0.0), 0.1..0.9], view in views(),
    ) {
        let _turn = crate::alone();
        agree(seed, |draw| {
            let joint = draw.tensor([sequences, tokens, 3 * heads * head], view);
            attention(draw.path, joint, heads, causal, probability)
        });
    }
}

#[test]
fn it_agrees_where_threads_share_the_work() {
    let _turn = crate::alone();
    for (causal, probability) in [(true, 0.3), (false, 0.0)] {
        agree_on_threads(1, |draw| {
            let joint = draw.tensor([5, 37, 3 * 4 * 11], View::Plain);
            attention(draw.path, joint, 4, causal, probability)
        });
    }
}
