//! The run a schedule is resolved for: how many steps, how many steps in an epoch, how many samples in a step.

use crate::span::Span;

/// The sizes that turn spans into steps.
///
/// Anything may be unknown; a span that needs it is then refused, not guessed.
///
/// ```
/// use rheostat_schedule::{BatchPlan, Frame, Span};
/// let frame = Frame::steps(10_000).steps_per_epoch(625).batch(BatchPlan::Constant(64));
/// assert_eq!(frame.to_steps(Span::Epochs(2.0), 0), Ok(1_250));
/// assert_eq!(frame.to_steps(Span::Samples(6_400), 0), Ok(100));
/// assert_eq!(frame.to_steps(Span::Fraction(0.05), 0), Ok(500));
/// ```
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Frame {
    /// Updates of the enclosing span; `None` if the horizon is open.
    pub total_steps: Option<u64>,
    /// Updates in an epoch, unless the batch plan says otherwise.
    pub steps_per_epoch: Option<u64>,
    /// The batch sizes.
    pub batch: BatchPlan,
    /// Where this span begins in the run: batch plans count from the run's first step.
    origin: u64,
}

/// The batch size over the run, as piecewise constant in steps.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum BatchPlan {
    /// Not known: spans in samples are refused.
    #[default]
    Unknown,
    /// The same throughout.
    Constant(u64),
    /// Changing at given steps of the run, in increasing order, the first at step 0. Changes belong to epoch boundaries.
    Pieces(Vec<BatchPiece>),
}

/// A stretch of the run with one batch size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPiece {
    /// First step of the run with this batch size.
    pub first_step: u64,
    /// Samples in a step.
    pub batch: u64,
    /// Steps in an epoch with this batch size.
    pub steps_per_epoch: u64,
}

/// Where a step of the run stands in the epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStep {
    /// The epoch, from 0.
    pub epoch: u64,
    /// The step within it, from 0.
    pub step: u64,
    /// Samples in the step.
    pub batch: u64,
}

impl BatchPiece {
    /// The place of a step among pieces as in [`BatchPlan::Pieces`]; `None` if there is no piece.
    ///
    /// ```
    /// use rheostat_schedule::{BatchPiece, EpochStep};
    /// let pieces = [
    ///     BatchPiece { first_step: 0, batch: 10, steps_per_epoch: 8 },
    ///     BatchPiece { first_step: 16, batch: 20, steps_per_epoch: 4 },
    /// ];
    /// assert_eq!(BatchPiece::locate(&pieces, 15), Some(EpochStep { epoch: 1, step: 7, batch: 10 }));
    /// assert_eq!(BatchPiece::locate(&pieces, 21), Some(EpochStep { epoch: 3, step: 1, batch: 20 }));
    /// ```
    pub fn locate(pieces: &[Self], step: u64) -> Option<EpochStep> {
        let mut epochs = 0;
        let mut pieces = pieces.iter().peekable();
        while let Some(piece) = pieces.next() {
            let per_epoch = piece.steps_per_epoch.max(1);
            if let Some(next) = pieces.peek().filter(|next| next.first_step <= step) {
                epochs += next.first_step.saturating_sub(piece.first_step) / per_epoch;
                continue;
            }
            let within = step.saturating_sub(piece.first_step);
            return Some(EpochStep {
                epoch: epochs + within / per_epoch,
                step: within % per_epoch,
                batch: piece.batch,
            });
        }
        None
    }
}

/// Why a span has no length in a frame.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A fraction of an open horizon.
    #[error("{span} needs the length of the run, which is unknown")]
    UnknownHorizon {
        /// The span.
        span: Span,
    },
    /// Epochs without steps per epoch.
    #[error("{span} needs the steps per epoch, which are unknown")]
    UnknownEpoch {
        /// The span.
        span: Span,
    },
    /// Samples without a batch size.
    #[error("{span} needs the batch size, which is unknown")]
    UnknownBatch {
        /// The span.
        span: Span,
    },
    /// More steps than can be counted.
    #[error("{span} exceeds 2^64 - 1 steps")]
    Overflow {
        /// The span.
        span: Span,
    },
    /// A negative or non-finite amount.
    #[error("{amount} is not a length, must be at least 0 and finite")]
    Negative {
        /// The span.
        span: Span,
        /// Its amount.
        amount: f64,
    },
}

/// 2^64, the first step count that does not fit.
const TOO_MANY: f64 = 18_446_744_073_709_551_616.0;

impl Frame {
    /// A run of that many updates.
    pub fn steps(total: u64) -> Self {
        Self { total_steps: Some(total), ..Self::default() }
    }

    /// A run whose length is not known.
    pub fn unbounded() -> Self {
        Self::default()
    }

    /// Sets the updates in an epoch.
    #[must_use]
    pub fn steps_per_epoch(mut self, steps: u64) -> Self {
        self.steps_per_epoch = Some(steps);
        self
    }

    /// Sets the batch sizes.
    #[must_use]
    pub fn batch(mut self, batch: BatchPlan) -> Self {
        self.batch = batch;
        self
    }

    /// The frame of a part of this span: it begins `start` steps in and lasts `total` steps.
    #[must_use]
    pub fn part(&self, start: u64, total: Option<u64>) -> Self {
        Self { total_steps: total, origin: self.origin.saturating_add(start), ..self.clone() }
    }

    /// Steps of `span` if it begins at step `from` of this frame: to nearest, and at least 1 if the span is not 0.
    ///
    /// # Errors
    /// If a needed size is unknown, the span is negative or not finite, or the steps cannot be counted.
    pub fn to_steps(&self, span: Span, from: u64) -> Result<u64, FrameError> {
        let real = self.to_real_steps(span, from)?;
        rounded(span, real)
    }

