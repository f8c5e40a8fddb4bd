//! `multistep`: a factor at given points.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::parameter::{Kind, Parameter};
use crate::span::Span;

/// `f(t) = a g^n`, `n` the number of points `m` with `t >= m`.
///
/// | symbol | parameter | unit | default |
/// |---|---|---|---|
/// | `a` | `peak` | the hyperparameter's | required |
/// | `g` | `gamma` | – | required, more than 0 |
/// | `m` | `at` | spans | required, increasing |
///
/// The points are places in the enclosing span: after a warm-up of 5 epochs, `at = ["30 epochs"]` is still epoch 30
/// of the run, as in the papers that use it. Points past the horizon never come. Has no end. Errors: points unsorted, repeated, or not after warm-up and hold;
/// `gamma` not positive.
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let schedule = ScheduleSpec::multistep(0.1, 0.1, [Span::Steps(30), Span::Steps(80)]).resolve(&Frame::steps(100))?;
/// assert_eq!(schedule.at(29), 0.1);
/// assert!((schedule.at(80) - 0.001).abs() < 1e-15);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Multistep {
    /// First value.
    pub peak: f64,
    /// Factor at each point.
    pub gamma: f64,
    /// The points, from the beginning of the enclosing span.
    pub at: Vec<Span>,
    /// Warm-up and the other common parameters.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Multistep`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("peak", Kind::Number, "first value"),
    Parameter::new("gamma", Kind::Number, "factor at each point").positive(),
    Parameter::new("at", Kind::Spans, "the points, from the beginning of the enclosing span").positive(),
];

impl Multistep {
    /// From `peak`, times `gamma` at each of the points.
    pub fn new(peak: f64, gamma: f64, at: impl IntoIterator<Item = Span>) -> Self {
        Self { peak, gamma, at: at.into_iter().collect(), common: Common::default() }
    }
}

impl Shape for Multistep {
    fn check(&self, found: &mut Checker) {
        found.number("peak", self.peak);
        found.number("gamma", self.gamma);
        found.spans("at", &self.at);
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let mut starts = Vec::with_capacity(self.at.len());
        let mut previous = 0;
        for (index, point) in self.at.iter().enumerate() {
            previous = place.point(&format!("at[{index}]"), *point, previous)?;
            starts.push(previous);
        }
        let level = |n: usize| self.peak * self.gamma.powf(n as f64).min(f64::MAX);
        let levels = (0..=starts.len()).map(level).collect();
        Ok(Curve::Multistep(Levels { starts: starts.into(), levels }))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Levels {
    starts: Arc<[u64]>,
    /// One more than there are starts.
    levels: Arc<[f64]>,
}

impl Levels {
    pub(crate) fn at(&self, t: u64) -> f64 {
        self.levels[self.starts.partition_point(|start| *start <= t)]
    }

    pub(crate) fn marks(&self) -> Vec<u64> {
        self.starts.to_vec()
    }
}
