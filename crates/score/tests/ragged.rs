//! Scores of tables with gaps: studies that some have and others have not, missed targets, held-out variants, ties.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rheostat_score::{BestTrial, Bootstrap, Integral, Leaderboard, Role, Rules, Trial};

const ONCE: Bootstrap = Bootstrap { resamples: 20, confidence: 0.9, seed: 1 };

/// What a workload counts for: two are scored, two are variants, one of a workload that nobody trains, and one is extra.
fn role(workload: usize) -> Role {
    match workload {
        0 | 1 => Role::Base,
        2 => Role::HeldOut("workload 0".to_owned()),
        3 => Role::HeldOut("workload 9".to_owned()),
        _ => Role::Extra,
    }
}

fn trial() -> impl Strategy<Value = Trial> {
    // Small whole numbers, so that there are ties and ratios of more than 4.
    let time = prop_oneof![6 => (1_u32..20).prop_map(f64::from), 1 => Just(f64::INFINITY), 1 => Just(f64::NAN)];
    let parts = (0..4_usize, 0..5_usize, 0..4_u64, time, prop::option::of(0..5_u64));
    parts.prop_map(|(submission, workload, study, time_to_target, evaluation)| Trial {
        ruleset: "ours".to_owned(),
        submission: format!("submission {submission}"),
        workload: format!("workload {workload}"),
        role: role(workload),
        study,
        time_to_target,
        evaluation,
    })
}

/// Many trials, of which one at least is of a base workload.
fn trials() -> impl Strategy<Value = Vec<Trial>> {
    prop::collection::vec(trial(), 1..80)
        .prop_filter("nothing to score", |trials| trials.iter().any(|trial| trial.role == Role::Base))
}

fn rules() -> impl Strategy<Value = Rules> {
    let best = prop_oneof![Just(BestTrial::Fastest), Just(BestTrial::EarliestEvaluation)];
    let integral = prop_oneof![Just(Integral::Exact), Just(Integral::Grid(100))];
    let parts = (best, integral, any::<bool>(), 2.0..6.0_f64);
    parts.prop_map(|(best_trial, integral, held_out, largest_ratio)| Rules {
        best_trial,
        integral,
        largest_ratio,
        held_out,
    })
}

fn board(trials: &[Trial], rules: &Rules) -> Leaderboard {
    Leaderboard::all_with(trials, rules, &ONCE).remove(0)
}

fn scores(board: &Leaderboard) -> BTreeMap<String, f64> {
    board.entries.iter().map(|entry| (entry.submission.clone(), entry.score)).collect()
}

