use std::f64::consts::PI;

use rheostat_schedule::parameter::LARGEST;

use super::history::{History, Thinning};
use super::minimum::{Minimum, MinimumTest};
use super::state::{Phase, State};
use super::{AutoWarmUp, Average, Decay, FEWEST_LOSSES, FloorUnit, Growth, Lengths, NoDetection, NonFinite, Subset};
use crate::gaussian_process::{GaussianProcess, Points};
use crate::{
    Action, ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation, Reason, StopReason, Turn,
};

/// The controller of the learning rate that [`AutoWarmUp::resolve`] makes.
///
/// The losses it is told must come in order. One that is told again, or late, changes nothing and is answered with a reason that
/// says so; only after a loss that was not finite may the same update be told again. After [`Action::Restore`] it expects the
/// update that followed the last [`Action::Save`].
#[derive(Debug, Clone, PartialEq)]
pub struct AutoWarmUpController {
    spec: AutoWarmUp,
    lengths: Lengths,
    seed: u64,
    state: State,
}

/// What the last test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestResult {
    /// Updates done.
    pub updates: u64,
    /// How sure it is that the loss was lower before; the median of the draws, where draws vote.
    pub probability: f64,
    /// The rate at which the smoothed loss was lowest.
    pub rate: f64,
    /// Whether that is more than `confidence`.
    pub positive: bool,
}

/// A fit with the points that the draws look at; values are `(loss - centre) / unit`.
pub(super) struct Fitted {
    pub(super) test: MinimumTest,
    pub(super) process: GaussianProcess,
    pub(super) draws: Vec<Points>,
    pub(super) centre: f64,
    pub(super) unit: f64,
}

impl Fitted {
    pub(super) fn result(&self, controller: &AutoWarmUpController) -> Result<TestResult, String> {
        let minima = self.draws.iter().map(|points| self.test.look(&self.process, points));
        let minima = minima.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        Ok(controller.vote(&minima))
    }
}

impl AutoWarmUpController {
    pub(super) fn new(spec: AutoWarmUp, lengths: Lengths, seed: u64) -> Self {
        let history = match spec.subset {
            Subset::BinMean => History::bins(spec.bins),
            Subset::Stride | Subset::Random => History::dense(),
        };
        Self { spec, lengths, seed, state: State::new(history) }
    }

    /// What it was made from.
    pub fn spec(&self) -> &AutoWarmUp {
        &self.spec
    }

    /// The rate that update `step` of the warm-up uses, if the warm-up lasts that long.
    pub fn warm_up_rate(&self, step: u64) -> f64 {
        self.rate_between(self.spec.high, step as f64 / self.lengths.max_warmup as f64)
    }

    /// What the last test found; `None` before the first, and if it had nothing to look at.
    pub fn last_test(&self) -> Option<TestResult> {
        self.state.last
    }

    /// Whether the rate still rises.
    pub fn is_warming_up(&self) -> bool {
        self.state.phase == Phase::WarmUp
    }

    /// The rate a share `x` of the way from `low` to `high`.
    fn rate_between(&self, high: f64, x: f64) -> f64 {
        let low = self.spec.low;
        match self.spec.growth {
            Growth::Exponential => low * (x * (high / low).ln()).exp(),
            Growth::Linear => low + (high - low) * x,
        }
    }

    /// The rate of update `step` in the present phase.
    fn rate(&self, step: u64) -> f64 {
        match self.state.phase {
            Phase::WarmUp => self.warm_up_rate(step.min(self.lengths.max_warmup)),
            Phase::Stopped { rate } => rate,
            Phase::Decay { start, since, .. } => {
                let from = match self.spec.decay {
                    Decay::Cosine => since,
                    Decay::ConstantCosine => since.max(self.lengths.cooldown_from),
                };
                if step < from {
                    return start;
                }
                let done = (step - from).saturating_add(self.spec.decay_offset);
                let u = done as f64 / self.lengths.total.saturating_sub(from) as f64;
                if u < 1.0 { start * 0.5 * (1.0 + (PI * u).cos()) } else { 0.0 }
            }
        }
    }

