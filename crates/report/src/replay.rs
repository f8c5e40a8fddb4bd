//! What a controller decides on losses that were recorded: a picture, a table, a page.

mod page;
mod panels;
mod table;

use rheostat_control::autowu::{SmoothedLoss, TestResult};
use rheostat_control::{
    AutoWarmUpController, Controller, Hyperparameter, Hyperparameters, Observation, Replayed, Turn, replay,
    replay_traced,
};
use rheostat_record::Event;

use crate::ReportError;

/// A controller's decisions on recorded losses, with the reasons that it gave. Nothing is trained.
///
/// ```
/// use rheostat_control::{AutoWarmUp, Observation};
/// use rheostat_report::Replay;
/// use rheostat_schedule::Frame;
///
/// let frame = Frame::steps(400).steps_per_epoch(20);
/// let mut controller = AutoWarmUp::default().resolve(&frame, 0).map_err(|mut errors| errors.remove(0))?;
/// let loss = |step: u64| 2.0 + (step as f64 / 50.0 - 1.0).powi(2) + 0.01 * (step % 3) as f64;
/// let seen: Vec<_> = (0..150).map(|step| Observation::Step { step, loss: loss(step) }).collect();
/// let replay = Replay::new(&mut controller, &seen)?.with_warm_up(&mut controller, &seen);
/// assert!(replay.csv().starts_with("step,learning_rate,event\n0,1e-5,\n"));
/// assert!(replay.csv().contains(",switch\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    rows: Vec<Row>,
    evaluations: Vec<Evaluation>,
    decisions: Vec<Said>,
    warm_up: Option<WarmUp>,
}

/// One update.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    step: u64,
    loss: f64,
    used: Hyperparameters,
    turn: Option<Turn>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Evaluation {
    updates: u64,
    loss: f64,
    metric: f64,
}

/// A decision with its reason.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    updates: u64,
    turn: Option<Turn>,
    /// The learning rate until then, and from then on.
    rates: Option<(f64, f64)>,
    reason: String,
}

/// What the tests of an automated warm-up looked at.
#[derive(Debug, Clone, PartialEq)]
struct WarmUp {
    confidence: f64,
    tests: Vec<TestResult>,
    /// The curve of the last test: the deciding one, once there is one.
    curve: SmoothedLoss,
    decided: bool,
}

impl Replay {
    /// Has the controller decide on these observations, from its beginning.
    ///
    /// # Errors
    /// [`ReportError::Empty`] if no update was observed.
    pub fn new(controller: &mut dyn Controller, observations: &[Observation]) -> Result<Self, ReportError> {
        let mut replayed = Self { rows: Vec::new(), evaluations: Vec::new(), decisions: Vec::new(), warm_up: None };
        for row in replay(controller, observations.iter().copied()) {
            replayed.take(row);
        }
        if replayed.rows.is_empty() {
            return Err(ReportError::Empty { what: "update" });
        }
        Ok(replayed)
    }

    /// Adds what the tests of an automated warm-up looked at, which the controller is replayed for once more.
    #[must_use]
    pub fn with_warm_up(mut self, controller: &mut AutoWarmUpController, observations: &[Observation]) -> Self {
        let mut tests = Vec::new();
        let mut last = None;
        replay_traced(controller, observations.iter().copied(), |controller, seen| {
            if let Some(curve) = controller.smoothed(seen) {
                tests.push(curve.test);
                last = Some(curve);
            }
        });
        let (confidence, decided) = (controller.spec().confidence, !controller.is_warming_up());
        self.warm_up = last.map(|curve| WarmUp { confidence, tests, curve, decided });
        self
    }

    fn take(&mut self, row: Replayed) {
        let turn = row.decision.turn();
        match row.seen {
            Some(Observation::Step { step, loss }) => {
                self.rows.push(Row { step, loss, used: row.used, turn });
            }
            Some(Observation::Evaluation { updates, loss, metric }) => {
                self.evaluations.push(Evaluation { updates, loss, metric });
                if let Some(last) = self.rows.last_mut() {
                    last.turn = last.turn.max(turn);
                }
            }
            _ => {}
        }
        if let Some(reason) = row.decision.reason {
            let before = row.used.get(Hyperparameter::LearningRate);
            let after = row.decision.hyperparameters.get(Hyperparameter::LearningRate).or(before);
            let rates = before.zip(after);
            self.decisions.push(Said { updates: row.updates, turn, rates, reason: reason.to_string() });
        }
    }

    /// The first update that a recorded run made with another value of a hyperparameter than it has here: from there on the two are
    /// different runs, because the controller or its recipe is not what it was. `events` are those that the observations were taken
    /// from.
    pub fn departure(&self, events: &[Event]) -> Option<u64> {
        // One row each, in the same order; a refused update has no values on record.
        let recorded = events.iter().filter_map(|event| match event {
            Event::Step { step, hyperparameters, .. } => Some((*step, Some(hyperparameters))),
            Event::Skip { step, .. } => Some((*step, None)),
            _ => None,
        });
        for ((step, values), row) in recorded.zip(&self.rows) {
            let differs = |(which, replayed): (Hyperparameter, f64)| {
                let value = values.and_then(|values| values.get(which.name()));
                value.is_some_and(|value| (value - replayed).abs() > 1e-9 * value.abs().max(replayed.abs()))
            };
            if row.used.iter().any(differs) {
                return Some(step);
            }
        }
        None
    }

    /// What became of the run, in a sentence.
    pub fn title(&self) -> String {
        panels::title(self)
    }
}
