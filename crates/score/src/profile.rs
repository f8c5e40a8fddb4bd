use crate::{Integral, Times};

/// Performance profiles (Dolan and Moré 2002): for each submission, on how many workloads it is within a factor of the fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// One row a submission, one column a workload; infinite where the target was missed.
    ratios: Vec<Vec<f64>>,
}

impl Profile {
    /// The profiles of these times.
    pub fn new(times: &Times) -> Self {
        Self::of_rows(times.rows())
    }

    /// The profiles of one row of times a submission.
    pub(crate) fn of_rows(rows: &[Vec<f64>]) -> Self {
        let columns = rows.first().map_or(0, Vec::len);
        let fastest: Vec<f64> =
            (0..columns).map(|workload| rows.iter().map(|row| row[workload]).fold(f64::INFINITY, f64::min)).collect();
        let ratio = |(&time, &fastest): (&f64, &f64)| {
            // Where nobody met the target, nobody is as fast as the fastest; no time at all is no ratio.
            if time.is_finite() && fastest > 0.0 { time / fastest } else { f64::INFINITY }
        };
        Self { ratios: rows.iter().map(|row| row.iter().zip(&fastest).map(ratio).collect()).collect() }
    }

    /// Times over the fastest times of a submission, workload by workload.
    pub fn ratios(&self, submission: usize) -> &[f64] {
        &self.ratios[submission]
    }

    /// The share of workloads on which a submission takes at most `ratio` times as long as the fastest.
    pub fn share(&self, submission: usize, ratio: f64) -> f64 {
        let row = &self.ratios[submission];
        row.iter().filter(|&&own| own <= ratio).count() as f64 / row.len() as f64
    }

    /// The mean of the profile between 1 and the largest ratio: the score of AlgoPerf, from 0 to 1.
    pub fn score(&self, submission: usize, largest: f64, integral: Integral) -> f64 {
        let row = &self.ratios[submission];
        match integral {
            // The step at ratio r holds from r to the end.
            Integral::Exact => {
                let held: f64 = row.iter().map(|&ratio| (largest - ratio).max(0.0)).sum();
                held / (row.len() as f64 * (largest - 1.0))
            }
            Integral::Grid(points) => {
                let intervals = points.max(2) - 1;
                let at = |index: u32| 1.0 + (largest - 1.0) * f64::from(index) / f64::from(intervals);
                let inner: f64 = (1..intervals).map(|index| self.share(submission, at(index))).sum();
                let ends = (self.share(submission, 1.0) + self.share(submission, largest)) / 2.0;
                (inner + ends) / f64::from(intervals)
            }
        }
    }
}
