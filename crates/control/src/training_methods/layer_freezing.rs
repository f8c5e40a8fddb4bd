use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, out_of_range};
use crate::{ControlError, Hyperparameter, TrainingMethod};

/// Layer freezing: the name for a schedule of [`Hyperparameter::Frozen`].
///
/// The share of the layers that do not learn, counted from the input, is 0 until the share `a` of the run and then rises along a
/// straight line to `b` at its end: MosaicML Composer's form of FreezeOut (Brock et al. 2017, arXiv:1706.04983), which anneals a
/// rate for each layer instead and freezes what has reached 0.
///
/// | symbol | parameter | default |
/// |---|---|---|
/// | `a` | `freeze_start` | 0.5 |
/// | `b` | `freeze_level` | 1 |
///
/// A frozen layer has no gradient, so that the optimizer leaves its weights, moments and decay alone, and the backward pass ends
/// above it. The number of layers is rounded down, and the head always learns. It may change with every update, in Composer with
/// every epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayerFreezing {
    /// Share of the run before the first layer freezes; 0.5.
    pub freeze_start: f64,
    /// Share of the layers that are frozen at the end; 1.
    pub freeze_level: f64,
}

const COMPOSER: &str = "MosaicML Composer, LayerFreezing";
const FREEZE_START: Parameter =
    Parameter::new("freeze_start", Kind::Number, "share of the run before the first layer freezes")
        .range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1")
        .default("0.5")
        .source(COMPOSER);
const FREEZE_LEVEL: Parameter =
    Parameter::new("freeze_level", Kind::Number, "share of the layers that are frozen at the end")
        .range(Bound::Included(0.0), Bound::Included(1.0), "at least 0 and at most 1")
        .default("1.0")
        .source(COMPOSER);

impl Default for LayerFreezing {
    fn default() -> Self {
        Self { freeze_start: 0.5, freeze_level: 1.0 }
    }
}

impl LayerFreezing {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "layer_freezing",
        family: Family::TrainingMethod,
        summary: "stops training the first layers before the others",
        parameters: &[FREEZE_START, FREEZE_LEVEL],
        reference: "Brock et al. 2017, arXiv:1706.04983; MosaicML Composer",
    };
}

impl TrainingMethod for LayerFreezing {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        all_or_nothing(out_of_range([(&FREEZE_START, self.freeze_start), (&FREEZE_LEVEL, self.freeze_level)]))
    }

    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        let rise = ScheduleSpec::linear(0.0, self.freeze_level);
        Some((Hyperparameter::Frozen, rise.hold(Span::percent(100.0 * self.freeze_start)).into()))
    }
}
