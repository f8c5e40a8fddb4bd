//! The loss of one update's batch, as often as it is asked for.

use burn::tensor::{Device, Tensor};
use rheostat_workload::{Knobs, Workload};

use crate::loader::Drawn;

/// A batch with everything else that its loss depends on besides the weights.
pub(super) struct Evaluator<B> {
    pub(super) drawn: Drawn<B>,
    pub(super) knobs: Knobs,
    /// Dropout repeats exactly, within an update and after a resume: its generator is seeded by the position, before every forward.
    pub(super) masks: u64,
}

impl<B> Evaluator<B> {
    /// Parts that the batch is computed in.
    pub(super) fn parts(&self) -> usize {
        self.drawn.parts.len()
    }

    /// The mean loss of one part, and its share of the batch.
    pub(super) fn forward<W: Workload<Batch = B>>(
        &self,
        workload: &W,
        model: &W::Model,
        part: usize,
        device: &Device,
    ) -> (Tensor<1>, f64) {
        let (batch, share) = &self.drawn.parts[part];
        device.seed(self.masks.wrapping_add(part as u64));
        (workload.loss(model, batch, &self.knobs, device), *share)
    }

    /// The mean loss of the whole batch as a number.
    pub(super) fn loss<W: Workload<Batch = B>>(&self, workload: &W, model: &W::Model, device: &Device) -> f64 {
        let of_part = |part| {
            let (output, share) = self.forward(workload, model, part, device);
            share * f64::from(output.into_scalar::<f32>())
        };
        (0..self.parts()).map(of_part).sum()
    }
}
