use super::{GaussianProcess, MarginalLikelihood, NOISE_FLOOR};

/// The published fit: some iterations of Adam on the mean and on the raw scale and noise, `s = ln(1 + exp(raw))` and
/// `sigma^2 = 1e-4 + ln(1 + exp(raw))`, towards a greater likelihood of one point (arXiv 2107.05855, section 2.1, and its
/// program, which uses GPyTorch).
///
/// A hundred iterations at rate 0.01 move a raw number by about 1, which does not reach a realistic noise from the initial 1e-3.
/// The noise is then underestimated and the test over-confident; [`MarginalLikelihood::profile`] is exact and faster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamFit {
    /// Raw scale, 0 at first: `s = ln 2`.
    pub raw_scale: f64,
    /// Raw noise, at first that of `sigma^2 = 1e-3`.
    pub raw_noise: f64,
    /// First moments of mean, raw scale, raw noise.
    pub first: [f64; 3],
    /// Second moments of the same.
    pub second: [f64; 3],
    /// Iterations done.
    pub iterations: u64,
}

const RATE: f64 = 0.01;
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;
const INITIAL_NOISE: f64 = 1e-3;

impl Default for AdamFit {
    fn default() -> Self {
        let raw_noise = (INITIAL_NOISE - NOISE_FLOOR).exp_m1().ln();
        Self { raw_scale: 0.0, raw_noise, first: [0.0; 3], second: [0.0; 3], iterations: 0 }
    }
}

impl AdamFit {
    /// Goes on for `iterations` from `mean` and its own raw scale and noise. Moments and iteration count live on in it.
    pub fn run(&mut self, likelihood: &MarginalLikelihood, mean: f64, iterations: u32) -> GaussianProcess {
        let mut mean = mean;
        let process = |mean, fit: &Self| GaussianProcess {
            mean,
            scale: soft_plus(fit.raw_scale),
            noise: NOISE_FLOOR + soft_plus(fit.raw_noise),
            length_scale: likelihood.length_scale(),
            kernel: likelihood.kernel(),
        };
        let count = likelihood.count() as f64;
        for _ in 0..iterations {
            let slope = likelihood.at(&process(mean, self));
            let gradient = [
                -slope.by_mean / count,
                -slope.by_scale * sigmoid(self.raw_scale) / count,
                -slope.by_noise * sigmoid(self.raw_noise) / count,
            ];
            let [by_mean, by_scale, by_noise] = self.step(gradient);
            mean -= by_mean;
            self.raw_scale -= by_scale;
            self.raw_noise -= by_noise;
        }
        process(mean, self)
    }

    fn step(&mut self, gradient: [f64; 3]) -> [f64; 3] {
        self.iterations = self.iterations.saturating_add(1);
        let correction = BETAS.map(|beta| 1.0 - beta.powf(self.iterations as f64));
        let mut change = [0.0; 3];
        for which in 0..3 {
            self.first[which] = BETAS[0] * self.first[which] + (1.0 - BETAS[0]) * gradient[which];
            self.second[which] = BETAS[1] * self.second[which] + (1.0 - BETAS[1]) * gradient[which].powi(2);
            let root = (self.second[which] / correction[1]).sqrt() + EPSILON;
            change[which] = RATE * self.first[which] / correction[0] / root;
        }
        change
    }
}

/// `ln(1 + exp(x))`, without overflow.
fn soft_plus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
