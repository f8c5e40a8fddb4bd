//! What curves lack, in words.

use std::collections::BTreeSet;

use rheostat_score::{Absence, Missing, Tradeoff, TradeoffMode};

use super::grids::MODES;
use crate::number::count;

/// Sentences, those about many points first.
pub(super) fn sentences(tradeoff: &Tradeoff) -> Vec<String> {
    let all: Vec<&Missing> = tradeoff.missing.iter().collect();
    let points = all.iter().map(|missing| missing.point).chain(known(tradeoff)).collect::<BTreeSet<_>>().len();
    let seeds: BTreeSet<u64> = all.iter().map(|missing| missing.seed).chain(seeds(tradeoff)).collect();
    let mut sentences = Vec::new();
    for mode in MODES {
        let of = |submission: &str| -> Vec<&&Missing> {
            all.iter().filter(|missing| missing.mode == mode && missing.submission == submission).collect()
        };
        let none = |submission: &String| of(submission).len() == points * seeds.len();
        if tradeoff.submissions.iter().all(none) {
            sentences.push(format!("There is no {}.", run(mode)));
            continue;
        }
        for submission in &tradeoff.submissions {
            let own = of(submission);
            if own.len() == points * seeds.len() {
                sentences.push(format!("There is no {} of {submission}.", run(mode)));
                continue;
            }
            for seed in &seeds {
                let own: Vec<&&&Missing> = own.iter().filter(|missing| missing.seed == *seed).collect();
                sentences.extend(seed_sentence(submission, mode, *seed, &own, points));
            }
        }
    }
    sentences
}

fn seed_sentence(submission: &str, mode: TradeoffMode, seed: u64, own: &[&&&Missing], points: usize) -> Option<String> {
    let of = |absence: Absence| -> Vec<u64> {
        own.iter().filter(|missing| missing.absence == absence).map(|missing| missing.step).collect()
    };
    let at = |steps: &[u64]| match steps.len() {
        all if all == points => "any point".to_owned(),
        _ => format!("{} updates", steps.iter().map(|step| count(*step)).collect::<Vec<_>>().join(", ")),
    };
    let part = |(absence, what): (Absence, &str)| {
        let steps = of(absence);
        (!steps.is_empty()).then(|| format!("{what} at {}", at(&steps)))
    };
    let kinds = [(Absence::ReadOut, "no read-out"), (Absence::Quality, "no number"), (Absence::Cost, "no cost")];
    let parts: Vec<String> = kinds.into_iter().filter_map(part).collect();
    (!parts.is_empty()).then(|| format!("{submission}, {}, seed {seed}: {}.", mode.name(), parts.join(", ")))
}

fn run(mode: TradeoffMode) -> &'static str {
    match mode {
        TradeoffMode::Cyclic => "cyclic run",
        TradeoffMode::Standard => "standard run",
    }
}

fn known(tradeoff: &Tradeoff) -> impl Iterator<Item = u64> {
    tradeoff.curves.iter().flat_map(|curve| curve.points.iter().map(|at| at.point))
}

fn seeds(tradeoff: &Tradeoff) -> impl Iterator<Item = u64> {
    tradeoff.curves.iter().flat_map(|curve| curve.seeds.iter().map(|curve| curve.seed))
}
