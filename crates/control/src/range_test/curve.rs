use serde::Serialize;

use super::{FEWEST, LOW, RangeTest, Smoother, Suggestions};
use crate::ControlError;
use crate::check::contradiction;

/// The curve of a range test, with its suggestions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RangeCurve {
    /// Rates, rising.
    pub rates: Vec<f64>,
    /// Losses as measured, up to the first that is not finite.
    pub losses: Vec<f64>,
    /// The same, smoothed and bias-corrected.
    pub smoothed: Vec<f64>,
    /// What they suggest.
    pub suggestions: Suggestions,
}

impl RangeCurve {
    pub(super) fn new(test: &RangeTest, rates: &[f64], losses: &[f64]) -> Result<Self, ControlError> {
        if let Some(first) = losses.first().filter(|loss| !loss.is_finite()) {
            let why = format!(
                "{first} at the first update, before the rate could do anything: look for the fault in the data or the model"
            );
            return Err(contradiction("loss", why));
        }
        let finite = losses.iter().zip(rates).take_while(|(loss, _)| loss.is_finite()).count();
        let (rates, losses) = (rates[..finite].to_vec(), losses[..finite].to_vec());
        let mut smoother = Smoother::default();
        let smoothed: Vec<f64> = losses.iter().map(|loss| smoother.next(test.smoothing, *loss)).collect();

        let count = finite as u64;
        let (from, to) = (test.skipped_at_start(), count.saturating_sub(test.skip_end));
        if count < FEWEST || to < from.saturating_add(2) {
            let needed = FEWEST.max(from.saturating_add(test.skip_end).saturating_add(2));
            let why = format!(
                "the loss stayed finite and near its best for {count} of {} updates, too few to read a curve from, which takes {needed}: {} is too large",
                test.steps, test.low
            );
            return Err(contradiction(LOW.name, why));
        }
        let read = from as usize..to as usize;
        let suggestions = Suggestions::read(&rates[read.clone()], &smoothed[read]);
        Ok(Self { rates, losses, smoothed, suggestions })
    }
}
