//! A recipe's numbers carried over from the batch size they are for to that of the run.

use std::collections::BTreeMap;

use rheostat_control::{BatchScaling, ControllerMethod, Hyperparameter, ScalingRule, Setting};
use rheostat_schedule::ScheduleSpec;

use super::plan::Plan;
use super::read::Recipe;
use crate::document::{Findings, Origin};

/// What one group of parameters, or the model as a whole, is set by.
type Specs = BTreeMap<Hyperparameter, ScheduleSpec>;

impl Recipe {
    /// The recipe for the first batch size of the run. The recipe itself keeps its numbers and the rule, so that what is recorded
    /// reads back to the same run; `as_written` is its plan without the rule.
    pub(super) fn scaled(&self, scaling: &BatchScaling, as_written: &Plan, findings: &mut Findings) -> Option<Self> {
        let batch = as_written.batch_at(0).size;
        let mut recipe = self.clone();
        match scaling.optimizer(batch, &self.optimizer) {
            Ok(optimizer) => recipe.optimizer = optimizer,
            Err(error) => {
                let help = Some("linear and sqrt scale the rate of every optimizer".to_owned());
                findings.add(self.tree.origin_of("batch_scaling.rule"), format!("batch_scaling.{error}"), help);
                return None;
            }
        }
        self.refuse_what_cannot_scale(scaling, &as_written.setting, findings);
        let peaks = &as_written.peak_rates;
        let factor = |peak: Option<&f64>| scaling.capped_rate_factor(batch, peak.copied().unwrap_or(0.0));
        let groups = recipe.groups.iter_mut().enumerate();
        let groups = groups.map(|(index, group)| (format!("group[{index}]."), &mut group.hyperparameters));
        let all = std::iter::once((String::new(), &mut recipe.hyperparameters)).chain(groups);
        for (index, (place, specs)) in all.enumerate() {
            if let Some(rate) = specs.get_mut(&Hyperparameter::LearningRate) {
                *rate = ScheduleSpec::product(rate.clone(), factor(peaks.get(index))).into();
            }
            if scaling.rule == ScalingRule::AdamSde {
                self.scale_moments(scaling, batch, &place, specs, findings);
            }
        }
        for (which, spec) in &mut recipe.controllers {
            *spec = spec.clone().with_rates_times(*which, factor(peaks.first()));
        }
        findings.is_empty().then_some(recipe)
    }

    /// What is found during the run has no number to scale, or no largest one to bound.
    fn refuse_what_cannot_scale(&self, scaling: &BatchScaling, setting: &Setting, findings: &mut Findings) {
        let controller = |which| self.controllers.get(&which);
        if let (Some(_), Some(spec)) = (scaling.maximum, controller(Hyperparameter::LearningRate))
            && spec.peak(setting).is_none()
        {
            let message = format!("batch_scaling.maximum: {} finds its largest rate during the run only", spec.name());
            let help = Some("leave it out: learning_rate.high is the bound".to_owned());
            findings.add(self.tree.origin_of("batch_scaling.maximum"), message, help);
        }
        if let Some(search) = &self.line_search {
            let message =
                format!("batch_scaling: {} measures the step of every batch; there is no rate to scale", search.name());
            findings.add(self.tree.origin_of("batch_scaling"), message, Some("leave the table out".to_owned()));
        }
        for which in MOMENTS {
            if let (ScalingRule::AdamSde, Some(spec)) = (scaling.rule, controller(which)) {
                findings.add(self.origin("", which), moves(which.name(), spec.name()), None);
            }
        }
    }

    fn scale_moments(
        &self,
        scaling: &BatchScaling,
        batch: u64,
        place: &str,
        specs: &mut Specs,
        findings: &mut Findings,
    ) {
        for which in MOMENTS {
            let Some(spec) = specs.get_mut(&which) else { continue };
            let beta = match &*spec {
                ScheduleSpec::Constant(constant) if *spec == ScheduleSpec::from(constant.value) => {
                    scaling.beta(batch, which, constant.value).map_err(|error| format!("{place}{error}"))
                }
                moving => Err(moves(&format!("{place}{which}"), moving.method())),
            };
            match beta {
                Ok(beta) => *spec = ScheduleSpec::from(beta),
                Err(message) => findings.add(self.origin(place, which), message, None),
            }
        }
    }

    /// Where a value of the model, or of the group at that place, was written; the rule if it is a default.
    fn origin(&self, place: &str, which: Hyperparameter) -> &Origin {
        let in_optimizer = self.tree.get("optimizer").is_some_and(|table| table.get(which.name()).is_some());
        let place = match (place, self.tree.get(which.name())) {
            ("", None) if in_optimizer => format!("optimizer.{which}"),
            ("", None) => "batch_scaling.rule".to_owned(),
            (place, _) => format!("{place}{which}"),
        };
        self.tree.origin_of(&place)
    }
}

/// What `adam_sde` scales besides the rate.
const MOMENTS: [Hyperparameter; 2] = [Hyperparameter::Momentum, Hyperparameter::Beta2];

fn moves(place: &str, method: &str) -> String {
    format!("{place}: adam_sde scales it as a number, and {method} moves it")
}
