use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

use super::{Averaging, steps};
use crate::ControlError;
use crate::check::contradiction;

/// The mean of the weights over the last part of each cycle: what a run is worth at a read-out point does not hang on its last
/// batch alone. It begins anew in every cycle; a run without read-out points is one cycle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TailAverage {
    /// How much of the end of a cycle counts; a percentage is of the cycle.
    pub over: Span,
    /// Updates between two weights that count, backwards from the end of the cycle.
    pub every: Span,
}

impl Default for TailAverage {
    fn default() -> Self {
        Self { over: Span::Fraction(0.2), every: Span::Steps(1) }
    }
}

impl TailAverage {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "tail",
        family: Family::Averaging,
        summary: "evaluates the mean of the weights over the last part of each cycle",
        parameters: &[
            Parameter::new("over", Kind::Span, "how much of the end of a cycle counts; a percentage is of the cycle")
                .positive()
                .default("\"20 %\""),
            Parameter::new("every", Kind::Span, "updates between two weights that count")
                .positive()
                .default("\"1 steps\""),
        ],
        reference: "Jain et al., Parallelizing stochastic gradient descent for least squares regression, arXiv 1610.03774",
    };

    /// `ends` are the read-out points.
    pub(super) fn resolve(&self, frame: &Frame, ends: &[u64]) -> Result<Averaging, ControlError> {
        let every = steps(frame, "every", self.every)?;
        if every == 0 {
            return Err(contradiction("every", "it comes to no update".to_owned()));
        }
        let total = frame.total_steps.filter(|total| ends.last().is_none_or(|last| last < total));
        let mut begin = 0;
        let mut windows = Vec::new();
        for end in ends.iter().copied().chain(total) {
            let cycle = frame.part(begin, Some(end - begin));
            let over = cycle.to_steps_before(self.over, end - begin);
            let over = over.map_err(|error| contradiction("over", error.to_string()))?;
            // Counted backwards, epochs end at the beginning of the run: how long they are shows counted forwards.
            let longest = cycle.to_steps(self.over, 0).map_or(over, |forwards| forwards.max(over));
            if over == 0 || longest > end - begin {
                let why = format!("{longest} updates of the {} from step {begin} to {end}", end - begin);
                return Err(contradiction("over", why));
            }
            windows.push((end - over + 1, end));
            begin = end;
        }
        Ok(Averaging::Tail { windows, every })
    }
}
