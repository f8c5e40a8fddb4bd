use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{Frame, Span};
use serde::{Deserialize, Serialize};

use super::{Averaging, begins, steps};
use crate::ControlError;
use crate::check::contradiction;

/// Stochastic weight averaging: the mean of the weights every so many updates, or at moments that are listed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StochasticAverage {
    /// Updates before the first weights that count; three quarters of the run if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Span>,
    /// Updates between two that count; an epoch if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// The moments themselves, as the ends of cycles, in place of `from` and `every`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Vec<Span>>,
}

const IZMAILOV: &str = "Izmailov et al., Averaging weights leads to wider optima, arXiv 1803.05407";

impl StochasticAverage {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "swa",
        family: Family::Averaging,
        summary: "evaluates the mean of the weights at several moments",
        parameters: &[
            Parameter::new("from", Kind::Span, "updates before the first weights that count; 75 % if absent")
                .optional()
                .source(IZMAILOV),
            Parameter::new("every", Kind::Span, "updates between two that count; an epoch if absent")
                .positive()
                .optional()
                .source(IZMAILOV),
            Parameter::new(
                "at",
                Kind::Spans,
                "the moments themselves, as the ends of cycles, in place of from and every",
            )
            .optional(),
        ],
        reference: IZMAILOV,
    };

    pub(super) fn resolve(&self, frame: &Frame) -> Result<Averaging, ControlError> {
        let Some(moments) = &self.at else {
            let from = begins("from", steps(frame, "from", self.from.unwrap_or(Span::Fraction(0.75)))?, frame)?;
            let every = steps(frame, "every", self.every.unwrap_or(Span::Epochs(1.0)))?;
            if every == 0 {
                return Err(contradiction("every", "it comes to no update".to_owned()));
            }
            return Ok(Averaging::SwaEvery { from, every });
        };
        if self.from.is_some() || self.every.is_some() {
            return Err(contradiction("at", "it stands in place of from and every: leave those out".to_owned()));
        }
        let mut at = moments.iter().map(|span| steps(frame, "at", *span)).collect::<Result<Vec<_>, _>>()?;
        at.sort_unstable();
        match (at.first(), at.last(), frame.total_steps) {
            (Some(0), ..) => Err(contradiction("at", "nothing is trained at step 0".to_owned())),
            (_, Some(&last), Some(total)) if last > total => {
                Err(contradiction("at", format!("step {last} is after the last of the {total} there are")))
            }
            (Some(_), ..) => Ok(Averaging::SwaAt { at }),
            (None, ..) => Err(contradiction("at", "it lists no moment".to_owned())),
        }
    }
}
