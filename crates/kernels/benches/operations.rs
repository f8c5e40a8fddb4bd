//! Times of single operations, with kernels and with Burn's own operations, as JSON lines; `benchmarks/operations.py` puts them
//! beside PyTorch's.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a program that prints")]

use std::hint::black_box;
use std::time::Instant;

use burn::nn::BatchNormConfig;
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use rayon::prelude::*;
use rheostat_kernels as kernels;

/// Rounds of each measurement; the median counts.
const ROUNDS: usize = 15;

fn device() -> Device {
    Device::flex().autodiff()
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &device()).require_grad()
}

fn milliseconds(function: impl FnOnce()) -> f64 {
    let start = Instant::now();
    function();
    start.elapsed().as_secs_f64() * 1e3
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Prints the times of the forward pass and of both passes, on either path in turns.
fn measure<const D: usize>(name: &str, function: impl Fn() -> Tensor<D>) {
    let mut times = [const { Vec::new() }; 4];
    for round in 0..ROUNDS + 2 {
        for (path, enabled) in [true, false].into_iter().enumerate() {
            kernels::set_enabled(enabled);
            let forward = milliseconds(|| drop(black_box(function())));
            let both = milliseconds(|| drop(black_box(function().backward())));
            // The first rounds warm caches and memory.
            if round >= 2 {
                times[2 * path].push(forward);
                times[2 * path + 1].push(both);
            }
        }
    }
    let [kernel, kernel_both, burn, burn_both] = times.map(median);
    println!(
        r#"{{"operation": "{name}", "kernel": [{kernel:.4}, {kernel_both:.4}], "burn": [{burn:.4}, {burn_both:.4}]}}"#
    );
}

/// On a compute thread, as training is.
fn main() {
    let threads = std::env::var("RHEOSTAT_THREADS").ok().and_then(|threads| threads.parse().ok()).unwrap_or(2);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().unwrap();
    rayon::scope(|_| operations());
}

/// What memory can do: a copy of as many numbers as the activations below have, on as many threads.
fn copy() {
    let from = vec![1.0_f32; 64 * 64 * 768];
    let mut to = vec![0.0_f32; from.len()];
    let part = from.len().div_ceil(rayon::current_num_threads());
    let times = (0..ROUNDS + 2).map(|_| {
        milliseconds(|| {
            let parts = to.par_chunks_mut(part).zip(black_box(&from).par_chunks(part));
            parts.for_each(|(to, from)| to.copy_from_slice(from));
            black_box(&mut to);
        })
    });
    let copy = median(times.skip(2).collect());
    println!(r#"{{"operation": "copy 64x64x768", "kernel": [{copy:.4}], "burn": [{copy:.4}]}}"#);
}

fn operations() {
    copy();
    let (input, weight) = (random([1024, 1024]), random([1024, 1024]));
    measure("matmul 1024x1024x1024", || kernels::linear(input.clone(), weight.clone(), None));

    let (input, weight, bias) = (random([4096, 192]), random([192, 768]), random([768]));
    measure("linear 4096x192x768", || kernels::linear(input.clone(), weight.clone(), Some(bias.clone())));

    for (inputs, outputs, side, stride) in [(32, 64, 28, 2), (64, 64, 14, 1), (16, 16, 32, 1)] {
        let (input, weight) = (random([128, inputs, side, side]), random([outputs, inputs, 3, 3]));
        measure(&format!("conv 3x3 {inputs} to {outputs} stride {stride} at {side}x{side}, batch 128"), || {
            kernels::conv2d(input.clone(), weight.clone(), [stride; 2], [1, 1])
        });
    }

    // As it lies behind another layer: the conversion above is a good part of the time.
    let (input, weight) = (random([128, 64, 14, 14]), random([64, 64, 3, 3]));
    let one = Tensor::<4>::random([64, 64, 1, 1], Distribution::Default, &device());
    let input = kernels::conv2d(input, one, [1, 1], [0, 0]).detach().require_grad();
    measure("conv 3x3 64 to 64 stride 1 at 14x14, batch 128, channels last", || {
        kernels::conv2d(input.clone(), weight.clone(), [1, 1], [1, 1])
    });

    let (input, weight) = (random([128, 64, 16, 16]), random([128, 64, 1, 1]));
    measure("conv 1x1 64 to 128 stride 2 at 16x16, batch 128", || {
        kernels::conv2d(input.clone(), weight.clone(), [2, 2], [0, 0])
    });

    let input = random([128, 32, 28, 28]);
    let layer = BatchNormConfig::new(32).init(&device());
    measure("batch norm 128x32x28x28", || kernels::batch_norm(&layer, input.clone()));
    measure("batch norm, ReLU 128x32x28x28", || kernels::batch_norm_relu(&layer, input.clone()));
    // As it lies behind a convolution.
    let weight = Tensor::<4>::random([32, 32, 1, 1], Distribution::Default, &device());
    let input = kernels::conv2d(input, weight, [1, 1], [0, 0]).detach().require_grad();
    measure("batch norm, ReLU 128x32x28x28, channels last", || kernels::batch_norm_relu(&layer, input.clone()));

    let (input, gain, bias) = (random([64, 64, 192]), random([192]), random([192]));
    measure("layer norm 64x64x192", || kernels::layer_norm(input.clone(), gain.clone(), bias.clone(), 1e-5));

    let input = random([64, 64, 768]);
    measure("GELU 64x64x768", || kernels::gelu(input.clone()));
    measure("GELU by tanh 64x64x768", || kernels::gelu_tanh(input.clone()));
    measure("dropout 0.1 64x64x768", || kernels::dropout(input.clone(), 0.1));
    // Burn's own on either path.
    measure("sum 64x64x768", || input.clone().sum());

    let input = random([128, 64, 8, 8]);
    measure("mean over images 128x64x8x8", || kernels::mean_pool(input.clone()));

    let input = random([64, 64, 576]);
    measure("attention 64x64x192, 3 heads", || kernels::attention(input.clone(), 3, false, 0.0));
    measure("causal attention 64x64x192, 3 heads, dropout 0.1", || kernels::attention(input.clone(), 3, true, 0.1));

    let logits = random([4096, 512]);
    let classes: Vec<i32> = (0..4096).map(|sample| sample * 7 % 512).collect();
    let targets = Tensor::<1, Int>::from_data(TensorData::new(classes, [4096]), &device());
    measure("cross-entropy 4096x512, smoothing 0.1", || kernels::cross_entropy(logits.clone(), targets.clone(), 0.1));

    let table = random([512, 192]);
    let indices = targets.reshape([64, 64]);
    measure("embedding 512x192, 4096 rows", || kernels::embedding(table.clone(), indices.clone()));
}
