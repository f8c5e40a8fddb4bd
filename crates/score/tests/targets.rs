//! Targets set from trials.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use rheostat_score::{ScoreError, TargetSetting, TrialRow};

fn row(point: &str, best: f64, test: f64) -> TrialRow {
    TrialRow {
        submission: "nadamw".to_owned(),
        workload: "digits".to_owned(),
        role: "base".to_owned(),
        status: "finished".to_owned(),
        metric: "accuracy".to_owned(),
        direction: "increasing".to_owned(),
        best_metric: Some(best),
        test_metric: Some(test),
        point: point.to_owned(),
        ..TrialRow::default()
    }
}

#[test]
fn the_target_is_the_median_of_the_best_setting_and_the_worst_test_of_those_that_reach_it() {
    let rows = [
        row("a", 0.99, 0.99),
        row("b", 0.90, 0.70),
        row("b", 0.94, 0.89),
        row("b", 0.92, 0.91),
        row("c", 0.80, 0.80),
        row("c", 0.81, 0.80),
        row("c", 0.99, 0.80),
    ];
    // The lucky single trial of `a` and the lucky one of `c` set nothing.
    let found = &TargetSetting::all(&rows, 3).unwrap()[0];
    assert_eq!((found.point.as_str(), found.repeats, found.settings), ("b", 3, 2));
    assert_eq!((found.validation, found.test), (0.92, Some(0.89)));
}

#[test]
fn half_of_an_even_number_reach_the_target() {
    let rows = [row("", 0.4, 0.1), row("", 0.3, 0.2), row("", 0.2, 0.3), row("", 0.1, 0.4)];
    assert_eq!(TargetSetting::all(&rows, 4).unwrap()[0].validation, 0.2);
    let falling = rows.map(|row| TrialRow { direction: "decreasing".to_owned(), ..row });
    let found = &TargetSetting::all(&falling, 4).unwrap()[0];
    // Of those with 0.1, 0.2 and 0.3 the test metrics are 0.4, 0.3 and 0.2: the largest is the worst.
    assert_eq!((found.validation, found.test), (0.3, Some(0.4)));
}

#[test]
fn failed_trials_are_worse_than_any_number() {
    let failed = |status: &str| TrialRow { status: status.to_owned(), ..row("wild", 0.99, 0.99) };
    let mut rows = vec![failed("diverged"), failed("failed"), row("wild", 0.99, 0.99)];
    rows.extend([row("calm", 0.5, 0.5), row("calm", 0.5, 0.5), row("calm", 0.5, 0.5)]);
    assert_eq!(TargetSetting::all(&rows, 3).unwrap()[0].point, "calm");
}

#[test]
fn what_says_nothing_of_a_target_is_refused() {
    let stopped = TrialRow { status: "target_met".to_owned(), ..row("", 0.5, 0.5) };
    assert!(matches!(TargetSetting::all(&[stopped], 1), Err(ScoreError::Stopped { .. })));
    assert!(matches!(TargetSetting::all(&[row("", 0.5, 0.5)], 2), Err(ScoreError::Repeats { least: 2, .. })));
    let sideways = TrialRow { direction: "sideways".to_owned(), ..row("", 0.5, 0.5) };
    assert!(matches!(TargetSetting::all(&[sideways], 1), Err(ScoreError::Direction { .. })));
}
