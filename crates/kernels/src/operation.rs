//! Operations with a backward pass of their own, and their way into Burn.

use std::fmt::Debug;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

/// A function of `N` tensors with a gradient for each.
pub(crate) trait Operation<const N: usize>: Clone + Debug + Send + 'static {
    /// What the backward pass needs.
    type Saved: Clone + Debug + Send + 'static;

    /// The result, and what the backward pass needs.
    fn forward(&self, inputs: [FlexTensor; N]) -> (FlexTensor, Self::Saved);

    /// The gradients of the inputs that are wanted, for a gradient of the result.
    fn backward(&self, saved: Self::Saved, gradient: FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N];
}

/// The entrance: one function for each number of inputs, since Burn looks for tensors among the arguments.
#[backend_extension(Autodiff, Flex)]
trait Fused: Backend {
    fn one<O: Operation<1>>(operation: O, first: FloatTensor<Self>) -> FloatTensor<Self>;
    fn two<O: Operation<2>>(operation: O, first: FloatTensor<Self>, second: FloatTensor<Self>) -> FloatTensor<Self>;
    fn three<O: Operation<3>>(
        operation: O,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        third: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
    fn four<O: Operation<4>>(
        operation: O,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        third: FloatTensor<Self>,
        fourth: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl Fused for Flex {
    fn one<O: Operation<1>>(operation: O, first: FlexTensor) -> FlexTensor {
        operation.forward([first]).0
    }

    fn two<O: Operation<2>>(operation: O, first: FlexTensor, second: FlexTensor) -> FlexTensor {
        operation.forward([first, second]).0
    }

    fn three<O: Operation<3>>(operation: O, first: FlexTensor, second: FlexTensor, third: FlexTensor) -> FlexTensor {
        operation.forward([first, second, third]).0
    }

    fn four<O: Operation<4>>(
        operation: O,
        first: FlexTensor,
        second: FlexTensor,
        third: FlexTensor,
        fourth: FlexTensor,
    ) -> FlexTensor {
        operation.forward([first, second, third, fourth]).0
    }
}

type Tracked<C> = FloatTensor<Autodiff<Flex, C>>;

impl<C: CheckpointStrategy> Fused for Autodiff<Flex, C> {
    fn one<O: Operation<1>>(operation: O, first: Tracked<C>) -> Tracked<C> {
        track::<O, C, 1>(operation, [first])
    }

    fn two<O: Operation<2>>(operation: O, first: Tracked<C>, second: Tracked<C>) -> Tracked<C> {
        track::<O, C, 2>(operation, [first, second])
    }

    fn three<O: Operation<3>>(operation: O, first: Tracked<C>, second: Tracked<C>, third: Tracked<C>) -> Tracked<C> {
        track::<O, C, 3>(operation, [first, second, third])
    }

    fn four<O: Operation<4>>(
        operation: O,
        first: Tracked<C>,
        second: Tracked<C>,
        third: Tracked<C>,
        fourth: Tracked<C>,
    ) -> Tracked<C> {
        track::<O, C, 4>(operation, [first, second, third, fourth])
    }
}

/// Runs an operation and notes it for the backward pass.
fn track<O: Operation<N>, C: CheckpointStrategy, const N: usize>(operation: O, inputs: [Tracked<C>; N]) -> Tracked<C> {
    let nodes = inputs.each_ref().map(|input| input.node());
    let (result, saved) = operation.forward(inputs.map(|input| input.into_primitive()));
    match Backward::<Flex, N>::prepare::<C>(Step(operation), nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(saved, result),
        OpsKind::UnTracked(prepared) => prepared.finish(result),
    }
}

/// The backward pass of an operation.
#[derive(Debug)]
struct Step<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = O::Saved;

    fn backward(self, ops: Ops<O::Saved, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let results = self.0.backward(ops.state, gradient, wanted);
        for (parent, result) in ops.parents.into_iter().zip(results) {
            if let (Some(parent), Some(result)) = (parent, result) {
                gradients.register::<Flex>(parent.id, result);
            }
        }
    }
}

/// An operation of one tensor.
pub(crate) fn apply_1<O: Operation<1>, const D: usize, const R: usize>(operation: O, first: Tensor<D>) -> Tensor<R> {
    Tensor::from_dispatch(Dispatch::one(operation, first.into_dispatch()))
}

/// An operation of two tensors.
pub(crate) fn apply_2<O: Operation<2>, const D: usize, const E: usize, const R: usize>(
    operation: O,
    first: Tensor<D>,
    second: Tensor<E>,
) -> Tensor<R> {
    Tensor::from_dispatch(Dispatch::two(operation, first.into_dispatch(), second.into_dispatch()))
}

/// An operation of three tensors.
pub(crate) fn apply_3<O: Operation<3>, const D: usize, const E: usize, const F: usize, const R: usize>(
    operation: O,
    first: Tensor<D>,
    second: Tensor<E>,
    third: Tensor<F>,
) -> Tensor<R> {
    let [first, second, third] = [first.into_dispatch(), second.into_dispatch(), third.into_dispatch()];
    Tensor::from_dispatch(Dispatch::three(operation, first, second, third))
}

/// An operation of a tensor, two vectors, and another tensor.
pub(crate) fn apply_4<O: Operation<4>, const D: usize>(
    operation: O,
    first: Tensor<D>,
    vectors: [Tensor<1>; 2],
    last: Tensor<D>,
) -> Tensor<D> {
    let [second, third] = vectors.map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::four(operation, first.into_dispatch(), second, third, last.into_dispatch()))
}
