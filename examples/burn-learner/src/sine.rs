//! Samples of sin(x) between -pi and pi.

use std::f32::consts::PI;
use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataloader::{DataLoader, DataLoaderBuilder};
use burn::data::dataset::InMemDataset;
use burn::tensor::{Device, Tensor, TensorData};

#[derive(Clone, Debug)]
struct Sample {
    input: f32,
    target: f32,
}

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) inputs: Tensor<2>,
    pub(crate) targets: Tensor<2>,
}

struct Columns;

impl Batcher<Sample, Batch> for Columns {
    fn batch(&self, samples: Vec<Sample>, device: &Device) -> Batch {
        let column = |value: fn(&Sample) -> f32| {
            let values: Vec<f32> = samples.iter().map(value).collect();
            Tensor::from_data(TensorData::new(values, [samples.len(), 1]), device)
        };
        Batch { inputs: column(|sample| sample.input), targets: column(|sample| sample.target) }
    }
}

/// Evenly spaced samples; with a seed, in another order every epoch.
pub(crate) fn loader(count: usize, batch_size: usize, seed: Option<u64>) -> Arc<dyn DataLoader<Batch>> {
    let samples = (0..count).map(|index| {
        let input = PI * ((2 * index + 1) as f32 / count as f32 - 1.0);
        Sample { input, target: input.sin() }
    });
    let mut builder = DataLoaderBuilder::new(Columns).batch_size(batch_size);
    if let Some(seed) = seed {
        builder = builder.shuffle(seed);
    }
    builder.build(InMemDataset::new(samples.collect()))
}
