//! The workloads, one file each.

mod cifar10;
pub(crate) mod cifar10_resnet18;
pub(crate) mod cifar10_resnet20;
pub(crate) mod cifar10_resnet8;
pub(crate) mod cifar10_vit;
pub(crate) mod cifar10_vit_mini;
pub(crate) mod digits_mlp;
mod images;
pub(crate) mod shakespeare_gpt;

pub use cifar10::Cifar10;
pub use digits_mlp::DigitsMlp;
pub use images::ImageBatch;
pub use shakespeare_gpt::{ShakespeareGpt, TokenBatch};
