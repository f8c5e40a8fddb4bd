//! The step size of the lowest loss, by looking everywhere.

use std::ops::Bound;

use rheostat_schedule::ScheduleSpec;
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use super::cap::{cap_errors, capped};
use super::exhaustion::Exhaustions;
use super::numbers::{check_searchable, largest};
use super::parameters::{CAP, OURS};
use crate::bytes::{Writer, read_state};
use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::figures::figures;
use crate::golden_section::GoldenSection;
use crate::{
    Ask, Base, ControlError, Direction, LineSearch, LineSearchMethod, Opening, OptimizerSpec, Outcome, Setting, Verdict,
};

/// The full line search: the step size with the lowest loss of the batch, of many from `low` to `high` (Kenneweg and others 2024,
/// arXiv 2403.18519, section III-A).
///
/// ```text
/// eta_i = low (high / low)^(i / (points - 1))       i = 0 .. points - 1
/// eta   = the eta_i with the lowest f(x - eta_i d); with refine, the lowest of as many more by golden section beside it
/// ```
///
/// `f` is the loss of this update's batch at the weights `x`, `d` what the optimizer applies. Every parameter with its default,
/// range, unit and source is in [`BestStep::METHOD`].
///
/// It is for looking at landscapes, and to compare with: the best step on one batch is too long for the others, and runs that always
/// take it diverge (the paper). The lowest loss tried is taken even if it is above that of the start; of equal losses the shorter
/// step. No step is made at a loss or a slope of exactly 0, nor where no loss is finite; 20 of those in a row end the run.
///
/// The paper does not say how many step sizes its pictures have. With 29 there are four to a power of ten, and the best of them finds
/// at least 92 % of the decrease that a parabola has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BestStep {
    /// Shortest step size tried; 1e-6.
    pub low: f64,
    /// Longest step size tried; 10.
    pub high: f64,
    /// Step sizes tried; 29, four to a power of ten.
    pub points: u64,
    /// Step sizes tried beside the best of them, by golden section; 0.
    pub refine: u64,
    /// A schedule that no step is longer than; absent: `high` alone bounds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<ScheduleSpec>,
}

impl Default for BestStep {
    fn default() -> Self {
        Self { low: 1e-6, high: 10.0, points: 29, refine: 0, cap: None }
    }
}

const PAPER: &str = "Kenneweg and others, Improving Line Search Methods for Large Scale Neural Network Training, \
                     arXiv 2403.18519";

const LOW: Parameter = Parameter::new("low", Kind::Number, "shortest step size tried, less than `high`")
    .positive()
    .default("1e-6")
    .source(OURS);
const HIGH: Parameter =
    Parameter::new("high", Kind::Number, "longest step size tried").positive().default("10.0").source(OURS);
const POINTS: Parameter = Parameter::new("points", Kind::Integer, "step sizes tried, evenly spread in their logarithm")
    .range(Bound::Included(2.0), Bound::Included(500.0), "2 to 500")
    .default("29")
    .unit("trials")
    .source("Rheostat: four to a power of ten");
const REFINE: Parameter =
    Parameter::new("refine", Kind::Integer, "step sizes tried beside the best of them, by golden section")
        .range(Bound::Included(0.0), Bound::Included(100.0), "0 to 100")
        .default("0")
        .unit("trials")
        .source(OURS);

impl BestStep {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "best_step",
        family: Family::LineSearch,
        summary: "the lowest loss of the batch of many step sizes",
        parameters: &[LOW, HIGH, POINTS, REFINE, CAP],
        reference: PAPER,
    };

    /// The step sizes tried first, from the shortest to the longest.
    pub fn sizes(&self) -> Vec<f64> {
        (0..self.points).map(|index| self.size(index, self.high)).collect()
    }

    /// A step size of the grid up to `high`; a bound below `low` leaves only itself.
    fn size(&self, index: u64, high: f64) -> f64 {
        let low = self.low.min(high);
        let share = index as f64 / self.points.saturating_sub(1) as f64;
        (low * (high / low).powf(share)).clamp(low, high)
    }
}

impl LineSearchMethod for BestStep {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn cap(&self) -> Option<&ScheduleSpec> {
        self.cap.as_ref()
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = out_of_range([
            (&LOW, Some(self.low)),
            (&HIGH, Some(self.high)),
            (&POINTS, Some(self.points as f64)),
            (&REFINE, Some(self.refine as f64)),
        ]);
        errors.extend(cap_errors(self.cap()));
        if !errors.iter().any(|error| matches!(error.field(), "low" | "high")) && self.low >= self.high {
            let why = format!("{} is not less than `high` = {}: there is nothing to search", self.low, self.high);
            errors.push(contradiction("low", why));
        }
        all_or_nothing(errors)
    }

