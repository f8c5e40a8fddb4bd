//! `product`: a schedule times a factor.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Curve, Place, Shape};
use crate::check::Checker;
use crate::common::Common;
use crate::error::ScheduleError;
use crate::factor::Factor;
use crate::parameter::{Kind, Parameter};
use crate::schedule::Schedule;
use crate::spec::ScheduleSpec;

/// `f(t) = of(t) times(t)`, both in the same time.
///
/// | parameter | unit | default |
/// |---|---|---|
/// | `of` | a schedule (or a number), in the hyperparameter's unit | required |
/// | `times` | a schedule (or a number) without unit: a factor | required |
///
/// Both know the whole enclosing span, whatever is inside: a decay around a sequence acts across its milestones.
/// Each follows its own `after`. Errors: those of the two, with their place (`of.peak`).
///
/// ```
/// use rheostat_schedule::{Frame, ScheduleSpec, Span};
/// let spec = ScheduleSpec::product(ScheduleSpec::cosine(1.0), ScheduleSpec::step(1.0, 0.5, Span::Steps(5)));
/// let schedule = spec.resolve(&Frame::steps(10))?;
/// assert_eq!(schedule.at(5), 0.25);
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// The schedule.
    pub of: Box<ScheduleSpec>,
    /// The factor.
    pub times: Box<ScheduleSpec>,
    /// Warm-up and the other common parameters, of the product as a whole.
    #[serde(flatten)]
    pub common: Common,
}

/// The parameters of [`Product`].
pub(crate) const PARAMETERS: &[Parameter] = &[
    Parameter::new("of", Kind::Schedule, "the schedule"),
    Parameter::new("times", Kind::Schedule, "the factor, without unit"),
];

impl Product {
    /// The schedule `of` times the factor `times`.
    pub fn new(of: impl Into<ScheduleSpec>, times: impl Into<ScheduleSpec>) -> Self {
        Self { of: Box::new(of.into()), times: Box::new(times.into()), common: Common::default() }
    }
}

impl Shape for Product {
    fn check(&self, found: &mut Checker) {
        for (name, spec) in [("of", &self.of), ("times", &self.times)] {
            for error in spec.check() {
                found.push(error.within(name));
            }
        }
    }

    fn curve(&self, place: &Place<'_>) -> Result<Curve, ScheduleError> {
        let frame = place.frame.part(place.start, place.rest());
        let of = self.of.assemble(&frame).map_err(|error| error.within("of"))?;
        let times = self.times.assemble(&frame).map_err(|error| error.within("times"))?;
        Ok(Curve::Product(Pair::new(of, Factor::new(times))))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair(Arc<(Schedule, Factor)>);

impl Pair {
    pub(crate) fn new(of: Schedule, times: Factor) -> Self {
        Self(Arc::new((of, times)))
    }

    pub(crate) fn at(&self, t: u64) -> f64 {
        self.0.0.at(t) * self.0.1.at(t)
    }

    /// Ends when both have.
    pub(crate) fn length(&self) -> Option<u64> {
        let (of, times) = &*self.0;
        of.end().zip(times.schedule().end()).map(|(of, times)| of.max(times))
    }

    pub(crate) fn marks(&self, limit: u64) -> Vec<u64> {
        let (of, times) = &*self.0;
        let mut marks = of.breakpoints_below(limit);
        marks.extend(times.schedule().breakpoints_below(limit));
        marks
    }
}
