use crate::{Action, Controller, Decision, Hyperparameter, Hyperparameters, Observation};

/// One observation and what was decided on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// What the controller was told; `None` for the decision before the first update.
    pub seen: Option<Observation>,
    /// Updates done then.
    pub updates: u64,
    /// The hyperparameters in force until then: of an [`Observation::Step`], those that its update used.
    pub used: Hyperparameters,
    /// What it decided.
    pub decision: Decision,
    /// What became of the run by it, if anything did.
    pub turn: Option<Turn>,
}

/// How a decision changed the course of a run.
///
/// Read off a decision that gives a reason, from its actions and else from the trend of the hyperparameters that it sets: with `a`,
/// `b`, `c` the values of the last two updates and of the next, a change of `c - b` against `b - a` in sign, or by more than 5 % of
/// the larger value. A decision without a reason, or with one that leaves the trend as it is, is no turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// A hyperparameter that stood still or fell was lowered.
    Reduce,
    /// A hyperparameter took another course: a rise ended, a next cycle began.
    Switch,
    /// Parameters were moved towards fresh ones.
    Reset,
    /// The run went back to its last snapshot.
    Restore,
    /// The run was ended.
    Stop,
}

impl Turn {
    /// Its name in columns and on markers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reduce => "reduce",
            Self::Switch => "switch",
            Self::Reset => "reset",
            Self::Restore => "restore",
            Self::Stop => "stop",
        }
    }
}

/// What a controller decides on observations that were recorded: one row for [`Controller::begin`], then one an observation.
///
/// Nothing is carried out. Up to its first decision that the recorded run did not take, the controller sees what it would have
/// seen; from there on the losses are those of another run.
///
/// ```
/// use rheostat_control::{Hyperparameter, Observation, OpenLoop, replay};
/// use rheostat_schedule::{Frame, ScheduleSpec};
///
/// let rate = ScheduleSpec::cosine(0.1).resolve(&Frame::steps(10))?;
/// let mut controller = OpenLoop::new([(Hyperparameter::LearningRate, rate)]);
/// let rows = replay(&mut controller, (0..10).map(|step| Observation::Step { step, loss: 1.0 }));
/// assert_eq!(rows.len(), 11);
/// assert_eq!(rows[1].used.get(Hyperparameter::LearningRate), Some(0.1));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn replay(controller: &mut dyn Controller, observations: impl IntoIterator<Item = Observation>) -> Vec<Replayed> {
    replay_traced(controller, observations, |_, _| ())
}

/// The same, showing the controller with each observation that it is about to be told, to whoever wants to look into it.
pub fn replay_traced<C: Controller + ?Sized>(
    controller: &mut C,
    observations: impl IntoIterator<Item = Observation>,
    mut before: impl FnMut(&C, &Observation),
) -> Vec<Replayed> {
    let decision = controller.begin();
    let mut trend = Trend { last: decision.hyperparameters, now: decision.hyperparameters };
    let mut updates = 0;
    let mut used = decision.hyperparameters;
    let begun = Replayed { seen: None, updates, used: Hyperparameters::new(), turn: trend.turn(&decision), decision };
    let mut rows = vec![begun];
    for seen in observations {
        before(controller, &seen);
        match seen {
            Observation::Step { step, loss } => {
                updates = step.saturating_add(loss.is_finite().into());
                trend = Trend { last: trend.now, now: used };
            }
            Observation::Evaluation { updates: done, .. } => updates = done,
            Observation::Gradient { .. } | Observation::Moments { .. } => {}
        }
        let decision = controller.observe(&seen);
        let turn = trend.turn(&decision);
        let next = used.overridden_by(&decision.hyperparameters);
        rows.push(Replayed { seen: Some(seen), updates, used, decision, turn });
        used = next;
    }
    rows
}

/// The values of the last two updates.
struct Trend {
    last: Hyperparameters,
    now: Hyperparameters,
}

/// Differences against the larger value that count as none, and as a turn.
const FLAT: f64 = 1e-12;
const JUMP: f64 = 0.05;

impl Trend {
    fn turn(&self, decision: &Decision) -> Option<Turn> {
        let acted = decision.actions.iter().filter_map(|action| match action {
            Action::Stop(_) => Some(Turn::Stop),
            Action::Restore => Some(Turn::Restore),
            Action::Reset(_) => Some(Turn::Reset),
            Action::Save | Action::Evaluate => None,
        });
        let acted = acted.max();
        decision.reason.as_ref()?;
        acted.or_else(|| decision.hyperparameters.iter().filter_map(|(which, next)| self.bend(which, next)).max())
    }

    fn bend(&self, which: Hyperparameter, next: f64) -> Option<Turn> {
        let now = self.now.get(which)?;
        let before = slope(self.last.get(which).unwrap_or(now), now);
        let after = slope(now, next);
        let sign = |slope: f64| if slope.abs() <= FLAT { 0 } else { slope.signum() as i8 };
        let turned = sign(before) != sign(after) || (after - before).abs() > JUMP;
        let lowered = sign(after) < 0 && sign(before) <= 0;
        turned.then_some(if lowered { Turn::Reduce } else { Turn::Switch })
    }
}

/// The difference between two values as a share of the larger.
fn slope(from: f64, to: f64) -> f64 {
    let largest = from.abs().max(to.abs());
    if largest > 0.0 && largest.is_finite() { (to - from) / largest } else { 0.0 }
}
