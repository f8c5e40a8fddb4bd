use rheostat_schedule::parameter::LARGEST;

use super::forecast::{Forecast, Forecaster, Uncertain, uncertain};
use super::stage::Stage;
use super::state::{Phase, State, Tried};
use super::surrogate::Surrogate;
use super::{AutoLrs, Forecasting, Lengths, Losses, SearchMethod, grid};
use crate::figures::figures;
use crate::gaussian_process::Points;
use crate::{
    Action, ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation, Reason, StopReason, Turn,
};

/// What `high` is divided by when all candidates of a search are given up.
const SHRINK: f64 = 10.0;

/// The controller of the learning rate that [`AutoLrs`] makes.
///
/// The losses it is told must come in order. One that is told again, or late, changes nothing and is answered with a reason
/// that says so; only after a loss that was not finite may the same update be told again. After [`Action::Restore`] it
/// expects the update that followed the last [`Action::Save`]. An evaluation counts if it was asked for and is of the updates
/// then done; others change nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct AutoLrsController {
    spec: AutoLrs,
    lengths: Lengths,
    state: State,
}

impl AutoLrsController {
    pub(super) fn new(spec: AutoLrs, lengths: Lengths) -> Self {
        let rate = spec.low;
        Self { spec, lengths, state: State::new(rate) }
    }

    fn stage(&self) -> Stage {
        Stage::new(&self.spec, &self.lengths, self.state.stage, self.state.start)
    }

    /// The highest rate of this search.
    fn high(&self) -> f64 {
        if self.state.shrunk { self.spec.high / SHRINK } else { self.spec.high }
    }

    /// The rate of the next update.
    fn rate(&self) -> f64 {
        match self.state.phase {
            Phase::WarmUp => {
                let share = self.state.next.saturating_add(1) as f64 / self.lengths.warmup.max(1) as f64;
                self.spec.warmup_peak() * share.min(1.0)
            }
            Phase::Search | Phase::Train { .. } | Phase::Stopped => self.state.rate,
        }
    }

    fn decision(&self) -> Decision {
        Hyperparameters::new().with(Hyperparameter::LearningRate, self.rate()).into()
    }

    fn act(&self, actions: Vec<Action>, reason: String) -> Decision {
        Decision { actions, reason: Some(Reason(reason)), ..self.decision() }
    }

    fn observe_loss(&mut self, step: u64, loss: f64) -> Decision {
        let told_again = self.state.may_repeat && step.checked_add(1) == Some(self.state.next);
        if step < self.state.next && !told_again {
            let expected = self.state.next;
            return self.act(Vec::new(), format!("ignored the loss of update {step}: that of {expected} is next"));
        }
        let healthy = loss.abs() <= LARGEST;
        self.state.next = step.saturating_add(1);
        self.state.may_repeat = !healthy;
        self.state.spent = self.state.spent.saturating_add(1);
        match self.state.phase {
            Phase::Stopped => self.decision(),
            Phase::WarmUp if !healthy => self.warm_up_failed(step, loss),
            Phase::WarmUp if self.state.next >= self.lengths.warmup => self.begin_stage(0),
            Phase::WarmUp => self.decision(),
            Phase::Search => {
                self.state.searched = self.state.searched.saturating_add(1);
                if healthy { self.searched(step, loss) } else { self.give_up("loss", loss) }
            }
            Phase::Train { second, .. } if !healthy => self.training_failed(step, loss, second),
            Phase::Train { until, .. } if self.state.next >= until => {
                self.begin_stage(self.state.stage.saturating_add(1))
            }
            Phase::Train { .. } => self.decision(),
        }
    }

