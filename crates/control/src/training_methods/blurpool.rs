use rheostat_schedule::parameter::{Family, Method};
use serde::{Deserialize, Serialize};

use crate::TrainingMethod;

/// BlurPool: a blur before each stride, so that a shifted image has a shifted result (Zhang 2019, arXiv:1904.11486).
///
/// The filter is the outer product of `[1 2 1] / 4` with itself, the paper's Triangle-3; pixels beyond the border are mirrored,
/// as in the author's code (Composer has zeros there). It comes before the strided convolution, as in MosaicML Composer with `blur_first`; the paper has it
/// behind a convolution without stride and its rectifier, at four times the multiplications. Everything that a block passes on
/// with a stride is blurred once: the convolution's input and the shortcut's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blurpool {}

impl Blurpool {
    /// Its name; it has no parameters.
    pub const METHOD: Method = Method {
        name: "blurpool",
        family: Family::TrainingMethod,
        summary: "blurs before each stride, so that results shift with the image",
        parameters: &[],
        reference: "Zhang 2019, arXiv:1904.11486; MosaicML Composer (blur_first)",
    };
}

impl TrainingMethod for Blurpool {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }
}
