//! The models: how many parameters, which shapes, what they do with dropout, and how they start.

use std::sync::{Mutex, MutexGuard};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Int, Tensor};
use rheostat_workload::models::{
    Classifier, Gpt, GptConfig, Mlp, MlpConfig, Readout, ResNet, ResNetConfig, Shortcut, Vit, VitConfig,
};

/// Burn has one random generator a process, and tests run side by side.
static GENERATOR: Mutex<()> = Mutex::new(());

fn seeded(device: &Device) -> MutexGuard<'static, ()> {
    let guard = GENERATOR.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    device.seed(0);
    guard
}

/// Counts what a gradient reaches: running statistics are visited, too, but are not trained.
fn trainable<M: Module>(model: &M) -> usize {
    struct Count(usize);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.val().is_require_grad() {
                self.0 += param.lazy_shape().num_elements();
            }
        }
    }
    let mut count = Count(0);
    model.visit(&mut count);
    count.0
}

const MLP: MlpConfig = MlpConfig { inputs: 64, hidden: 64, classes: 10 };
const RESNET8: ResNetConfig = ResNetConfig {
    widths: &[16, 32, 64],
    blocks: 1,
    shortcut: Shortcut::Projected,
    zero_last_scale: true,
    blurpool: false,
    classes: 10,
};
const RESNET20: ResNetConfig =
    ResNetConfig { blocks: 3, shortcut: Shortcut::Padded, zero_last_scale: false, ..RESNET8 };
const RESNET18: ResNetConfig =
    ResNetConfig { widths: &[64, 128, 256, 512], blocks: 2, zero_last_scale: false, ..RESNET8 };
const VIT: VitConfig = VitConfig {
    side: 32,
    patch: 4,
    width: 384,
    layers: 7,
    heads: 12,
    hidden: 1536,
    readout: Readout::ClassToken,
    classes: 10,
};
const VIT_MINI: VitConfig =
    VitConfig { side: 16, width: 64, layers: 4, heads: 4, hidden: 256, readout: Readout::Mean, ..VIT };
const GPT: GptConfig = GptConfig { vocabulary: 65, context: 96, width: 128, layers: 4, heads: 4 };

#[test]
fn every_model_has_the_parameters_it_is_known_for() {
    let device = Device::flex().autodiff();
    let _guard = seeded(&device);
    let counts = [
        (MLP.parameters(), trainable(&MLP.init(&device)), 8_970),
        (RESNET8.parameters(), trainable(&RESNET8.init(&device)), 78_042),
        (RESNET20.parameters(), trainable(&RESNET20.init(&device)), 269_722),
        (RESNET18.parameters(), trainable(&RESNET18.init(&device)), 11_173_962),
        (VIT.parameters(), trainable(&VIT.init(&device)), 12_470_026),
        (VIT_MINI.parameters(), trainable(&VIT_MINI.init(&device)), 204_874),
        (GPT.parameters(), trainable(&GPT.init(&device)), 813_952),
    ];
    for (declared, counted, known) in counts {
        assert_eq!((declared, counted), (known, known));
    }
}

#[test]
fn gpt2_has_124_million_parameters_and_is_counted_without_drawing_one() {
    assert_eq!(GptConfig::GPT2.parameters(), 124_439_808);
    // Burn's parameters are lazy: this allocates none of them.
    assert_eq!(GptConfig::GPT2.init(&Device::flex()).num_params(), 124_439_808);
}

