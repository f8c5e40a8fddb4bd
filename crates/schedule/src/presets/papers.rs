//! Schedules of papers and benchmarks.

use crate::{
    Constant, Cosine, Exponential, Frame, Linear, Part, ScheduleError, ScheduleSpec, Sequence, Span, WarmRestarts,
    WarmupMode,
};

use super::torch;

/// A schedule that advances once per epoch: `spec` resolved over epochs as steps, each value held for an epoch.
///
/// Many results were obtained this way, since some training frameworks step their schedulers per epoch by default.
///
/// ```
/// use rheostat_schedule::{Frame, presets::papers, presets::torch};
/// let spec = papers::staircase(&torch::exponential_lr(1.0, 0.5), 100)?;
/// let schedule = spec.resolve(&Frame::steps(8_700).steps_per_epoch(87))?;
/// assert_eq!((schedule.at(86), schedule.at(87), schedule.at(174)), (1.0, 0.5, 0.25));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
///
/// # Errors
/// If `spec` does not resolve over that many steps.
pub fn staircase(spec: &ScheduleSpec, epochs: u64) -> Result<ScheduleSpec, ScheduleError> {
    let schedule = spec.resolve(&Frame::steps(epochs).steps_per_epoch(1))?;
    let mut levels: Vec<(f64, u64)> = Vec::new();
    for value in schedule.values(0..epochs.max(1)) {
        match levels.last_mut() {
            Some((level, lasts)) if *level == value => *lasts += 1,
            _ => levels.push((value, 1)),
        }
    }
    let last = levels.len() - 1;
    let part = |(index, (value, lasts)): (usize, (f64, u64))| Part {
        lasts: (index < last).then_some(Span::Epochs(lasts as f64)),
        until: None,
        schedule: Constant::new(value).into(),
    };
    Ok(Sequence::new(levels.into_iter().enumerate().map(part)).into())
}

/// The rates of a comparison of schedulers on CIFAR-10 (ResNet, batch 512, AdamW, 100 epochs), with epochs as steps;
/// wrap in [`staircase`] for the run itself.
pub mod slides {
    use super::{Cosine, Linear, Part, ScheduleSpec, Sequence, Span, WarmRestarts, torch};

    /// Epochs of each run.
    pub const EPOCHS: u64 = 100;

    /// Cosine to 1e-6 over 100 epochs.
    pub fn cosine(rate: f64) -> ScheduleSpec {
        Cosine::new(rate).floor(1e-6).over(Span::Steps(EPOCHS)).into()
    }

    /// Times 0.9 every 5 epochs.
    pub fn step(rate: f64) -> ScheduleSpec {
        torch::step_lr(rate, 5, 0.9)
    }

    /// One cycle of 100 epochs; torch cycles the momentum along, see [`one_cycle_beta1`].
    pub fn one_cycle(rate: f64) -> ScheduleSpec {
        torch::one_cycle_lr(rate, &torch::OneCycleLr::new(EPOCHS))
    }

    /// Adam's beta1 in the runs of [`one_cycle`].
    pub fn one_cycle_beta1() -> ScheduleSpec {
        torch::one_cycle_momentum(0.85, 0.95, &torch::OneCycleLr::new(EPOCHS))
    }

    /// Restarts every `first` epochs (10, 15, ..., 50).
    pub fn warm_restarts(rate: f64, first: u64) -> ScheduleSpec {
        WarmRestarts::new(rate, Span::Steps(first)).into()
    }

    /// Six epochs from a tenth of the rate, then the beginning of a cosine of 100 epochs: the original did not
    /// shorten it, so that the run ends at 13 times the floor.
    pub fn warmup_cosine(rate: f64) -> ScheduleSpec {
        cosine(rate).warmup(Span::Steps(6)).warmup_from(0.1).warmup_first(0)
    }

    /// Six epochs from a tenth of the rate, then the rate.
    pub fn warmup_constant(rate: f64) -> ScheduleSpec {
        let warmup = Part::lasting(Span::Steps(6), Linear::new(0.1 * rate, rate));
        Sequence::new([warmup, Part::rest(ScheduleSpec::constant(rate))]).into()
    }
}

/// The multiplicative cyclic schedule for tradeoff curves (Portes et al. 2022, arXiv:2206.00832): 8 epochs of linear
/// warm-up to 2.048, then cosine cycles ending at epochs 16, 32, 64, 128, 256 and 512. For ResNet-50 on ImageNet with
/// SGDW, momentum 0.875, weight decay 5e-4, batch 2048.
///
/// ```
/// use rheostat_schedule::{Frame, presets::papers};
/// let schedule = papers::mosaic_clr().resolve(&Frame::steps(320_000).steps_per_epoch(625))?;
/// assert_eq!((schedule.at(5_000), schedule.at(10_000), schedule.at(160_000)), (2.048, 2.048, 2.048));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn mosaic_clr() -> ScheduleSpec {
    let ends = [16.0, 32.0, 64.0, 128.0, 256.0, 512.0].map(Span::Epochs);
    WarmRestarts::at_ends(2.048, ends).warmup(Span::Epochs(8.0)).warmup_first(0).into()
}

