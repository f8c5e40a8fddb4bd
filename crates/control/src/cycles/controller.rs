use rheostat_schedule::Schedule;

use super::early_switch::{EarlySwitch, OnExhausted, Switch};
use super::plan::Plan;
use super::state::{Metrics, State, better};
use super::weighing::{Weighing, short};
use super::{CycleReset, Cycles, LossTrend, ResetMode};
use crate::{
    Action, ControlError, Controller, Decision, Hyperparameter, Hyperparameters, MetricDirection, Observation, Reason,
    Reset, StopReason, Turn,
};

/// The controller of the learning rate that [`Cycles::resolve`] makes.
///
/// A cycle begins after its last predecessor's update: the decision on that update has the rate of local step 0, and either the
/// reset itself or, for a soft one, the wish for an evaluation, whose decision then has the reset. Losses and evaluations that are
/// told again, or late, change nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct CyclesController {
    plan: Plan,
    reset: CycleReset,
    weighing: Option<Weighing>,
    early_switch: Option<EarlySwitch>,
    /// What is said when the run begins.
    warnings: Option<String>,
    state: State,
    /// Rates of the current cycle by local step; follows from the state.
    curve: Option<Schedule>,
}

/// What a decision is made of besides the rate.
#[derive(Default)]
struct Notes {
    actions: Vec<Action>,
    turn: Option<Turn>,
    reasons: Vec<String>,
}

impl CyclesController {
    pub(super) fn new(spec: &Cycles, plan: Plan, weighing: Option<Weighing>, warnings: Option<String>) -> Self {
        let nothing = || CycleReset { mode: ResetMode::None, ..CycleReset::default() };
        let state = State::new(&plan);
        let curve = plan.curve(state.cycle, state.start, state.end());
        let reset = spec.reset.clone().unwrap_or_else(nothing);
        let early_switch = spec.early_switch.clone();
        Self { plan, reset, weighing, early_switch, warnings, state, curve }
    }

    /// Number of the current cycle, from 0; those of the queue come after the planned ones.
    pub fn cycle(&self) -> u64 {
        self.state.cycle
    }

    /// First update of the current cycle.
    pub fn start(&self) -> u64 {
        self.state.start
    }

    /// Updates done at the end of the current cycle, and of the planned ones after it.
    pub fn ends(&self) -> &[u64] {
        &self.state.ends
    }

    /// Fewest updates of a cycle that an early switch leaves; 0 without early switching.
    pub fn min_cycle(&self) -> u64 {
        self.plan.min_cycle
    }

    /// The rate of the next update.
    fn rate(&self) -> f64 {
        let local = self.state.next.saturating_sub(self.state.start);
        let floor = self.plan.rates(self.state.cycle).map_or(0.0, |rates| rates.floor);
        self.curve.as_ref().map_or(floor, |curve| curve.at(local))
    }

    fn decision(&self, notes: Notes) -> Decision {
        let hyperparameters = Hyperparameters::new().with(Hyperparameter::LearningRate, self.rate());
        let reason = (!notes.reasons.is_empty()).then(|| Reason(notes.reasons.join("; ")));
        Decision { hyperparameters, actions: notes.actions, turn: notes.turn, reason }
    }

    fn observe_loss(&mut self, step: u64, loss: f64, notes: &mut Notes) {
        let expected = self.state.next;
        if step < expected {
            notes.say(format!("ignored the loss of update {step}: that of {expected} is next"));
            return;
        }
        if let Some(updates) = self.state.waiting.take() {
            self.unweighed(updates, notes);
        }
        if self.state.stopped {
            return;
        }
        // A refused update comes once more.
        self.state.next = step.saturating_add(loss.is_finite().into());
        self.pass_boundary(notes);
        if !loss.is_finite() && self.early_switch.is_some() {
            self.switch(format!("the training loss was {loss} at update {step}"), None, notes);
        }
    }

    /// Begins the cycle that the next update belongs to.
    fn pass_boundary(&mut self, notes: &mut Notes) {
        let before = self.state.cycle;
        while self.state.ends.len() > 1 && self.state.end() <= self.state.next && self.state.next < self.plan.total {
            self.state.ends.remove(0);
            self.state.cycle = self.state.cycle.saturating_add(1);
        }
        if self.state.cycle > before {
            self.begin_cycle();
            let what = format!("cycle {} begins after {} updates", self.state.cycle + 1, self.state.next);
            self.renew(what, None, notes);
        }
    }

