use crate::{Ask, Base, ControlError, LineSearch, Opening, Outcome, Verdict};

/// The trivial search: takes the scheduled step size without looking, and none where nothing is scheduled.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FixedStep {
    scheduled: f64,
}

impl FixedStep {
    fn verdict(&self) -> Verdict {
        Verdict::applied(self.scheduled, Outcome::Scheduled)
    }
}

impl LineSearch for FixedStep {
    fn open(&mut self, _step: u64, scheduled: Option<f64>) -> Opening {
        self.scheduled = scheduled.unwrap_or(0.0);
        Opening::Settled(self.verdict())
    }

    fn begin(&mut self, _base: Base) -> Ask {
        Ask::Settle(self.verdict())
    }

    fn tell(&mut self, _loss: f64) -> Ask {
        Ask::Settle(self.verdict())
    }

    fn save(&self) -> Vec<u8> {
        Vec::new()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        crate::bytes::read_state("a fixed step", bytes, |_| Ok(()))
    }
}