    /// The snapshot of the beginning stands: the first stage begins there.
    fn warm_up_failed(&mut self, step: u64, loss: f64) -> Decision {
        let used =
            figures(self.spec.warmup_peak() * (step.saturating_add(1) as f64 / self.lengths.warmup.max(1) as f64));
        self.state.next = 0;
        self.state.may_repeat = false;
        let mut decision = self.begin_stage(0);
        decision.actions.retain(|action| *action != Action::Save);
        decision.actions.insert(0, Action::Restore);
        let why = format!(
            "the loss was {loss} at update {step} of the warm-up (rate {used}): back to the beginning, without warm-up"
        );
        decision.reason = Some(Reason(match decision.reason {
            Some(Reason(then)) => format!("{why}; {then}"),
            None => why,
        }));
        decision
    }

    /// Begins the stage of that index with a search, if there is something left to search for.
    fn begin_stage(&mut self, index: u64) -> Decision {
        self.state.stage = index;
        self.state.start = self.state.next;
        self.state.shrunk = false;
        self.state.initial = None;
        let stage = self.stage();
        let (number, begins) = (index.saturating_add(1), self.state.start);
        if stage.train == 0 {
            self.state.phase = Phase::Train { until: u64::MAX, second: true };
            return self.decision();
        }
        if let Some(why) = self.no_search(&stage) {
            self.state.phase = Phase::Train { until: begins.saturating_add(stage.train), second: false };
            let rate = figures(self.state.rate);
            return self.act(
                vec![Action::Save],
                format!("stage {number} after {begins} updates: {why}: the rate stays {rate}"),
            );
        }
        let mut actions = vec![Action::Save];
        if stage.losses == Losses::Validation {
            actions.push(Action::Evaluate);
        }
        self.begin_search();
        let (low, high) = (figures(self.spec.low), figures(self.high()));
        let reason = format!(
            "stage {number} after {begins} updates: {} rates from {low} to {high} are tried for {} updates each",
            self.spec.candidates, stage.search
        );
        self.act(actions, reason)
    }

    /// Why this stage has none; it needs a winner to go on with.
    fn no_search(&self, stage: &Stage) -> Option<String> {
        self.best()?;
        if stage.train < stage.search {
            return Some(format!("{} updates remain, a candidate takes {}", stage.train, stage.search));
        }
        let cap = self.spec.budget_cap?;
        let search = self.spec.candidates.saturating_mul(stage.search);
        let searched = self.state.searched.saturating_add(search) as f64;
        let share = searched / (self.state.spent.saturating_add(search).saturating_add(stage.train) as f64);
        let percent = |share: f64| figures(100.0 * share);
        (share > cap).then(|| {
            format!("with a search {} % of all updates would be of searches, {} % may be", percent(share), percent(cap))
        })
    }

    fn begin_search(&mut self) {
        self.state.phase = Phase::Search;
        self.state.tried.clear();
        self.begin_candidate();
    }

    fn begin_candidate(&mut self) {
        self.rewind();
        self.state.rate = self.candidate();
    }

    /// Back to the stage's beginning, as the host.
    fn rewind(&mut self) {
        self.state.next = self.state.start;
        self.state.may_repeat = false;
        self.state.evaluating = false;
        self.state.window = Points::default();
    }

    /// The rate of the next candidate.
    fn candidate(&self) -> f64 {
        let (low, high, tried) = (self.spec.low, self.high(), &self.state.tried);
        let surrogate = |kappa| {
            let surrogate = Surrogate { kappa, kappa_decay: self.spec.kappa_decay };
            let place = |rate: f64| (rate / low).ln() / (high / low).ln();
            let seen: Vec<_> =
                tried.iter().map(|tried| (place(tried.rate), tried.forecast.map(|forecast| forecast.loss))).collect();
            surrogate.next(&seen)
        };
        let place = match self.spec.search_method {
            SearchMethod::LogGrid => {
                let count = self.spec.candidates;
                grid::spread_out(tried.len() as u64, count) as f64 / count.saturating_sub(1).max(1) as f64
            }
            SearchMethod::GpLcb => surrogate(self.spec.kappa),
            SearchMethod::Published => surrogate(Surrogate::PUBLISHED_KAPPA),
        };
        grid::rate(low, high, place)
    }

