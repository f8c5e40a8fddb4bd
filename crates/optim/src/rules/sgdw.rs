use rheostat_control::optimizers;

use super::heavy_ball::HeavyBall;
use super::nesterov::Nesterov;
use crate::UpdateRule;

/// The direction of the heavy ball, or Nesterov's; what makes it SGDW is that weight decay stays out of the gradient, which
/// its coupling says.
pub(super) fn rule(spec: &optimizers::Sgdw) -> Box<dyn UpdateRule> {
    if spec.nesterov { Box::new(Nesterov) } else { Box::new(HeavyBall { dampening: 0.0 }) }
}
