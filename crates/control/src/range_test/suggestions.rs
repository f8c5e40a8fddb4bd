use serde::Serialize;

/// What a range test suggests. Several answers, because the reading of the curve is a choice; each `None` where the curve does
/// not have what it looks for, all of them where the smoothed loss never falls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Suggestions {
    /// The rate where the smoothed loss falls fastest: the least `d loss / d ln(rate)` (fastai).
    pub steepest: Option<f64>,
    /// A tenth of the rate with the lowest smoothed loss (fastai).
    pub minimum_over_10: Option<f64>,
    /// Into the longest descent: of the longest strictly falling subsequence, `L` points that end at `e`, the point
    /// `e - L + floor(L / 3) + floor(L / 6)` (fastai's default, counted as fastai does).
    pub valley: Option<f64>,
    /// From the high end down, the last rate whose loss has another slope than 15 points further up, by more than 0.005 (fastai).
    pub slide: Option<f64>,
    /// Where the smoothed loss has fallen by 5 % of its whole fall: the lower bound of a cyclical schedule (Smith).
    pub lower: Option<f64>,
    /// Where it stops falling after that: its first minimum among a twentieth of the points on either side, the upper bound of a
    /// cyclical schedule (Smith). `None` if it falls to the end.
    pub upper: Option<f64>,
}

/// Share of the whole fall after which the loss counts as falling.
const FALLING: f64 = 0.05;
/// Points between the two slopes that `slide` compares.
const WINDOW: usize = 15;
/// How far they must be apart.
const THRESHOLD: f64 = 0.005;

impl Suggestions {
    /// Reads the part of a curve that counts: rates that rise, finite losses, as many.
    pub(super) fn read(rates: &[f64], losses: &[f64]) -> Self {
        let Some(lowest) = (0..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b])) else {
            return Self::default();
        };
        if losses[lowest] >= losses[0] {
            return Self::default();
        }
        let at = |index: usize| rates[index];
        let lower = falling(losses, lowest);
        Self {
            steepest: steepest(rates, losses).map(at),
            minimum_over_10: Some(rates[lowest] / 10.0),
            valley: valley(losses).map(at),
            slide: slide(losses).map(at),
            lower: lower.map(at),
            upper: lower.and_then(|lower| first_minimum(losses, lower)).map(at),
        }
    }
}

fn steepest(rates: &[f64], losses: &[f64]) -> Option<usize> {
    let slope = |at: usize| (losses[at + 1] - losses[at]) / (rates[at + 1] / rates[at]).ln();
    (0..losses.len().saturating_sub(1)).min_by(|a, b| slope(*a).total_cmp(&slope(*b)))
}

fn valley(losses: &[f64]) -> Option<usize> {
    // `tails[k]`: the largest loss that a falling subsequence of k + 1 points can end with; they fall themselves.
    let mut tails: Vec<f64> = Vec::new();
    let (mut end, mut longest) = (0, 0);
    for (index, loss) in losses.iter().enumerate() {
        let before = tails.partition_point(|tail| tail > loss);
        match tails.get_mut(before) {
            Some(tail) => *tail = *loss,
            None => tails.push(*loss),
        }
        // Of equally long ones the first to end.
        if before + 1 > longest {
            (end, longest) = (index, before + 1);
        }
    }
    (longest > 1).then_some((end + longest / 3 + longest / 6).saturating_sub(longest))
}

fn slide(losses: &[f64]) -> Option<usize> {
    let last = losses.len().checked_sub(1)?;
    let slope = |at: usize| {
        let (before, after) = (at.saturating_sub(1), (at + 1).min(last));
        (losses[after] - losses[before]) / (after - before) as f64
    };
    let start = last.checked_sub(WINDOW)?;
    let differs = |at: &usize| (slope(at + WINDOW) - slope(*at)).abs() > THRESHOLD;
    Some((0..=start).rev().take_while(differs).last().unwrap_or(start))
}

fn falling(losses: &[f64], lowest: usize) -> Option<usize> {
    let whole = losses[0] - losses[lowest];
    (0..=lowest).find(|at| losses[0] - losses[*at] >= FALLING * whole)
}

/// One point's wiggle is no minimum: it must be the lowest among its neighbours.
fn first_minimum(losses: &[f64], from: usize) -> Option<usize> {
    let reach = (losses.len() / 20).max(1);
    let is_minimum = |at: &usize| {
        let around = &losses[at.saturating_sub(reach)..=(at + reach).min(losses.len() - 1)];
        around.iter().all(|loss| losses[*at] <= *loss)
    };
    (from..losses.len().saturating_sub(1)).find(is_minimum)
}
