//! The search that all but one share: a step size is tried, and made smaller until the loss falls by enough.

use super::exhaustion::Exhaustions;
use super::numbers::{Numbers, largest};
use super::{Criterion, Reset};
use crate::bytes::{Reader, Writer, read_state};
use crate::figures::figures;
use crate::{Ask, Base, ControlError, Direction, LineSearch, Opening, Outcome, Setting, Verdict};

/// A search ends without a step below this.
pub const FLOOR: f64 = 1e-10;

/// What a step size that is too short is multiplied by, under Goldstein's criterion.
const LENGTHEN: f64 = 2.0;

/// First bytes of a state; the last is the version of the format.
const MAGIC: u64 = u64::from_le_bytes(*b"search\0\x02");

/// What becomes of a direction that leads upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Uphill {
    /// The loss may rise by at most `1 / c` of what the slope predicts.
    InverseC,
    /// The step size of the last search, without looking.
    Reuse,
}

/// What becomes of an update whose search found no step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum OnExhaustion {
    /// There is no step; the next search starts one backtrack lower.
    Stay,
    /// A step of this size; the next search starts from where this one ended.
    Creep(f64),
}

/// How a search goes about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rules {
    /// The method, for messages and states.
    pub(super) name: &'static str,
    /// What losses are measured along.
    pub(super) searched: Direction,
    /// A slope below this is flat.
    pub(super) flat: f64,
    pub(super) criterion: Criterion,
    pub(super) reset: Reset,
    pub(super) uphill: Uphill,
    pub(super) on_exhaustion: OnExhaustion,
    /// Most that the loss may rise, as a share of its magnitude.
    pub(super) credit_cap: Option<f64>,
    pub(super) numbers: Numbers,
}

impl Rules {
    /// Armijo's criterion along a direction, and no step where nothing satisfies it.
    pub(super) fn plain(name: &'static str, searched: Direction, numbers: Numbers) -> Self {
        Self {
            name,
            searched,
            flat: 0.0,
            criterion: Criterion::Armijo,
            reset: Reset::Grow,
            uphill: Uphill::Reuse,
            on_exhaustion: OnExhaustion::Stay,
            credit_cap: None,
            numbers,
        }
    }
}

/// What is remembered from search to search.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Memory {
    /// What the next search grows from.
    step_size: f64,
    /// The step size accepted last; shorter where a schedule cut the search short.
    accepted: f64,
    /// The averages of both sides of the criterion: slopes, and decreases of the loss.
    slope: f64,
    decrease: f64,
    exhaustions: Exhaustions,
}

/// The search under way.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Trial {
    /// Largest step size of this update.
    most: f64,
    /// What the step is taken along.
    along: Direction,
    loss: f64,
    /// The average slope with that of this point.
    slope: f64,
    /// The share of the predicted decrease to achieve.
    c: f64,
    first: f64,
    size: f64,
    failures: u64,
    /// What failed last: step size and loss.
    last: [f64; 2],
}

/// What a loss says of the step size it was measured at.
enum Judgement {
    TooLong,
    TooShort,
    Taken(Outcome),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Backtracking {
    rules: Rules,
    growth: f64,
    warmup: u64,
    memory: Memory,
    trial: Trial,
}

impl Backtracking {
    pub(super) fn new(rules: Rules, setting: &Setting) -> Result<Self, Vec<ControlError>> {
        let (growth, warmup) = match (rules.numbers.growth(setting), rules.numbers.warmup(setting)) {
            (Ok(growth), Ok(warmup)) => (growth, warmup),
            (growth, warmup) => return Err(growth.err().into_iter().chain(warmup.err()).collect()),
        };
        let initial = rules.numbers.initial;
        let memory = Memory {
            step_size: initial,
            accepted: initial,
            slope: 0.0,
            decrease: 0.0,
            exhaustions: Exhaustions::default(),
        };
        let trial = Trial {
            most: rules.numbers.maximum,
            along: Direction::Applied,
            loss: f64::NAN,
            slope: f64::NAN,
            c: f64::NAN,
            first: initial,
            size: initial,
            failures: 0,
            last: [f64::NAN; 2],
        };
        Ok(Self { rules, growth, warmup, memory, trial })
    }

    /// Takes the step along another direction than the optimizer's.
    pub(super) fn step_along(&mut self, along: Direction) {
        self.trial.along = along;
    }

