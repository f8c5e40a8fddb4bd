use serde::Serialize;

use crate::{Action, ControlError, Controller, Decision, Observation, OpenLoop, Reason, StopReason};

/// Weight of the past in the smoothed loss (fastai's 0.98).
pub const SMOOTHING: f64 = 0.98;
/// The test ends when the smoothed loss exceeds this multiple of its best (fastai's 4).
pub const BLOW_UP: f64 = 4.0;

/// Plays a rising rate and ends the run once the loss has blown up: the learning-rate range test of Smith
/// (arXiv 1506.01186, section 3.3), with fastai's stopping rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeTest {
    rising: OpenLoop,
    state: State,
}

#[derive(Debug, Clone, PartialEq)]
struct State {
    smoother: Smoother,
    /// The lowest smoothed loss; infinite before the first.
    best: f64,
}

impl Default for State {
    fn default() -> Self {
        Self { smoother: Smoother::default(), best: f64::INFINITY }
    }
}

/// Bias-corrected exponential moving average: `ema <- b ema + (1 - b) x`, value `ema / (1 - b^n)`.
#[derive(Debug, Clone, Default, PartialEq)]
struct Smoother {
    average: f64,
    count: u32,
}

impl Smoother {
    fn next(&mut self, value: f64) -> f64 {
        self.average = SMOOTHING * self.average + (1.0 - SMOOTHING) * value;
        self.count = self.count.saturating_add(1);
        self.average / (1.0 - SMOOTHING.powf(f64::from(self.count)))
    }
}

impl RangeTest {
    /// A range test that plays these schedules; the learning rate's should rise.
    pub fn new(rising: OpenLoop) -> Self {
        Self { rising, state: State::default() }
    }
}

impl Controller for RangeTest {
    fn begin(&mut self) -> Decision {
        self.state = State::default();
        self.rising.begin()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let mut decision = self.rising.observe(seen);
        if let Observation::Step { step, loss } = seen {
            let smoothed = self.state.smoother.next(*loss);
            let best = self.state.best.min(smoothed);
            self.state.best = best;
            // A smoothed loss that is not a number has blown up too.
            if smoothed.is_nan() || smoothed > BLOW_UP * best {
                decision.actions.push(Action::Stop(StopReason::Finished));
                let reason =
                    format!("smoothed loss {smoothed} at step {step} exceeds {BLOW_UP} times its best, {best}");
                decision.reason = Some(Reason(reason));
            }
        }
        decision
    }

    /// Average, count and best in 20 bytes, then the schedules' state. Not JSON: a loss may have been infinite or NaN.
    fn save(&self) -> Vec<u8> {
        let State { smoother, best } = &self.state;
        let mut bytes = smoother.average.to_le_bytes().to_vec();
        bytes.extend(smoother.count.to_le_bytes());
        bytes.extend(best.to_le_bytes());
        bytes.extend(self.rising.save());
        bytes
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let short = || ControlError::BadState { controller: "range test", why: format!("{} bytes", bytes.len()) };
        let (average, rest) = bytes.split_first_chunk().ok_or_else(short)?;
        let (count, rest) = rest.split_first_chunk().ok_or_else(short)?;
        let (best, rest) = rest.split_first_chunk().ok_or_else(short)?;
        self.rising.load(rest)?;
        let smoother = Smoother { average: f64::from_le_bytes(*average), count: u32::from_le_bytes(*count) };
        self.state = State { smoother, best: f64::from_le_bytes(*best) };
        Ok(())
    }
}

/// What a range test suggests. Several answers, because the reading of the curve is a choice; each `None` where the curve does
/// not have what it looks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Suggestions {
    /// The rate where the smoothed loss falls fastest, per `ln(rate)`.
    pub steepest: Option<f64>,
    /// A tenth of the rate with the lowest smoothed loss.
    pub minimum_over_10: Option<f64>,
    /// Two thirds into the longest descent (fastai's default).
    pub valley: Option<f64>,
    /// Where the loss has fallen by 5 % of its whole fall: the lower bound of a cyclical schedule (Smith).
    pub lower: Option<f64>,
    /// Where the loss stops falling: the upper bound of a cyclical schedule (Smith).
    pub upper: Option<f64>,
}

/// The curve of a range test, with its suggestions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RangeCurve {
    /// Rates, rising.
    pub rates: Vec<f64>,
    /// Losses as measured.
    pub losses: Vec<f64>,
    /// Losses smoothed with [`SMOOTHING`], bias-corrected.
    pub smoothed: Vec<f64>,
    /// What they suggest.
    pub suggestions: Suggestions,
}

/// Points dropped at the end of the curve before it is read: the blow-up says nothing about good rates (fastai's 5).
const SKIP_END: usize = 5;
/// Fewest points that can be read.
const FEWEST: usize = 10;

impl RangeCurve {
    /// Smooths a range test and reads it.
    ///
    /// # Errors
    /// [`ControlError::Contradiction`] if fewer than 10 losses are finite: the lowest rate was already too high, or data or
    /// model are at fault.
    pub fn new(rates: &[f64], losses: &[f64]) -> Result<Self, ControlError> {
        let finite = losses.iter().zip(rates).take_while(|(loss, _)| loss.is_finite()).count();
        if finite < FEWEST {
            let why = format!(
                "the loss was finite for {finite} updates only; at least {FEWEST} are needed: choose a lower --low"
            );
            return Err(ControlError::Contradiction { field: "low".to_owned(), why });
        }
        let (rates, losses) = (rates[..finite].to_vec(), losses[..finite].to_vec());
        let mut smoother = Smoother::default();
        let smoothed: Vec<f64> = losses.iter().map(|loss| smoother.next(*loss)).collect();
        // The ends are dropped: the first tenth is noise, the last points are the blow-up.
        let (from, to) = (finite / 10, (finite - SKIP_END).max(finite / 10 + 2));
        let suggestions = suggest(&rates[from..to], &smoothed[from..to]);
        Ok(Self { rates, losses, smoothed, suggestions })
    }
}

fn suggest(rates: &[f64], losses: &[f64]) -> Suggestions {
    let lowest = (0..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b])).unwrap_or(0);
    let fall = losses[0] - losses[lowest];
    if lowest == 0 || fall <= 0.0 {
        return Suggestions::default();
    }
    let slope = |at: usize| (losses[at + 1] - losses[at]) / (rates[at + 1] / rates[at]).ln();
    let steepest = (0..losses.len() - 1).min_by(|a, b| slope(*a).total_cmp(&slope(*b)));
    let lower = (0..=lowest).find(|at| losses[0] - losses[*at] >= 0.05 * fall);
    Suggestions {
        steepest: steepest.map(|at| rates[at]),
        minimum_over_10: Some(rates[lowest] / 10.0),
        valley: valley(losses).map(|at| rates[at]),
        lower: lower.map(|at| rates[at]),
        upper: Some(rates[lowest]),
    }
}

/// Two thirds into the longest strictly falling subsequence, counted back from its end as fastai does.
fn valley(losses: &[f64]) -> Option<usize> {
    let mut lengths = vec![1_usize; losses.len()];
    for end in 1..losses.len() {
        let before = (0..end).filter(|at| losses[*at] > losses[end]).map(|at| lengths[at]).max();
        lengths[end] = before.map_or(1, |length| length + 1);
    }
    // Of equals the first, as an argmax.
    let end = (0..lengths.len()).rev().max_by_key(|at| lengths[*at])?;
    let length = lengths[end];
    let start = end.saturating_sub(length);
    (length > 1).then_some(start + length / 3 + length / 6)
}
