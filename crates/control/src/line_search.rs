use crate::{ControlError, Reason};

/// A vector along which the weights can step: `theta <- theta - eta direction`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What the optimizer applies, momentum included.
    Applied,
    /// The optimizer's preconditioned gradient without momentum.
    WithoutMomentum,
    /// The plain gradient.
    NegativeGradient,
}

/// How an update's step size is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Opening {
    /// It is known: nothing is measured.
    Settled(Verdict),
    /// Losses are measured along this direction.
    Search(Direction),
}

/// The point a search starts from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Base {
    /// Loss of the batch at the current weights.
    pub loss: f64,
    /// How fast that loss falls along the direction searched, the negative of its derivative: `q = <g, d>` for a step
    /// `theta - eta d`, with the gradient before clipping and without weight decay. Negative if the direction leads upwards.
    pub decrease: f64,
}

/// What a search wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Evaluate the loss of the same batch at this step size, weight decay included, then tell.
    Try(f64),
    /// The same without weight decay, to measure a slope.
    Probe(f64),
    /// Begin anew along another direction; at most once an update.
    Turn(Direction),
    /// Take this step.
    Settle(Verdict),
    /// No step can be found any more: end the run.
    GiveUp(Reason),
}

/// The step of one update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Its size; 0 leaves the weights as they are, bit for bit.
    pub step_size: f64,
    /// What it is taken along.
    pub along: Direction,
    /// How it was found.
    pub outcome: Outcome,
}

impl Verdict {
    /// A step along what the optimizer applies.
    pub fn applied(step_size: f64, outcome: Outcome) -> Self {
        Self { step_size, along: Direction::Applied, outcome }
    }
}

/// How the size of a step was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A schedule or a controller gave it.
    Scheduled,
    /// The fixed warm-up before the search gave it.
    WarmUp,
    /// It satisfies the criterion.
    Satisfied,
    /// It satisfies the criterion with the exact slope, for the one that was measured drowned in rounding.
    SlopeUnresolved,
    /// The losses differ by no more than rounding, so the criterion says nothing; the step is taken.
    Unresolved,
    /// Not searched this time: the step size of the last search.
    Reused,
    /// The direction leads upwards: the step size of the last search.
    Ascent,
    /// The loss or the slope is 0: there is nothing to gain, and no step.
    Flat,
    /// No trial satisfied the criterion within the permitted number.
    Exhausted,
    /// It has the lowest loss of all that were tried.
    Best,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::WarmUp,
        Self::Satisfied,
        Self::SlopeUnresolved,
        Self::Unresolved,
        Self::Reused,
        Self::Ascent,
        Self::Flat,
        Self::Exhausted,
        Self::Best,
    ];

    /// Its name in events and tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::WarmUp => "warm_up",
            Self::Satisfied => "satisfied",
            Self::SlopeUnresolved => "slope_unresolved",
            Self::Unresolved => "unresolved",
            Self::Reused => "reused",
            Self::Ascent => "ascent",
            Self::Flat => "flat",
            Self::Exhausted => "exhausted",
            Self::Best => "best",
        }
    }
}

/// Chooses the size of one step: scalars in, a scalar and a verdict out.
///
/// For every update the host calls [`open`](Self::open); if that asks for a search it measures the loss and its decrease along
/// the direction named, calls [`begin`](Self::begin), evaluates whatever is asked for and [`tell`](Self::tell)s, until the
/// search settles. Every evaluation of one update sees the same batch and the same dropout masks.
pub trait LineSearch: Send {
    /// Starts update `step`, from 0. `scheduled` is the step size that a schedule or controller decided for it, if one did: no
    /// step is longer than that.
    fn open(&mut self, step: u64, scheduled: Option<f64>) -> Opening;

    /// Starts the search at this point.
    fn begin(&mut self, base: Base) -> Ask;

    /// Learns the loss at the step size that was asked for last; it may be infinite or NaN.
    fn tell(&mut self, loss: f64) -> Ask;

    /// Whether it may [`Ask::Turn`]: the host keeps the gradient for that.
    fn may_turn(&self) -> bool {
        false
    }

    /// The state between updates as bytes.
    fn save(&self) -> Vec<u8>;

    /// Takes over what [`save`](Self::save) wrote, and goes on from there bit for bit.
    ///
    /// # Errors
    /// [`ControlError::BadState`] if the bytes are damaged or of another search; nothing has changed then.
    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError>;
}