    fn decision(&self) -> Decision {
        Hyperparameters::new().with(Hyperparameter::LearningRate, self.rate(self.state.next)).into()
    }

    fn because(&self, actions: Vec<Action>, reason: String) -> Decision {
        Decision { actions, reason: Some(Reason(reason)), ..self.decision() }
    }

    /// The decay begins where the run stands.
    fn switch(&self, reason: String) -> Decision {
        Decision { turn: Some(Turn::Switch), ..self.because(Vec::new(), reason) }
    }

    /// Whether a loss of this update is news: not one that was told already, or is late.
    pub(super) fn expects(&self, step: u64) -> bool {
        let told_again = self.state.may_repeat && step.checked_add(1) == Some(self.state.next);
        step >= self.state.next || told_again
    }

    fn observe_loss(&mut self, step: u64, loss: f64) -> Decision {
        if !self.expects(step) {
            let expected = self.state.next;
            return self.because(Vec::new(), format!("ignored the loss of update {step}: that of {expected} is next"));
        }
        let finite = loss.abs() <= LARGEST;
        self.take(step, finite);
        match self.state.phase {
            Phase::Stopped { .. } => self.decision(),
            Phase::Decay { since, on_trial: true, .. } if !finite && step == since => self.stop(format!(
                "the loss was {loss:.1e} again at update {step}, the first of the decay: the weights are lost"
            )),
            Phase::Decay { .. } => self.decision(),
            Phase::WarmUp if !finite && self.spec.on_non_finite != NonFinite::Mask => self.lost(step, loss),
            Phase::WarmUp => self.warm_up(step, finite.then_some(loss)),
        }
    }

    /// The update `step` was made, or refused.
    pub(super) fn take(&mut self, step: u64, finite: bool) {
        self.state.next = step.saturating_add(1);
        self.state.may_repeat = !finite;
    }

    /// Remembers a finite loss of the warm-up.
    pub(super) fn remember(&mut self, step: u64, loss: f64) {
        if step < self.lengths.max_warmup {
            self.state.history.push(step, loss);
        }
    }

    /// Whether a test is due after so many updates, and whether the longest warm-up is over.
    pub(super) fn due(&self, updates: u64) -> (bool, bool) {
        let longest = self.lengths.max_warmup;
        (updates <= longest && updates.is_multiple_of(self.lengths.test_every), updates >= longest)
    }

    /// One update of the warm-up: a test if it is due, and the end if it is reached.
    fn warm_up(&mut self, step: u64, loss: Option<f64>) -> Decision {
        if let Some(loss) = loss {
            self.remember(step, loss);
        }
        let (due, over) = self.due(self.state.next);
        let decision = if due { self.test(over) } else { self.decision() };
        if over && self.is_warming_up() { self.undetected() } else { decision }
    }

    fn test(&mut self, over: bool) -> Decision {
        let AutoWarmUp { patience, confidence, .. } = self.spec;
        let updates = self.state.next;
        let found = self.look();
        self.state.tests = self.state.tests.saturating_add(1);
        self.state.last = found.as_ref().ok().copied();
        let streak = match &found {
            Ok(test) if test.positive => self.state.streak.saturating_add(1),
            _ => 0,
        };
        self.state.streak = streak;
        let reason = match found {
            Ok(TestResult { rate, probability, positive: true, .. }) => {
                let enough = streak >= patience;
                if enough {
                    self.decay_from(rate, updates, false);
                }
                let then = if enough { "it decays from there" } else { "it rises on" };
                let sure = percent(probability);
                let reason = format!(
                    "the loss was lowest at rate {rate:.1e} ({sure} sure, test {streak} of {patience} in a row) after \
                     {updates} updates: {then}"
                );
                return if enough { self.switch(reason) } else { self.because(Vec::new(), reason) };
            }
            Ok(TestResult { probability, .. }) => {
                let (sure, needed) = (percent(probability), percent(confidence));
                format!(
                    "no minimum is past after {updates} updates ({sure} sure, more than {needed} needed): it rises on"
                )
            }
            Err(why) => format!("test after {updates} updates skipped: {why}"),
        };
        // The last state from which the loss was still falling is the one to come back to.
        let keep = self.spec.on_non_finite == NonFinite::Rollback && !over;
        if keep {
            self.state.snapshot = Some(updates);
        }
        self.because(if keep { vec![Action::Save] } else { Vec::new() }, reason)
    }

