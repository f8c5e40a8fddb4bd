//! The batch sizes of a run, worked out before all else: they say how many updates the run has.

use rheostat_control::{ControllerMethod, ControllerSpec, GrowingBatch, Hyperparameter};
use rheostat_schedule::{BatchPiece, BatchPlan, Frame, Schedule, ScheduleError, Span};

use super::read::Recipe;
use crate::document::Findings;
use crate::document::{Node, Value};

/// The batch size as pieces of the run, and the run's length.
pub(super) struct Batches {
    pub(super) pieces: Vec<BatchPiece>,
    pub(super) total_steps: u64,
    samples: u64,
    growth: Option<Growth>,
}

/// What scales the learning rate.
struct Growth {
    spec: GrowingBatch,
    /// The run in updates of the first batch size.
    reference: Frame,
}

impl Batches {
    /// The run in updates.
    pub(super) fn frame(&self) -> Frame {
        let batch = match self.pieces[..] {
            [only] => BatchPlan::Constant(only.batch),
            _ => BatchPlan::Pieces(self.pieces.clone()),
        };
        let per_epoch = self.pieces.first().map_or(1, |piece| piece.steps_per_epoch);
        Frame::steps(self.total_steps).steps_per_epoch(per_epoch).batch(batch)
    }

    /// What the schedule of a hyperparameter is resolved in.
    pub(super) fn frame_of(&self, which: Hyperparameter) -> Frame {
        match (&self.growth, which) {
            (Some(growth), Hyperparameter::LearningRate) => growth.reference.clone(),
            _ => self.frame(),
        }
    }

    /// What a schedule of that frame comes to in the updates of the run.
    pub(super) fn in_force(&self, which: Hyperparameter, schedule: Schedule) -> Result<Schedule, ScheduleError> {
        match (&self.growth, which) {
            (Some(Growth { spec, .. }), Hyperparameter::LearningRate) => {
                spec.grown(schedule, self.samples, self.pieces.clone(), self.total_steps)
            }
            _ => Ok(schedule),
        }
    }
}

impl Recipe {
    pub(super) fn batches(&self, samples: u64, findings: &mut Findings) -> Option<Batches> {
        match self.controllers.get(&Hyperparameter::BatchSize) {
            Some(ControllerSpec::Grow(spec)) => self.growing(spec, samples, findings),
            _ => self.scheduled(samples, findings),
        }
    }

    /// The budget in epochs, unless it is in steps.
    fn epochs(&self, samples: u64) -> Option<f64> {
        match self.budget {
            Span::Epochs(epochs) => Some(epochs),
            Span::Samples(seen) => Some(seen as f64 / samples.max(1) as f64),
            _ => None,
        }
    }

    /// Batch sizes by a number or schedule. They change at epoch boundaries only, so the schedule is resolved with epochs for steps.
    fn scheduled(&self, samples: u64, findings: &mut Findings) -> Option<Batches> {
        let spec = self.hyperparameters.get(&Hyperparameter::BatchSize)?;
        let node = self.tree.get("batch_size")?;
        if let Some(steps) = first_span_in_steps(node) {
            let help = Some("write epochs, samples or %".to_owned());
            findings.add(&steps.origin, "the batch size changes at epoch boundaries, not at a step", help);
            return None;
        }
        let epochs = self.epochs(samples);
        let mut frame = Frame::unbounded().steps_per_epoch(1).batch(BatchPlan::Constant(samples));
        frame.total_steps = epochs.map(|epochs| epochs.ceil() as u64);
        let schedule = match spec.resolve(&frame) {
            Ok(schedule) => schedule,
            Err(error) => {
                let path = format!("batch_size.{}", error.field());
                findings.add(self.tree.origin_of(&path), format!("batch_size.{error}"), None);
                return None;
            }
        };
        let sizes = (0..).map(|epoch| schedule.at(epoch).round().max(1.0));
        let (pieces, total_steps) = self.epoch_by_epoch(sizes, node, samples, findings)?;
        Some(Batches { pieces, total_steps, samples, growth: None })
    }

