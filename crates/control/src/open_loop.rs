use rheostat_schedule::Schedule;

use crate::{ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation};

/// Schedules promoted to a controller: it looks at nothing but how many updates were made.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenLoop {
    schedules: Vec<(Hyperparameter, Schedule)>,
    next: u64,
}

impl OpenLoop {
    /// A controller that owns the hyperparameters given. Of two schedules for one, the later wins.
    pub fn new(schedules: impl IntoIterator<Item = (Hyperparameter, Schedule)>) -> Self {
        let mut controller = Self { schedules: Vec::new(), next: 0 };
        for (which, schedule) in schedules {
            controller.schedules.retain(|(known, _)| *known != which);
            controller.schedules.push((which, schedule));
        }
        controller
    }

    /// The values that update `step` uses.
    pub fn at(&self, step: u64) -> Hyperparameters {
        self.schedules.iter().map(|(which, schedule)| (*which, schedule.at(step))).collect()
    }

    /// The schedules it plays.
    pub fn schedules(&self) -> &[(Hyperparameter, Schedule)] {
        &self.schedules
    }
}

impl Controller for OpenLoop {
    fn begin(&mut self) -> Decision {
        self.next = 0;
        self.at(0).into()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        if let Observation::Step { step, loss } = seen {
            // A refused update comes once more, at the same place of the schedule.
            self.next = step.saturating_add(loss.is_finite().into());
        }
        self.at(self.next).into()
    }

    fn save(&self) -> Vec<u8> {
        self.next.to_le_bytes().to_vec()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        let bytes = bytes.try_into().map_err(|_| ControlError::BadState {
            controller: "open loop",
            why: format!("{} bytes instead of 8", bytes.len()),
        })?;
        self.next = u64::from_le_bytes(bytes);
        Ok(())
    }
}
