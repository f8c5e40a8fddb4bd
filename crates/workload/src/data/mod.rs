//! The datasets: where they come from, whether a copy is whole, and reading them.

pub(crate) mod digits;

pub(crate) use digits::Digits;
