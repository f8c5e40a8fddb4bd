//! A host that minimises `sum a_i x_i^2 / 2` with SGD or Adam, and finds its step sizes by line search.

#![allow(dead_code, reason = "each test file uses what it needs")]

use rheostat_control::{
    Ask, Base, Direction, LineSearch, LineSearchMethod, MetricDirection, Opening, Outcome, Setting, Verdict,
};
use rheostat_schedule::Frame;

/// A run of unknown length, epochs of which nobody knows the length.
pub(crate) fn setting() -> Setting {
    let frame = Frame::unbounded();
    Setting { frame, evaluate_every: 10, target: 0.9, direction: MetricDirection::Increasing, seed: 0 }
}

pub(crate) fn resolved(spec: &impl LineSearchMethod) -> Box<dyn LineSearch> {
    spec.resolve(&setting()).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// What one update did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Update {
    pub(crate) verdict: Verdict,
    /// Step sizes tried, and probed.
    pub(crate) tried: Vec<f64>,
    pub(crate) probed: Vec<f64>,
    /// Where the search started, after a turn where it turned.
    pub(crate) base: Option<Base>,
}

impl Update {
    pub(crate) fn backtracks(&self) -> usize {
        self.tried.len().saturating_sub(1)
    }

    /// Losses evaluated, the first included.
    pub(crate) fn evaluations(&self) -> usize {
        1 + self.tried.len() + self.probed.len()
    }
}

/// Makes one update of a search in a landscape: the loss by direction and step size, the decrease by direction. `Err` is why the
/// search gave up.
pub(crate) fn update(
    search: &mut dyn LineSearch,
    step: u64,
    decrease: impl Fn(Direction) -> f64,
    loss: impl Fn(Direction, f64) -> f64,
) -> Result<Update, String> {
    let (mut tried, mut probed) = (Vec::new(), Vec::new());
    let mut base = None;
    let (mut along, mut ask) = match search.open(step, None) {
        Opening::Settled(verdict) => (Direction::Applied, Ask::Settle(verdict)),
        Opening::Search(along) => (along, Ask::Turn(along)),
    };
    loop {
        ask = match ask {
            Ask::Turn(direction) => {
                along = direction;
                let start = Base { loss: loss(along, 0.0), decrease: decrease(along) };
                base = Some(start);
                search.begin(start)
            }
            Ask::Try(size) => {
                tried.push(size);
                search.tell(loss(along, size))
            }
            Ask::Probe(size) => {
                probed.push(size);
                search.tell(loss(along, size))
            }
            Ask::Settle(verdict) => return Ok(Update { verdict, tried, probed, base }),
            Ask::GiveUp(reason) => return Err(reason.0),
        };
        assert!(tried.len() < 2000, "no end");
    }
}

/// The same for a landscape that does not depend on the direction.
pub(crate) fn along(
    search: &mut dyn LineSearch,
    step: u64,
    decrease: f64,
    loss: impl Fn(f64) -> f64,
) -> Result<Update, String> {
    update(search, step, |_| decrease, |_, size| loss(size))
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Rule {
    Sgd,
    /// With this beta1 and epsilon.
    Adam(f64, f64),
}

/// Three weights and Adam's moments.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) curvatures: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) rule: Rule,
    /// What the loss is multiplied by.
    pub(crate) scale: f64,
    first: Vec<f64>,
    second: Vec<f64>,
    updates: i32,
}

impl Host {
    pub(crate) fn new(curvatures: &[f64], weights: &[f64], rule: Rule) -> Self {
        let none = vec![0.0; weights.len()];
        let (curvatures, weights) = (curvatures.to_vec(), weights.to_vec());
        Self { curvatures, weights, rule, scale: 1.0, first: none.clone(), second: none, updates: 0 }
    }

    /// That of the oracles.
    pub(crate) fn of_the_traces(rule: Rule) -> Self {
        Self::new(&[1.0, 10.0, 0.1], &[1.0, -2.0, 3.0], rule)
    }

    /// The same landscape in another unit of the loss.
    pub(crate) fn scaled(mut self, scale: f64) -> Self {
        self.scale = scale;
        self
    }

    pub(crate) fn loss(&self, weights: &[f64]) -> f64 {
        let terms = self.curvatures.iter().zip(weights).map(|(a, x)| 0.5 * a * x * x);
        self.scale * terms.sum::<f64>()
    }

    pub(crate) fn gradient(&self) -> Vec<f64> {
        self.curvatures.iter().zip(&self.weights).map(|(a, x)| self.scale * a * x).collect()
    }

    /// With the moments of the last update.
    pub(crate) fn direction(&self, gradient: &[f64], which: Direction) -> Vec<f64> {
        let Rule::Adam(beta1, epsilon) = self.rule else { return gradient.to_vec() };
        let mass = |beta: f64| 1.0 - beta.powi(self.updates);
        let preconditioned = |index: usize, moment: f64| moment / ((self.second[index] / mass(0.999)).sqrt() + epsilon);
        let moment = |(index, g): (usize, &f64)| match which {
            Direction::Applied => preconditioned(index, self.first[index] / mass(beta1)),
            Direction::WithoutMomentum => preconditioned(index, *g),
            Direction::NegativeGradient => *g,
        };
        gradient.iter().enumerate().map(moment).collect()
    }

    /// One update of these weights.
    pub(crate) fn update(&mut self, search: &mut dyn LineSearch, step: u64) -> Result<Update, String> {
        let gradient = self.gradient();
        self.updates += 1;
        if let Rule::Adam(beta1, _) = self.rule {
            for (index, g) in gradient.iter().enumerate() {
                self.first[index] = beta1 * self.first[index] + (1.0 - beta1) * g;
                self.second[index] = 0.999 * self.second[index] + (1.0 - 0.999) * g * g;
            }
        }
        let moved = |which: Direction, size: f64| -> Vec<f64> {
            let direction = self.direction(&gradient, which);
            self.weights.iter().zip(&direction).map(|(x, d)| x - size * d).collect()
        };
        let decrease = |which: Direction| -> f64 {
            gradient.iter().zip(self.direction(&gradient, which)).map(|(g, d)| g * d).sum()
        };
        let done = update(search, step, decrease, |which, size| self.loss(&moved(which, size)))?;
        let weights = moved(done.verdict.along, done.verdict.step_size);
        self.weights = weights;
        Ok(done)
    }
}

/// Whether the step was found by looking.
pub(crate) fn searched(update: &Update) -> bool {
    matches!(update.verdict.outcome, Outcome::Satisfied | Outcome::Unresolved | Outcome::SlopeUnresolved)
}
