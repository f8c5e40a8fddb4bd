use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, TrainingMethod};

/// RandAugment: `operations` operations in a row for every image, each drawn from the same 14 and all of one `magnitude` (Cubuk
/// et al. 2019, arXiv:1909.13719, figure 2).
///
/// The operations and what a magnitude means for each are torchvision's, on its scale of 0 to 30. They are applied to the stored
/// image before crop and flip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Randaugment {
    /// Operations for an image, `N` in the paper; 2 (torchvision).
    pub operations: u64,
    /// Magnitude of each, `M` in the paper; 9 (torchvision).
    pub magnitude: f64,
}

const PAPER: &str = "Cubuk et al. 2019, arXiv:1909.13719";
const TORCHVISION: &str = "torchvision.transforms.RandAugment";
const OPERATIONS: Parameter = Parameter::new("operations", Kind::Integer, "operations for an image, one after another")
    .range(Bound::Included(1.0), Bound::Included(14.0), "at least 1 and at most 14")
    .default("2")
    .source(TORCHVISION);
const MAGNITUDE: Parameter = Parameter::new("magnitude", Kind::Number, "how far each operation goes")
    .range(Bound::Included(0.0), Bound::Included(30.0), "at least 0 and at most 30")
    .default("9")
    .source(TORCHVISION);

impl Default for Randaugment {
    fn default() -> Self {
        Self { operations: 2, magnitude: 9.0 }
    }
}

impl Randaugment {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "randaugment",
        family: Family::TrainingMethod,
        summary: "distorts every image by random operations of one magnitude",
        parameters: &[OPERATIONS, MAGNITUDE],
        reference: PAPER,
    };
}

impl TrainingMethod for Randaugment {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(out_of_range([(&OPERATIONS, self.operations as f64), (&MAGNITUDE, self.magnitude)]))
    }
}
