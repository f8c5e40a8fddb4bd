use serde::{Deserialize, Serialize};

use crate::number;

/// The loss at many step sizes along the updates of a run: of the batch that an update was computed from, at the weights before it,
/// moved as the update moves them but for the size of the step.
///
/// These are the curves of Kenneweg and others 2024 (arXiv 2403.18519, section III-A, figures 2 to 4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Landscape {
    /// Step sizes, ascending.
    pub sizes: Vec<f64>,
    /// The updates that were measured, in their order.
    pub columns: Vec<Column>,
    /// Batches of the updates before, along the last update that was measured.
    pub others: Vec<OtherBatch>,
}

/// The loss of one batch along its own update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// The update, from 0.
    pub step: u64,
    /// The step size that was taken; 0 if a line search took none.
    pub chosen: f64,
    /// The loss before the update.
    #[serde(with = "number")]
    pub loss: f64,
    /// The loss at the step size that was taken.
    #[serde(with = "number")]
    pub after: f64,
    /// The loss at each step size; infinite where weight decay would turn the weights over.
    #[serde(with = "number::list")]
    pub losses: Vec<f64>,
}

/// The loss of a batch along the update of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OtherBatch {
    /// The update that the batch was drawn for, from 0.
    pub step: u64,
    /// Its loss where the update begins.
    #[serde(with = "number")]
    pub loss: f64,
    /// Its loss at the step size that was taken.
    #[serde(with = "number")]
    pub after: f64,
    /// Its loss at each step size.
    #[serde(with = "number::list")]
    pub losses: Vec<f64>,
}

impl Landscape {
    /// Step sizes and losses of one update, ascending, the step that was taken among them.
    pub fn points(&self, column: &Column) -> Vec<(f64, f64)> {
        self.curve(column.chosen, column.after, &column.losses)
    }

    /// The same for any losses: those at each step size, and that at the step that was taken.
    pub fn curve(&self, chosen: f64, after: f64, losses: &[f64]) -> Vec<(f64, f64)> {
        let mut points: Vec<(f64, f64)> = self.sizes.iter().copied().zip(losses.iter().copied()).collect();
        if chosen > 0.0 {
            let at = points.partition_point(|(size, _)| *size < chosen);
            points.insert(at, (chosen, after));
        }
        points
    }

    /// The step size with the lowest loss of those measured, and that loss: of equal ones the shortest step. `None` if no step
    /// lowers the loss.
    pub fn best(&self, column: &Column) -> Option<(f64, f64)> {
        let lower = self.points(column).into_iter().filter(|(_, loss)| *loss < column.loss);
        lower.min_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// The updates that are as far apart as the first two, or further: without those at the end that were measured besides.
    pub fn spread(&self) -> Vec<&Column> {
        let apart = self.columns.windows(2).map(|pair| pair[1].step.saturating_sub(pair[0].step)).next().unwrap_or(1);
        let mut spread: Vec<&Column> = Vec::new();
        for column in &self.columns {
            if spread.last().is_none_or(|last| column.step >= last.step.saturating_add(apart)) {
                spread.push(column);
            }
        }
        spread
    }

    /// The updates at the end that came one after the other, at most `count`.
    pub fn consecutive(&self, count: usize) -> &[Column] {
        let columns = &self.columns;
        let follows = |pair: &&[Column]| pair[0].step + 1 == pair[1].step;
        let run = columns.windows(2).rev().take_while(follows).count() + usize::from(!columns.is_empty());
        &columns[columns.len() - run.min(count)..]
    }
}