    /// Batch sizes that follow from the schedule of the learning rate, which is then a reference in updates of the first size.
    fn growing(&self, spec: &GrowingBatch, samples: u64, findings: &mut Findings) -> Option<Batches> {
        let node = self.tree.get("batch_size")?;
        let Some(rate) = self.hyperparameters.get(&Hyperparameter::LearningRate) else {
            let message = "grow owns the batch size and scales the rate: it needs a schedule of the learning rate";
            findings.add(
                self.tree.origin_of("learning_rate"),
                message,
                Some("or give batch_size a schedule".to_owned()),
            );
            return None;
        };
        let epochs = self.epochs(samples);
        if epochs.is_none() {
            let message =
                format!("budget = \"{}\": how many updates there are follows from the batches that grow", self.budget);
            findings.add(self.tree.origin_of("budget"), message, Some("write epochs or samples".to_owned()));
        }
        if spec.maximum > samples {
            let message = format!("batch_size.maximum = {} is more than the {samples} training samples", spec.maximum);
            findings.add(self.tree.origin_of("batch_size.maximum"), message, None);
        }
        // What else is wrong with the numbers was found when the recipe was read.
        if !findings.is_empty() || spec.check().is_err() {
            return None;
        }
        let per_epoch = samples / spec.start;
        let total = (epochs? * per_epoch as f64).round().max(1.0) as u64;
        let reference = Frame::steps(total).steps_per_epoch(per_epoch).batch(BatchPlan::Constant(spec.start));
        let schedule = match rate.resolve(&reference) {
            Ok(schedule) => schedule,
            Err(error) => {
                let path = format!("learning_rate.{}", error.field());
                findings.add(self.tree.origin_of(&path), format!("learning_rate.{error}"), None);
                return None;
            }
        };
        let sizes = spec.sizes(&schedule, per_epoch).map(|size| size as f64);
        let (pieces, total_steps) = self.epoch_by_epoch(sizes, node, samples, findings)?;
        Some(Batches { pieces, total_steps, samples, growth: Some(Growth { spec: spec.clone(), reference }) })
    }

    fn epoch_by_epoch(
        &self,
        mut sizes: impl Iterator<Item = f64>,
        node: &Node,
        samples: u64,
        findings: &mut Findings,
    ) -> Option<(Vec<BatchPiece>, u64)> {
        let epochs = self.epochs(samples);
        let mut pieces: Vec<BatchPiece> = Vec::new();
        let (mut step, mut epoch) = (0_u64, 0_u64);
        loop {
            let size = sizes.next()?;
            if size > samples as f64 {
                let message =
                    format!("batch_size is {size} in epoch {epoch}, more than the {samples} training samples");
                findings.add(&node.origin, message, None);
                return None;
            }
            let batch = size as u64;
            let piece = BatchPiece { first_step: step, batch, steps_per_epoch: samples / batch };
            if pieces.last().is_none_or(|last| last.batch != batch) {
                pieces.push(piece);
            }
            // A plain number stays, however long the run: no walk through the epochs.
            let stays = matches!(node.value, Value::Integer(_) | Value::Float(_));
            match (epochs, self.budget) {
                (Some(epochs), _) if stays || epochs - epoch as f64 <= 1.0 => {
                    let steps = ((epochs - epoch as f64) * piece.steps_per_epoch as f64).round() as u64;
                    return Some((pieces, (step + steps).max(1)));
                }
                (None, Span::Steps(total)) if stays || step + piece.steps_per_epoch >= total => {
                    return Some((pieces, total));
                }
                _ => {}
            }
            step += piece.steps_per_epoch;
            epoch += 1;
        }
    }
}

/// The first span in steps within a schedule's table.
fn first_span_in_steps(node: &Node) -> Option<&Node> {
    match &node.value {
        Value::Text(text) => matches!(text.parse(), Ok(Span::Steps(_))).then_some(node),
        Value::Array(items) => items.iter().find_map(first_span_in_steps),
        Value::Table(entries) => entries.iter().find_map(|entry| first_span_in_steps(&entry.node)),
        _ => None,
    }
}
