//! The workloads, one file each.

mod digits_mlp;

pub use digits_mlp::DigitsMlp;

pub(crate) use digits_mlp::FACTS as DIGITS_MLP;
