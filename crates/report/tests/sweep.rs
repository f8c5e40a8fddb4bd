//! Sweeps: what comes out at which learning rate.
#![allow(clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod samples;

use proptest::prelude::*;
use rheostat_report::SummaryOptions;
use rheostat_report::chart::Glyphs;
use rheostat_report::study::{self, Study};
use rheostat_score::{Rules, TrialRow};
use samples::study::{compared, row, search, sweep};

fn of(rows: &[TrialRow]) -> Study<'_> {
    Study::new("rates", rows, &Rules::default())
}

fn page(rows: &[TrialRow]) -> String {
    study::html(&of(rows)).unwrap()
}

fn text(rows: &[TrialRow]) -> String {
    study::sweep_summary(&of(rows), &SummaryOptions::default())
}

/// Whether a text says something, wherever its lines break.
fn says(text: &str, part: &str) -> bool {
    text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part)
}

/// A finished trial at a point, of 1000 updates.
fn trial(point: &str, best: f64, best_step: u64) -> TrialRow {
    TrialRow {
        point: point.to_owned(),
        best_metric: Some(best),
        best_step: Some(best_step),
        final_metric: Some(best),
        test_metric: Some(best - 0.01),
        ..row("cosine", "digits-mlp", 0, Some(600))
    }
}

/// One column of the table for programs.
fn column(rows: &[TrialRow], name: &str) -> Vec<String> {
    let csv = study::sweep_csv(&of(rows));
    let mut lines = csv.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let place = lines.next().unwrap().iter().position(|column| column == name).unwrap();
    lines.map(|mut fields| fields.swap_remove(place)).collect()
}

#[test]
fn every_rate_has_its_test_metric_in_eighty_columns() {
    insta::assert_snapshot!(text(&sweep()));
}

