//! A batch that grows where a schedule would lower the learning rate.

use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, LARGEST, Method, Parameter};
use rheostat_schedule::{BatchGrowth, BatchPiece, Schedule, ScheduleError};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{ControlError, Controller, ControllerMethod, Hyperparameter, Setting};

/// Grows the batch where the reference schedule lowers the learning rate (S. L. Smith and others 2018, arXiv 1711.00489).
///
/// ```text
/// B   = min(B_max, q round(B0 (eta_0 / eta_ref)^(1/p) / q))      decided at the beginning of an epoch
/// eta = eta_ref (B / B0)^p                                       in every update
/// ```
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `B0` | `start` | samples | required |
/// | `B_max` | `maximum` | samples | required |
/// | `q` | `quantum` | samples | 1 |
/// | `p` | `exponent` | | 1, for SGD; 0.5 for Adam |
/// | `eta_ref` | the recipe's learning rate, played at batches of `B0`, where as many samples were seen | | |
/// | `eta_0` | the largest `eta_ref` so far | | |
///
/// So `eta / B^p = eta_ref / B0^p` in every update, whatever rounding, epochs and `B_max` do: with `p` = 1 the noise of SGD is that
/// of the reference, in fewer updates. Once `B = B_max` the rate falls instead. While the reference rises, as in a warm-up, it is
/// its own largest value and the batch stays at `B0`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowingBatch {
    /// Samples in an update of the reference, and at first.
    pub start: u64,
    /// Most samples in an update.
    pub maximum: u64,
    /// Batch sizes below the maximum are multiples of this.
    #[serde(default = "one")]
    pub quantum: u64,
    /// How the rate goes with the batch size at equal noise: as its power.
    #[serde(default = "linear")]
    pub exponent: f64,
}

const fn one() -> u64 {
    1
}

const fn linear() -> f64 {
    1.0
}

const PAPER: &str = "Smith and others, Don't Decay the Learning Rate, Increase the Batch Size, arXiv 1711.00489";

const START: Parameter = Parameter::new("start", Kind::Integer, "samples in an update of the reference, and at first")
    .at_least(1.0, "at least 1 and a multiple of `quantum`")
    .unit("samples");
const MAXIMUM: Parameter = Parameter::new("maximum", Kind::Integer, "most samples in an update")
    .at_least(1.0, "at least `start` and at most the training samples")
    .unit("samples");
const QUANTUM: Parameter =
    Parameter::new("quantum", Kind::Integer, "batch sizes below the maximum are multiples of this")
        .range(Bound::Included(1.0), Bound::Included(LARGEST), "at least 1")
        .default("1")
        .unit("samples")
        .source("Rheostat");
const EXPONENT: Parameter = Parameter::new(
    "exponent",
    Kind::Number,
    "how the rate goes with the batch size at equal noise: 1 for SGD, 0.5 for Adam",
)
.range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
.default("1.0")
.source(PAPER);

