use rheostat_schedule::ScheduleSpec;
use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, Hyperparameter, TrainingMethod};

/// MixUp: the name for [`Hyperparameter::Mixup`] at one value.
///
/// The model sees `lambda x_a + (1 - lambda) x_b`, and the loss is `lambda CE(y_a) + (1 - lambda) CE(y_b)`, with `lambda` drawn
/// from `Beta(alpha, alpha)` (Zhang et al. 2017, arXiv:1710.09412, equation 1 and figure 1). As in the authors' code one
/// `lambda` serves a batch, and the partners are the same batch in another order. A batch that is computed in parts
/// (`accumulate`) is mixed within each part, with a `lambda` for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mixup {
    /// Both parameters of the Beta distribution; 0 mixes nothing, 1 is uniform; 0.2 (MosaicML Composer).
    pub alpha: f64,
}

const PAPER: &str = "Zhang et al. 2017, arXiv:1710.09412";
const ALPHA: Parameter =
    Parameter::new("alpha", Kind::Number, "both parameters of the Beta distribution; 0 mixes nothing")
        .at_least(0.0, "at least 0")
        .default("0.2")
        .source("MosaicML Composer, MixUp");

impl Default for Mixup {
    fn default() -> Self {
        Self { alpha: 0.2 }
    }
}

impl Mixup {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "mixup",
        family: Family::TrainingMethod,
        summary: "trains on mixtures of two samples and of their losses",
        parameters: &[ALPHA],
        reference: PAPER,
    };
}

impl TrainingMethod for Mixup {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(out_of_range([(&ALPHA, self.alpha)]))
    }

    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        Some((Hyperparameter::Mixup, self.alpha.into()))
    }
}
