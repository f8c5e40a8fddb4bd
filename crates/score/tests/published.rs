//! The published scores of the first AlgoPerf competition, from its published trials.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]
#![allow(clippy::disallowed_methods, reason = "tests read the real data")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rheostat_record::Direction;
use rheostat_score::{AlgoperfEdition, Bootstrap, Clock, Comparison, Leaderboard, Role, Rules, Trial, read_results};

/// The folder with the competition's tables; without one the test says that it skips.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn folder() -> Option<PathBuf> {
    let folder =
        std::env::var_os("RHEOSTAT_DATA").map(|data| PathBuf::from(data).join("algoperf")).filter(|path| path.is_dir());
    if folder.is_none() {
        eprintln!("skipped: the published trials of AlgoPerf are needed, in RHEOSTAT_DATA/algoperf");
    }
    folder
}

fn trials(folder: &std::path::Path) -> Vec<Trial> {
    read_results(&std::fs::read_to_string(folder.join("algoperf_v05_results.csv")).unwrap(), Clock::Seconds).unwrap()
}

fn published(folder: &std::path::Path) -> BTreeMap<(String, String), f64> {
    let text = std::fs::read_to_string(folder.join("algoperf_v05_published_scores.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.map(|row| ((row[1].to_owned(), row[3].to_owned()), row[6].parse().unwrap())).collect()
}

fn scores(trials: &[Trial], rules: &Rules) -> BTreeMap<(String, String), f64> {
    let boards = Leaderboard::all_with(trials, rules, &Bootstrap { resamples: 0, ..Bootstrap::default() });
    let entries = boards.into_iter().flat_map(|board| board.entries);
    entries.map(|entry| ((entry.ruleset, entry.submission), entry.score)).collect()
}

#[test]
fn all_published_scores_come_out_to_the_printed_decimals() {
    let Some(folder) = folder() else { return };
    let ours = scores(&trials(&folder), &Rules::named("algoperf-0.5").unwrap());
    let theirs = published(&folder);
    assert_eq!(theirs.len(), 17);
    for (submission, score) in &theirs {
        assert!((ours[submission] - score).abs() < 5e-5 + 1e-12, "{submission:?}: {} for {score}", ours[submission]);
    }
}

#[test]
fn without_the_held_out_rule_eight_scores_are_others() {
    let Some(folder) = folder() else { return };
    let rules = Rules { held_out: false, ..Rules::named("algoperf-0.5").unwrap() };
    let ours = scores(&trials(&folder), &rules);
    let others = published(&folder).into_iter().filter(|(submission, score)| (ours[submission] - score).abs() > 5e-5);
    assert_eq!(others.count(), 8);
}

#[test]
fn the_text_of_the_rules_gives_what_an_independent_scorer_got() {
    let Some(folder) = folder() else { return };
    let ours = scores(&trials(&folder), &Rules::named("algoperf-0.5-text").unwrap());
    let expected = [
        ("external_tuning", "shampoo_submission", 0.778512),
        ("external_tuning", "schedule_free_adamw", 0.706201),
        ("external_tuning", "lawa_ema", 0.343093),
        ("self_tuning", "baseline", 0.820057),
    ];
    for (ruleset, submission, score) in expected {
        let own = ours[&(ruleset.to_owned(), submission.to_owned())];
        assert!((own - score).abs() < 5e-7, "{submission}: {own} for {score}");
    }
}

#[test]
fn the_winners_of_the_competition_are_not_certain() {
    let Some(folder) = folder() else { return };
    let boards = Leaderboard::all(&trials(&folder), &Rules::named("algoperf-0.5").unwrap());
    let winner = &boards[0].entries[0];
    assert_eq!(
        (winner.submission.as_str(), boards[1].entries[0].submission.as_str()),
        ("shampoo_submission", "schedule_free_adamw")
    );
    // An independent bootstrap: first in 77 %, interval 0.65 to 0.91.
    assert!((0.7..0.85).contains(&winner.first), "{}", winner.first);
    assert!((winner.low - 0.65).abs() < 0.05 && (winner.high - 0.91).abs() < 0.05, "{} to {}", winner.low, winner.high);
}

#[test]
fn our_table_of_targets_is_that_of_the_published_trials() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("algoperf_v05_results.csv")).unwrap();
    let header: Vec<&str> = text.lines().take(1).flat_map(|line| line.split(',')).collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let columns = ["workload", "role", "metric", "direction", "target"].map(column);
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let published: BTreeSet<[String; 5]> = rows.map(|row| columns.map(|column| row[column].to_owned())).collect();
    assert_eq!(published.len(), 18);
    for [name, role, metric, direction, target] in published {
        let workload = AlgoperfEdition::V05.workload(&name).unwrap();
        let ours = match &workload.role {
            Role::Base => "base",
            Role::HeldOut(_) => "held_out",
            Role::Extra => "extra",
        };
        let way = if workload.target.direction == Direction::Decreasing { "min" } else { "max" };
        assert_eq!((ours, way, &workload.target.metric), (role.as_str(), direction.as_str(), &metric), "{name}");
        assert_eq!(workload.target.value, target.parse::<f64>().unwrap(), "{name}");
    }
}

#[test]
fn schedule_free_wins_most_studies_against_the_baseline() {
    let Some(folder) = folder() else { return };
    let (rules, bootstrap) = (Rules::default(), Bootstrap::default());
    let comparison =
        Comparison::new(&trials(&folder), "self_tuning", "schedule_free_adamw", "baseline", &rules, &bootstrap)
            .unwrap();
    // Computed apart, by a script of its own.
    assert_eq!((comparison.wins, comparison.ties, comparison.losses), (24, 5, 11));
    assert!((comparison.p_value - 0.040959591511637).abs() < 1e-12);
    let ratio = comparison.ratio.unwrap();
    assert!(ratio.pairs == 33 && (ratio.mean - 0.898595601359852).abs() < 1e-12, "{ratio:?}");
    assert!((ratio.low - 0.8675).abs() < 0.005 && (ratio.high - 0.9299).abs() < 0.005, "{ratio:?}");
}
