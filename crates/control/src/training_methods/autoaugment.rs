use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use crate::TrainingMethod;

/// AutoAugment: one of the 25 sub-policies learned on CIFAR-10 for every image (Cubuk et al. 2018, arXiv:1805.09501, table 7).
///
/// A sub-policy is two operations, each with a probability and a magnitude. It is applied to the stored image before crop and
/// flip, as in the authors' code.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Autoaugment {}

impl Autoaugment {
    /// Its name; it has no parameters.
    pub const METHOD: Method = Method {
        name: "autoaugment",
        family: Family::TrainingMethod,
        summary: "distorts every image by one of the policies learned on CIFAR-10",
        parameters: &[],
        reference: "Cubuk et al. 2018, arXiv:1805.09501",
    };
}

impl TrainingMethod for Autoaugment {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }
}