    /// An update of a candidate was made.
    fn searched(&mut self, step: u64, loss: f64) -> Decision {
        let stage = self.stage();
        let updates = self.state.next.saturating_sub(self.state.start);
        if stage.losses == Losses::Training {
            self.state.window.x.push(step.saturating_sub(self.state.start) as f64);
            self.state.window.y.push(loss);
        }
        self.state.evaluating = stage.evaluates(updates);
        if self.state.evaluating {
            return Decision { actions: vec![Action::Evaluate], ..self.decision() };
        }
        if updates >= stage.search { self.end_candidate(&stage) } else { self.decision() }
    }

    fn observe_evaluation(&mut self, updates: u64, loss: f64) -> Decision {
        let stage = self.stage();
        if self.state.phase != Phase::Search || stage.losses == Losses::Training || updates != self.state.next {
            return self.decision();
        }
        let done = updates.saturating_sub(self.state.start);
        let healthy = loss.abs() <= LARGEST;
        if done == 0 && self.state.tried.is_empty() && self.state.initial.is_none() {
            self.state.initial = healthy.then_some(loss);
            return self.decision();
        }
        // One that was not asked for, or was told already.
        if !std::mem::take(&mut self.state.evaluating) {
            return self.decision();
        }
        if !healthy {
            return self.give_up("validation loss", loss);
        }
        self.state.window.x.push((done / stage.spacing()) as f64);
        self.state.window.y.push(loss);
        if done >= stage.search { self.end_candidate(&stage) } else { self.decision() }
    }

    fn end_candidate(&mut self, stage: &Stage) -> Decision {
        let forecaster = Forecaster {
            method: self.spec.forecast,
            losses: stage.losses,
            floor: self.spec.loss_floor,
            horizon: stage.train.max(stage.search) as f64 / stage.spacing() as f64,
            initial: self.state.initial.filter(|_| self.spec.jump_guard && stage.losses == Losses::Validation),
        };
        let forecast = forecaster.believed(&self.state.window);
        let forecasts = self.spec.forecast == Forecasting::Varpro;
        let what =
            forecast.map_or(
                "no loss was told".to_owned(),
                |Forecast { loss, standard_error, .. }| match standard_error {
                    Some(error) => {
                        format!("loss forecast {} +- {} after {} updates", figures(loss), figures(error), stage.train)
                    }
                    None if forecasts => format!("last losses {}, which tell nothing further", figures(loss)),
                    None => format!("loss forecast {} after {} updates", figures(loss), stage.train),
                },
            );
        self.next_candidate(forecast, &what)
    }

    fn give_up(&mut self, what: &str, loss: f64) -> Decision {
        let updates = self.state.next.saturating_sub(self.state.start);
        self.next_candidate(None, &format!("given up, the {what} was {loss} at its update {updates}"))
    }

    fn next_candidate(&mut self, forecast: Option<Forecast>, what: &str) -> Decision {
        let rate = self.state.rate;
        self.state.tried.push(Tried { rate, forecast });
        let (number, count) = (self.state.tried.len(), self.spec.candidates);
        let said = format!("candidate {number} of {count}: rate {}, {what}", figures(rate));
        if (number as u64) < count {
            self.begin_candidate();
            return self.act(vec![Action::Restore], said);
        }
        self.decide(&said)
    }