    fn begin_cycle(&mut self) {
        self.state.start = self.state.next;
        self.state.declined = false;
        self.state.trend = LossTrend::default();
        self.curve = self.plan.curve(self.state.cycle, self.state.start, self.state.end());
    }

    /// The reset at the beginning of a cycle; a soft one whose coefficient is not known asks for an evaluation. The turn is taken
    /// when it is known what is reset.
    fn renew(&mut self, what: String, tau: Option<(f64, String)>, notes: &mut Notes) {
        match (self.reset.mode, tau) {
            (ResetMode::None, _) => notes.turns(Turn::Switch, format!("{what}: nothing is reset")),
            (ResetMode::ParamsOnly, _) => self.resets(1.0, 0.0, format!("{what}: all weights fresh"), notes),
            (ResetMode::Hard, _) => self.resets(1.0, 1.0, format!("{what}: everything fresh"), notes),
            (ResetMode::Soft, Some((tau, why))) => self.soft(tau, &format!("{what}: {why}"), notes),
            (ResetMode::Soft, None) => {
                self.state.waiting = Some(self.state.next);
                notes.actions.push(Action::Evaluate);
                notes.say(format!("{what}: an evaluation will say how much is reset"));
                // The metrics of the cycle before are still needed.
                return;
            }
        }
        self.state.metrics = Metrics::default();
    }

    fn soft(&mut self, tau: f64, why: &str, notes: &mut Notes) {
        if tau > 0.0 {
            self.resets(tau, self.reset.alpha, format!("{why}: tau {}, the share of fresh weights", short(tau)), notes);
        } else {
            notes.turns(Turn::Switch, format!("{why}: tau 0, nothing is reset"));
        }
    }

    fn resets(&mut self, tau: f64, alpha: f64, why: String, notes: &mut Notes) {
        self.state.resets = self.state.resets.saturating_add(1);
        let reset = Reset { tau, alpha, draw: self.state.resets, buffers: self.reset.buffers };
        notes.actions.push(Action::Reset(reset));
        notes.turns(Turn::Reset, why);
    }

    /// The host made no evaluation after `updates` updates, though asked.
    fn unweighed(&mut self, updates: u64, notes: &mut Notes) {
        let what = format!("the evaluation after {updates} updates that a soft reset needs was not made");
        self.state.metrics = Metrics::default();
        match self.reset.on_missing {
            Some(tau) => self.soft(tau, &format!("{what}, `on_missing` stands in"), notes),
            None => self.stop(
                StopReason::Diverged,
                format!("{what}: evaluate when asked, or give a tau with `on_missing`"),
                notes,
            ),
        }
    }

    fn stop(&mut self, reason: StopReason, why: String, notes: &mut Notes) {
        self.state.stopped = true;
        notes.actions.push(Action::Stop(reason));
        notes.turns(Turn::Stop, why);
    }

    fn observe_evaluation(&mut self, updates: u64, loss: f64, metric: f64, notes: &mut Notes) {
        if updates < self.state.next || self.state.evaluated.is_some_and(|last| updates <= last) {
            notes.say(format!("ignored the evaluation after {updates} updates: it is told again, or late"));
            return;
        }
        self.state.evaluated = Some(updates);
        let direction = self.weighing.as_ref().map_or(MetricDirection::Increasing, Weighing::direction);
        if metric.is_finite() {
            self.state.first.get_or_insert(metric);
            self.state.best = Some(better(self.state.best, metric, direction));
        }
        let answers = self.state.waiting == Some(updates);
        // Weights as old as the cycle are those of the cycle before.
        if !answers && updates <= self.state.start {
            return;
        }
        self.state.metrics.observe(metric, direction, self.reset.smoothing);
        let tau = self.weighing.as_ref().map(|weighing| weighing.tau(&self.state, updates, metric));
        if answers {
            self.state.waiting = None;
            self.state.metrics = Metrics::default();
            if let Some((tau, why)) = tau {
                self.soft(tau, &why, notes);
            }
            return;
        }
        let Some(rule) = &self.early_switch else { return };
        let (what, tau) = match self.state.trend.observe(rule, loss) {
            None => return,
            Some(Switch::Rising { rise }) => {
                (format!("the smoothed validation loss rose by {} after {updates} updates", short(rise)), tau)
            }
            Some(Switch::CannotRegain { age, extrapolated, minimum }) => {
                let what = format!(
                    "the validation loss will not regain its minimum: {} was {age} evaluations ago, {} is ahead after \
                     {updates} updates",
                    short(minimum),
                    short(extrapolated)
                );
                (what, tau)
            }
            Some(Switch::NotFinite { loss }) => {
                (format!("the validation loss was {loss} after {updates} updates"), None)
            }
        };
        self.switch(what, tau, notes);
    }