    fn check_optimizer(&self, optimizer: &OptimizerSpec) -> Result<(), ControlError> {
        check_searchable(Self::METHOD.name, optimizer)
    }

    fn resolve(&self, setting: &Setting) -> Result<Box<dyn LineSearch>, Vec<ControlError>> {
        self.check()?;
        let exhaustions = Exhaustions::default();
        let search = Search { spec: self.clone(), exhaustions, high: self.high, tried: 0, best: None, sections: None };
        capped(search, self.cap(), setting)
    }
}

/// First bytes of a state; the last is the version of the format.
const MAGIC: u64 = u64::from_le_bytes(*b"beststp\x01");

/// A step size that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tried {
    /// Of the grid; found beside it, that of the best of the grid.
    index: u64,
    size: f64,
    loss: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Search {
    spec: BestStep,
    exhaustions: Exhaustions,
    /// The longest step of this update.
    high: f64,
    /// Trials of this update so far.
    tried: u64,
    best: Option<Tried>,
    /// The search beside the best, over logarithms of step sizes.
    sections: Option<GoldenSection<()>>,
}

impl Search {
    /// A step size of the grid of this update.
    fn size(&self, index: u64) -> f64 {
        self.spec.size(index, self.high)
    }

    /// The step sizes beside the best of the grid, as logarithms.
    fn beside(&self, best: Tried) -> [f64; 2] {
        let around = [best.index.saturating_sub(1), (best.index + 1).min(self.spec.points - 1)];
        around.map(|index| self.size(index).ln())
    }

    /// The step size to try next.
    fn next(&self) -> Option<f64> {
        if self.tried < self.spec.points {
            return Some(self.size(self.tried));
        }
        let best = self.best.filter(|_| self.tried < self.spec.points + self.spec.refine)?;
        let place = match &self.sections {
            None => GoldenSection::<()>::first_place(self.beside(best)),
            Some(sections) => sections.place(),
        };
        Some(place.exp().min(self.high))
    }

    fn settle(&mut self) -> Ask {
        match self.best {
            Some(best) => {
                self.exhaustions = Exhaustions::default();
                Ask::Settle(Verdict::applied(best.size, Outcome::Best))
            }
            None => {
                let (low, high) = (figures(self.size(0)), figures(self.high));
                let did =
                    || format!("tried {} step sizes from {low} to {high} and saw no loss that is finite", self.tried);
                self.exhaustions.one_more(Verdict::applied(0.0, Outcome::Exhausted), did)
            }
        }
    }
}

impl LineSearch for Search {
    fn open(&mut self, _step: u64, scheduled: Option<f64>) -> Opening {
        let Some(high) = largest(self.spec.high, scheduled) else {
            return Opening::Settled(Verdict::applied(0.0, Outcome::Scheduled));
        };
        self.high = high;
        Opening::Search(Direction::Applied)
    }

    fn begin(&mut self, base: Base) -> Ask {
        (self.tried, self.best, self.sections) = (0, None, None);
        if base.loss == 0.0 || base.decrease == 0.0 {
            return Ask::Settle(Verdict::applied(0.0, Outcome::Flat));
        }
        Ask::Try(self.size(0))
    }

    fn tell(&mut self, loss: f64) -> Ask {
        let Some(size) = self.next() else { return self.settle() };
        // A loss that is not a number is no better than an infinite one.
        let seen = (if loss.is_nan() { f64::NEG_INFINITY } else { -loss }, ());
        match (&mut self.sections, self.best) {
            (Some(sections), _) => sections.tell(seen),
            (None, Some(best)) if self.tried >= self.spec.points => {
                self.sections = Some(GoldenSection::new(self.beside(best), seen));
            }
            _ => {}
        }
        let index = match self.best {
            Some(best) if self.tried >= self.spec.points => best.index,
            _ => self.tried,
        };
        if loss.is_finite() && self.best.is_none_or(|best| loss < best.loss) {
            self.best = Some(Tried { index, size, loss });
        }
        self.tried += 1;
        match self.next() {
            Some(size) => Ask::Try(size),
            None => self.settle(),
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.u64(MAGIC);
        self.exhaustions.write(&mut writer);
        writer.0
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.exhaustions = read_state(BestStep::METHOD.name, bytes, |reader| {
            reader.magic(MAGIC)?;
            Exhaustions::read(reader)
        })?;
        Ok(())
    }
}