    /// All candidates were tried.
    fn decide(&mut self, said: &str) -> Decision {
        let (count, stage) = (self.spec.candidates, self.stage());
        if let Some(best) = self.best() {
            self.train_with(best.rate, false);
            let chosen = figures(best.rate);
            let why = match self.uncertain() {
                None => "has the lowest forecast".to_owned(),
                Some(Uncertain { error, spread }) => format!(
                    "has the lowest mean of the last losses, for the standard error of the forecasts, {}, exceeds their \
                     spread, {}",
                    figures(error),
                    figures(spread)
                ),
            };
            let reason = format!("{said}; rate {chosen} {why}: it trains for {} updates", stage.train);
            // It goes back as after every candidate; what is new is the rate that it trains with.
            return Decision { turn: Some(Turn::Switch), ..self.act(vec![Action::Restore], reason) };
        }
        if !self.state.shrunk && self.spec.high / SHRINK > self.spec.low {
            self.state.shrunk = true;
            self.begin_search();
            let high = figures(self.high());
            return self.act(
                vec![Action::Restore],
                format!("{said}; all {count} candidates were given up: once more, up to rate {high}"),
            );
        }
        self.stop(format!(
            "{said}; all {count} candidates were given up: lower `low` and `high`, or look at data and model"
        ))
    }

    fn train_with(&mut self, rate: f64, second: bool) {
        let until = self.state.start.saturating_add(self.stage().train);
        self.rewind();
        self.state.rate = rate;
        self.state.phase = Phase::Train { until, second };
    }

    /// A loss was not finite while it trained with a winner.
    fn training_failed(&mut self, step: u64, loss: f64, second: bool) -> Decision {
        let (failed, back) = (self.state.rate, self.state.start);
        self.state.tried.retain(|tried| tried.rate != failed);
        let what = format!("the loss was {loss} at update {step} (rate {})", figures(failed));
        match self.best() {
            Some(best) if !second => {
                self.train_with(best.rate, true);
                let next = figures(best.rate);
                let reason = format!(
                    "{what}: back to the state after {back} updates, it trains with the next best rate, {next}"
                );
                self.act(vec![Action::Restore], reason)
            }
            _ if second => self.stop(format!("{what}, the second rate of this stage that failed: lower `high`")),
            _ => self.stop(format!("{what}, and no other candidate had a forecast: lower `high`")),
        }
    }

    fn stop(&mut self, reason: String) -> Decision {
        self.state.phase = Phase::Stopped;
        self.act(vec![Action::Stop(StopReason::Diverged)], reason)
    }

    fn forecasts(&self) -> impl Iterator<Item = (f64, Forecast)> {
        self.state.tried.iter().filter_map(|tried| Some((tried.rate, tried.forecast?)))
    }

    fn uncertain(&self) -> Option<Uncertain> {
        uncertain(&self.forecasts().map(|(_, forecast)| forecast).collect::<Vec<_>>())
    }

    /// The candidate to train with: of equal forecasts the one with the lowest last losses, and then with the lowest rate.
    fn best(&self) -> Option<Tried> {
        let by_recent = self.uncertain().is_some();
        let judged = |forecast: &Forecast| [if by_recent { 0.0 } else { forecast.loss }, forecast.recent];
        let (rate, forecast) = self.forecasts().min_by(|(rate, forecast), (other_rate, other)| {
            let ([loss, recent], [other_loss, other_recent]) = (judged(forecast), judged(other));
            loss.total_cmp(&other_loss).then(recent.total_cmp(&other_recent)).then(rate.total_cmp(other_rate))
        })?;
        Some(Tried { rate, forecast: Some(forecast) })
    }

    /// The candidates of this search, or of the last, in the order they were tried; without those given up while training.
    pub fn tried(&self) -> &[Tried] {
        &self.state.tried
    }
}

impl Controller for AutoLrsController {
    fn begin(&mut self) -> Decision {
        self.state = State::new(self.spec.low);
        let decision = if self.lengths.warmup == 0 {
            self.begin_stage(0)
        } else {
            // To come back to, should the warm-up itself fail.
            Decision { actions: vec![Action::Save], ..self.decision() }
        };
        decision.warning(self.spec.warning())
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        match *seen {
            Observation::Step { step, loss } => self.observe_loss(step, loss),
            Observation::Evaluation { updates, loss, .. } => self.observe_evaluation(updates, loss),
            _ => self.decision(),
        }
    }

    fn save(&self) -> Vec<u8> {
        self.state.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.state = State::loaded(bytes)?;
        Ok(())
    }
}
