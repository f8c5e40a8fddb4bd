//! A small perceptron and its two steps, as Burn's `Learner` wants them.

use burn::module::Module;
use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use burn::train::{InferenceStep, RegressionOutput, TrainOutput, TrainStep};

use crate::sine::Batch;

const WIDTH: usize = 32;

#[derive(Module, Debug)]
pub(crate) struct Network {
    first: Linear,
    second: Linear,
    last: Linear,
}

impl Network {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            first: LinearConfig::new(1, WIDTH).init(device),
            second: LinearConfig::new(WIDTH, WIDTH).init(device),
            last: LinearConfig::new(WIDTH, 1).init(device),
        }
    }

    fn regress(&self, batch: Batch) -> RegressionOutput {
        let hidden = self.first.forward(batch.inputs).tanh();
        let hidden = self.second.forward(hidden).tanh();
        let output = self.last.forward(hidden);
        let loss = MseLoss::new().forward(output.clone(), batch.targets.clone(), Reduction::Mean);
        RegressionOutput::new(loss, output, batch.targets)
    }
}

impl TrainStep for Network {
    type Input = Batch;
    type Output = RegressionOutput;

    fn step(&self, batch: Batch) -> TrainOutput<RegressionOutput> {
        let output = self.regress(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Network {
    type Input = Batch;
    type Output = RegressionOutput;

    fn step(&self, batch: Batch) -> RegressionOutput {
        self.regress(batch)
    }
}