    /// The longest warm-up is over and its minimum was not found.
    fn undetected(&mut self) -> Decision {
        let updates = self.state.next;
        let current = self.rate(updates.saturating_sub(1));
        let ended = format!("no minimum was found in {updates} updates, the longest warm-up");
        match self.spec.on_no_detection {
            NoDetection::Error => self.stop(format!("{ended}: raise `high` or `max_warmup`")),
            NoDetection::DecayFromCurrent => {
                self.decay_from(current, updates, false);
                self.switch(format!("{ended}: it decays from the rate reached, {current:.1e}"))
            }
            NoDetection::DecayFromArgmin => match self.look() {
                Ok(TestResult { rate, .. }) => {
                    self.decay_from(rate, updates, false);
                    self.switch(format!("{ended}: it decays from {rate:.1e}, where the smoothed loss was lowest"))
                }
                Err(why) => self.stop(format!("{ended}, and there is no rate to decay from: {why}")),
            },
        }
    }

    /// A loss of the warm-up was not finite.
    fn lost(&mut self, step: u64, loss: f64) -> Decision {
        let used = self.rate(step);
        let what = format!("the loss was {loss:.1e} at update {step} (rate {used:.1e})");
        if self.spec.on_non_finite == NonFinite::Error {
            return self.stop(format!("{what}: lower `high`, or let it roll back"));
        }
        // The last losses before such a one may have exploded and say nothing of the minimum: the last test came before them.
        let rate = match self.state.last.map_or_else(|| self.look(), Ok) {
            Ok(test) => test.rate,
            Err(why) => {
                return self.stop(format!("{what}, and there is no rate to decay from: {why}; lower `low`"));
            }
        };
        if self.spec.on_non_finite == NonFinite::Rollback {
            let back = self.state.snapshot.unwrap_or(0);
            self.decay_from(rate, back, true);
            self.state.next = back;
            self.state.may_repeat = false;
            return self.because(
                vec![Action::Restore],
                format!("{what}: back to the state after {back} updates, it decays from {rate:.1e}, where the loss was lowest"),
            );
        }
        self.decay_from(rate, self.state.next, true);
        self.switch(format!("{what}: it decays from {rate:.1e}, where the loss was lowest"))
    }

    fn decay_from(&mut self, start: f64, since: u64, on_trial: bool) {
        self.state.phase = Phase::Decay { start, since, on_trial };
        // Nothing is tested from here on.
        self.state.history = Self::new(self.spec.clone(), self.lengths, self.seed).state.history;
    }

    fn stop(&mut self, reason: String) -> Decision {
        self.state.phase = Phase::Stopped { rate: self.rate(self.state.next) };
        self.because(vec![Action::Stop(StopReason::Diverged)], reason)
    }

    /// Fits the losses so far and looks for their minimum. The error says in words why there was nothing to look at.
    fn look(&mut self) -> Result<TestResult, String> {
        self.fit()?.result(self)
    }

