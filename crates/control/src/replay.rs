use crate::{Controller, Decision, Hyperparameters, Observation};

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
    let mut updates = 0;
    let mut used = decision.hyperparameters;
    let mut rows = vec![Replayed { seen: None, updates, used: Hyperparameters::new(), decision }];
    for seen in observations {
        before(controller, &seen);
        match seen {
            Observation::Step { step, loss } => updates = step.saturating_add(loss.is_finite().into()),
            Observation::Evaluation { updates: done, .. } => updates = done,
            // After a restore the first that says so.
            Observation::Gradient { step, .. } | Observation::Moments { step, .. } => updates = step,
        }
        let decision = controller.observe(&seen);
        let next = used.overridden_by(&decision.hyperparameters);
        rows.push(Replayed { seen: Some(seen), updates, used, decision });
        used = next;
    }
    rows
}