/// The median over studies of the time of each study's best trial.
fn median(trials: &[Trial], submission: &str, workload: &str, role: &Role, best: BestTrial) -> f64 {
    let own = |trial: &&Trial| trial.submission == submission && trial.workload == workload && trial.role == *role;
    let own: Vec<&Trial> = trials.iter().filter(own).collect();
    let studies: BTreeSet<u64> = own.iter().map(|trial| trial.study).collect();
    let mut times: Vec<f64> = studies
        .into_iter()
        .map(|study| {
            let met = own.iter().filter(|trial| trial.study == study && trial.time_to_target < f64::INFINITY);
            let earliest = met.clone().map(|trial| trial.evaluation.unwrap_or(0)).min();
            let counts = |trial: &&&&Trial| match best {
                BestTrial::Fastest => true,
                BestTrial::EarliestEvaluation => Some(trial.evaluation.unwrap_or(0)) == earliest,
            };
            let met: Vec<_> = met.collect();
            met.iter().filter(|trial| counts(trial)).map(|trial| trial.time_to_target).fold(f64::INFINITY, f64::min)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    match times.len() {
        0 => f64::INFINITY,
        count if count % 2 == 1 => times[count / 2],
        count => (times[count / 2 - 1] + times[count / 2]) / 2.0,
    }
}

/// Times on base workloads by the definition, one column after the other, each a map from submissions.
fn by_hand(trials: &[Trial], rules: &Rules) -> BTreeMap<String, BTreeMap<String, f64>> {
    let scored: Vec<&Trial> = trials
        .iter()
        .filter(|trial| trial.role == Role::Base || matches!(trial.role, Role::HeldOut(_)) && rules.held_out)
        .collect();
    let submissions: BTreeSet<&str> = scored.iter().map(|trial| trial.submission.as_str()).collect();
    let column = |workload: &str, role: &Role| -> BTreeMap<String, f64> {
        let time = |submission: &&str| {
            ((*submission).to_owned(), median(trials, submission, workload, role, rules.best_trial))
        };
        submissions.iter().map(time).collect()
    };
    let of = |wanted: fn(&Role) -> bool| -> BTreeSet<(&str, &Role)> {
        scored.iter().filter(|trial| wanted(&trial.role)).map(|trial| (trial.workload.as_str(), &trial.role)).collect()
    };
    let bases = of(|role| *role == Role::Base);
    let mut bases: BTreeMap<String, _> =
        bases.into_iter().map(|(workload, role)| (workload.to_owned(), column(workload, role))).collect();
    let mut variants: Vec<(String, BTreeMap<String, f64>)> = Vec::new();
    for (workload, role) in of(|role| matches!(role, Role::HeldOut(_))) {
        let Role::HeldOut(base) = role else { continue };
        let mut times = column(workload, role);
        for (submission, time) in &mut times {
            if bases.get(base).is_none_or(|base| base[submission] == f64::INFINITY) {
                *time = f64::INFINITY;
            }
        }
        variants.push((base.clone(), times));
    }
    if !rules.held_out {
        return bases;
    }
    for times in bases.values_mut().chain(variants.iter_mut().map(|(_, times)| times)) {
        let fastest = times.values().copied().fold(f64::INFINITY, f64::min);
        times.values_mut().filter(|time| **time > rules.largest_ratio * fastest).for_each(|time| *time = f64::INFINITY);
    }
    for (base, times) in variants {
        for (submission, _) in times.into_iter().filter(|(_, time)| *time == f64::INFINITY) {
            if let Some(base) = bases.get_mut(&base) {
                base.insert(submission, f64::INFINITY);
            }
        }
    }
    bases
}

/// The mean over workloads of what is left of the profile beyond each ratio; on a grid, the mean of its trapezoids.
fn score(times: &BTreeMap<String, BTreeMap<String, f64>>, submission: &str, rules: &Rules) -> f64 {
    let ratios: Vec<f64> = times
        .values()
        .map(|column| column[submission] / column.values().copied().fold(f64::INFINITY, f64::min))
        .map(|ratio| if ratio.is_nan() { f64::INFINITY } else { ratio })
        .collect();
    let share = |limit: f64| ratios.iter().filter(|&&ratio| ratio <= limit).count() as f64 / ratios.len() as f64;
    match rules.integral {
        Integral::Exact => {
            let left = ratios.iter().map(|ratio| (1.0 - (ratio - 1.0) / (rules.largest_ratio - 1.0)).max(0.0));
            left.sum::<f64>() / ratios.len() as f64
        }
        Integral::Grid(points) => {
            let at = |point: u32| 1.0 + (rules.largest_ratio - 1.0) * f64::from(point) / f64::from(points - 1);
            let trapezoids = (1..points).map(|point| (share(at(point - 1)) + share(at(point))) / 2.0);
            trapezoids.sum::<f64>() / f64::from(points - 1)
        }
    }
}

proptest! {
    #[test]
    fn times_and_scores_are_what_the_definition_says(trials in trials(), rules in rules()) {
        let board = board(&trials, &rules);
        let expected = by_hand(&trials, &rules);
        let workloads: Vec<&String> = expected.keys().collect();
        prop_assert_eq!(board.times.workloads().iter().collect::<Vec<_>>(), workloads);
        for (index, submission) in board.times.submissions().iter().enumerate() {
            let own: Vec<f64> = expected.values().map(|column| column[submission]).collect();
            prop_assert_eq!(board.times.of(index), own);
        }
        for entry in &board.entries {
            let expected = score(&expected, &entry.submission, &rules);
            prop_assert!((entry.score - expected).abs() < 1e-12, "{}: {} for {expected}", entry.submission, entry.score);
        }
    }

    #[test]
    fn the_order_of_trials_and_a_unit_that_is_a_power_of_two_change_nothing(
        trials in trials(), rules in rules(), turn in any::<prop::sample::Index>(), unit in -20..20_i32,
    ) {
        let mut others = trials.clone();
        others.rotate_left(turn.index(trials.len()));
        others.iter_mut().for_each(|trial| trial.time_to_target *= 2.0_f64.powi(unit));
        prop_assert_eq!(board(&trials, &rules).entries, board(&others, &rules).entries);
    }

    #[test]
    fn new_names_for_submissions_workloads_and_studies_change_no_score(trials in trials(), rules in rules()) {
        // Of the same length and in the opposite order.
        let turned = |name: &str| {
            let (kind, number) = name.rsplit_once(' ').unwrap();
            format!("{kind} {}", 9 - number.parse::<u32>().unwrap())
        };
        let renamed: Vec<Trial> = trials.iter().map(|trial| Trial {
            submission: turned(&trial.submission),
            workload: turned(&trial.workload),
            role: match &trial.role {
                Role::HeldOut(base) => Role::HeldOut(turned(base)),
                role => role.clone(),
            },
            study: 100 - 7 * trial.study,
            ..trial.clone()
        }).collect();
        let renamed = scores(&board(&renamed, &rules));
        for (submission, score) in scores(&board(&trials, &rules)) {
            prop_assert!((renamed[&turned(&submission)] - score).abs() < 1e-12);
        }
    }

    #[test]
    fn who_never_reaches_a_target_scores_nothing(trials in trials(), rules in rules(), missed in prop_oneof![Just(f64::NAN), Just(f64::INFINITY)]) {
        let mut trials = trials;
        for trial in trials.iter_mut().filter(|trial| trial.submission == "submission 1") {
            trial.time_to_target = missed;
        }
        for entry in board(&trials, &rules).entries.iter().filter(|entry| entry.submission == "submission 1") {
            prop_assert_eq!((entry.score, entry.low, entry.high, entry.reached), (0.0, 0.0, 0.0, 0));
        }
    }

    #[test]
    fn a_time_that_is_no_number_is_a_time_that_never_comes(trials in trials(), rules in rules()) {
        let mut others = trials.clone();
        others.iter_mut().filter(|trial| trial.time_to_target.is_nan()).for_each(|trial| trial.time_to_target = f64::INFINITY);
        prop_assert_eq!(board(&trials, &rules), board(&others, &rules));
    }

    #[test]
    fn a_trial_that_its_study_has_a_better_one_of_changes_nothing(
        trials in trials(), rules in rules(), which in any::<prop::sample::Index>(), slower in prop_oneof![1.0..9.0_f64, Just(f64::NAN)], later in 0..3_u64,
    ) {
        let mut more = trials.clone();
        let mut worse = which.get(&trials).clone();
        worse.time_to_target *= slower;
        worse.evaluation = worse.evaluation.map(|evaluation| evaluation + later);
        more.push(worse);
        prop_assert_eq!(board(&trials, &rules), board(&more, &rules));
    }

    #[test]
    fn one_more_trial_of_a_study_never_costs_its_submission_nor_serves_another(
        trials in trials(), which in any::<prop::sample::Index>(), time in 0.5..30.0_f64,
    ) {
        let mut more = trials.clone();
        let added = Trial { time_to_target: time, ..which.get(&trials).clone() };
        more.push(added.clone());
        let after = scores(&board(&more, &Rules::default()));
        for (submission, score) in scores(&board(&trials, &Rules::default())) {
            let gain = after[&submission] - score;
            prop_assert!(if submission == added.submission { gain >= -1e-12 } else { gain <= 1e-12 }, "{submission}: {gain}");
        }
    }
}
