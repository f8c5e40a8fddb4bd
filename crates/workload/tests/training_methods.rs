//! BlurPool and layer freezing in residual networks: what the papers promise.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::sync::{Mutex, MutexGuard};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use rheostat_workload::models::{Classifier, ResNet, ResNetConfig, Shortcut};

/// Burn has one random generator a process, and tests run side by side.
static GENERATOR: Mutex<()> = Mutex::new(());

fn seeded(device: &Device, seed: u64) -> MutexGuard<'static, ()> {
    let guard = GENERATOR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    device.seed(seed);
    guard
}

const CONFIG: ResNetConfig = ResNetConfig {
    widths: &[8, 16, 32],
    blocks: 1,
    shortcut: Shortcut::Projected,
    zero_last_scale: false,
    blurpool: false,
    classes: 10,
};

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.clone().into_data().iter::<f64>().collect()
}

/// The same weights with and without the blur.
fn with_and_without(config: ResNetConfig, seed: u64, device: &Device) -> [Box<dyn Fn(Tensor<4>) -> Vec<f64>>; 2] {
    [true, false].map(|blurpool| {
        let _guard = seeded(device, seed);
        let model = ResNetConfig { blurpool, ..config }.init(device);
        // Draws the weights.
        model.forward(Tensor::zeros([1, 3, 8, 8], device), 0.0);
        let forward: Box<dyn Fn(Tensor<4>) -> Vec<f64>> = Box::new(move |images| values(&model.forward(images, 0.0)));
        forward
    })
}

#[test]
fn a_shifted_image_moves_the_logits_less_with_the_blur() {
    let device = Device::flex();
    for shortcut in [Shortcut::Projected, Shortcut::Padded] {
        let (mut blurred, mut plain) = (0.0, 0.0);
        for seed in 0..4 {
            let models = with_and_without(ResNetConfig { shortcut, ..CONFIG }, seed, &device);
            let noise = {
                let _guard = seeded(&device, 100 + seed);
                Tensor::<4>::random([8, 3, 16, 16], Distribution::Normal(0.0, 1.0), &device)
            };
            // Noise amid nothing, so that a shift brings in nothing.
            let [image, shifted] = [8, 9].map(|left| noise.clone().pad([(8, 8), (left, 16 - left)], 0.0));
            let [with, without] = models.map(|model| {
                let (before, after) = (model(image.clone()), model(shifted.clone()));
                let moved: f64 = before.iter().zip(&after).map(|(before, after)| (before - after).powi(2)).sum();
                let size: f64 = before.iter().map(|logit| logit * logit).sum();
                (moved / size).sqrt()
            });
            blurred += with;
            plain += without;
        }
        assert!(blurred < 0.7 * plain, "{shortcut:?}: {blurred} with, {plain} without");
    }
}

#[test]
fn what_has_no_stride_is_not_blurred() {
    let device = Device::flex();
    let images = Tensor::<4>::ones([2, 3, 8, 8], &device);
    let [with, without] = with_and_without(ResNetConfig { widths: &[8], ..CONFIG }, 0, &device);
    assert_eq!(with(images.clone()), without(images.clone()));
    let [with, without] = with_and_without(CONFIG, 0, &device);
    assert_ne!(with(images.clone()), without(images));
}

/// The gradient of each trained tensor, in the order of the fields.
fn gradients(model: &ResNet, gradients: &Gradients) -> Vec<Option<Vec<f64>>> {
    struct Collect<'a>(&'a Gradients, Vec<Option<Vec<f64>>>);
    impl ModuleVisitor for Collect<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            if tensor.is_require_grad() {
                self.1.push(tensor.grad(self.0).map(|gradient| values(&gradient)));
            }
        }
    }
    let mut collect = Collect(gradients, Vec::new());
    model.visit(&mut collect);
    collect.1
}

#[test]
fn frozen_layers_have_no_gradient_and_the_others_the_same_as_ever() {
    let device = Device::flex().autodiff();
    let _guard = seeded(&device, 1);
    let model = CONFIG.init(&device);
    let images = Tensor::<4>::random([4, 3, 16, 16], Distribution::Default, &device);
    let run = |frozen| {
        let logits = model.forward_frozen(images.clone(), 0.0, frozen);
        let loss = (logits.clone() * logits).sum();
        (loss.clone().into_scalar::<f32>(), gradients(&model, &loss.backward()))
    };
    let (loss, all) = run(0.0);
    assert!(all.iter().all(Option::is_some));
    // A stem of three tensors, then a block of six and two of nine, then a head of two.
    for (frozen, tensors) in [(0.24, 0), (0.25, 3), (0.5, 9), (0.75, 18), (0.99, 18), (1.0, 27)] {
        let (frozen_loss, some) = run(frozen);
        assert_eq!(frozen_loss, loss, "the forward pass is the same");
        assert_eq!(some.len(), 29);
        assert!(some[..tensors].iter().all(Option::is_none), "{frozen}");
        assert!(some[tensors..] == all[tensors..], "{frozen}");
    }
}

#[test]
fn frozen_batch_norms_go_on_measuring() {
    let device = Device::flex().autodiff();
    let _guard = seeded(&device, 1);
    let model = CONFIG.init(&device);
    let images = Tensor::<4>::random([4, 3, 16, 16], Distribution::Default, &device) + 3.0;
    let evaluated = |model: &ResNet| values(&model.valid().forward(images.clone().inner(), 0.0));
    let before = evaluated(&model);
    let _ = model.forward_frozen(images.clone(), 0.0, 1.0).sum().backward();
    assert_ne!(before, evaluated(&model));
}
