//! One file a command.

mod bench;
mod completions;
mod data;
mod landscape;
mod lr_find;
mod methods;
mod profile;
mod replay;
mod report;
mod run;
mod schedule;
mod score;
mod tradeoff;
mod train;
mod workloads;

pub(crate) use run::run;
pub(crate) use train::summary_options;
