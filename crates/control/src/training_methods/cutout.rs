use std::ops::Bound;

use rheostat_schedule::ScheduleSpec;
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, Hyperparameter, TrainingMethod};

/// Cutout: the name for [`Hyperparameter::Cutout`] at one value.
///
/// A square around a pixel that is drawn uniformly is set to the mean of the data, 0 after normalisation; what lies beyond the
/// border is cut off (DeVries and Taylor 2017, arXiv:1708.04552, section 3.2). Its side is `size` times the image's, to whole
/// pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cutout {
    /// Side of the square as a share of the image's; 0.5 (the paper's 16 of 32 pixels on CIFAR-10).
    pub size: f64,
}

const PAPER: &str = "DeVries and Taylor 2017, arXiv:1708.04552";
const SIZE: Parameter =
    Parameter::new("size", Kind::Number, "side of the square as a share of the image's; 0 cuts nothing")
        .range(Bound::Included(0.0), Bound::Included(1.0), "at least 0 and at most 1")
        .default("0.5")
        .source(PAPER);

impl Default for Cutout {
    fn default() -> Self {
        Self { size: 0.5 }
    }
}

impl Cutout {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "cutout",
        family: Family::TrainingMethod,
        summary: "blanks a random square of every image",
        parameters: &[SIZE],
        reference: PAPER,
    };
}

impl TrainingMethod for Cutout {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(out_of_range([(&SIZE, self.size)]))
    }

    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        Some((Hyperparameter::Cutout, self.size.into()))
    }
}