#[test]
fn images_become_logits_of_ten_classes() {
    let device = Device::flex();
    let _guard = seeded(&device);
    let images = |side| Tensor::<4>::random([2, 3, side, side], Distribution::Default, &device);
    assert_eq!(RESNET8.init(&device).forward(images(16), 0.0).dims(), [2, 10]);
    assert_eq!(RESNET20.init(&device).forward(images(32), 0.0).dims(), [2, 10]);
    assert_eq!(VIT_MINI.init(&device).forward(images(16), 0.0).dims(), [2, 10]);
    let small = VitConfig { width: 24, layers: 1, hidden: 24, ..VIT };
    assert_eq!(small.init(&device).forward(images(32), 0.0).dims(), [2, 10]);
    let pixels = Tensor::<2>::random([2, 64], Distribution::Default, &device);
    assert_eq!(MLP.init(&device).forward(pixels, 0.0).dims(), [2, 10]);
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

#[test]
fn a_head_of_zeros_makes_every_class_equally_likely_at_the_start() {
    let device = Device::flex();
    let _guard = seeded(&device);
    let images = Tensor::<4>::random([2, 3, 16, 16], Distribution::Default, &device);
    assert!(values(VIT_MINI.init(&device).forward(images, 0.0)).iter().all(|&logit| logit == 0.0));
    let pixels = Tensor::<2>::random([2, 64], Distribution::Default, &device);
    assert!(values(MLP.init(&device).forward(pixels, 0.0)).iter().all(|&logit| logit == 0.0));
}

#[test]
fn a_padded_shortcut_passes_gradients_to_the_pixels_it_keeps() {
    let device = Device::flex().autodiff();
    let _guard = seeded(&device);
    let images = Tensor::<4>::random([1, 3, 8, 8], Distribution::Default, &device).require_grad();
    // With the scales of all blocks at zero, only the shortcuts are left.
    let model = ResNetConfig { zero_last_scale: true, ..RESNET20 }.init(&device);
    let gradients = model.forward(images.clone(), 0.0).sum().backward();
    let reached = images.grad(&gradients).map(values).unwrap_or_default();
    assert!(reached.iter().any(|&value| value != 0.0));
    assert!(reached.iter().all(|value| value.is_finite()));
}

fn tokens(device: &Device, last: i32) -> Tensor<2, Int> {
    Tensor::from_data([[5, 4, 3, 2, 1, last]], device)
}

#[test]
fn a_gpt_does_not_see_what_it_predicts() {
    let device = Device::flex();
    let _guard = seeded(&device);
    let model: Gpt = GPT.init(&device);
    let (first, second) =
        (values(model.forward(tokens(&device, 0), 0.0)), values(model.forward(tokens(&device, 60), 0.0)));
    assert_eq!(first.len(), 6 * 65);
    assert_eq!(first[..5 * 65], second[..5 * 65]);
    assert_ne!(first[5 * 65..], second[5 * 65..]);
}

#[test]
fn an_untrained_gpt_is_about_as_unsure_as_it_can_be() {
    let device = Device::flex();
    let _guard = seeded(&device);
    let logits = values(GPT.init(&device).forward(tokens(&device, 0), 0.0));
    let loudest = logits.iter().fold(0.0_f32, |most, logit| most.max(logit.abs()));
    assert!(loudest < 2.0, "{loudest}");
}

/// What two forward passes from the same seed and one from another seed give.
fn thrice(device: &Device, forward: impl Fn() -> Vec<f32>) -> [Vec<f32>; 3] {
    [1, 1, 2].map(|seed| {
        device.seed(seed);
        forward()
    })
}

#[test]
fn dropout_repeats_with_the_seed_and_leaves_a_validation_model_alone() {
    let device = Device::flex().autodiff();
    let _guard = seeded(&device);
    let model: Gpt = GPT.init(&device);
    let run = |dropout| thrice(&device, || values(model.forward(tokens(&device, 0), dropout).detach()));
    // The first pass draws the parameters.
    let _ = run(0.0);
    let [first, again, other] = run(0.5);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let [plain, plain_again, plain_other] = run(0.0);
    assert_eq!((&plain, &plain), (&plain_again, &plain_other));
    assert_ne!(first, plain);

    let (valid, inner) = (model.valid(), device.clone().inner());
    assert_eq!(values(valid.forward(tokens(&inner, 0), 0.5)), values(valid.forward(tokens(&inner, 0), 0.0)));
}

#[test]
fn models_can_be_shared_with_burns_own_tools() {
    fn module<M: Module + Send + 'static>() {}
    module::<Mlp>();
    module::<ResNet>();
    module::<Vit>();
    module::<Gpt>();
}
