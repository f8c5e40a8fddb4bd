use crate::{Ask, Base, Direction, LineSearch};

/// The trivial search: accepts the scheduled step size without looking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FixedStep;

impl LineSearch for FixedStep {
    fn direction(&self) -> Direction {
        Direction::Applied
    }

    fn begin(&mut self, base: Base) -> Ask {
        Ask::Accept(base.scheduled)
    }

    fn tell(&mut self, step_size: f64, _loss: f64) -> Ask {
        Ask::Accept(step_size)
    }
}
