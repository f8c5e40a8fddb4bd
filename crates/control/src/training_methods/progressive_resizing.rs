use std::ops::Bound;

use rheostat_schedule::parameter::{Family, Kind, Method, Parameter};
use rheostat_schedule::{ScheduleSpec, Span};
use serde::{Deserialize, Serialize};

use crate::check::{all_or_nothing, contradiction, out_of_range};
use crate::{ControlError, Hyperparameter, TrainingMethod};

/// Progressive resizing: the name for a schedule of [`Hyperparameter::ImageScale`].
///
/// The scale of training images is `s` for the share `d` of the run, rises along a straight line, and is 1 for the last share
/// `f`: MosaicML Composer's form of what Howard's fast.ai did on ImageNet in 2018.
///
/// | symbol | parameter | default |
/// |---|---|---|
/// | `s` | `initial_scale` | 0.5 |
/// | `d` | `delay_fraction` | 0.5 |
/// | `f` | `finetune_fraction` | 0.2 |
///
/// Images are averaged down to the side that the scale gives, to multiples of four pixels as in Composer, which takes the nearest
/// pixel in place of the mean. Evaluations see full images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProgressiveResizing {
    /// Side of the first images as a share of the full side; 0.5.
    pub initial_scale: f64,
    /// Share of the run before images grow; 0.5.
    pub delay_fraction: f64,
    /// Share of the run at full size, at its end; 0.2.
    pub finetune_fraction: f64,
}

const COMPOSER: &str = "MosaicML Composer, ProgressiveResizing";
const INITIAL_SCALE: Parameter =
    Parameter::new("initial_scale", Kind::Number, "side of the first images as a share of the full side")
        .range(Bound::Excluded(0.0), Bound::Included(1.0), "more than 0 and at most 1")
        .default("0.5")
        .source(COMPOSER);
const DELAY_FRACTION: Parameter = Parameter::new("delay_fraction", Kind::Number, "share of the run before images grow")
    .range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1")
    .default("0.5")
    .source(COMPOSER);
const FINETUNE_FRACTION: Parameter =
    Parameter::new("finetune_fraction", Kind::Number, "share of the run at full size, at its end")
        .range(Bound::Included(0.0), Bound::Excluded(1.0), "at least 0 and less than 1")
        .default("0.2")
        .source(COMPOSER);

impl Default for ProgressiveResizing {
    fn default() -> Self {
        Self { initial_scale: 0.5, delay_fraction: 0.5, finetune_fraction: 0.2 }
    }
}

impl ProgressiveResizing {
    /// Its name and parameters.
    pub const METHOD: Method = Method {
        name: "progressive_resizing",
        family: Family::TrainingMethod,
        summary: "begins with small images that grow along the run",
        parameters: &[INITIAL_SCALE, DELAY_FRACTION, FINETUNE_FRACTION],
        reference: COMPOSER,
    };

    /// Percents of the run in which images grow.
    fn growing(&self) -> f64 {
        100.0 - 100.0 * self.delay_fraction - 100.0 * self.finetune_fraction
    }
}

impl TrainingMethod for ProgressiveResizing {
    fn method(&self) -> &'static Method {
        &Self::METHOD
    }

    fn check(&self) -> Result<(), Vec<ControlError>> {
        let mut errors = out_of_range([
            (&INITIAL_SCALE, self.initial_scale),
            (&DELAY_FRACTION, self.delay_fraction),
            (&FINETUNE_FRACTION, self.finetune_fraction),
        ]);
        if errors.is_empty() && self.growing() <= 0.0 {
            let why = format!(
                "{} beside delay_fraction = {} leaves no time to grow",
                self.finetune_fraction, self.delay_fraction
            );
            errors.push(contradiction(FINETUNE_FRACTION.name, why));
        }
        all_or_nothing(errors)
    }

    fn schedule(&self) -> Option<(Hyperparameter, ScheduleSpec)> {
        let growth = ScheduleSpec::linear(self.initial_scale, 1.0).over(Span::percent(self.growing()));
        Some((Hyperparameter::ImageScale, growth.hold(Span::percent(100.0 * self.delay_fraction)).into()))
    }
}
