use rheostat_schedule::parameter::LARGEST;

use super::controller::Fitted;
use super::{AutoWarmUpController, NonFinite, TestResult};
use crate::Observation;

/// The losses of the warm-up as a test sees them: the Gaussian process given the losses so far, at the places of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct SmoothedLoss {
    /// What the test found.
    pub test: TestResult,
    /// The places, in updates, increasing; the last is the present.
    pub updates: Vec<f64>,
    /// The mean of the smoothed loss there, in units of the loss.
    pub mean: Vec<f64>,
    /// Its standard deviation there, without the noise of single losses; in units of the loss.
    pub deviation: Vec<f64>,
    /// How sure it is that the smoothed loss is lower there than at present; at the present itself 0.5.
    pub probability: Vec<f64>,
    /// Index of the place where the mean is lowest: the rate of that place is where the decay begins.
    pub lowest: usize,
}

impl AutoWarmUpController {
    /// What the test looks at that `seen`, told next, brings about; `None` if it brings about none, or one that has nothing to look
    /// at. Where several draws vote, the curve of the first. Changes nothing and is computed only when asked for: the losses of the
    /// warm-up are dropped once the decay begins, so that the curve of the deciding test must be asked for before it is told.
    pub fn smoothed(&self, seen: &Observation) -> Option<SmoothedLoss> {
        let Observation::Step { step, loss } = *seen else { return None };
        if !self.is_warming_up() || !self.expects(step) {
            return None;
        }
        let finite = loss.abs() <= LARGEST;
        let (due, over) = self.due(step.saturating_add(1));
        let lost = !finite && self.spec().on_non_finite != NonFinite::Mask;
        if !(due || over || lost) {
            return None;
        }
        let mut after = self.clone();
        after.take(step, finite);
        if finite {
            after.remember(step, loss);
        }
        after.fit().ok()?.curve(&after)
    }
}

impl Fitted {
    fn curve(&self, controller: &AutoWarmUpController) -> Option<SmoothedLoss> {
        let test = self.result(controller).ok()?;
        let points = self.draws.first()?;
        let places = self.test.places();
        let prediction = self.process.predict(points, &places).ok()?;
        let variances = self.process.variances(points, &places).ok()?;
        let now = controller.looked_at() as f64;
        Some(SmoothedLoss {
            test,
            lowest: prediction.lowest(),
            probability: prediction.probabilities(self.test.variance_floor),
            updates: places.iter().map(|place| place * now).collect(),
            mean: prediction.mean.iter().map(|mean| self.centre + self.unit * mean).collect(),
            deviation: variances.iter().map(|variance| self.unit * variance.sqrt()).collect(),
        })
    }
}