    /// The average slope with that of a new point.
    pub(super) fn smoothed(&self, slope: f64) -> f64 {
        average(self.rules.numbers.smoothing, self.memory.slope, slope)
    }

    /// The step size of the last search, within what this update permits.
    pub(super) fn remembered(&self) -> f64 {
        self.memory.accepted.min(self.trial.most)
    }

    /// The step size that this search starts from.
    pub(super) fn first(&self) -> f64 {
        self.wanted().min(self.trial.most)
    }

    /// The same if no schedule bounded it.
    fn wanted(&self) -> f64 {
        let wanted = match self.rules.reset {
            Reset::Grow => self.memory.step_size * self.growth,
            Reset::Keep => self.memory.step_size,
            Reset::Initial => self.rules.numbers.initial,
        };
        wanted.min(self.rules.numbers.maximum)
    }

    /// What the next search grows from once this step size is accepted. Where a schedule cut the first trial short, its success
    /// says nothing of longer steps.
    fn learnt(&self, accepted: f64) -> f64 {
        let cut = accepted == self.trial.most && accepted < self.wanted();
        if cut { self.memory.step_size } else { accepted }
    }

    /// The average of the decreases; the criterion's left side.
    pub(super) fn decrease(&self) -> f64 {
        self.memory.decrease
    }

    pub(super) fn set_decrease(&mut self, decrease: f64) {
        self.memory.decrease = decrease;
    }

    /// Takes the first step size without looking, and remembers it.
    pub(super) fn take_unseen(&mut self, slope: f64, outcome: Outcome) -> Ask {
        let first = self.first();
        self.memory.slope = self.smoothed(slope);
        (self.memory.step_size, self.memory.accepted) = (self.learnt(first), first);
        self.settle(first, outcome)
    }

    pub(super) fn settle(&self, step_size: f64, outcome: Outcome) -> Ask {
        Ask::Settle(Verdict { step_size, along: self.trial.along, outcome })
    }

    /// Starts a search at a point of this loss and slope.
    pub(super) fn search(&mut self, loss: f64, slope: f64) -> Ask {
        let first = self.first();
        let smoothed = self.smoothed(slope);
        let c = self.rules.numbers.c;
        self.trial = Trial { loss, slope: smoothed, c, first, size: first, failures: 0, ..self.trial };
        if loss == 0.0 || slope.abs() <= self.rules.flat {
            return self.settle(0.0, Outcome::Flat);
        }
        if !slope.is_finite() {
            return self.exhausted();
        }
        if smoothed <= 0.0 {
            match self.rules.uphill {
                Uphill::Reuse => return self.settle(self.remembered(), Outcome::Ascent),
                Uphill::InverseC => self.trial.c = 1.0 / c,
            }
        }
        Ask::Try(first)
    }

    fn judge(&self, loss: f64, decrease: f64) -> Judgement {
        let Trial { slope, c, size, most, .. } = self.trial;
        let fall = self.trial.loss - loss;
        if !fall.is_finite() {
            return Judgement::TooLong;
        }
        let magnitude = self.trial.loss.abs();
        let affordable = self.rules.credit_cap.is_none_or(|cap| -fall <= cap * magnitude);
        let enough = decrease >= c * size * slope && affordable;
        let too_much =
            self.rules.criterion == Criterion::Goldstein && size < most && decrease > (1.0 - c) * size * slope;
        if enough && !too_much {
            Judgement::Taken(Outcome::Satisfied)
        } else if fall.abs() <= self.rules.numbers.resolution * magnitude.max(loss.abs()) {
            Judgement::Taken(Outcome::Unresolved)
        } else if enough {
            Judgement::TooShort
        } else {
            Judgement::TooLong
        }
    }

    fn exhausted(&mut self) -> Ask {
        let Numbers { backtrack, .. } = self.rules.numbers;
        let (step_size, next) = match self.rules.on_exhaustion {
            OnExhaustion::Stay => (0.0, self.memory.step_size * backtrack),
            OnExhaustion::Creep(size) => (size.min(self.trial.most), self.trial.size),
        };
        self.memory.step_size = next.max(FLOOR);
        self.memory.accepted = self.memory.step_size;
        let trial = self.trial;
        let verdict = Verdict { step_size, along: trial.along, outcome: Outcome::Exhausted };
        self.memory.exhaustions.one_more(verdict, || {
            let (loss, slope) = (figures(trial.loss), figures(trial.slope));
            if trial.failures == 0 {
                return format!("could not start, for the slope at a loss of {loss} is {slope}");
            }
            format!(
                "tried {} step sizes from {} to {} at a loss of {loss} that should fall by {slope} times the step size, and saw \
                 {} in the end",
                trial.failures,
                figures(trial.first),
                figures(trial.last[0]),
                figures(trial.last[1]),
            )
        })
    }

