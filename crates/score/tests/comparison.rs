//! Two submissions side by side.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_score::{Bootstrap, Comparison, Role, Rules, ScoreError, Trial};

const FEW: Bootstrap = Bootstrap { resamples: 200, confidence: 0.9, seed: 1 };

fn trial(submission: &str, workload: usize, study: u64, time: f64) -> Trial {
    Trial {
        ruleset: "ours".to_owned(),
        submission: submission.to_owned(),
        workload: format!("workload {workload}"),
        role: Role::Base,
        study,
        time_to_target: time,
        evaluation: None,
    }
}

fn compare(trials: &[Trial], a: &str, b: &str) -> Result<Comparison, ScoreError> {
    Comparison::new(trials, "ours", a, b, &Rules::default(), &FEW)
}

/// One pair a study of one workload.
fn pairs(times: &[(f64, f64)]) -> Vec<Trial> {
    let both =
        |(study, &(a, b)): (usize, &(f64, f64))| [trial("a", 0, study as u64, a), trial("b", 0, study as u64, b)];
    times.iter().enumerate().flat_map(both).collect()
}

/// How often a fair coin shows so unequal sides, counted over all rows of throws.
fn by_counting(wins: u32, losses: u32) -> f64 {
    let count = wins + losses;
    let unequal = |throws: &u32| {
        let heads = throws.count_ones();
        heads.min(count - heads) <= wins.min(losses)
    };
    (0..1_u32 << count).filter(unequal).count() as f64 / f64::from(1_u32 << count)
}

#[test]
fn a_missed_target_is_a_loss_without_a_ratio() {
    const MISSED: f64 = f64::INFINITY;
    let trials =
        pairs(&[(1.0, 2.0), (8.0, 4.0), (1.0, 2.0), (MISSED, 3.0), (3.0, f64::NAN), (MISSED, MISSED), (5.0, 5.0)]);
    let comparison = compare(&trials, "a", "b").unwrap();
    assert_eq!((comparison.wins, comparison.ties, comparison.losses), (3, 2, 2));
    let ratio = comparison.ratio.unwrap();
    // Of 1/2, 2, 1/2 and 1.
    assert!((ratio.mean - 0.5_f64.powf(0.25)).abs() < 1e-12);
    assert_eq!(ratio.pairs, 4);
    assert!((0.5..=ratio.mean).contains(&ratio.low) && (ratio.mean..=2.0).contains(&ratio.high), "{ratio:?}");
    assert_eq!(comparison.pairs[3].log_ratio(), None);
    assert!((comparison.p_value - 1.0).abs() < 1e-12);
}

#[test]
fn only_studies_that_both_have_are_compared_by_their_best_trials() {
    let held_out = Trial { role: Role::HeldOut("workload 0".to_owned()), ..trial("a", 9, 0, 1.0) };
    let trials = [
        trial("a", 0, 0, 9.0),
        trial("a", 0, 0, 6.0),
        trial("a", 0, 1, 1.0),
        trial("a", 1, 4, 1.0),
        trial("b", 0, 0, 3.0),
        trial("b", 1, 5, 1.0),
        trial("c", 0, 7, 1.0),
        held_out.clone(),
        Trial { submission: "b".to_owned(), ..held_out },
    ];
    let comparison = compare(&trials, "a", "b").unwrap();
    assert_eq!(comparison.pairs.len(), 1);
    assert_eq!((comparison.pairs[0].study, comparison.pairs[0].time_a, comparison.pairs[0].time_b), (0, 6.0, 3.0));
    let ratio = comparison.ratio.unwrap();
    assert!((ratio.mean - 2.0).abs() < 1e-12 && (ratio.low - 2.0).abs() < 1e-12 && (ratio.high - 2.0).abs() < 1e-12);
    let none = ScoreError::NoPair { a: "a".to_owned(), b: "c".to_owned() };
    assert_eq!(compare(&trials, "a", "c").unwrap_err(), none);
}

#[test]
fn names_that_are_not_there_are_answered_with_the_nearest() {
    let trials = pairs(&[(1.0, 2.0)]);
    let unknown = compare(&trials, "a", "bb").unwrap_err().to_string();
    assert_eq!(unknown, r#"there is no submission "bb" (did you mean b?)"#);
    let ruleset = Comparison::new(&trials, "our", "a", "b", &Rules::default(), &FEW).unwrap_err().to_string();
    assert_eq!(ruleset, r#"there is no ruleset "our" (did you mean ours?)"#);
    assert_eq!(compare(&[], "a", "b").unwrap_err(), ScoreError::Nothing);
}

#[test]
fn where_neither_reaches_the_target_there_is_no_ratio() {
    let comparison = compare(&pairs(&[(f64::INFINITY, 1.0), (1.0, f64::INFINITY)]), "a", "b").unwrap();
    assert_eq!((comparison.ratio, comparison.wins, comparison.losses), (None, 1, 1));
}

#[test]
fn the_sign_test_is_exact() {
    // 2 (1 + 12 + 66) / 2^12 and 2 / 2^10.
    let p = |wins: usize, losses: usize| {
        let times: Vec<_> =
            (0..wins + losses).map(|study| if study < wins { (1.0, 2.0) } else { (2.0, 1.0) }).collect();
        compare(&pairs(&times), "a", "b").unwrap().p_value
    };
    assert!((p(2, 10) - 0.038574218750).abs() < 1e-12);
    assert!((p(10, 0) - 0.001953125).abs() < 1e-12);
    for (wins, losses) in [(0, 1), (1, 1), (3, 4), (7, 7), (9, 5), (12, 1)] {
        let expected = by_counting(wins, losses);
        assert!((p(wins as usize, losses as usize) - expected).abs() < 1e-12, "{wins} to {losses}");
    }
    // More pairs than 2 to the minus so many is a number.
    let large = p(1000, 1010);
    assert!((0.8..0.9).contains(&large), "{large}");
}

proptest! {
    #[test]
    fn who_is_compared_with_whom_turns_everything_round(times in prop::collection::vec((1.0..9.0_f64, 1.0..9.0_f64), 1..20), unit in 0.01..100.0_f64) {
        let one = compare(&pairs(&times), "a", "b").unwrap();
        let other = compare(&pairs(&times), "b", "a").unwrap();
        prop_assert_eq!((one.wins, one.ties, one.losses), (other.losses, other.ties, other.wins));
        prop_assert_eq!(one.p_value, other.p_value);
        let (ours, theirs) = (one.ratio.unwrap(), other.ratio.unwrap());
        prop_assert!((ours.mean * theirs.mean - 1.0).abs() < 1e-9 && (ours.low * theirs.high - 1.0).abs() < 1e-9);
        prop_assert!(ours.low <= ours.high && 0.0 < one.p_value && one.p_value <= 1.0);
        // The same times in another unit.
        let scaled: Vec<_> = times.iter().map(|&(a, b)| (a * unit, b * unit)).collect();
        let scaled = compare(&pairs(&scaled), "a", "b").unwrap().ratio.unwrap();
        prop_assert!((scaled.mean / ours.mean - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_submission_ties_with_itself(times in prop::collection::vec((1.0..9.0_f64, 1.0..9.0_f64), 1..20)) {
        let comparison = compare(&pairs(&times), "a", "a").unwrap();
        prop_assert_eq!((comparison.wins, comparison.ties, comparison.losses), (0, times.len(), 0));
        let ratio = comparison.ratio.unwrap();
        prop_assert_eq!((ratio.mean, ratio.low, ratio.high, comparison.p_value), (1.0, 1.0, 1.0, 1.0));
    }
}
