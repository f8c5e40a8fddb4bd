use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::bytes::{Reader, Writer};
use crate::gaussian_process::Points;

/// Fine bins held for each bin asked for: the bins asked for are then equal to within one fine bin, an eighth to a quarter.
const FINE: usize = 8;
/// Updates in the widest fine bin that a state may have: the counts of all bins then have a sum.
const WIDEST: u64 = 1 << 50;

/// The losses of the warm-up. Only finite ones are told to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum History {
    /// Sums over stretches of training: bounded memory, constant time for a loss, any length.
    Bins(Bins),
    /// Every loss with its update, as published.
    Dense(Dense),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bins {
    /// Bins that are asked for.
    bins: usize,
    /// Updates in a fine bin, a power of 2.
    width: u64,
    sums: Vec<f64>,
    counts: Vec<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Dense {
    steps: Vec<u64>,
    losses: Vec<f64>,
}

/// Which points of a dense history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Thinning {
    /// Evenly spread, first and last included.
    Stride,
    /// Without replacement, each as likely as the others; the stream is that of (seed, index).
    Random { seed: u64, index: u64 },
}

impl History {
    pub(super) fn bins(bins: usize) -> Self {
        Self::Bins(Bins { bins, width: 1, sums: Vec::new(), counts: Vec::new() })
    }

    pub(super) fn dense() -> Self {
        Self::Dense(Dense::default())
    }

    /// Takes the loss of an update; updates increase.
    pub(super) fn push(&mut self, step: u64, loss: f64) {
        match self {
            Self::Bins(bins) => bins.push(step, loss),
            Self::Dense(dense) => {
                dense.steps.push(step);
                dense.losses.push(loss);
            }
        }
    }

    /// Losses taken.
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Bins(bins) => bins.counts.iter().sum(),
            Self::Dense(dense) => dense.losses.len() as u64,
        }
    }

    /// At most `most` points after `updates` updates, at `x = update / updates`. Bins come as many as were asked for.
    pub(super) fn points(&self, updates: u64, most: usize, thinning: Thinning) -> Points {
        match self {
            Self::Bins(bins) => bins.points(updates),
            Self::Dense(dense) => dense.points(updates, most, thinning),
        }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Bins(bins) => {
                writer.u64(0);
                writer.u64(bins.width);
                writer.f64s(&bins.sums);
                writer.u64s(&bins.counts);
            }
            Self::Dense(dense) => {
                writer.u64(1);
                writer.f64s(&dense.losses);
                writer.u64s(&dense.steps);
            }
        }
    }

    /// A history of the same kind as this one.
    pub(super) fn read(&self, reader: &mut Reader<'_>) -> Result<Self, String> {
        let kind = reader.u64()?;
        match (self, kind) {
            (Self::Bins(own), 0) => {
                let width = reader.u64()?;
                let (sums, counts) = (reader.f64s()?, reader.u64s()?);
                let fits = width.is_power_of_two() && width <= WIDEST && sums.len() <= own.capacity();
                if !fits || sums.len() != counts.len() || counts.iter().any(|count| *count > width) {
                    return Err(format!("{} bins of {width} updates", sums.len()));
                }
                Ok(Self::Bins(Bins { bins: own.bins, width, sums, counts }))
            }
            (Self::Dense(_), 1) => {
                let (losses, steps) = (reader.f64s()?, reader.u64s()?);
                if losses.len() != steps.len() {
                    return Err(format!("{} losses of {} updates", losses.len(), steps.len()));
                }
                Ok(Self::Dense(Dense { steps, losses }))
            }
            _ => Err("it was written with another `subset`".to_owned()),
        }
    }
}

impl Bins {
    fn capacity(&self) -> usize {
        FINE * self.bins
    }

    fn push(&mut self, step: u64, loss: f64) {
        while step / self.width >= self.capacity() as u64 {
            self.halve();
        }
        let at = (step / self.width) as usize;
        if at >= self.sums.len() {
            self.sums.resize(at + 1, 0.0);
            self.counts.resize(at + 1, 0);
        }
        self.sums[at] += loss;
        self.counts[at] += 1;
    }

    /// Joins neighbours: bins of twice the width, half as many.
    fn halve(&mut self) {
        self.width *= 2;
        self.sums = self.sums.chunks(2).map(|pair| pair.iter().sum()).collect();
        self.counts = self.counts.chunks(2).map(|pair| pair.iter().sum()).collect();
    }

    fn points(&self, updates: u64) -> Points {
        let fine = self.sums.len();
        let groups = self.bins.min(fine);
        let mut points = Points::default();
        for group in 0..groups {
            let (from, to) = (group * fine / groups, (group + 1) * fine / groups);
            let count: u64 = self.counts[from..to].iter().sum();
            if count == 0 {
                continue;
            }
            let sum: f64 = self.sums[from..to].iter().sum();
            let (first, past) = (from as f64 * self.width as f64, (to as f64 * self.width as f64).min(updates as f64));
            points.x.push(0.5 * (first + past - 1.0) / updates as f64);
            points.y.push(sum / count as f64);
        }
        points
    }
}

impl Dense {
    fn points(&self, updates: u64, most: usize, thinning: Thinning) -> Points {
        let chosen = match thinning {
            _ if self.losses.len() <= most => (0..self.losses.len()).collect(),
            Thinning::Stride => stride(self.losses.len(), most),
            Thinning::Random { seed, index } => random(self.losses.len(), most, seed, index),
        };
        Points {
            x: chosen.iter().map(|&at| self.steps[at] as f64 / updates as f64).collect(),
            y: chosen.iter().map(|&at| self.losses[at]).collect(),
        }
    }
}

/// `round(i (count - 1) / (most - 1))`, in whole numbers.
fn stride(count: usize, most: usize) -> Vec<usize> {
    let parts = most.saturating_sub(1).max(1);
    (0..most).map(|at| (2 * at * (count - 1) + parts) / (2 * parts)).collect()
}

/// Selection sampling: each is taken with the probability that what is still wanted has among what is left. Sorted as it goes.
fn random(count: usize, most: usize, seed: u64, index: u64) -> Vec<usize> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&PURPOSE.to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    let mut stream = ChaCha8Rng::from_seed(key);
    let mut chosen = Vec::with_capacity(most);
    for at in 0..count {
        let (wanted, left) = ((most - chosen.len()) as u128, (count - at) as u128);
        // Below wanted / left of the range of a draw.
        if (u128::from(stream.next_u64()) * left) >> 64 < wanted {
            chosen.push(at);
        }
    }
    chosen
}

/// Draws of a controller, among the purposes of random streams.
const PURPOSE: u64 = 5;
