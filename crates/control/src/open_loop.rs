use rheostat_schedule::Schedule;

use crate::next_update::NextUpdate;
use crate::{ControlError, Controller, Decision, Hyperparameter, Hyperparameters, Observation};

/// Schedules promoted to a controller: it looks at nothing but how many updates were made.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenLoop {
    schedules: Vec<(Hyperparameter, Schedule)>,
    next: NextUpdate,
}

impl OpenLoop {
    /// A controller that owns the hyperparameters given. Of two schedules for one, the later wins.
    pub fn new(schedules: impl IntoIterator<Item = (Hyperparameter, Schedule)>) -> Self {
        let mut controller = Self { schedules: Vec::new(), next: NextUpdate::default() };
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
        self.next = NextUpdate::default();
        self.at(0).into()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        self.next.see(seen);
        self.at(self.next.0).into()
    }

    fn save(&self) -> Vec<u8> {
        self.next.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.next = NextUpdate::load(bytes, "open loop")?;
        Ok(())
    }
}
