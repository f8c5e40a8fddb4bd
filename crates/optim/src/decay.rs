use rheostat_control::DecayCoupling;

use crate::OptimError;

/// How the weights of one group decay in one update.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupDecay {
    pub(crate) coupling: DecayCoupling,
    pub(crate) weight_decay: f64,
    /// Peak of the rate, for the schedule multiplier.
    pub(crate) base_rate: Option<f64>,
}

impl GroupDecay {
    /// What the weights are multiplied by before a step of size `rate`: `1 - ratio kappa`, with `kappa` from the coupling
    /// and `ratio` from the rule.
    pub(crate) fn factor(self, rate: f64, ratio: f64, group: usize) -> Result<f64, OptimError> {
        let Self { coupling, weight_decay, base_rate } = self;
        if weight_decay == 0.0 {
            return Ok(1.0);
        }
        let kappa = match coupling {
            DecayCoupling::L2 | DecayCoupling::Inside => 0.0,
            DecayCoupling::LrCoupled => rate * weight_decay,
            DecayCoupling::ScheduleMultiplier => match base_rate {
                Some(base) => rate / base * weight_decay,
                None => return Err(OptimError::MissingBaseRate { group }),
            },
            DecayCoupling::Independent => weight_decay,
        };
        let factor = 1.0 - ratio * kappa;
        if factor > 0.0 {
            Ok(factor)
        } else {
            Err(OptimError::DecayFactor { group, factor, rate, weight_decay, coupling })
        }
    }
}
