use crate::Reason;

/// The vector along which a search steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What the optimizer applies, momentum included.
    Applied,
    /// The optimizer's preconditioned gradient without momentum.
    WithoutMomentum,
    /// The plain negative gradient.
    NegativeGradient,
}

/// The point a search starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Base {
    /// Loss of the batch at the current weights.
    pub loss: f64,
    /// Derivative of that loss along the direction; negative for descent. `None` if the search did not need it.
    pub slope: Option<f64>,
    /// The step size that the rate's schedule gives for this update.
    pub scheduled: f64,
}

/// What a search wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Evaluate the loss of the same batch at this step size, then tell.
    Try(f64),
    /// Take this step.
    Accept(f64),
    /// Take no step.
    Refuse(Reason),
}

/// Chooses the size of one step: scalars in, a scalar and a verdict out.
pub trait LineSearch: Send {
    /// Which direction its losses are measured along.
    fn direction(&self) -> Direction;

    /// Starts the search of one update.
    fn begin(&mut self, base: Base) -> Ask;

    /// Learns the loss at a step size it asked for.
    fn tell(&mut self, step_size: f64, loss: f64) -> Ask;
}
