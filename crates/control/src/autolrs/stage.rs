use super::{AutoLrs, EVALUATIONS, Lengths, Losses, Metric};

/// One stage: a search, then training with what it found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stage {
    /// Updates of the training; 0 where the run is over.
    pub(super) train: u64,
    /// Updates of each candidate.
    pub(super) search: u64,
    pub(super) losses: Losses,
}

impl Stage {
    /// The stage of that index that begins after so many updates.
    pub(super) fn new(spec: &AutoLrs, lengths: &Lengths, index: u64, begins: u64) -> Self {
        let multiplier = lengths.multiplier(index);
        let scaled = |updates: u64| (updates as f64 * multiplier).round() as u64;
        let left = lengths.total.map_or(u64::MAX, |total| total.saturating_sub(begins));
        let still_doubles = index == 0 || multiplier > lengths.multiplier(index - 1);
        let losses = match spec.metric {
            Metric::TrainLoss => Losses::Training,
            Metric::ValLoss => Losses::Validation,
            Metric::TrainThenVal if still_doubles => Losses::Training,
            Metric::TrainThenVal => Losses::Validation,
        };
        Self { train: scaled(lengths.train).min(left), search: scaled(lengths.search).max(1), losses }
    }

    /// Updates between two places of a window.
    pub(super) fn spacing(&self) -> u64 {
        match self.losses {
            Losses::Training => 1,
            Losses::Validation => (self.search / EVALUATIONS).max(1),
        }
    }

    /// Whether an evaluation is due after `updates` of a candidate.
    pub(super) fn evaluates(&self, updates: u64) -> bool {
        let spacing = self.spacing();
        self.losses == Losses::Validation && updates.is_multiple_of(spacing) && updates / spacing <= EVALUATIONS
    }
}

impl Lengths {
    /// How much longer than the first a stage is.
    fn multiplier(&self, index: u64) -> f64 {
        let most = self.longest.max(self.train) as f64 / self.train.max(1) as f64;
        let exponent = i32::try_from(index.min(1_000)).unwrap_or(1_000);
        2.0_f64.powi(exponent).min(most)
    }
}
