use rheostat_schedule::parameter::LARGEST;

use super::NonFinite;
use crate::bytes::{Reader, Writer};

/// Everything that changes while it runs, but the place in the schedule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// What the schedule is multiplied by, more than 0 and at most 1.
    pub(super) multiplier: f64,
    pub(super) best: Option<Best>,
    /// Bad evaluations in a row.
    pub(super) bad: u64,
    /// Evaluations of the cooldown still to come.
    pub(super) cooling: u64,
    /// The exponential average.
    pub(super) average: Option<f64>,
    /// Evaluations of the present `accumulate`.
    pub(super) evaluations: Mean,
    /// Training losses since the last evaluation.
    pub(super) losses: Mean,
    /// Updates done at the last evaluation.
    pub(super) evaluated: Option<u64>,
}

/// The best value so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    pub(super) value: f64,
    /// Updates then done.
    pub(super) updates: u64,
}

/// A mean in the making; a value that counts and is not finite makes it NaN.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Mean {
    sum: f64,
    pub(super) count: u64,
}

impl Mean {
    pub(super) fn push(&mut self, value: f64, on_non_finite: NonFinite) {
        let counted = match on_non_finite {
            _ if value.abs() <= LARGEST => value,
            NonFinite::Worst => f64::NAN,
            NonFinite::Ignore => return,
        };
        self.sum += counted;
        self.count = self.count.saturating_add(1);
    }

    /// The mean, and begins anew; `None` of nothing.
    pub(super) fn take(&mut self) -> Option<f64> {
        let Self { sum, count } = std::mem::take(self);
        (count > 0).then(|| sum / count as f64)
    }
}

/// First bytes of a state; the last is the version of the format.
const MAGIC: u64 = u64::from_le_bytes(*b"plateau\x01");

impl State {
    pub(super) fn new() -> Self {
        Self {
            multiplier: 1.0,
            best: None,
            bad: 0,
            cooling: 0,
            average: None,
            evaluations: Mean::default(),
            losses: Mean::default(),
            evaluated: None,
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u64(MAGIC);
        writer.f64(self.multiplier);
        writer.optional_f64(self.best.map(|best| best.value));
        writer.optional_u64(self.best.map(|best| best.updates));
        writer.u64(self.bad);
        writer.u64(self.cooling);
        writer.optional_f64(self.average);
        for mean in [self.evaluations, self.losses] {
            writer.f64(mean.sum);
            writer.u64(mean.count);
        }
        writer.optional_u64(self.evaluated);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        reader.magic(MAGIC)?;
        let multiplier = reader.f64()?;
        if !(multiplier > 0.0 && multiplier <= 1.0) {
            return Err(format!("{multiplier} is no multiplier, must be more than 0 and at most 1"));
        }
        let best = match (reader.optional_f64()?, reader.optional_u64()?) {
            (Some(value), Some(updates)) if value.is_finite() => Some(Best { value, updates }),
            (None, None) => None,
            _ => return Err("its best is none".to_owned()),
        };
        let (bad, cooling) = (reader.u64()?, reader.u64()?);
        let average = reader.optional_f64()?;
        let mut mean = || Ok::<_, String>(Mean { sum: reader.f64()?, count: reader.u64()? });
        let (evaluations, losses) = (mean()?, mean()?);
        let evaluated = reader.optional_u64()?;
        Ok(Self { multiplier, best, bad, cooling, average, evaluations, losses, evaluated })
    }
}