    /// Steps of `span` if it ends at step `end` of this frame; differs from [`Frame::to_steps`] only where the batch
    /// size changes.
    ///
    /// # Errors
    /// As [`Frame::to_steps`].
    pub fn to_steps_before(&self, span: Span, end: u64) -> Result<u64, FrameError> {
        self.whole(span)?;
        let here = self.origin.saturating_add(end);
        let real = match self.unit(span)? {
            None => return self.to_steps(span, 0),
            Some(unit) => here as f64 - self.step_of(unit, (self.position(unit, here) - span.amount()).max(0.0)),
        };
        rounded(span, real)
    }

    /// The same without rounding.
    pub(crate) fn to_real_steps(&self, span: Span, from: u64) -> Result<f64, FrameError> {
        self.whole(span)?;
        match (self.unit(span)?, span) {
            (Some(unit), _) => {
                let here = self.origin.saturating_add(from);
                Ok(self.step_of(unit, self.position(unit, here) + span.amount()) - here as f64)
            }
            (None, Span::Fraction(fraction)) => {
                let total = self.total_steps.ok_or(FrameError::UnknownHorizon { span })?;
                Ok(fraction * total as f64)
            }
            (None, _) => Ok(span.amount()),
        }
    }

    fn whole(&self, span: Span) -> Result<(), FrameError> {
        let amount = span.amount();
        if amount.is_finite() && amount >= 0.0 { Ok(()) } else { Err(FrameError::Negative { span, amount }) }
    }

    /// The unit of a span that the batch plan converts; `None` for steps and fractions.
    fn unit(&self, span: Span) -> Result<Option<Unit>, FrameError> {
        let unit = match span {
            Span::Steps(_) | Span::Fraction(_) => return Ok(None),
            Span::Epochs(_) => Unit::Epochs,
            Span::Samples(_) => Unit::Samples,
        };
        let known = match &self.batch {
            BatchPlan::Pieces(pieces) => !pieces.is_empty() && pieces.iter().all(|piece| unit.of(piece).is_known()),
            _ => unit.of(&self.only_piece()).is_known(),
        };
        match (known, unit) {
            (true, _) => Ok(Some(unit)),
            (false, Unit::Epochs) => Err(FrameError::UnknownEpoch { span }),
            (false, Unit::Samples) => Err(FrameError::UnknownBatch { span }),
        }
    }

    fn only_piece(&self) -> BatchPiece {
        let batch = if let BatchPlan::Constant(batch) = self.batch { batch } else { 0 };
        BatchPiece { first_step: 0, batch, steps_per_epoch: self.steps_per_epoch.unwrap_or(0) }
    }

    /// Calls `visit` with each piece and its first and last-but-one step, until it returns a value.
    fn find<T>(&self, mut visit: impl FnMut(Ratio, u64, Option<u64>) -> Option<T>, unit: Unit) -> Option<T> {
        match &self.batch {
            BatchPlan::Pieces(pieces) => pieces.iter().enumerate().find_map(|(index, piece)| {
                visit(unit.of(piece), piece.first_step, pieces.get(index + 1).map(|next| next.first_step))
            }),
            _ => visit(unit.of(&self.only_piece()), 0, None),
        }
    }

    /// Epochs or samples done before that step of the run.
    fn position(&self, unit: Unit, step: u64) -> f64 {
        let mut done = 0.0;
        let found = self.find(
            |ratio, first, next| match next {
                Some(next) if next <= step => {
                    done += ratio.amount(next.saturating_sub(first) as f64);
                    None
                }
                _ => Some(done + ratio.amount(step.saturating_sub(first) as f64)),
            },
            unit,
        );
        found.unwrap_or(done)
    }

    /// The step of the run at which that many epochs or samples are done: the inverse of [`Frame::position`].
    fn step_of(&self, unit: Unit, amount: f64) -> f64 {
        let mut left = amount;
        let found = self.find(
            |ratio, first, next| {
                let held = next.map(|next| ratio.amount(next.saturating_sub(first) as f64));
                match held {
                    Some(held) if held <= left => {
                        left -= held;
                        None
                    }
                    _ => Some(first as f64 + ratio.steps(left)),
                }
            },
            unit,
        );
        found.unwrap_or(TOO_MANY)
    }
}

fn rounded(span: Span, real: f64) -> Result<u64, FrameError> {
    let steps = match span {
        Span::Steps(steps) => return Ok(steps),
        _ => real.round(),
    };
    if steps >= TOO_MANY {
        return Err(FrameError::Overflow { span });
    }
    Ok((steps as u64).max(u64::from(span.amount() > 0.0)))
}

#[derive(Clone, Copy)]
enum Unit {
    Epochs,
    Samples,
}

impl Unit {
    fn of(self, piece: &BatchPiece) -> Ratio {
        match self {
            Self::Epochs => Ratio::StepsPerUnit(piece.steps_per_epoch),
            Self::Samples => Ratio::UnitsPerStep(piece.batch),
        }
    }
}

/// Kept as the whole number it is, so that conversions divide once and stay exact.
#[derive(Clone, Copy)]
enum Ratio {
    StepsPerUnit(u64),
    UnitsPerStep(u64),
}

impl Ratio {
    fn is_known(self) -> bool {
        !matches!(self, Self::StepsPerUnit(0) | Self::UnitsPerStep(0))
    }

    fn steps(self, amount: f64) -> f64 {
        match self {
            Self::StepsPerUnit(steps) => amount * steps as f64,
            Self::UnitsPerStep(units) => amount / units as f64,
        }
    }

    fn amount(self, steps: f64) -> f64 {
        match self {
            Self::StepsPerUnit(per) => steps / per as f64,
            Self::UnitsPerStep(units) => steps * units as f64,
        }
    }
}
