//! Properties of scores.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_score::{Bootstrap, Clock, Integral, Leaderboard, Profile, Role, Rules, ScoreError, Trial, read_results};

const ONCE: Bootstrap = Bootstrap { resamples: 20, confidence: 0.9, seed: 1 };

fn trial(submission: usize, workload: usize, study: u64, time: f64) -> Trial {
    Trial {
        ruleset: "ours".to_owned(),
        submission: format!("submission {submission}"),
        workload: format!("workload {workload}"),
        role: Role::Base,
        study,
        time_to_target: time,
        evaluation: None,
    }
}

/// Three submissions on four workloads with three studies of two trials; one in five misses.
fn studies() -> impl Strategy<Value = Vec<Trial>> {
    let time = prop_oneof![4 => 1.0..100.0_f64, 1 => Just(f64::INFINITY)];
    prop::collection::vec(time, 3 * 4 * 3 * 2).prop_map(|times| {
        let place = |index: usize| trial(index / 24, index / 6 % 4, index as u64 / 2 % 3, 0.0);
        times.iter().enumerate().map(|(index, &time)| Trial { time_to_target: time, ..place(index) }).collect()
    })
}

fn board(trials: &[Trial]) -> Leaderboard {
    Leaderboard::all_with(trials, &Rules::default(), &ONCE).remove(0)
}

fn scores(trials: &[Trial]) -> Vec<(String, f64)> {
    let mut scores: Vec<_> = board(trials).entries.into_iter().map(|entry| (entry.submission, entry.score)).collect();
    scores.sort_by(|a, b| a.0.cmp(&b.0));
    scores
}

/// The definition, step by step.
fn by_hand(trials: &[Trial], submission: usize) -> f64 {
    let median = |submission: usize, workload: usize| {
        let mut best: Vec<f64> = (0..3)
            .map(|study| {
                let own = trials.iter().filter(|trial| {
                    trial.submission == format!("submission {submission}")
                        && trial.workload == format!("workload {workload}")
                        && trial.study == study
                });
                own.map(|trial| trial.time_to_target).fold(f64::INFINITY, f64::min)
            })
            .collect();
        best.sort_by(f64::total_cmp);
        best[1]
    };
    let part = |workload: usize| {
        let fastest = (0..3).map(|other| median(other, workload)).fold(f64::INFINITY, f64::min);
        let own = median(submission, workload);
        if own.is_finite() { (4.0 - own / fastest).max(0.0) } else { 0.0 }
    };
    (0..4).map(part).sum::<f64>() / 12.0
}

proptest! {
    #[test]
    fn scores_are_what_the_definition_says(trials in studies()) {
        for (submission, (_, score)) in scores(&trials).into_iter().enumerate() {
            prop_assert!((score - by_hand(&trials, submission)).abs() < 1e-12);
        }
    }

    #[test]
    fn neither_the_unit_of_time_nor_the_order_of_trials_matters(trials in studies(), unit in 0.001..1000.0_f64, turn in 0_usize..72) {
        let mut other: Vec<Trial> =
            trials.iter().map(|trial| Trial { time_to_target: trial.time_to_target * unit, ..trial.clone() }).collect();
        other.rotate_left(turn);
        for (a, b) in scores(&trials).iter().zip(&scores(&other)) {
            prop_assert!((a.1 - b.1).abs() < 1e-12, "{} {}", a.1, b.1);
        }
    }

    #[test]
    fn a_faster_trial_never_lowers_its_submissions_score(trials in studies(), which in 0_usize..72, factor in 0.01..1.0_f64) {
        let mut faster = trials.clone();
        let time = faster[which].time_to_target;
        faster[which].time_to_target = if time.is_finite() { time * factor } else { 100.0 * factor };
        let submission = which / 24;
        prop_assert!(scores(&faster)[submission].1 >= scores(&trials)[submission].1 - 1e-12);
    }

    #[test]
    fn intervals_hold_their_order_and_one_is_first(trials in studies()) {
        let board = board(&trials);
        for entry in &board.entries {
            prop_assert!(0.0 <= entry.low && entry.low <= entry.high && entry.high <= 1.0, "{entry:?}");
        }
        let first: f64 = board.entries.iter().map(|entry| entry.first).sum();
        prop_assert!((first - 1.0).abs() < 1e-9);
        prop_assert!(board.entries.is_sorted_by(|a, b| a.score >= b.score && a.rank <= b.rank));
    }

    #[test]
    fn a_fine_grid_comes_close_to_the_exact_integral(trials in studies()) {
        let profile = Profile::new(&board(&trials).times);
        for submission in 0..3 {
            let exact = profile.score(submission, 4.0, Integral::Exact);
            prop_assert!((exact - profile.score(submission, 4.0, Integral::Grid(10_001))).abs() < 1e-3);
        }
    }
}

#[test]
fn a_time_that_is_no_number_is_a_miss() {
    let trials = [trial(0, 0, 0, f64::NAN), trial(1, 0, 0, 5.0)];
    assert_eq!(scores(&trials), [("submission 0".to_owned(), 0.0), ("submission 1".to_owned(), 1.0)]);
}

#[test]
fn most_studies_must_reach_the_target() {
    let times = [1.0, f64::INFINITY, f64::INFINITY];
    let trials: Vec<Trial> = (0..3).map(|study| trial(0, 0, study, times[study as usize])).collect();
    assert_eq!(scores(&trials)[0].1, 0.0);
}

