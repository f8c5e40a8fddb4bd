use rheostat_schedule::{BatchPiece, EpochStep, Schedule};

use super::GrowingBatch;
use crate::next_update::NextUpdate;
use crate::{ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation, Reason};

/// The learning rate under a growing batch: the reference where as many samples were seen, times the batch's power.
///
/// ```
/// use rheostat_control::{GrowingBatch, GrownRate};
/// use rheostat_schedule::{BatchPiece, Frame, ScheduleSpec, Span};
///
/// // 1000 samples; the rate falls to a tenth after the first epoch, so the batch grows from 10 to 100.
/// let reference = ScheduleSpec::step(0.5, 0.1, Span::Steps(100)).resolve(&Frame::steps(200))?;
/// let spec = GrowingBatch::new(10, 500);
/// assert_eq!(spec.sizes(&reference, 100).take(2).collect::<Vec<_>>(), [10, 100]);
/// let pieces = vec![
///     BatchPiece { first_step: 0, batch: 10, steps_per_epoch: 100 },
///     BatchPiece { first_step: 100, batch: 100, steps_per_epoch: 10 },
/// ];
/// let rate = GrownRate::new(spec, reference, 1000, pieces);
/// assert_eq!((rate.at(99), rate.at(100)), (0.5, 0.5));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct GrownRate {
    spec: GrowingBatch,
    reference: Schedule,
    /// Updates of the reference in an epoch.
    steps_per_epoch: u64,
    pieces: Vec<BatchPiece>,
    next: NextUpdate,
}

impl GrownRate {
    /// The rate for a training set of `samples`. The reference counts updates of the specification's `start` samples; `pieces` are
    /// the batch sizes in force, from [`GrowingBatch::sizes`].
    pub fn new(spec: GrowingBatch, reference: Schedule, samples: u64, pieces: Vec<BatchPiece>) -> Self {
        let steps_per_epoch = samples / spec.start.max(1);
        Self { spec, reference, steps_per_epoch, pieces, next: NextUpdate::default() }
    }

    /// The rate that update `step` uses.
    pub fn at(&self, step: u64) -> f64 {
        let place = self.place(step);
        self.spec.rate(self.reference_rate(place), place.batch)
    }

    /// The update of the reference that has seen as many samples, the rate at which is scaled. Samples that an epoch leaves out
    /// count as seen at its end.
    pub fn reference_step(&self, step: u64) -> u64 {
        self.reference_place(self.place(step))
    }

    fn reference_rate(&self, place: EpochStep) -> f64 {
        self.reference.at(self.reference_place(place))
    }

    fn reference_place(&self, EpochStep { epoch, step, batch }: EpochStep) -> u64 {
        let within = step.saturating_mul(batch) / self.spec.start.max(1);
        epoch.saturating_mul(self.steps_per_epoch).saturating_add(within)
    }

    fn place(&self, step: u64) -> EpochStep {
        let only = EpochStep { epoch: 0, step, batch: self.spec.start };
        BatchPiece::locate(&self.pieces, step).unwrap_or(only)
    }

    fn decision(&self) -> Decision {
        Hyperparameters::new().with(Hyperparameter::LearningRate, self.at(self.next.0)).into()
    }

    fn reason(&self) -> Option<Reason> {
        let (before, now) = (self.place(self.next.0.checked_sub(1)?), self.place(self.next.0));
        (before.batch != now.batch).then(|| {
            Reason(format!(
                "from update {} on a batch has {} samples in place of {}: the reference rate is {:e}, so the rate is {:e}",
                self.next.0,
                now.batch,
                before.batch,
                self.reference_rate(now),
                self.at(self.next.0)
            ))
        })
    }
}

impl Controller for GrownRate {
    fn begin(&mut self) -> Decision {
        self.next = NextUpdate::default();
        self.decision()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        self.next.see(seen);
        let moved = matches!(seen, Observation::Step { loss, .. } if loss.is_finite());
        Decision { reason: if moved { self.reason() } else { None }, ..self.decision() }
    }

    fn save(&self) -> Vec<u8> {
        self.next.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.next = NextUpdate::load(bytes, GrowingBatch::METHOD.name)?;
        Ok(())
    }
}
