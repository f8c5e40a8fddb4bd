//! One optimizer step on 60 small tensors and on one large one: ours beside Burn's own AdamW.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use rheostat_control::optimizers::{Adamw, HeavyBall};
use rheostat_control::{Hyperparameter, Hyperparameters, OptimizerSpec};
use rheostat_optim::{Gradients, Optimizer};

#[derive(Module, Debug)]
struct Tensors {
    tensors: Vec<Param<Tensor<2>>>,
}

impl Tensors {
    /// `count` tensors of `rows` x `columns`.
    fn new(count: usize, rows: usize, columns: usize) -> Self {
        let device = Device::flex();
        let tensor = || {
            let values = Tensor::random([rows, columns], Distribution::Normal(0.0, 1.0), &device);
            Param::initialized(ParamId::new(), Tensor::from_inner(values).require_grad())
        };
        Self { tensors: (0..count).map(|_| tensor()).collect() }
    }

    /// Gradients that nobody else holds, as `backward` leaves them.
    fn gradients(&self) -> GradientsParams {
        struct Copier(GradientsParams);
        impl ModuleVisitor for Copier {
            fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
                self.0.register(parameter.id, parameter.val().inner().mul_scalar(0.01));
            }
        }
        let mut copier = Copier(GradientsParams::new());
        self.visit(&mut copier);
        copier.0
    }
}

/// Times `step` alone; making the gradients is not part of it.
fn measure<O>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    model: &Tensors,
    mut optimizer: O,
    step: impl Fn(&mut O, Tensors, GradientsParams) -> Tensors,
) {
    // Values of its own, so that nobody else holds them.
    let mut model = Some(model.valid().map(&mut Copy).train());
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                let current = model.take().unwrap();
                let gradients = current.gradients();
                let start = Instant::now();
                let next = step(&mut optimizer, current, gradients);
                spent += start.elapsed();
                model = Some(black_box(next));
            }
            spent
        });
    });
}

struct Copy;

impl burn::module::ModuleMapper for Copy {
    fn map_float<const D: usize>(&mut self, parameter: Param<Tensor<D>>) -> Param<Tensor<D>> {
        parameter.map(|tensor| tensor.clone().add_scalar(0.0))
    }
}

fn steps(criterion: &mut Criterion) {
    for (name, model) in [("60 tensors, 78k", Tensors::new(60, 26, 50)), ("1 tensor, 11M", Tensors::new(1, 3328, 3328))]
    {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        let values = [Hyperparameters::new().with(Hyperparameter::LearningRate, 1e-3)];

        let burn = AdamWConfig::new().with_weight_decay(0.01).with_epsilon(1e-8).init();
        measure(&mut group, "adamw, Burn", &model, burn, |optimizer, model, gradients| {
            optimizer.step(1e-3, model, gradients)
        });
        for (name, spec) in [
            ("adamw", OptimizerSpec::Adamw(Adamw::default())),
            ("heavy ball", OptimizerSpec::HeavyBall(HeavyBall::default())),
        ] {
            let optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
            measure(&mut group, name, &model, optimizer, |optimizer, model, gradients| {
                let gradients = Gradients::of_params(&model, gradients).unwrap();
                optimizer.step(model, gradients, &values).unwrap()
            });
        }
        let optimizer = Optimizer::new(&OptimizerSpec::Adamw(Adamw::default()), &model, &[]).unwrap();
        measure(&mut group, "adamw, clipped to a global norm", &model, optimizer, |optimizer, model, gradients| {
            let mut gradients = Gradients::of_params(&model, gradients).unwrap();
            gradients.clip(1.0).unwrap();
            optimizer.step(model, gradients, &values).unwrap()
        });
        group.finish();
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
