use std::ops::Bound;

use rheostat_schedule::ScheduleSpec;
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, Hyperparameter, TrainingMethod};

/// Label smoothing: the name for [`Hyperparameter::LabelSmoothing`] at one value.
///
/// The target of a sample of class `y` among `K` is `1 - epsilon + epsilon / K` for `y` and `epsilon / K` for every other class
/// (Szegedy et al. 2015, arXiv:1512.00567, section 7), with `epsilon` = `smoothing`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LabelSmoothing {
    /// Mass taken from the true class and spread over all classes; 0.1 (the paper).
    pub smoothing: f64,
}

const PAPER: &str = "Szegedy et al. 2015, arXiv:1512.00567";
const SMOOTHING: Parameter =
    Parameter::new("smoothing", Kind::Number, "mass taken from the true class and spread over all")
        .range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1")
        .default("0.1")
        .source(PAPER);

impl Default for LabelSmoothing {
    fn default() -> Self {
        Self { smoothing: 0.1 }
    }
}

impl LabelSmoothing {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "label_smoothing",
        family: Family::TrainingMethod,
        summary: "spreads a share of each label over all classes",
        parameters: &[SMOOTHING],
        reference: PAPER,
    };
}

impl TrainingMethod for LabelSmoothing {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(out_of_range([(&SMOOTHING, self.smoothing)]))
    }

    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        Some((Hyperparameter::LabelSmoothing, self.smoothing.into()))
    }
}
