//! Models train alike with the fused kernels and with Burn's own operations. In a process of its own: the switch holds for all.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use rheostat_kernels::{cross_entropy, set_enabled};
use rheostat_workload::models::{Classifier, GptConfig, MlpConfig, Readout, ResNetConfig, Shortcut, VitConfig};

const STEPS: usize = 20;

/// The losses of some small steps from the same start.
fn losses<M: Module>(init: impl Fn(&Device) -> M, loss: impl Fn(&M) -> Tensor<1>) -> Vec<f64> {
    let device = Device::flex().autodiff();
    device.seed(1);
    let mut model = init(&device);
    // Draws the weights, so that both paths begin with the same ones.
    drop(loss(&model));
    let mut optimizer: ModuleOptimizer = AdamWConfig::new().init();
    let mut losses = Vec::with_capacity(STEPS);
    for _ in 0..STEPS {
        let loss = loss(&model);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        losses.push(loss.into_scalar::<f64>());
        model = optimizer.step(1e-3, model, gradients);
    }
    losses
}

/// Both paths fall, and along the same losses but for the rounding of `f32`.
fn alike<M: Module>(name: &str, init: impl Fn(&Device) -> M, loss: impl Fn(&M) -> Tensor<1>) {
    let [fused, composed] = [true, false].map(|kernels| {
        set_enabled(kernels);
        losses(&init, &loss)
    });
    for (step, (fused, composed)) in fused.iter().zip(&composed).enumerate() {
        assert!((fused - composed).abs() < 2e-3 * composed, "{name}, step {step}: {fused} for {composed}");
    }
    assert!(fused[STEPS - 1] < 0.95 * fused[0], "{name} learns: {fused:?}");
    assert_ne!(fused, composed, "{name}: the two paths round differently, so equal bits mean one path");
}

fn classes(count: usize, classes: usize) -> Tensor<1, Int> {
    let numbers: Vec<i32> = (0..count).map(|index| (index * 7 % classes) as i32).collect();
    Tensor::from_data(TensorData::new(numbers, [count]), &Device::flex().autodiff())
}

fn inputs<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    device.seed(2);
    Tensor::random(shape, Distribution::Default, &device)
}

#[test]
fn every_kind_of_model_trains_alike_with_and_without_kernels() {
    let mlp = MlpConfig { inputs: 64, hidden: 64, classes: 10 };
    let rows = inputs([32, 64]);
    alike(
        "perceptron",
        |device| mlp.init(device),
        |model| cross_entropy(model.forward(rows.clone(), 0.0), classes(32, 10), 0.1),
    );

    let images = inputs([8, 3, 16, 16]);
    for (shortcut, blurpool) in [(Shortcut::Projected, false), (Shortcut::Padded, true)] {
        let config =
            ResNetConfig { widths: &[16, 32], blocks: 2, shortcut, zero_last_scale: false, blurpool, classes: 10 };
        alike(
            "resnet",
            |device| config.init(device),
            |model| cross_entropy(model.forward(images.clone(), 0.0), classes(8, 10), 0.0),
        );
    }

    for readout in [Readout::Mean, Readout::ClassToken] {
        let config = VitConfig { side: 16, patch: 4, width: 32, layers: 2, heads: 4, hidden: 64, readout, classes: 10 };
        alike(
            "vit",
            |device| config.init(device),
            |model| cross_entropy(model.forward(images.clone(), 0.0), classes(8, 10), 0.1),
        );
    }

    let config = GptConfig { vocabulary: 20, context: 24, width: 32, layers: 2, heads: 4 };
    let tokens = classes(4 * 24, 20).reshape([4, 24]);
    let targets = classes(4 * 24, 19);
    alike(
        "gpt",
        |device| config.init(device),
        |model| cross_entropy(model.forward(tokens.clone(), 0.0), targets.clone(), 0.0),
    );
}
