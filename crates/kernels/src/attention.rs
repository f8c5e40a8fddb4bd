//! Scaled dot-product attention.

use burn::backend::flex::FlexTensor;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};

use crate::dropout;
use crate::native::attention::{Shape, input_gradient, mix, weigh};
use crate::native::dropout::Mask;
use crate::operation::{Operation, apply_1};
use crate::switch::takes;
use crate::tensor::{create, dense, numbers, sizes, typed};

/// Attention of several heads (arXiv:1706.03762, section 3.2): `softmax(queries keysᵀ / √(width / heads)) values` for each head.
///
/// `joint` is `[sequences, tokens, 3 width]`: queries, keys and values of all heads side by side, as one linear layer returns
/// them. The result is `[sequences, tokens, width]`. With `causal`, a token sees itself and what is before it. Weights are
/// dropped with the given probability on devices with autodiff, as in [`dropout`](crate::dropout()).
///
/// With `causal`, scores of later keys are minus infinity whatever the keys are. A later value that is infinite or
/// not a number makes results of earlier tokens not a number, since zero times it is none. In Burn's own operations it
/// does the same to the gradients of their queries; the kernel, which leaves out what is not seen, keeps it out of them.
///
/// # Panics
/// If the width of `joint` is not three times a multiple of `heads`.
pub fn attention(joint: Tensor<3>, heads: usize, causal: bool, dropout: f64) -> Tensor<3> {
    let [_, tokens, joint_width] = joint.dims();
    let width = joint_width / 3;
    assert!(
        heads > 0 && joint_width == 3 * width && width.is_multiple_of(heads),
        "three times a width that the heads divide"
    );
    if !takes(&joint) || dropout >= 1.0 {
        return composed(joint, heads, causal, dropout);
    }
    let dropout = dropout::mask(&joint.device(), dropout).map(|key| Mask::new(key(), dropout));
    apply_1(Attention(Shape { tokens, width, heads, causal, dropout }), joint)
}

/// The same by Burn's own operations.
fn composed(joint: Tensor<3>, heads: usize, causal: bool, dropout: f64) -> Tensor<3> {
    let [sequences, tokens, joint_width] = joint.dims();
    let width = joint_width / 3;
    let head = width / heads;
    let part = |index: usize| {
        joint.clone().narrow(2, index * width, width).reshape([sequences, tokens, heads, head]).swap_dims(1, 2)
    };
    let scores = part(0).mul_scalar(1.0 / (head as f64).sqrt()).matmul(part(1).transpose());
    let scores = if causal { hide_later_keys(scores) } else { scores };
    let weights = dropout::dropout(softmax(scores, 3), dropout);
    weights.matmul(part(2)).swap_dims(1, 2).reshape([sequences, tokens, width])
}

/// Scores `[.., to, from]` with minus infinity where a token would see a later one.
fn hide_later_keys(scores: Tensor<4>) -> Tensor<4> {
    let [_, _, tokens, _] = scores.dims();
    let later = Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, &scores.device()).unsqueeze::<4>();
    let later = later.expand(scores.dims());
    scores.mask_fill(later, f32::NEG_INFINITY)
}

#[derive(Debug, Clone, Copy)]
struct Attention(Shape);

impl Operation<1> for Attention {
    /// The joint numbers, and the weights before dropout.
    type Saved = [FlexTensor; 2];

    fn forward(&self, [joint]: [FlexTensor; 1]) -> (FlexTensor, [FlexTensor; 2]) {
        let joint = dense(joint);
        let Shape { tokens, width, heads, .. } = self.0;
        let [sequences, ..] = sizes::<3>(&joint);
        let (result, weights) = typed!(joint, T => {
            let weights = create::<T>([sequences, heads, tokens, tokens], |to| weigh(&self.0, numbers(&joint), to));
            let result = create::<T>([sequences, tokens, width], |to| mix(&self.0, numbers(&joint), numbers(&weights), to));
            (result, weights)
        });
        (result, [joint, weights])
    }

    fn backward(
        &self,
        [joint, weights]: [FlexTensor; 2],
        gradient: FlexTensor,
        _: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let gradient = dense(gradient);
        [Some(typed!(joint, T => create::<T>(sizes::<3>(&joint), |result| {
            input_gradient(&self.0, numbers(&joint), numbers(&weights), numbers(&gradient), result);
        })))]
    }
}
