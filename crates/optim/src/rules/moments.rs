//! The averages of gradient and squared gradient that the rules of Adam's family share, each one fused pass.

use crate::{Formula, Value};

/// Names of the two averages.
pub(super) const SLOTS: &[&str] = &["moment_1", "moment_2"];

/// The weight that an average has accumulated after one more update: `1 - beta^n` while beta stands still.
pub(super) fn grown(mass: f64, beta: f64) -> f64 {
    beta * mass + (1.0 - beta)
}

/// How the averages move: `m <- beta1 m + (1 - beta1) g`, `v <- beta2 v + (1 - beta2) g^2`.
#[derive(Clone, Copy)]
pub(super) struct Averages {
    pub(super) beta1: f64,
    pub(super) beta2: f64,
}

impl Averages {
    #[inline(always)]
    fn moved<V: Value>(self, gradient: V, [first, second]: [V; 2]) -> [V; 2] {
        let square = gradient.clone().times(gradient.clone());
        let first = first.scale(self.beta1).plus(gradient.scale(1.0 - self.beta1));
        let second = second.scale(self.beta2).plus(square.scale(1.0 - self.beta2));
        [first, second]
    }
}

/// Moves the averages; the direction is that of the first, preconditioned.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) averages: Averages,
    pub(super) preconditioner: Preconditioner,
}

impl Formula<2> for Moments {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, moments: [V; 2]) -> (V, [V; 2]) {
        let [first, second] = self.averages.moved(gradient, moments);
        let (direction, [second]) = self.preconditioner.apply(first.clone(), [second]);
        (direction, [first, second])
    }
}

/// Moves the averages; the direction is that of `of_moment m + of_gradient g`, preconditioned.
#[derive(Clone, Copy)]
pub(super) struct LookAhead {
    pub(super) averages: Averages,
    pub(super) of_moment: f64,
    pub(super) of_gradient: f64,
    pub(super) preconditioner: Preconditioner,
}

impl Formula<2> for LookAhead {
    #[inline(always)]
    fn apply<V: Value>(self, gradient: V, moments: [V; 2]) -> (V, [V; 2]) {
        let [first, second] = self.averages.moved(gradient.clone(), moments);
        let ahead = first.clone().scale(self.of_moment).plus(gradient.scale(self.of_gradient));
        let (direction, [second]) = self.preconditioner.apply(ahead, [second]);
        (direction, [first, second])
    }
}

/// `scale_1 m / (sqrt(scale_2 v) + epsilon)`.
#[derive(Clone, Copy)]
pub(super) struct Preconditioner {
    pub(super) scale_1: f64,
    pub(super) scale_2: f64,
    pub(super) epsilon: f64,
}

impl Formula<1> for Preconditioner {
    #[inline(always)]
    fn apply<V: Value>(self, first: V, [second]: [V; 1]) -> (V, [V; 1]) {
        let denominator = second.clone().scale(self.scale_2).root().shift(self.epsilon);
        (first.scale(self.scale_1).over(denominator), [second])
    }
}