    /// Ends the cycle now, if that is possible.
    fn switch(&mut self, why: String, tau: Option<(f64, String)>, notes: &mut Notes) {
        let Some(options) = &self.early_switch else { return };
        let (updates, rest) = (self.state.next, self.plan.total.saturating_sub(self.state.next));
        // No update was made in this cycle: another one would not know more.
        if updates <= self.state.start {
            return;
        }
        let planned = self.state.ends.len().saturating_sub(1);
        let (cycle, ends) = match (options.on_exhausted, self.plan.queued_after(self.state.cycle)) {
            (OnExhausted::Finish, _) if planned == 0 => {
                let why = format!("{why}: no cycle is left, the run ends");
                return self.stop(StopReason::Finished, why, notes);
            }
            _ if rest < self.plan.min_cycle => {
                let fewest = self.plan.min_cycle;
                return self
                    .decline(format!("{why}: no switch, {rest} updates are left and a cycle has {fewest}"), notes);
            }
            _ if planned > 0 => {
                let ends = self.plan.replanned(options.replan, self.state.cycle, planned, updates);
                (self.state.cycle.saturating_add(1), ends)
            }
            (OnExhausted::Queue, Some(queued)) => (queued, vec![self.plan.total]),
            _ => return self.decline(format!("{why}: no switch, this is the last cycle"), notes),
        };
        (self.state.cycle, self.state.ends) = (cycle, ends);
        self.begin_cycle();
        let what = format!("{why}: cycle {} begins early, to end after {}", cycle + 1, self.state.end());
        // Without a metric: what gave a loss that is not finite is not worth keeping.
        let tau = tau.unwrap_or_else(|| (1.0, "nothing is worth keeping".to_owned()));
        self.renew(what, Some(tau), notes);
    }

    /// Says once a cycle that it goes on.
    fn decline(&mut self, why: String, notes: &mut Notes) {
        if !self.state.declined {
            self.state.declined = true;
            notes.say(why);
        }
    }
}

impl Notes {
    fn say(&mut self, reason: String) {
        self.reasons.push(reason);
    }

    fn turns(&mut self, turn: Turn, reason: String) {
        self.turn = self.turn.max(Some(turn));
        self.say(reason);
    }
}

impl Controller for CyclesController {
    fn begin(&mut self) -> Decision {
        self.state = State::new(&self.plan);
        self.begin_cycle();
        let mut notes = Notes::default();
        if self.weighing.as_ref().is_some_and(Weighing::needs_first) {
            notes.actions.push(Action::Evaluate);
            notes.say("the first evaluation is the reference of soft resets".to_owned());
        }
        notes.reasons.extend(self.warnings.clone());
        self.decision(notes)
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let mut notes = Notes::default();
        match *seen {
            _ if self.state.stopped => {}
            Observation::Step { step, loss } => self.observe_loss(step, loss, &mut notes),
            Observation::Evaluation { updates, loss, metric } => {
                self.observe_evaluation(updates, loss, metric, &mut notes);
            }
            Observation::Gradient { .. } | Observation::Moments { .. } => {}
        }
        self.decision(notes)
    }

    fn save(&self) -> Vec<u8> {
        self.state.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.state = State::loaded(bytes, &self.plan)?;
        self.curve = self.plan.curve(self.state.cycle, self.state.start, self.state.end());
        Ok(())
    }
}
