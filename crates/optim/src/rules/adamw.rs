use rheostat_control::optimizers;

use super::adam::Adam;

/// Adam's direction; what makes it AdamW is that weight decay stays out of the gradient, which its coupling says.
pub(super) fn rule(spec: &optimizers::Adamw) -> Adam {
    Adam::new(&optimizers::Adam {
        momentum: spec.momentum,
        beta2: spec.beta2,
        weight_decay: spec.weight_decay,
        epsilon: spec.epsilon,
        epsilon_placement: spec.epsilon_placement,
        decay: spec.decay,
        bias_correction: spec.bias_correction,
    })
}