#[test]
fn every_trial_is_a_line_of_csv() {
    let rows = sweep();
    let csv = study::sweep_csv(&of(&rows));
    assert_eq!(csv.lines().count(), rows.len() + 1);
    insta::assert_snapshot!(csv.lines().step_by(9).collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_page_has_a_picture_a_table_and_the_best_of_each() {
    let page = page(&sweep());
    for part in [
        "<h3>Sweep</h3>",
        "Test accuracy against the learning rate on digits-mlp",
        "learning rate (log scale)",
        "<circle class=\"ring\"",
        "<table class=\"heat\">",
        "<th scope=\"col\">1.9e-4</th>",
        "class=\"diverged\" style=\"--full:5%\"",
        ">diverged</small>",
        "class=\"converged top\"",
        "<code>learning_rate.initial</code>",
        "Converged from ",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for picture in page.split("<svg xmlns").skip(1).filter_map(|part| part.split("</svg></svg>").next()) {
        roxmltree::Document::parse(&format!("<svg xmlns{picture}</svg></svg>")).unwrap();
    }
}

#[test]
fn a_study_without_points_has_no_sweep() {
    let rows = compared();
    assert!(!page(&rows).contains("Sweep"));
    assert_eq!(text(&rows), "");
    assert_eq!(study::sweep_csv(&of(&rows)).lines().count(), 1);
    assert_eq!(text(&[]), "");
    let mut words = vec![trial("learning_rate.method = \"cosine\"; nesterov = true", 0.9, 900)];
    words.push(TrialRow { trial: 1, ..trial("weight_decay = 0.1; x", 0.9, 900) });
    assert_eq!(text(&words), "", "a single value of no learning rate is not swept");
}

#[test]
fn the_axis_is_the_learning_rate_or_else_the_first_number_that_differs() {
    let at = |point: &str| trial(point, 0.9, 900);
    let rates =
        [at("weight_decay = 0.1; learning_rate.peak = 1e-3"), at("weight_decay = 0.2; learning_rate.peak = 1_000")];
    assert_eq!(column(&rates, "key"), ["learning_rate.peak", "learning_rate.peak"]);
    assert_eq!(column(&rates, "x"), ["0.001", "1000.0"]);
    assert!(says(&text(&rates), "Trials that differ in weight_decay lie together."));
    let decays = [at("seed = 3; weight_decay = 0.1; momentum = 1"), at("seed = 3; weight_decay = 0.2; momentum = 2")];
    assert_eq!(column(&decays, "key"), ["weight_decay", "weight_decay"]);
}

#[test]
fn submissions_swept_along_different_coordinates_do_not_share_an_axis() {
    let mut rows = sweep();
    rows.iter_mut().filter(|row| row.submission == "step").for_each(|row| {
        row.point = row.point.replace("learning_rate.initial", "momentum").replace("; weight_decay = 0.1", "");
    });
    let page = page(&rows);
    assert!(page.contains("Test accuracy against the learning rate on digits-mlp"));
    assert!(page.contains("Test accuracy against momentum on digits-mlp"));
}

#[test]
fn groups_are_by_how_it_ended_when_it_was_best_and_how_near_the_best() {
    let rows = [
        trial("learning_rate = 1", 1.0, 900),
        trial("learning_rate = 2", 0.901, 900),
        trial("learning_rate = 3", 0.899, 900),
        trial("learning_rate = 4", 0.0, 250),
        TrialRow { final_metric: Some(0.5), ..trial("learning_rate = 5", 0.99, 249) },
        TrialRow { status: "diverged".into(), ..trial("learning_rate = 6", 0.99, 900) },
        TrialRow { status: "failed".into(), best_metric: None, ..trial("learning_rate = 7", 0.0, 900) },
        trial("learning_rate = 8", f64::NAN, 900),
        // It hardly learns, and has nothing to lose; cut off, with the best evaluation last; and because the target was met.
        TrialRow { final_metric: Some(0.05), ..trial("learning_rate = 8.5", 0.1, 100) },
        TrialRow { status: "time_limit".into(), steps: 100, ..trial("learning_rate = 9", 0.5, 100) },
        TrialRow { status: "target_met".into(), steps: 300, ..trial("learning_rate = 10", 0.95, 100) },
    ];
    let expected = ["converged", "converged", "under-fit", "under-fit"].into_iter();
    let expected = expected.chain(["diverged"; 4]).chain(["under-fit", "under-fit", "converged"]);
    assert_eq!(column(&rows, "group"), expected.collect::<Vec<_>>());
    assert!(says(&text(&rows), "converged from 1 to 2 and at 10"), "{}", text(&rows));
}

#[test]
fn the_best_rate_is_chosen_by_validation_and_not_by_test() {
    let high_on_test = TrialRow { test_metric: Some(0.99), ..trial("learning_rate = 0.001", 0.90, 900) };
    let rows = [high_on_test, trial("learning_rate = 0.01", 0.95, 900), trial("learning_rate = 0.1", 0.6, 900)];
    assert!(says(&text(&rows), "best at 1e-2: validation accuracy 0.95, test 0.94;"), "{}", text(&rows));
}

#[test]
fn a_best_at_the_end_of_the_range_is_said() {
    let rows = [trial("learning_rate = 0.01", 0.9, 900), trial("learning_rate = 0.1", 0.95, 900)];
    assert!(says(&text(&rows), "best at 0.1, the largest tried:"), "{}", text(&rows));
    assert!(says(&text(&rows[..1]), "best at 1e-2, the only one tried:"), "{}", text(&rows[..1]));
    assert!(page(&rows[..1]).contains("<h3>Sweep</h3>"));
}

#[test]
fn half_of_the_trials_without_a_number_are_a_place_without_one() {
    let diverged = TrialRow { status: "diverged".into(), study: 1, ..trial("learning_rate = 1", f64::NAN, 0) };
    let rows = [
        trial("learning_rate = 1", 0.9, 900),
        TrialRow { test_metric: Some(f64::NAN), ..diverged },
        trial("learning_rate = 0.1", 0.8, 900),
    ];
    assert!(page(&rows).contains("no number</small><small class=\"fate\">1 of 2 diverged</small>"));
    assert!(says(&text(&rows), "best at 0.1, the smallest tried"), "{}", text(&rows));
}

#[test]
fn without_test_metrics_the_validation_metric_stands_for_them() {
    let mut rows = sweep();
    rows.iter_mut().for_each(|row| row.test_metric = None);
    assert!(page(&rows).contains("Best validation accuracy against the learning rate"));
    assert!(says(&text(&rows), "There are no test metrics."));
}

#[test]
fn a_metric_that_falls_is_best_where_it_is_least() {
    let mut rows = sweep();
    for row in &mut rows {
        (row.direction, row.metric) = ("decreasing".into(), "loss".into());
        row.best_metric = row.best_metric.map(|metric| 1.0 - metric);
    }
    let rising: Vec<String> = column(&sweep(), "group");
    assert_eq!(column(&rows, "group"), rising);
}

#[test]
fn a_search_with_many_values_has_a_picture_and_no_table() {
    let at = |index: u64| TrialRow {
        trial: index,
        ..trial(&format!("learning_rate = {}", 1e-4 * (index + 1) as f64), 0.5 + (index * 2 % 5) as f64 / 10.0, 900)
    };
    let grid: Vec<TrialRow> = (0..24).map(at).collect();
    assert!(page(&grid).contains("class=\"heat\"") && text(&grid).contains("\n    learning rate"));
    let more: Vec<TrialRow> = (0..25).map(at).collect();
    let page = page(&more);
    assert!(page.contains("<h3>Sweep</h3>") && !page.contains("class=\"heat\""));
    assert!(!text(&more).contains("\n    learning rate"));
    assert!(says(&text(&more), "converged at 5 of 25 values, between 3e-4 and 2.3e-3"), "{}", text(&more));
}

#[test]
fn trials_that_blow_up_do_not_crush_the_others() {
    insta::assert_snapshot!(text(&search()));
    assert!(page(&search()).contains("A cross at the top is a trial without a number, or none between"));
}

#[test]
fn trials_at_zero_are_said_to_have_no_place_on_a_logarithm() {
    let rows = ["0", "0.01", "0.1"].map(|decay| trial(&format!("weight_decay = {decay}"), 0.9, 900));
    assert!(page(&rows).contains("1 trial at 0 or below has no place on this axis."));
    assert!(page(&rows).contains("<th scope=\"col\">0</th>"));
}

#[test]
fn text_of_the_trials_is_escaped_in_a_sweep() {
    let bad = "</script><script>alert(1)</script>\"'&|*_";
    let mut rows = sweep();
    for row in &mut rows {
        row.submission += bad;
        row.workload += bad;
        row.metric = bad.into();
        row.point = row.point.replace(" = ", &format!("{bad} = "));
    }
    let page = page(&rows);
    assert!(page.contains("<h3>Sweep</h3>") && !page.contains("<script>alert"));
    rows.iter_mut().for_each(|row| row.submission.insert_str(0, "\u{1b}[2J\n"));
    assert!(!text(&rows).contains('\u{1b}'));
}

#[test]
fn ascii_is_all_there_is_of_a_sweep_when_asked_for() {
    let options = SummaryOptions { glyphs: Glyphs::Ascii, ..SummaryOptions::default() };
    let text = study::sweep_summary(&of(&sweep()), &options);
    assert!(text.is_ascii() && !text.contains('?'), "{text}");
}

#[test]
fn nothing_in_a_sweep_depends_on_colour_alone() {
    let options = SummaryOptions { colour: true, ..SummaryOptions::default() };
    let coloured = study::sweep_summary(&of(&sweep()), &options);
    assert!(coloured.contains("\u{1b}[1m0.9"));
    assert!(text(&sweep()).contains(" *") && text(&sweep()).contains(" d\n") && text(&sweep()).contains(" u"));
}

fn any_metric() -> impl Strategy<Value = Option<f64>> {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 5e-324, 0.0, -0.0];
    prop_oneof![
        Just(None),
        any::<f64>().prop_map(Some),
        (0.0..1.0f64).prop_map(Some),
        prop::sample::select(odd.to_vec()).prop_map(Some)
    ]
}

fn any_point() -> impl Strategy<Value = String> {
    let rate = prop::sample::select(vec![
        "1e-3", "0.001", "3e-4", "1e-300", "-1", "0", "-0.0", "inf", "nan", "1e400", "\"x\"",
    ]);
    let key = prop::sample::select(vec![
        "learning_rate",
        "learning_rate.peak",
        "momentum",
        "",
        "a very long key of many letters",
    ]);
    prop_oneof![
        (key, rate, any::<f64>()).prop_map(|(key, rate, decay)| format!("{key} = {rate}; decay = {decay:?}")),
        any::<String>(),
        any::<f64>().prop_map(|rate| format!("learning_rate = {rate:?}")),
    ]
}

fn any_row() -> impl Strategy<Value = TrialRow> {
    let names = prop::sample::select(vec!["cosine", "a name that goes on and on and on and on", ""]);
    let status = prop::sample::select(vec!["finished", "diverged", "failed", "target_met", "whatever"]);
    let steps = (any::<Option<u64>>(), 0..2000u64, prop::sample::select(vec![0, 1, 1000, u64::MAX]));
    let odd = (any::<bool>(), 0..3u64, "[ab]");
    (names, status, any_point(), any_metric(), any_metric(), steps, odd).prop_map(
        |(name, status, point, best, test, (best_step, steps, budget), (falls, study, workload))| TrialRow {
            status: status.to_owned(),
            point,
            best_metric: best,
            test_metric: test,
            best_step,
            steps,
            budget_steps: budget,
            direction: if falls { "decreasing".to_owned() } else { "increasing".to_owned() },
            ..row(name, &workload, study, None)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_rows_make_a_sweep_that_fits(rows in prop::collection::vec(any_row(), 1..40), width in 40usize..130) {
        let study = of(&rows);
        let page = study::html(&study).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(!page.contains("NaN%") && !page.contains("\"NaN\""));
        prop_assert!(study::sweep_csv(&study).lines().count() <= rows.len() + 1);
        for line in study::sweep_summary(&study, &SummaryOptions { width, ..SummaryOptions::default() }).lines() {
            prop_assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}