#[test]
fn who_misses_a_variant_misses_its_base() {
    let variant = |submission, time| Trial {
        workload: "workload 0_variant".to_owned(),
        role: Role::HeldOut("workload 0".to_owned()),
        ..trial(submission, 0, 0, time)
    };
    let trials = [trial(0, 0, 0, 1.0), trial(1, 0, 0, 2.0), variant(0, f64::INFINITY), variant(1, 3.0)];
    let rules = Rules { held_out: true, ..Rules::default() };
    let board = Leaderboard::all_with(&trials, &rules, &ONCE).remove(0);
    // The one that is left is now the fastest.
    assert_eq!((board.entries[0].submission.as_str(), board.entries[0].score), ("submission 1", 1.0));
    assert_eq!(board.entries[1].score, 0.0);
    assert_eq!(scores(&trials)[0].1, 1.0);
}

#[test]
fn a_wrong_table_names_the_place() {
    let head = "ruleset,submission,workload,role,study,time_to_target_s,eval_index\n";
    let error = |rows: &str| read_results(&format!("{head}{rows}"), Clock::Seconds).unwrap_err().to_string();
    assert_eq!(
        error("r,s,w,base,0,soon,1\n"),
        r#"line 2, column "time_to_target_s": "soon" is not a time in seconds or inf"#
    );
    assert_eq!(
        error("r,s,w,base,0,-1,1\n"),
        r#"line 2, column "time_to_target_s": "-1" is not a time in seconds or inf"#
    );
    assert_eq!(
        error("r,s,w,base,0,1,\nr,s,w,spare,0,1,\n"),
        r#"line 3, column "role": "spare" is not base, held_out or extra"#
    );
    assert_eq!(
        error("r,s,v_x,held_out,0,1,\n"),
        r#"line 2: the held-out workload "v_x" does not begin with the name of a base workload"#
    );
    assert_eq!(
        error("r,s,w,base,0\n"),
        "CSV error: record 1 (line: 2, byte: 67): found record with 5 fields, but the previous record has 7 fields"
    );
    assert_eq!(read_results("submission\n", Clock::Seconds).unwrap_err(), ScoreError::Column("ruleset".to_owned()));
    let rows = read_results(&format!("{head}r,s,w,base,0,inf,\n"), Clock::Seconds).unwrap();
    assert!(rows[0].time_to_target.is_infinite() && rows[0].evaluation.is_none());
}

#[test]
fn spaces_around_cells_and_the_mark_that_spreadsheets_begin_with_do_not_matter() {
    let text = "\u{feff}ruleset, submission,workload,role,study ,time_to_target_s\r\nr, s,w,base , 3, 1.5\r\n";
    let trials = read_results(text, Clock::Seconds).unwrap();
    assert_eq!((trials[0].submission.as_str(), trials[0].study, trials[0].time_to_target), ("s", 3, 1.5));
}

#[test]
fn a_wrong_name_of_rules_is_answered_with_the_nearest() {
    let error = Rules::named("algoperf0.5").unwrap_err().to_string();
    assert_eq!(error, r#"there is no set of rules "algoperf0.5" (did you mean algoperf-0.5?)"#);
}

/// The share of all ways to draw as many studies as there are whose median is below a time.
fn share_below(studies: &[f64], time: f64) -> f64 {
    let count = studies.len();
    let ways = count.pow(count as u32);
    let below = |way: &usize| {
        let mut drawn: Vec<f64> = (0..count).map(|place| studies[way / count.pow(place as u32) % count]).collect();
        drawn.sort_by(f64::total_cmp);
        (drawn[(count - 1) / 2] + drawn[count / 2]) / 2.0 < time
    };
    (0..ways).filter(below).count() as f64 / ways as f64
}

#[test]
fn studies_are_drawn_again_as_often_as_all_ways_to_draw_them_say() {
    let bootstrap = Bootstrap { resamples: 20_000, ..ONCE };
    for studies in [&[1.0, 5.0][..], &[1.0, 3.0, 9.0], &[7.0, 1.0, 1.0, 4.0], &[1.0, 6.0, 2.0, f64::INFINITY, 8.0]] {
        for other in [1.5, 2.7, 4.6, 5.2] {
            let mut trials = vec![trial(1, 0, 0, other)];
            trials.extend(studies.iter().enumerate().map(|(study, &time)| trial(0, 0, study as u64, time)));
            let board = Leaderboard::all_with(&trials, &Rules::default(), &bootstrap).remove(0);
            let first = board.entries.iter().find(|entry| entry.submission == "submission 0").unwrap().first;
            let expected = share_below(studies, other);
            // Six standard deviations at most.
            assert!((first - expected).abs() < 0.02, "{studies:?} against {other}: {first} for {expected}");
        }
    }
}

#[test]
fn without_resamples_there_are_scores_and_no_intervals() {
    let board =
        Leaderboard::all_with(&[trial(0, 0, 0, 1.0)], &Rules::default(), &Bootstrap { resamples: 0, ..ONCE }).remove(0);
    let entry = &board.entries[0];
    assert!(entry.score == 1.0 && entry.low.is_nan() && entry.high.is_nan() && entry.first == 0.0);
}
