//! Pictures, tables and pages of recorded training runs. Text and bytes come out; writing them is the host's.
//!
//! [`html`] makes one page of any number of runs, [`summary`] what a terminal shows at the end of a run, [`chart`] draws
//! lines as SVG, PNG or text, [`study`] reports on many trials, [`tradeoff`] on tradeoff curves, [`landscape`] on the loss along
//! updates, [`Curves`] shows schedules before anything is trained, [`Replay`] what a controller decides on recorded losses;
//! [`steps_csv`], [`markdown`] and [`tensorboard`] hand the numbers on.

pub mod chart;
mod csv;
mod curves;
mod cut;
mod error;
mod html;
pub mod landscape;
mod markdown;
mod number;
mod replay;
pub mod study;
mod styled;
mod summary;
mod tensorboard;
pub mod tradeoff;
mod view;
mod words;

pub use csv::{evaluations_csv, steps_csv};
pub use curves::Curves;
pub use error::ReportError;
pub use html::{chart_of, html, html_with};
pub use markdown::markdown;
pub use replay::Replay;
pub use summary::{SummaryOptions, summary};
pub use tensorboard::tensorboard;
