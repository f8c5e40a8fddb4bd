use rheostat_control::DecayCoupling;

use crate::OptimError;

/// How the weights of one group decay in one update.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupDecay {
    pub(crate) coupling: DecayCoupling,
    pub(crate) weight_decay: f64,
    /// Peak of the rate, for the schedule multiplier.
    pub(crate) base_rate: Option<f64>,
    /// The largest share of `kappa` that a tensor of the group can take.
    pub(crate) largest_share: f64,
}

impl GroupDecay {
    /// The share `kappa` of the weights that a step of size `rate` takes away first, from the coupling; no tensor's share of it
    /// reaches 1.
    pub(crate) fn kappa(self, rate: f64, group: usize) -> Result<f64, OptimError> {
        let Self { coupling, weight_decay, base_rate, largest_share } = self;
        if weight_decay == 0.0 {
            return Ok(0.0);
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
        let factor = 1.0 - largest_share * kappa;
        if factor > 0.0 {
            Ok(kappa)
        } else {
            Err(OptimError::DecayFactor { group, factor, rate, weight_decay, coupling })
        }
    }
}
