use rheostat_schedule::parameter::LARGEST;

use super::forecast::Forecast;
use crate::ControlError;
use crate::bytes::{Reader, Writer, read_state};
use crate::gaussian_process::Points;

/// Where the controller is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Phase {
    /// The linear warm-up.
    WarmUp,
    /// A candidate is tried: the one after those in `tried`.
    Search,
    /// It trains with the winner until so many updates are done.
    Train {
        until: u64,
        /// Whether the winner of the search was given up already.
        second: bool,
    },
    /// The run was asked to end; the rate stays.
    Stopped,
}

/// A candidate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Its rate.
    pub rate: f64,
    /// Its forecast; `None` if a loss was not finite, in the search or in training with it.
    pub forecast: Option<Forecast>,
}

/// Everything that changes while it runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    /// The update whose loss is expected next.
    pub(super) next: u64,
    /// Whether the last loss was not finite: a host that skips such updates tells the same one again.
    pub(super) may_repeat: bool,
    pub(super) phase: Phase,
    /// The stage, from 0.
    pub(super) stage: u64,
    /// Updates done when it began: where the snapshot was taken.
    pub(super) start: u64,
    /// Whether the search is the second of its stage, up to a tenth of `high`.
    pub(super) shrunk: bool,
    /// The rate of the next update, but in the warm-up.
    pub(super) rate: f64,
    /// The candidates of this search, or of the last.
    pub(super) tried: Vec<Tried>,
    /// The losses of the candidate.
    pub(super) window: Points,
    /// The validation loss at the stage's beginning.
    pub(super) initial: Option<f64>,
    /// Whether an evaluation was asked for and is not yet told.
    pub(super) evaluating: bool,
    /// Updates observed, and those of them that were of candidates.
    pub(super) spent: u64,
    pub(super) searched: u64,
}

/// First bytes of a state; the last is the version of the format.
const MAGIC: u64 = u64::from_le_bytes(*b"autolrs\x01");

impl State {
    pub(super) fn new(rate: f64) -> Self {
        Self {
            next: 0,
            may_repeat: false,
            phase: Phase::WarmUp,
            stage: 0,
            start: 0,
            shrunk: false,
            rate,
            tried: Vec::new(),
            window: Points::default(),
            initial: None,
            evaluating: false,
            spent: 0,
            searched: 0,
        }
    }

    pub(super) fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u64(MAGIC);
        writer.u64(self.next);
        writer.u64(self.may_repeat.into());
        match self.phase {
            Phase::WarmUp => writer.u64(0),
            Phase::Search => writer.u64(1),
            Phase::Train { until, second } => {
                writer.u64(2);
                writer.u64(until);
                writer.u64(second.into());
            }
            Phase::Stopped => writer.u64(3),
        }
        for number in [self.stage, self.start, self.shrunk.into()] {
            writer.u64(number);
        }
        writer.f64(self.rate);
        writer.u64(self.tried.len() as u64);
        for Tried { rate, forecast } in &self.tried {
            writer.f64(*rate);
            writer.u64(forecast.is_some().into());
            if let Some(Forecast { loss, standard_error, recent }) = forecast {
                writer.f64(*loss);
                writer.optional_f64(*standard_error);
                writer.f64(*recent);
            }
        }
        writer.f64s(&self.window.x);
        writer.f64s(&self.window.y);
        writer.optional_f64(self.initial);
        for number in [self.evaluating.into(), self.spent, self.searched] {
            writer.u64(number);
        }
        writer.0
    }

    /// Reads what [`State::save`] wrote.
    pub(super) fn loaded(bytes: &[u8]) -> Result<Self, ControlError> {
        read_state("autolrs", bytes, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, String> {
        reader.magic(MAGIC)?;
        let (next, may_repeat) = (reader.u64()?, reader.flag()?);
        let phase = match reader.u64()? {
            0 => Phase::WarmUp,
            1 => Phase::Search,
            2 => Phase::Train { until: reader.u64()?, second: reader.flag()? },
            3 => Phase::Stopped,
            other => return Err(format!("{other} is no phase")),
        };
        let (stage, start, shrunk) = (reader.u64()?, reader.u64()?, reader.flag()?);
        let rate = positive(reader)?;
        let count = reader.u64()?;
        let tried = (0..count).map(|_| tried(reader)).collect::<Result<_, _>>()?;
        let window = Points { x: reader.f64s()?, y: reader.f64s()? };
        if window.x.len() != window.y.len() {
            return Err("its window has not as many places as losses".to_owned());
        }
        let initial = reader.optional_f64()?;
        let (evaluating, spent, searched) = (reader.flag()?, reader.u64()?, reader.u64()?);
        Ok(Self {
            next,
            may_repeat,
            phase,
            stage,
            start,
            shrunk,
            rate,
            tried,
            window,
            initial,
            evaluating,
            spent,
            searched,
        })
    }
}

fn tried(reader: &mut Reader<'_>) -> Result<Tried, String> {
    let rate = positive(reader)?;
    if !reader.flag()? {
        return Ok(Tried { rate, forecast: None });
    }
    let (loss, standard_error, recent) = (reader.f64()?, reader.optional_f64()?, reader.f64()?);
    Ok(Tried { rate, forecast: Some(Forecast { loss, standard_error, recent }) })
}

/// A rate of a state must be one that the controller may decide.
fn positive(reader: &mut Reader<'_>) -> Result<f64, String> {
    let rate = reader.f64()?;
    if rate > 0.0 && rate <= LARGEST { Ok(rate) } else { Err(format!("{rate} is no rate")) }
}
