use super::coefficient::apart;
use super::state::State;
use super::{Coefficient, CycleMetric, CycleReset, ProgressCurve};
use crate::check::{contradiction, within};
use crate::{ControlError, MetricDirection, Setting};

/// How soft resets are weighed in a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weighing {
    metric: CycleMetric,
    form: Coefficient,
    direction: MetricDirection,
    /// Known before the run, or the first evaluation.
    reference: Option<f64>,
    progress: ProgressCurve,
}

impl Weighing {
    pub(super) fn new(reset: &CycleReset, setting: &Setting) -> Result<Self, Vec<ControlError>> {
        let refused = |field: &str, why: String| vec![contradiction(field, why)];
        let direction = setting.direction;
        let replaced = reset.progress.as_ref().is_some_and(|progress| progress.replaces_target());
        let target = if replaced { 0.0 } else { reset.target.unwrap_or(setting.target) };
        within(&super::parameters::reset::TARGET, target).map_err(|error| vec![error.within("reset")])?;
        let progress = match &reset.progress {
            Some(progress) => progress.resolve(&setting.frame, direction, target).map_err(|error| vec![error])?,
            None => ProgressCurve::Constant(target),
        };
        let goal = progress.goal();
        let expected = if replaced { "reset.progress" } else { "reset.target" };
        let reference = match (reset.reference, direction) {
            (None, MetricDirection::Increasing) => Some(0.0),
            (reference, _) => reference,
        };
        match reset.tau {
            Coefficient::Reference => {
                if let (Some(goal), Some(reference)) = (goal, reference)
                    && !apart(direction, goal, reference)
                {
                    let field = if reset.reference.is_some() { "reset.reference" } else { expected };
                    let why = format!(
                        "the metric is {} and a target of {goal} is not better than the reference, {reference}",
                        direction.name()
                    );
                    return Err(refused(field, why));
                }
            }
            Coefficient::RatioToCurrent | Coefficient::RatioToTarget => {
                if direction == MetricDirection::Increasing {
                    let why = "the metric is increasing, ratios are for decreasing ones: use \"reference\"";
                    return Err(refused("reset.tau", why.to_owned()));
                }
                if let Some(goal) = goal.filter(|goal| *goal <= 0.0) {
                    let why =
                        format!("a ratio to a target of {goal} means nothing: more than 0, or `tau` = \"reference\"");
                    return Err(refused(expected, why));
                }
                if reset.reference.is_some() {
                    return Err(refused("reset.reference", "a ratio has none: leave it out".to_owned()));
                }
            }
        }
        Ok(Self { metric: reset.metric, form: reset.tau, direction, reference, progress })
    }

    /// Which of two metrics is better.
    pub(super) fn direction(&self) -> MetricDirection {
        self.direction
    }

    /// Whether the first evaluation is the reference.
    pub(super) fn needs_first(&self) -> bool {
        self.form == Coefficient::Reference && self.reference.is_none()
    }

    /// The coefficient of a reset after `updates` updates whose latest metric is `latest`, and how it came about.
    pub(super) fn tau(&self, state: &State, updates: u64, latest: f64) -> (f64, String) {
        let chosen = match self.metric {
            CycleMetric::Last => None,
            CycleMetric::BestInCycle => state.metrics.best,
            CycleMetric::Ema => state.metrics.average,
        };
        // Weights whose metric is not finite are not worth keeping, whatever came before.
        let metric = chosen.filter(|_| latest.is_finite()).unwrap_or(latest);
        let expected = self.progress.at(updates, state.best.unwrap_or(metric));
        let reference = self.reference.or(state.first).unwrap_or(metric);
        let tau = self.form.tau(self.direction, metric, expected, reference);
        let against = match self.form {
            Coefficient::Reference => format!(", reference {}", short(reference)),
            Coefficient::RatioToCurrent | Coefficient::RatioToTarget => String::new(),
        };
        (tau, format!("metric {}, expected {}{against}", short(metric), short(expected)))
    }
}

/// Four digits of it, for sentences.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}
