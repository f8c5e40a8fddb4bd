//! A host that trains `a w^2 / 2` by gradient descent and does what a controller asks, as the training loop does.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::collections::VecDeque;

use rheostat_control::{Action, Controller, Decision, Hyperparameter, MetricDirection, Observation, Setting, Turn};
use rheostat_schedule::Frame;

pub(crate) fn setting(frame: Frame) -> Setting {
    Setting { frame, evaluate_every: 10, target: 0.9, direction: MetricDirection::Increasing, seed: 0 }
}

pub(crate) fn rate(decision: &Decision) -> f64 {
    decision.hyperparameters.get(Hyperparameter::LearningRate).expect("it owns the rate")
}

/// A run in the making.
pub(crate) struct Host {
    pub(crate) curvature: f64,
    pub(crate) weight: f64,
    /// Updates kept.
    pub(crate) updates: u64,
    /// Updates made.
    pub(crate) spent: u64,
    /// Evaluates by itself after so many updates.
    pub(crate) evaluate_every: Option<u64>,
    /// Losses that are told in place of the true ones.
    pub(crate) fault: fn(&Host, f64) -> Option<f64>,
    pub(crate) rate: f64,
    pub(crate) stopped: bool,
    snapshot: Option<(f64, u64)>,
    told: bool,
    /// Update, rate and loss of everything that was done.
    pub(crate) steps: Vec<(u64, f64, f64)>,
    pub(crate) actions: Vec<Action>,
    pub(crate) turns: Vec<Turn>,
    pub(crate) reasons: Vec<String>,
    pub(crate) evaluations: u64,
}

impl Host {
    pub(crate) fn new(curvature: f64) -> Self {
        Self {
            curvature,
            weight: 1.0,
            updates: 0,
            spent: 0,
            evaluate_every: None,
            fault: |_, _| None,
            rate: 0.0,
            stopped: false,
            snapshot: None,
            told: false,
            steps: Vec::new(),
            actions: Vec::new(),
            turns: Vec::new(),
            reasons: Vec::new(),
            evaluations: 0,
        }
    }

    fn loss(&self) -> f64 {
        0.5 * self.curvature * self.weight * self.weight
    }

    fn evaluate(&mut self, controller: &mut dyn Controller, asked: &mut VecDeque<Action>) {
        self.evaluations += 1;
        self.told = true;
        let seen = Observation::Evaluation { updates: self.updates, loss: self.loss(), metric: 0.5 };
        let decision = controller.observe(&seen);
        self.take(decision, asked);
    }

    fn take(&mut self, decision: Decision, asked: &mut VecDeque<Action>) {
        let value = rate(&decision);
        Hyperparameter::LearningRate.check(value).expect("a rate");
        assert!(value > 0.0);
        self.rate = value;
        self.turns.extend(decision.turn());
        asked.extend(decision.actions);
        self.reasons.extend(decision.reason.map(|reason| reason.to_string()));
    }

    fn carry_out(&mut self, controller: &mut dyn Controller, mut asked: VecDeque<Action>) {
        while let Some(action) = asked.pop_front() {
            self.actions.push(action.clone());
            match action {
                Action::Save => self.snapshot = Some((self.weight, self.updates)),
                Action::Restore => (self.weight, self.updates) = self.snapshot.expect("it was saved before"),
                Action::Evaluate if !self.told => self.evaluate(controller, &mut asked),
                Action::Evaluate | Action::Reset(_) => {}
                Action::Stop(_) => self.stopped = true,
            }
        }
    }

    /// Runs to the end, or until so many updates were made.
    pub(crate) fn run(&mut self, controller: &mut dyn Controller, total: u64, most: u64) {
        let mut asked = VecDeque::new();
        let first = controller.begin();
        self.take(first, &mut asked);
        if self.evaluate_every.is_some() {
            self.evaluate(controller, &mut asked);
        }
        self.carry_out(controller, asked);
        while self.updates < total && self.spent < most && !self.stopped {
            self.one(controller);
        }
    }

    fn one(&mut self, controller: &mut dyn Controller) {
        let (step, used) = (self.updates, self.rate);
        let loss = (self.fault)(self, self.loss()).unwrap_or(self.loss());
        self.steps.push((step, used, loss));
        self.spent += 1;
        self.told = false;
        if loss.is_finite() {
            self.weight -= used * self.curvature * self.weight;
            self.updates += 1;
        }
        let mut asked = VecDeque::new();
        let decision = controller.observe(&Observation::Step { step, loss });
        self.take(decision, &mut asked);
        let due = self.evaluate_every.is_some_and(|every| self.updates.is_multiple_of(every));
        if loss.is_finite() && due {
            self.evaluate(controller, &mut asked);
        }
        self.carry_out(controller, asked);
    }

    pub(crate) fn count(&self, action: &Action) -> usize {
        self.actions.iter().filter(|done| *done == action).count()
    }

    pub(crate) fn said(&self, what: &str) -> usize {
        self.reasons.iter().filter(|reason| reason.contains(what)).count()
    }
}
