use super::exponential::ExponentialCurve;
use super::published::published;
use super::{Forecasting, Losses};
use crate::gaussian_process::Points;

/// What a candidate's window says of the loss at the end of the stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The loss expected there, not below the floor; where none can be expected, the last that was reached.
    pub loss: f64,
    /// Its standard error, where the method has one and the loss is expected.
    pub standard_error: Option<f64>,
    /// The mean of the last tenth of the window.
    pub recent: f64,
}

/// Forecasts are multiples of this share of the window's first loss: what differs by less is rounding, and equal.
const RESOLUTION: f64 = 1e-9;

/// How a window is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecaster {
    /// The method.
    pub method: Forecasting,
    /// What the window holds.
    pub losses: Losses,
    /// No loss is below this.
    pub floor: f64,
    /// The place of the forecast, in units of the places of the window.
    pub horizon: f64,
    /// The loss at the stage's beginning; a window that reaches it is not extrapolated, its last value is the forecast.
    pub initial: Option<f64>,
}

impl Forecaster {
    /// The forecast of a window; `None` of an empty one.
    pub fn forecast(&self, window: &Points) -> Option<Forecast> {
        let last = *window.y.last()?;
        let tenth = window.y.len().div_ceil(10);
        let recent = window.y.iter().rev().take(tenth).sum::<f64>() / tenth as f64;
        let known = |loss: f64| {
            let loss = rounded(loss, RESOLUTION * window.y.first().copied().unwrap_or(0.0).abs()).max(self.floor);
            Forecast { loss, standard_error: None, recent }
        };
        let highest = window.y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.initial.is_some_and(|initial| highest >= initial) {
            return Some(known(last));
        }
        let curve = match self.method {
            Forecasting::LastWindowMean => None,
            Forecasting::Varpro => ExponentialCurve::fit(window, self.horizon),
            Forecasting::Published => published(window, self.losses == Losses::Validation),
        };
        let Some(curve) = curve else { return Some(known(recent)) };
        let loss = curve.at(self.horizon);
        if !loss.is_finite() {
            return Some(known(recent));
        }
        let error = curve.standard_error(window, self.horizon);
        let standard_error = (self.method == Forecasting::Varpro && error.is_finite()).then_some(error);
        Some(Forecast { standard_error, ..known(loss) })
    }

    /// The forecast that is compared with others: one more uncertain than the losses of its window are large says nothing, and the
    /// last losses stand for it. It must not win by a fall that noise invented.
    pub(super) fn believed(&self, window: &Points) -> Option<Forecast> {
        let forecast = self.forecast(window)?;
        let mean = window.y.iter().sum::<f64>() / window.y.len() as f64;
        let worthless = forecast.standard_error.is_some_and(|error| error > (mean - self.floor).abs());
        Some(if worthless { Forecast { loss: forecast.recent, standard_error: None, ..forecast } } else { forecast })
    }
}

/// Whether forecasts differ less than they are uncertain: the median of their standard errors exceeds the distance of the
/// first from the third quartile. Quartiles, because a single candidate that nearly diverged would make any range wide.
pub(super) fn uncertain(forecasts: &[Forecast]) -> Option<Uncertain> {
    let mut losses: Vec<f64> = forecasts.iter().map(|forecast| forecast.loss).collect();
    let mut errors: Vec<f64> = forecasts.iter().filter_map(|forecast| forecast.standard_error).collect();
    losses.sort_unstable_by(f64::total_cmp);
    errors.sort_unstable_by(f64::total_cmp);
    let (error, spread) = (quantile(&errors, 0.5)?, quantile(&losses, 0.75)? - quantile(&losses, 0.25)?);
    (error > spread).then_some(Uncertain { error, spread })
}

/// How uncertain forecasts are, and how far apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Uncertain {
    pub(super) error: f64,
    pub(super) spread: f64,
}

/// To a multiple of `unit`, which may be 0.
fn rounded(value: f64, unit: f64) -> f64 {
    // With 0 added, -0 is 0 and equal to it.
    let multiple = (value / unit).round() * unit + 0.0;
    if multiple.is_finite() { multiple } else { value }
}

/// Of sorted values, with straight lines between them.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}
