//! Reports of tradeoff curves: what quality submissions reach at what cost, with standard runs and in cyclic ones.
//!
//! ```
//! use rheostat_report::tradeoff::{self, Tradeoffs};
//! use rheostat_score::{ReadOutRow, TradeoffOptions};
//!
//! let row = |point, step, accuracy| ReadOutRow {
//!     submission: "sgd".to_owned(),
//!     workload: "digits".to_owned(),
//!     metric: "accuracy".to_owned(),
//!     direction: "increasing".to_owned(),
//!     point,
//!     step,
//!     spent: step,
//!     budget_steps: 400,
//!     end_metric: Some(accuracy),
//!     ..ReadOutRow::default()
//! };
//! let rows = [row(0, 100, 0.8), row(1, 400, 0.9)];
//! let tradeoffs = Tradeoffs::new("digits, cyclic", &rows, &TradeoffOptions::default())?;
//! assert_eq!(tradeoff::csv(&tradeoffs).lines().count(), 3);
//! assert_eq!(tradeoff::figures(&tradeoffs)[0].stem(), "digits-tradeoff");
//! # Ok::<(), rheostat_score::ScoreError>(())
//! ```

mod csv;
mod cycles;
mod figures;
mod grid;
mod grids;
mod html;
mod markdown;
mod missing;
mod summary;
mod told;
mod words;

use rheostat_record::Run;
use rheostat_score::{ReadOutRow, ScoreError, Tradeoff, TradeoffOptions};

pub use csv::csv;
pub use figures::{Figure, figures};
pub use html::html;
pub use markdown::markdown;
pub use summary::summary;

/// The tradeoff curves of a study, workload by workload, with what is known around them.
#[derive(Debug, Clone)]
pub struct Tradeoffs<'a> {
    name: &'a str,
    rows: &'a [ReadOutRow],
    all: Vec<Tradeoff>,
    runs: &'a [(String, Run)],
    planned: usize,
}

impl<'a> Tradeoffs<'a> {
    /// The curves of these read-outs.
    ///
    /// # Errors
    /// As [`Tradeoff::all`].
    pub fn new(name: &'a str, rows: &'a [ReadOutRow], options: &TradeoffOptions) -> Result<Self, ScoreError> {
        Ok(Self { name, rows, all: Tradeoff::all(rows, options)?, runs: &[], planned: rows.len() })
    }

    /// Cyclic runs whose directories are still there, each with its submission. Of every workload the first is drawn, that of the
    /// baseline if it is there.
    #[must_use]
    pub fn runs(mut self, runs: &'a [(String, Run)]) -> Self {
        self.runs = runs;
        self
    }

    /// How many read-outs the study wants; those that are not there yet are said to be missing.
    #[must_use]
    pub fn planned(mut self, read_outs: usize) -> Self {
        self.planned = read_outs.max(self.rows.len());
        self
    }

    /// The analysis, workload by workload: what a program is given as JSON.
    pub fn analysis(&self) -> &[Tradeoff] {
        &self.all
    }

    /// The colour of a submission, the same everywhere. Of very many only the first few have one.
    fn colour(&self, submission: &str) -> usize {
        use crate::chart::palette::{COLOURS, REST};
        let names = self.submissions();
        match names.iter().position(|name| *name == submission) {
            Some(place) if place < COLOURS || names.len() <= 2 * COLOURS => place,
            _ => REST,
        }
    }

    /// All submissions, once.
    fn submissions(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.all.iter().flat_map(|tradeoff| &tradeoff.submissions) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Whether all read-outs come from one kind of machine, so that seconds compare.
    fn one_machine(&self) -> bool {
        let same = |a: &ReadOutRow, b: &ReadOutRow| a.processor == b.processor && a.threads == b.threads;
        self.rows.windows(2).all(|pair| same(&pair[0], &pair[1]))
    }
}