/// What a tradeoff curve of `points` read-out points, each `ratio` times the one before, costs by a run for each
/// point, relative to one cyclic run that reads out at the same points and costs only its last:
/// `r / (r - 1) (1 - r^-n)`, below 2 for every ratio of at least 2.
///
/// ```
/// use rheostat_schedule::presets::papers::cost_ratio;
/// assert_eq!(cost_ratio(2.0, 6), 1.96875); // 1008 epochs against 512
/// ```
pub fn cost_ratio(ratio: f64, points: u32) -> f64 {
    // As a sum it needs no case for a ratio of 1.
    (0..points).map(|i| ratio.powf(-f64::from(i))).sum()
}

/// Rate of the cyclic schedules found for AlgoPerf's OGBG workload, [`thesis_cycles`].
pub const THESIS_RATE: f64 = 0.001_748_638_753_927_837_3;

/// Peaks of three cycles of different height.
pub const THESIS_PEAKS: [f64; 3] = [0.00175, 0.00275, 0.00075];

/// How the rate falls within a cycle of [`thesis_cycles`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThesisDecay {
    /// Cosine to 0, right after the warm-up.
    Cosine,
    /// A plateau, then a factor of 10 per 0.6 of the cycle.
    Exponential,
    /// The same plateau, then straight to 0.
    Linear,
}

/// Cycles with a warm-up each, as used with soft and hard resets: `budget` steps in as many cycles as there are
/// peaks, each with `w = floor(factor * L)` steps of linear warm-up from 0. Exponential and linear cycles then hold
/// the peak for another `w + 0.2 L` steps. Original: 160 000 steps, three cycles, factor 0.02 (also 0.2 and 0.005).
///
/// Deviation: cycle `i` of `n` begins at `floor(i * budget / n)`. The original rounds the length of all cycles down,
/// so that a last cycle of a few steps (one, at 160 000) restarts the rate at the very end.
///
/// ```
/// use rheostat_schedule::Frame;
/// use rheostat_schedule::presets::papers::{THESIS_PEAKS, ThesisDecay, thesis_cycles};
/// let spec = thesis_cycles(ThesisDecay::Cosine, 160_000, &THESIS_PEAKS, 0.02);
/// let schedule = spec.resolve(&Frame::steps(160_000))?;
/// assert_eq!((schedule.at(53_333), schedule.at(53_333 + 1_066)), (0.0, 0.00275));
/// # Ok::<(), rheostat_schedule::ScheduleError>(())
/// ```
pub fn thesis_cycles(decay: ThesisDecay, budget: u64, peaks: &[f64], factor: f64) -> ScheduleSpec {
    let count = peaks.len() as u128;
    let begin = |i: usize| (i as u128 * u128::from(budget) / count.max(1)) as u64;
    let parts = peaks.iter().enumerate().map(|(i, peak)| {
        let length = begin(i + 1) - begin(i);
        Part::lasting(Span::Steps(length), thesis_cycle(decay, length, *peak, factor))
    });
    Sequence::new(parts).into()
}

fn thesis_cycle(decay: ThesisDecay, length: u64, peak: f64, factor: f64) -> ScheduleSpec {
    let whole = length as f64;
    let warmup = (factor * whole).floor();
    let warmed = |spec: ScheduleSpec| spec.warmup(Span::Steps(warmup as u64)).warmup_first(0);
    // The plateau ends between two steps; the decay is that of the steps after it.
    let plateau = 2.0 * warmup + 0.2 * whole;
    let flat = plateau.ceil() as u64;
    let tail: ScheduleSpec = match decay {
        ThesisDecay::Cosine => return warmed(Cosine::new(peak).into()),
        ThesisDecay::Exponential => {
            let value = |step: f64| peak * 0.1_f64.powf((step - plateau) / (0.6 * whole));
            Exponential::new(value(flat as f64), value(whole)).into()
        }
        ThesisDecay::Linear => {
            let left = (whole - flat as f64) / (whole - plateau);
            Linear::new(peak * left, 0.0).into()
        }
    };
    let plateau = warmed(Constant::new(peak).into());
    if flat >= length {
        return plateau;
    }
    Sequence::new([Part::lasting(Span::Steps(flat), plateau), Part::rest(tail)]).into()
}

/// The AlgoPerf baseline: 2 % of linear warm-up from 0, then cosine to 0.
pub fn algoperf_baseline(peak: f64) -> ScheduleSpec {
    Cosine::new(peak).warmup(Span::percent(2.0)).warmup_first(0).into()
}

/// The baseline AutoWU is compared with (arXiv:2107.05855): 5 epochs of linear warm-up from 0, then cosine to 0.
pub fn autowu_baseline(peak: f64) -> ScheduleSpec {
    Cosine::new(peak).warmup(Span::Epochs(5.0)).warmup_first(0).into()
}

/// The baseline of the ALSALS comparison on language tasks: cosine to 0 over the whole run, multiplied by 10 % of
/// linear warm-up. The largest rate is 0.9755 of `peak`.
pub fn nlp_overlay(peak: f64) -> ScheduleSpec {
    Cosine::new(peak).warmup(Span::percent(10.0)).warmup_first(0).warmup_mode(WarmupMode::Overlay).into()
}
