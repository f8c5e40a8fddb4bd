use std::path::Path;

use burn::tensor::{Device, Int, Tensor, TensorData};
use rheostat_control::Hyperparameter;
use rheostat_record::{Direction, Metric, WorkloadFacts};

use crate::data::Shakespeare;
use crate::data::shakespeare::{NAME, VOCABULARY};
use crate::loss::{self, Tally};
use crate::models::{Gpt, GptConfig, initialised};
use crate::random::{Purpose, below, stream};
use crate::{BatchKnobs, Evaluation, Knobs, Split, Workload, WorkloadError};

const CONTEXT: usize = 96;
const CONFIG: GptConfig = GptConfig { vocabulary: VOCABULARY.len(), context: CONTEXT, width: 128, layers: 4, heads: 4 };

pub(crate) const FACTS: WorkloadFacts = WorkloadFacts {
    name: "shakespeare-gpt",
    summary: "a character-level GPT of 4 layers and width 128 on plays by Shakespeare",
    dataset: Some(NAME),
    samples: 10_456,
    sample: "sequences",
    parameters: CONFIG.parameters() as u64,
    metric: Metric { name: "loss", direction: Direction::Decreasing },
    target: 1.95,
    knobs: &[Hyperparameter::Dropout, Hyperparameter::LabelSmoothing],
    methods: &[],
    recipe: include_str!("../../recipes/shakespeare-gpt.toml"),
};

/// Sequences in one pass of an evaluation.
const CHUNK: usize = 64;

/// A small GPT that predicts the next character, after nanoGPT. A sample is a window of 96 characters.
#[derive(Debug)]
pub struct ShakespeareGpt {
    plays: Shakespeare,
}

/// Sequences of tokens, each with the tokens that follow it one place on.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenBatch {
    inputs: Vec<u8>,
    targets: Vec<u8>,
}

impl ShakespeareGpt {
    /// Reads the text.
    ///
    /// # Errors
    /// There is no data folder, or the text in it is missing or damaged.
    pub fn open(data: Option<&Path>) -> Result<Self, WorkloadError> {
        let folder = data.ok_or(WorkloadError::NoDataFolder { dataset: NAME })?;
        Ok(Self { plays: Shakespeare::load(folder)? })
    }

    fn logits(model: &Gpt, batch: &TokenBatch, dropout: f64, device: &Device) -> Tensor<2> {
        let tokens: Vec<i32> = batch.inputs.iter().copied().map(i32::from).collect();
        let shape = [tokens.len() / CONTEXT, CONTEXT];
        model.forward(Tensor::<2, Int>::from_data(TensorData::new(tokens, shape), device), dropout)
    }
}

impl TokenBatch {
    fn with_capacity(windows: usize) -> Self {
        Self { inputs: Vec::with_capacity(windows * CONTEXT), targets: Vec::with_capacity(windows * CONTEXT) }
    }

    /// Appends the window that begins at `start`.
    fn push(&mut self, tokens: &[u8], start: usize) {
        self.inputs.extend_from_slice(&tokens[start..start + CONTEXT]);
        self.targets.extend_from_slice(&tokens[start + 1..start + 1 + CONTEXT]);
    }
}

/// Windows that fit side by side, each with one token more to predict.
fn windows(tokens: &[u8]) -> usize {
    tokens.len().saturating_sub(1) / CONTEXT
}

impl Workload for ShakespeareGpt {
    type Model = Gpt;
    type Batch = TokenBatch;

    fn facts(&self) -> &'static WorkloadFacts {
        &FACTS
    }

    fn samples(&self) -> u64 {
        windows(&self.plays.train) as u64
    }

    fn model(&self, device: &Device) -> Gpt {
        initialised(CONFIG.init(device))
    }

    /// The windows lie side by side; their common offset is random in every epoch, and the last of them wraps to the start.
    fn batch(&self, indices: &[usize], seed: u64, epoch: u64, _: &BatchKnobs) -> TokenBatch {
        let tokens = &self.plays.train;
        let offset = below(&mut stream(seed, Purpose::Augmentation, epoch), CONTEXT as u64) as usize;
        let mut batch = TokenBatch::with_capacity(indices.len());
        for &index in indices {
            batch.push(tokens, (index * CONTEXT + offset) % (tokens.len() - CONTEXT));
        }
        batch
    }

    fn loss(&self, model: &Gpt, batch: &TokenBatch, knobs: &Knobs, device: &Device) -> Tensor<1> {
        let logits = Self::logits(model, batch, knobs.dropout, device);
        loss::cross_entropy(logits, loss::targets(&batch.targets, device), knobs.label_smoothing)
    }

    fn evaluate(&self, model: &Gpt, split: Split, device: &Device) -> Evaluation {
        let tokens = match split {
            Split::Validation => &self.plays.validation,
            Split::Test => &self.plays.test,
        };
        let mut tally = Tally::default();
        let count = windows(tokens);
        for first in (0..count).step_by(CHUNK) {
            let mut batch = TokenBatch::with_capacity(CHUNK);
            for window in first..count.min(first + CHUNK) {
                batch.push(tokens, window * CONTEXT);
            }
            tally.add(Self::logits(model, &batch, 0.0, device), &batch.targets);
        }
        tally.loss()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload() -> ShakespeareGpt {
        ShakespeareGpt { plays: Shakespeare::nonsense(20_000) }
    }

    #[test]
    fn a_target_is_the_token_after_its_input() {
        let batch = workload().batch(&[0, 7, 100], 0, 0, &BatchKnobs::default());
        assert_eq!((batch.inputs.len(), batch.targets.len()), (3 * CONTEXT, 3 * CONTEXT));
        for (inputs, targets) in batch.inputs.chunks_exact(CONTEXT).zip(batch.targets.chunks_exact(CONTEXT)) {
            assert_eq!(inputs[1..], targets[..CONTEXT - 1]);
        }
    }

    #[test]
    fn the_windows_are_a_function_of_seed_epoch_and_index() {
        let workload = workload();
        assert_eq!(
            workload.batch(&[3, 5], 1, 2, &BatchKnobs::default()),
            workload.batch(&[3, 5], 1, 2, &BatchKnobs::default())
        );
        assert_ne!(
            workload.batch(&[3, 5], 1, 2, &BatchKnobs::default()),
            workload.batch(&[3, 5], 1, 3, &BatchKnobs::default())
        );
        assert_ne!(
            workload.batch(&[3, 5], 1, 2, &BatchKnobs::default()),
            workload.batch(&[3, 5], 2, 2, &BatchKnobs::default())
        );
    }

    #[test]
    fn every_window_of_every_epoch_lies_inside_the_text() {
        let workload = workload();
        let all: Vec<usize> = (0..workload.samples() as usize).collect();
        assert_eq!(all.len(), (18_000 - 1) / CONTEXT);
        for epoch in 0..200 {
            assert_eq!(workload.batch(&all, 0, epoch, &BatchKnobs::default()).inputs.len(), all.len() * CONTEXT);
        }
    }

    #[test]
    fn an_untrained_model_is_as_good_as_guessing_on_either_split() {
        let device = Device::flex();
        let model = workload().model(&device);
        for split in [Split::Validation, Split::Test] {
            let evaluation = workload().evaluate(&model, split, &device);
            assert!((evaluation.loss - 65_f64.ln()).abs() < 0.3, "{evaluation:?}");
            assert_eq!(evaluation.metric, evaluation.loss);
        }
    }
}
