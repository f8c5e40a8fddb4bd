use super::controller::TestResult;
use super::history::History;
use crate::ControlError;
use crate::bytes::{Reader, Writer, read_state};
use crate::gaussian_process::AdamFit;

/// Where the controller is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    /// The rate rises.
    WarmUp,
    /// It decays from `start` since `since` updates were done.
    Decay {
        start: f64,
        since: u64,
        /// Whether a loss that was not finite ended the warm-up: another one at once then ends the run.
        on_trial: bool,
    },
    /// The run was asked to end; the rate stays.
    Stopped { rate: f64 },
}

/// Everything that changes while it runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// The update whose loss is expected next.
    pub(super) next: u64,
    /// Whether the last loss was not finite: a host that skips such updates tells the same one again.
    pub(super) may_repeat: bool,
    pub(super) phase: Phase,
    /// Positive tests in a row, up to the last.
    pub(super) streak: u64,
    /// Tests so far: the index of random draws.
    pub(super) tests: u64,
    /// Updates done when the last snapshot was asked for.
    pub(super) snapshot: Option<u64>,
    pub(super) adam: AdamFit,
    pub(super) last: Option<TestResult>,
    pub(super) history: History,
}

/// First bytes of a state; the last is the version of the format.
const MAGIC: u64 = u64::from_le_bytes(*b"autowu\0\x01");

impl State {
    pub(super) fn new(history: History) -> Self {
        Self {
            next: 0,
            may_repeat: false,
            phase: Phase::WarmUp,
            streak: 0,
            tests: 0,
            snapshot: None,
            adam: AdamFit::default(),
            last: None,
            history,
        }
    }

    pub(super) fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u64(MAGIC);
        writer.u64(self.next);
        writer.u64(self.may_repeat.into());
        match self.phase {
            Phase::WarmUp => writer.u64(0),
            Phase::Decay { start, since, on_trial } => {
                writer.u64(1);
                writer.f64(start);
                writer.u64(since);
                writer.u64(on_trial.into());
            }
            Phase::Stopped { rate } => {
                writer.u64(2);
                writer.f64(rate);
            }
        }
        writer.u64(self.streak);
        writer.u64(self.tests);
        writer.optional_u64(self.snapshot);
        writer.f64(self.adam.raw_scale);
        writer.f64(self.adam.raw_noise);
        self.adam.first.iter().chain(&self.adam.second).for_each(|moment| writer.f64(*moment));
        writer.u64(self.adam.iterations);
        writer.u64(self.last.is_some().into());
        if let Some(TestResult { updates, probability, rate, positive }) = self.last {
            writer.u64(updates);
            writer.f64(probability);
            writer.f64(rate);
            writer.u64(positive.into());
        }
        self.history.write(&mut writer);
        writer.0
    }

    /// Reads what [`State::save`] wrote, with a history of this state's kind.
    pub(super) fn loaded(&self, bytes: &[u8]) -> Result<Self, ControlError> {
        read_state("autowu", bytes, |reader| self.read(reader))
    }

    fn read(&self, reader: &mut Reader<'_>) -> Result<Self, String> {
        reader.magic(MAGIC)?;
        let (next, may_repeat) = (reader.u64()?, reader.flag()?);
        let phase = match reader.u64()? {
            0 => Phase::WarmUp,
            1 => Phase::Decay { start: rate(reader)?, since: reader.u64()?, on_trial: reader.flag()? },
            2 => Phase::Stopped { rate: rate(reader)? },
            other => return Err(format!("{other} is no phase")),
        };
        let (streak, tests) = (reader.u64()?, reader.u64()?);
        let snapshot = reader.optional_u64()?;
        let mut adam = AdamFit { raw_scale: reader.f64()?, raw_noise: reader.f64()?, ..AdamFit::default() };
        for moment in adam.first.iter_mut().chain(&mut adam.second) {
            *moment = reader.f64()?;
        }
        adam.iterations = reader.u64()?;
        let last = if reader.flag()? {
            let (updates, probability) = (reader.u64()?, reader.f64()?);
            Some(TestResult { updates, probability, rate: reader.f64()?, positive: reader.flag()? })
        } else {
            None
        };
        let history = self.history.read(reader)?;
        Ok(Self { next, may_repeat, phase, streak, tests, snapshot, adam, last, history })
    }
}

/// A rate of a state must be one that a controller may decide.
fn rate(reader: &mut Reader<'_>) -> Result<f64, String> {
    let rate = reader.f64()?;
    if rate.is_finite() && rate >= 0.0 { Ok(rate) } else { Err(format!("{rate} is no rate")) }
}
