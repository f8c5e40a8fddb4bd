//! One optimizer step on 60 small tensors and on one large one: ours beside Burn's own AdamW, and beside a copy, in bytes a second.
#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Tensor};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use rayon::prelude::*;
use rheostat_control::optimizers::{Adamw, HeavyBall, Lion, Sgd};
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

/// Times each number of the model is read or written: weights, gradient and each moment are read, all but the gradient written.
fn moved(moments: u64) -> u64 {
    3 + 2 * moments
}

fn steps(criterion: &mut Criterion) {
    for (name, model, numbers) in [
        ("60 tensors, 78k", Tensors::new(60, 26, 50), 60 * 26 * 50),
        ("1 tensor, 11M", Tensors::new(1, 3328, 3328), 3328 * 3328),
    ] {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        let values = [Hyperparameters::new().with(Hyperparameter::LearningRate, 1e-3)];
        let bytes = |moved: u64| Throughput::Bytes(moved * numbers * 4);

        group.throughput(bytes(2));
        copy(&mut group, numbers as usize);
        group.throughput(bytes(moved(2)));
        let burn = AdamWConfig::new().with_weight_decay(0.01).with_epsilon(1e-8).init();
        measure(&mut group, "adamw, Burn", &model, burn, |optimizer, model, gradients| {
            optimizer.step(1e-3, model, gradients)
        });
        for (name, spec, moments) in [
            ("adamw", OptimizerSpec::Adamw(Adamw::default()), 2),
            ("heavy ball", OptimizerSpec::HeavyBall(HeavyBall::default()), 1),
            ("lion", OptimizerSpec::Lion(Lion::default()), 1),
            ("sgd", OptimizerSpec::Sgd(Sgd::default()), 0),
        ] {
            group.throughput(bytes(moved(moments)));
            let optimizer = Optimizer::new(&spec, &model, &[]).unwrap();
            measure(&mut group, name, &model, optimizer, |optimizer, model, gradients| {
                let gradients = Gradients::of_params(&model, gradients).unwrap();
                optimizer.step(model, gradients, &values).unwrap()
            });
        }
        // The gradient is read once more, for its norm.
        group.throughput(bytes(moved(2) + 1));
        let optimizer = Optimizer::new(&OptimizerSpec::Adamw(Adamw::default()), &model, &[]).unwrap();
        measure(&mut group, "adamw, clipped to a global norm", &model, optimizer, |optimizer, model, gradients| {
            let mut gradients = Gradients::of_params(&model, gradients).unwrap();
            gradients.clip(1.0).unwrap();
            optimizer.step(model, gradients, &values).unwrap()
        });
        group.finish();
    }
}

/// What memory can do: a copy of as many numbers, on as many threads.
fn copy(group: &mut BenchmarkGroup<'_, WallTime>, numbers: usize) {
    let from = vec![1.0_f32; numbers];
    let mut to = vec![0.0_f32; numbers];
    let part = numbers.div_ceil(rayon::current_num_threads());
    group.bench_function("copy", |bencher| {
        bencher.iter(|| {
            let parts = to.par_chunks_mut(part).zip(black_box(&from).par_chunks(part));
            parts.for_each(|(to, from)| to.copy_from_slice(from));
            black_box(&mut to);
        });
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