    /// Fits the losses so far, and draws the points to look at.
    pub(super) fn fit(&mut self) -> Result<Fitted, String> {
        let updates = self.looked_at();
        let count = self.state.history.count();
        if count < FEWEST_LOSSES {
            return Err(format!("{count} finite losses, at least {FEWEST_LOSSES} are needed"));
        }
        let mut draw = self.state.tests.saturating_mul(self.spec.tests as u64 + 1);
        let mut thinning = || {
            let index = draw;
            draw = draw.saturating_add(1);
            match self.spec.subset {
                Subset::Random => Thinning::Random { seed: self.seed, index },
                Subset::BinMean | Subset::Stride => Thinning::Stride,
            }
        };
        let everything = self.state.history.points(updates, usize::MAX, Thinning::Stride);
        let (mean, variance) = everything.moments();
        let spread = variance.sqrt();
        // Constant to within rounding.
        if spread <= 1e-14 * mean.abs() || spread < 1e-150 {
            return Err("all losses are the same".to_owned());
        }
        let (centre, unit) = if self.spec.standardize { (mean, spread) } else { (0.0, 1.0) };
        let scaled = |mut points: Points| {
            points.y.iter_mut().for_each(|loss| *loss = (*loss - centre) / unit);
            points
        };
        let floor = match self.spec.floor_unit {
            FloorUnit::Relative => self.spec.variance_floor * (spread / unit).powi(2),
            FloorUnit::Absolute => self.spec.variance_floor / (unit * unit),
        };
        let test = MinimumTest {
            fit: self.spec.fit,
            length_scale: self.spec.length_scale,
            grid_points: self.spec.grid_points,
            variance_floor: floor,
        };
        // Losses near the largest numbers may have driven it off; it would never come back.
        if !self.spec.warm_start || !self.state.adam.raw_scale.is_finite() || !self.state.adam.raw_noise.is_finite() {
            self.state.adam = Default::default();
        }
        let fitted = scaled(self.state.history.points(updates, self.spec.fit_points, thinning()));
        let process = test
            .fitted(&fitted, (mean - centre) / unit, &mut self.state.adam)
            .map_err(|error| error.to_string())?
            .ok_or("all losses are the same")?;
        // Draws of everything would all be the same: one of them is enough.
        let random = self.spec.subset == Subset::Random && count > self.spec.predict_points as u64;
        let draws = if random { self.spec.tests } else { 1 };
        let draws = (0..draws)
            .map(|_| scaled(self.state.history.points(updates, self.spec.predict_points, thinning())))
            .collect();
        Ok(Fitted { test, process, draws, centre, unit })
    }

    /// The updates that a test made now looks back on: a host may have leapt past the end.
    pub(super) fn looked_at(&self) -> u64 {
        self.state.next.min(self.lengths.max_warmup)
    }

    /// The votes of the draws, and the mean of their rates.
    fn vote(&self, minima: &[Minimum]) -> TestResult {
        let updates = self.looked_at();
        let current = self.warm_up_rate(updates.saturating_sub(1));
        let count = minima.len() as f64;
        let rates = minima.iter().map(|minimum| self.rate_between(current, minimum.place));
        let rate = match self.spec.start_rate {
            Average::Arithmetic => rates.sum::<f64>() / count,
            Average::Geometric => (rates.map(f64::ln).sum::<f64>() / count).exp(),
        };
        // More than half exceed the confidence exactly if the lower median does.
        let mut probabilities: Vec<f64> = minima.iter().map(|minimum| minimum.probability).collect();
        probabilities.sort_unstable_by(f64::total_cmp);
        let probability = probabilities.get(minima.len().saturating_sub(1) / 2).copied().unwrap_or(0.0);
        TestResult { updates, probability, rate, positive: probability > self.spec.confidence }
    }
}

impl Controller for AutoWarmUpController {
    fn begin(&mut self) -> Decision {
        self.state = Self::new(self.spec.clone(), self.lengths, self.seed).state;
        let mut decision = self.decision();
        if self.spec.on_non_finite == NonFinite::Rollback {
            self.state.snapshot = Some(0);
            decision.actions.push(Action::Save);
        }
        decision.warning(self.spec.warning())
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        match *seen {
            Observation::Step { step, loss } => self.observe_loss(step, loss),
            _ => self.decision(),
        }
    }

    fn save(&self) -> Vec<u8> {
        self.state.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.state = self.state.loaded(bytes)?;
        Ok(())
    }
}

/// Rounded down to a tenth, so that 100 % means certain to within rounding.
fn percent(share: f64) -> String {
    format!("{} %", (1000.0 * share + 1e-9).floor() / 10.0)
}