impl GrowingBatch {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "grow",
        family: Family::Controller,
        summary: "a batch that grows where the schedule lowers the learning rate",
        parameters: &[START, MAXIMUM, QUANTUM, EXPONENT],
        reference: PAPER,
    };

    /// From `start` to at most `maximum` samples, in proportion to the rate.
    pub fn new(start: u64, maximum: u64) -> Self {
        Self { start, maximum, quantum: one(), exponent: linear() }
    }

    /// The batch size at a reference rate, of which `peak` is the largest so far. A rate that is not below it does not let the
    /// batch grow; a rate of 0 lets it grow to the maximum.
    pub fn batch(&self, reference_rate: f64, peak: f64) -> u64 {
        let growth =
            if reference_rate < peak { (peak / reference_rate.max(0.0)).powf(1.0 / self.exponent) } else { 1.0 };
        let quantum = self.quantum as f64;
        let rounded = quantum * (self.start as f64 * growth / quantum).round();
        // The cast saturates; checked numbers do not reach that far.
        rounded.max(quantum).min(self.maximum as f64) as u64
    }

    /// The learning rate that a reference rate becomes with that batch size.
    pub fn rate(&self, reference_rate: f64, batch: u64) -> f64 {
        reference_rate * (batch as f64 / self.start as f64).powf(self.exponent)
    }

    /// The batch size of every epoch, for a reference in updates of `start` samples, `steps_per_epoch` of them in an epoch. It goes
    /// on for ever.
    ///
    /// The largest rate so far is looked for at the beginnings of epochs and beside the breakpoints of the schedule.
    pub fn sizes(&self, reference: &Schedule, steps_per_epoch: u64) -> impl Iterator<Item = u64> {
        let mut marks = reference.breakpoints().into_iter().peekable();
        let mut peak = 0.0_f64;
        (0_u64..).map(move |epoch| {
            let now = epoch.saturating_mul(steps_per_epoch);
            while let Some(mark) = marks.next_if(|mark| *mark <= now) {
                peak = peak.max(reference.at(mark.saturating_sub(1))).max(reference.at(mark));
            }
            let rate = reference.at(now);
            peak = peak.max(rate);
            self.batch(rate, peak)
        })
    }

    /// The learning rate in force: the reference where as many samples were seen, of a training set of `samples`, times the batch's
    /// power. `pieces` are the batch sizes of the run, from [`GrowingBatch::sizes`].
    ///
    /// ```
    /// use rheostat_control::GrowingBatch;
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
    /// let rate = spec.grown(reference, 1000, pieces, 110)?;
    /// assert_eq!((rate.at(99), rate.at(100)), (0.5, 0.5));
    /// # Ok::<(), rheostat_schedule::ScheduleError>(())
    /// ```
    ///
    /// # Errors
    /// An exponent that [`ControllerMethod::check`] refuses.
    pub fn grown(
        &self,
        reference: Schedule,
        samples: u64,
        pieces: Vec<BatchPiece>,
        total_steps: u64,
    ) -> Result<Schedule, ScheduleError> {
        let Self { start, exponent, .. } = *self;
        reference.grown(BatchGrowth { start, samples, exponent, pieces, total_steps })
    }
}

impl ControllerMethod for GrowingBatch {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let numbers = [
            (&START, self.start as f64),
            (&MAXIMUM, self.maximum as f64),
            (&QUANTUM, self.quantum as f64),
            (&EXPONENT, self.exponent),
        ];
        let mut errors = out_of_range(numbers);
        if !errors.is_empty() {
            return Err(errors);
        }
        if self.maximum < self.start {
            let why = format!("{} is less than `start` = {}: the batch must be able to grow", self.maximum, self.start);
            errors.push(contradiction(MAXIMUM.name, why));
        }
        if !self.start.is_multiple_of(self.quantum) {
            let why = format!("{} is no multiple of `quantum` = {}", self.start, self.quantum);
            errors.push(contradiction(START.name, why));
        }
        all_or_nothing(errors)
    }

    /// Refused: batch sizes and rates are planned before the run, from the schedule of the learning rate. See
    /// [`GrowingBatch::sizes`] and [`GrowingBatch::grown`].
    fn resolve(&self, _: Hyperparameter, _: &Setting) -> Result<Box<dyn Controller>, Vec<ControlError>> {
        let why = "grow is planned together with the schedule of the learning rate, not run on its own".to_owned();
        Err(vec![contradiction("method", why)])
    }

    fn peak(&self, _: &Setting) -> Option<f64> {
        Some(self.maximum as f64)
    }
}

/// How strongly the noise of mini-batches drives SGD: `eta N / (B (1 - m))` for a training set of `N` samples, batches of `B` and
/// heavy-ball momentum `m`, valid while `B` is much less than `N`. Without momentum the exact value, `eta (N / B - 1)`, is less by
/// `eta`.
///
/// # Errors
/// [`ControlError::OutOfRange`] for a rate below 0, a momentum outside 0 to 1 or an empty batch.
pub fn noise_scale(rate: f64, samples: u64, batch: u64, momentum: f64) -> Result<f64, ControlError> {
    let batch = batch as f64;
    Hyperparameter::LearningRate.check(rate)?;
    Hyperparameter::BatchSize.check(batch)?;
    Hyperparameter::Momentum.check(momentum)?;
    Ok(rate * samples as f64 / (batch * (1.0 - momentum)))
}
