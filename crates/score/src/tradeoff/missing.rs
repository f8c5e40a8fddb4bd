use serde::Serialize;

use super::TradeoffOptions;
use super::cells::{Cells, cost};
use crate::TradeoffMode;

/// A point that a curve lacks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Missing {
    /// The training algorithm.
    pub submission: String,
    /// How the point would have been trained.
    pub mode: TradeoffMode,
    /// The run's seed.
    pub seed: u64,
    /// Number of the point, from 0.
    pub point: u64,
    /// Its updates.
    pub step: u64,
    /// What is not there.
    pub absence: Absence,
}

/// What is not there of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// The read-out: the run has not come there, or was not made.
    ReadOut,
    /// Its quality, which is no finite number or was not measured.
    Quality,
    /// Its cost, which is no positive number.
    Cost,
}

impl Missing {
    /// Of every submission, mode, seed and point that occurs.
    pub(crate) fn all(cells: &Cells<'_>, options: &TradeoffOptions) -> Vec<Self> {
        let mut all = Vec::new();
        for submission in &cells.submissions {
            for mode in TradeoffMode::ALL {
                for seed in &cells.seeds {
                    for point in &cells.points {
                        let absence = match cells.row(submission, mode, *seed, *point) {
                            None => Absence::ReadOut,
                            Some(row) if options.quality.of(row).is_none() => Absence::Quality,
                            Some(row) if cost(row, options.clock).is_none() => Absence::Cost,
                            Some(_) => continue,
                        };
                        let Some(step) = cells.step(submission, *point) else { continue };
                        let (submission, seed, point) = ((*submission).to_owned(), *seed, *point);
                        all.push(Self { submission, mode, seed, point, step, absence });
                    }
                }
            }
        }
        all
    }
}
