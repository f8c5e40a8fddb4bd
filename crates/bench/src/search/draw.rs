use super::halton;

/// How points of a search space are drawn: evenly spread over it, whatever their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Draw {
    /// A scrambled Halton sequence, as AlgoPerf draws: each prime base with a random permutation of its digits, then a random
    /// shift. Unlike AlgoPerf's code we take the smallest primes, not the largest below 1000, and every study of a submission
    /// goes on where the one before ended, where AlgoPerf's studies share one set of points.
    #[default]
    Halton,
    /// A Sobol sequence with Owen's scrambling (Burley 2020); at most 65,536 points.
    Sobol,
}

impl Draw {
    /// By their names in study files.
    pub const ALL: [(&'static str, Self); 2] = [("halton", Self::Halton), ("sobol", Self::Sobol)];

    /// Coordinate `dimension` of point `index`, in `[0, 1)`.
    pub fn at(self, index: u64, dimension: usize, seed: u64) -> f64 {
        match self {
            Self::Halton => halton::at(index, dimension, seed),
            Self::Sobol => {
                let seed = (seed ^ (seed >> 32)) as u32;
                // More points than a sequence has: begin another one.
                let (index, sequence) = ((index % 65_536) as u32, (index / 65_536) as u32);
                f64::from(sobol_burley::sample(index, dimension as u32 % 256, seed.wrapping_add(sequence)))
            }
        }
    }
}
