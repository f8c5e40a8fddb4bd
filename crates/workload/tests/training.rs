//! Workloads learn: under Burn's own AdamW, so that nothing but the workload is on trial.
#![allow(clippy::panic, reason = "a test helper fails by panicking")]

use std::sync::{Mutex, MutexGuard};

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Device;
use rheostat_workload::random::{Purpose, seed};
use rheostat_workload::{BatchKnobs, Evaluation, Knobs, Split, Visitor, Workload, WorkloadError, epoch_order, open};

mod common;
use common::{data, skipped};

/// Burn has one random generator a process, and tests run side by side.
static GENERATOR: Mutex<()> = Mutex::new(());

/// A short run with a constant rate.
#[derive(Clone, Copy)]
struct Run {
    seed: u64,
    steps: u64,
    batch: usize,
    rate: f64,
    knobs: Knobs,
    batch_knobs: BatchKnobs,
}

/// What a run came to.
#[derive(Debug, PartialEq)]
struct Outcome {
    losses: Vec<f64>,
    validation: Evaluation,
}

impl Visitor for Run {
    type Output = Outcome;

    fn visit<W: Workload>(self, workload: W) -> Outcome {
        let _guard: MutexGuard<'_, ()> = GENERATOR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let device = Device::flex().autodiff();
        device.seed(seed(self.seed, Purpose::Init, 0));
        let mut model = workload.model(&device);
        let mut optimizer: ModuleOptimizer = AdamWConfig::new().init();
        let per_epoch = workload.samples() / self.batch as u64;
        let mut losses = Vec::new();
        for step in 0..self.steps {
            let (epoch, place) = (step / per_epoch, (step % per_epoch) as usize);
            let order = epoch_order(self.seed, epoch, workload.samples());
            let indices: Vec<usize> =
                order[place * self.batch..][..self.batch].iter().map(|&index| index as usize).collect();
            let batch = workload.batch(&indices, self.seed, epoch, &self.batch_knobs);
            device.seed(seed(self.seed, Purpose::Dropout, step));
            let loss = workload.loss(&model, &batch, &self.knobs, &device);
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            losses.extend(loss.into_data().iter::<f64>());
            model = optimizer.step(self.rate, model, gradients);
        }
        let validation = workload.evaluate(&model.valid(), Split::Validation, &device.inner());
        Outcome { losses, validation }
    }
}

fn plain(steps: u64, batch: usize, rate: f64) -> Run {
    Run { seed: 0, steps, batch, rate, knobs: Knobs::default(), batch_knobs: BatchKnobs::default() }
}

fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

#[test]
fn digits_mlp_reaches_its_target_in_seconds() {
    let outcome = open("digits-mlp", None, &[], plain(400, 32, 3e-3)).unwrap();
    assert!((outcome.losses[0] - 10_f64.ln()).abs() < 1e-6, "an untrained model knows nothing: {}", outcome.losses[0]);
    assert!(outcome.validation.metric >= 0.95, "{:?}", outcome.validation);
}

#[test]
fn the_same_run_gives_the_same_numbers_dropout_included() {
    let run = Run { knobs: Knobs { dropout: 0.2, label_smoothing: 0.1, frozen: 0.0 }, ..plain(30, 32, 3e-3) };
    let first = open("digits-mlp", None, &[], run).unwrap();
    assert_eq!(first, open("digits-mlp", None, &[], run).unwrap());
    assert_ne!(first, open("digits-mlp", None, &[], Run { seed: 1, ..run }).unwrap());
}

#[test]
fn dropout_and_label_smoothing_change_the_loss() {
    let first_losses = |knobs| open("digits-mlp", None, &[], Run { knobs, ..plain(5, 32, 3e-3) }).unwrap().losses;
    let plain = first_losses(Knobs::default());
    assert_ne!(plain, first_losses(Knobs { dropout: 0.3, ..Knobs::default() }));
    assert_ne!(plain, first_losses(Knobs { label_smoothing: 0.1, ..Knobs::default() }));
}

/// Runs on real data if there is any, and checks that the loss falls.
fn falls(name: &str, run: Run) {
    let Some(folder) = data(name) else { return };
    let outcome = match open(name, Some(&folder), &[], run) {
        Ok(outcome) => outcome,
        Err(WorkloadError::Missing { path, .. }) => return skipped(&format!("{} is missing", path.display())),
        Err(error) => panic!("{name}: {error}"),
    };
    let quarter = outcome.losses.len() / 4;
    let (first, last) = (mean(&outcome.losses[..quarter]), mean(&outcome.losses[3 * quarter..]));
    assert!(last < 0.97 * first, "{name}: {first} to {last}");
    assert!(outcome.validation.loss.is_finite() && outcome.validation.metric.is_finite());
}

#[test]
fn cifar10_resnet8_learns() {
    falls("cifar10-resnet8", plain(24, 32, 3e-3));
}

#[test]
fn cifar10_vit_mini_learns() {
    falls("cifar10-vit-mini", plain(24, 32, 1e-3));
}

#[test]
fn shakespeare_gpt_learns() {
    falls("shakespeare-gpt", plain(12, 8, 1e-3));
}