    /// The state, with what `more` adds.
    pub(super) fn save_with(&self, more: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u64(MAGIC);
        writer.bytes(self.rules.name.as_bytes());
        let Memory { step_size, accepted, slope, decrease, .. } = self.memory;
        [step_size, accepted, slope, decrease].iter().for_each(|number| writer.f64(*number));
        self.memory.exhaustions.write(&mut writer);
        more(&mut writer);
        writer.0
    }

    /// Takes over a state, and gives what `more` reads after it.
    pub(super) fn load_with<T>(
        &mut self,
        bytes: &[u8],
        more: impl FnOnce(&mut Reader<'_>) -> Result<T, String>,
    ) -> Result<T, ControlError> {
        let read = |reader: &mut Reader<'_>| Ok((self.read(reader)?, more(reader)?));
        let (memory, rest) = read_state(self.rules.name, bytes, read)?;
        self.memory = memory;
        Ok(rest)
    }

    fn read(&self, reader: &mut Reader<'_>) -> Result<Memory, String> {
        reader.magic(MAGIC)?;
        if reader.bytes()? != self.rules.name.as_bytes() {
            return Err("it is of another line search".to_owned());
        }
        let (step_size, accepted) = (reader.f64()?, reader.f64()?);
        let (slope, decrease) = (reader.f64()?, reader.f64()?);
        let usable = |size: f64| size.is_finite() && size > 0.0;
        if !(usable(step_size) && usable(accepted) && slope.is_finite() && decrease.is_finite()) {
            return Err(format!("{step_size}, {accepted}, {slope}, {decrease} are no step sizes and averages"));
        }
        Ok(Memory { step_size, accepted, slope, decrease, exhaustions: Exhaustions::read(reader)? })
    }
}

/// An exponential average with a new value.
fn average(weight: f64, past: f64, value: f64) -> f64 {
    weight * past + (1.0 - weight) * value
}

impl LineSearch for Backtracking {
    fn open(&mut self, step: u64, scheduled: Option<f64>) -> Opening {
        self.trial.along = Direction::Applied;
        let Some(most) = largest(self.rules.numbers.maximum, scheduled) else {
            return Opening::Settled(Verdict::applied(0.0, Outcome::Scheduled));
        };
        self.trial.most = most;
        if step < self.warmup {
            let size = self.rules.numbers.initial * (step as f64 + 1.0) / self.warmup as f64;
            return Opening::Settled(Verdict::applied(size.min(most), Outcome::WarmUp));
        }
        Opening::Search(self.rules.searched)
    }

    fn begin(&mut self, base: Base) -> Ask {
        self.search(base.loss, base.decrease)
    }

    fn tell(&mut self, loss: f64) -> Ask {
        let decrease = average(self.rules.numbers.smoothing, self.memory.decrease, self.trial.loss - loss);
        let size = match self.judge(loss, decrease) {
            Judgement::Taken(outcome) => {
                let (accepted, slope) = (self.trial.size, self.trial.slope);
                let step_size = self.learnt(accepted);
                self.memory = Memory { step_size, accepted, slope, decrease, exhaustions: Exhaustions::default() };
                return self.settle(accepted, outcome);
            }
            Judgement::TooLong => self.trial.size * self.rules.numbers.backtrack,
            Judgement::TooShort => (self.trial.size * LENGTHEN).min(self.trial.most),
        };
        self.trial = Trial { failures: self.trial.failures + 1, last: [self.trial.size, loss], size, ..self.trial };
        if self.trial.failures >= self.rules.numbers.max_backtracks || size < FLOOR {
            return self.exhausted();
        }
        Ask::Try(size)
    }

    fn save(&self) -> Vec<u8> {
        self.save_with(|_| ())
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.load_with(bytes, |_| Ok(()))
    }
}
