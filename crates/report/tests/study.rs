//! Reports of many trials.
#![allow(clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod samples;

use rheostat_record::Run;
use rheostat_report::chart::Glyphs;
use rheostat_report::study::{self, Study};
use rheostat_report::{ReportError, SummaryOptions};
use rheostat_score::{Rules, TrialRow};
use samples::Sample;
use samples::study::{compared, many, missed, one_workload, tuned};

fn of(rows: &[TrialRow]) -> Study<'_> {
    Study::new("warm-ups", rows, &Rules::default())
}

fn page(rows: &[TrialRow]) -> String {
    study::html(&of(rows)).unwrap().replace('\u{a0}', " ")
}

fn text(rows: &[TrialRow]) -> String {
    study::summary(&of(rows), &SummaryOptions::default())
}

#[test]
fn several_workloads_are_summed_up_in_eighty_columns() {
    let rows = compared();
    insta::assert_snapshot!(study::summary(&of(&rows).planned(60), &SummaryOptions::default()));
}

#[test]
fn one_workload_has_its_times_before_its_scores() {
    let rows = one_workload();
    insta::assert_snapshot!(text(&rows));
    let page = page(&rows);
    assert!(page.find("Training time to accuracy 0.95").unwrap() < page.find("Leaderboard by").unwrap());
    assert!(!page.contains("Share of workloads"));
}

#[test]
fn the_tables_are_markdown() {
    insta::assert_snapshot!(study::markdown(&of(&compared()).planned(60)));
}

#[test]
fn leaderboards_are_csv_by_both_clocks() {
    let text = study::csv(&of(&one_workload()));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("ruleset,clock,submission,rank,score,low,high,first,reached,workloads"));
    let starts: Vec<String> = lines.map(|line| line.splitn(5, ',').take(4).collect::<Vec<_>>().join(" ")).collect();
    let expected = ["seconds", "steps"].iter().flat_map(|clock| {
        [("cosine", 1), ("constant", 2), ("cycles", 3)].map(|(name, rank)| format!("self_tuning {clock} {name} {rank}"))
    });
    assert_eq!(starts, expected.collect::<Vec<_>>());
}

#[test]
fn the_headline_says_the_finding() {
    let one = page(&one_workload());
    assert!(one.contains(
        "<h1>cosine reaches accuracy 0.95 on digits-mlp first: after 1.6 s of training, in the median of 3 studies</h1>"
    ));
    assert!(page(&compared()).contains("<h1>cosine scores highest by training time: 0.991 over 4 workloads</h1>"));
    let alone: Vec<TrialRow> = one_workload().into_iter().take(3).collect();
    assert!(page(&alone).contains("<h1>cosine reaches accuracy 0.95 on digits-mlp: after 1.6 s"));
    assert!(!page(&alone).contains("Leaderboard by"));
}

#[test]
fn where_everything_was_missed_the_closest_is_named() {
    let rows = missed();
    assert!(
        page(&rows).contains("<h1>No trial reaches accuracy 0.95 on digits-mlp; cycles comes closest with 0.92</h1>")
    );
    insta::assert_snapshot!(text(&rows));
}

#[test]
fn missing_trials_and_failures_are_said() {
    let rows = compared();
    let page = study::html(&of(&rows).planned(60)).unwrap();
    assert!(page.contains("48 of 60 trials are there"));
    assert!(page.contains("no space left on device") && page.contains("the loss was NaN at update 120"));
    assert!(page.contains("✘ missed"));
}

#[test]
fn one_study_of_each_has_no_intervals() {
    let rows: Vec<TrialRow> = compared().into_iter().filter(|row| row.study == 0).collect();
    let page = page(&rows);
    assert!(page.contains("without a second, nothing tells a difference from chance"));
    assert!(!page.contains("Bars are"));
    assert!(!text(&rows).contains('━'));
}

#[test]
fn times_of_different_machines_are_warned_of_and_updates_lead() {
    let mut rows = compared();
    rows[3].processor = "Another Processor".into();
    let page = page(&rows);
    assert!(page.contains("2 different processors (Another Processor; Example Processor 9000)"));
    assert!(page.contains("<h1>cosine scores highest by updates"));
    assert!(page.contains("id=\"by-updates\" checked") && !page.contains("id=\"by-time\" checked"));
    let mut rows = compared();
    rows[0].threads = 2;
    assert!(text(&rows).contains("different numbers of threads (2, 4)"));
}

#[test]
fn the_evaluation_grid_is_the_resolution() {
    assert!(page(&one_workload()).contains("digits-mlp: every 50 updates (5 % of the budget, about 0.17 s)"));
}

#[test]
fn what_was_drawn_has_a_column_each_under_its_ruleset() {
    let rows: Vec<TrialRow> = one_workload().into_iter().chain(tuned()).collect();
    let page = page(&rows);
    for part in [
        "External tuning</h2>",
        "Self tuning</h2>",
        ">learning_rate<",
        ">weight_decay<",
        "spot ring",
        "Under self tuning: cosine",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn curves_are_there_if_runs_are() {
    let rows = one_workload();
    let run = |submission: &str, seed| (submission.to_owned(), Sample { seed, ..Sample::default() }.run());
    let runs: Vec<(String, Run)> = vec![run("cosine", 1), run("cosine", 2), run("constant", 3)];
    let page = study::html(&of(&rows).runs(&runs)).unwrap();
    assert!(page.contains("Training curves"));
    assert!(!self::page(&rows).contains("Training curves"));
    for picture in page.split("<svg xmlns").skip(1).filter_map(|part| part.split("</svg></svg>").next()) {
        roxmltree::Document::parse(&format!("<svg xmlns{picture}</svg></svg>")).unwrap();
    }
}

#[test]
fn text_of_the_trials_is_escaped_everywhere() {
    let bad = "</script><script>alert(1)</script>\"'&|*_";
    let mut rows: Vec<TrialRow> = compared().into_iter().chain(tuned()).collect();
    for row in &mut rows {
        row.submission += bad;
        row.workload += bad;
        (row.metric, row.status, row.why, row.point) =
            (bad.into(), "failed".into(), bad.into(), format!("{bad} = {bad}"));
        (row.processor, row.program, row.ruleset) = (bad.into(), bad.into(), bad.into());
    }
    let mut run = Sample::default().run();
    (run.manifest.workload, run.manifest.metric) = (bad.into(), bad.into());
    let runs = vec![(bad.to_owned(), run)];
    let study = Study::new(bad, &rows, &Rules::default()).rules(bad).runs(&runs);
    let page = study::html(&study).unwrap();
    assert!(!page.contains("<script>alert"));
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(!study::markdown(&study).contains("<script>"));
}

#[test]
fn names_cannot_take_over_the_terminal() {
    let mut rows = one_workload();
    rows.iter_mut().for_each(|row| row.submission.insert_str(0, "\u{1b}[2J\n"));
    assert!(!text(&rows).contains('\u{1b}'));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut long = compared();
    long.iter_mut().for_each(|row| row.workload += "-with-a-name-that-goes-on-and-on-and-on");
    long.iter_mut().for_each(|row| row.why = "x".repeat(200));
    for rows in [compared(), one_workload(), missed(), many(30), long] {
        let study = of(&rows);
        for width in 40..130 {
            for line in study::summary(&study, &SummaryOptions { width, ..SummaryOptions::default() }).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn ascii_is_all_there_is_when_asked_for() {
    let options = SummaryOptions { glyphs: Glyphs::Ascii, ..SummaryOptions::default() };
    let text = study::summary(&of(&compared()), &options);
    assert!(text.is_ascii() && !text.contains('?'), "{text}");
}

#[test]
fn of_very_many_submissions_the_first_have_colours() {
    let page = page(&many(30));
    assert!(page.contains("22 others") && page.contains("class=\"line rest\""));
    assert!(page.len() < 400_000, "{}", page.len());
}

#[test]
fn odd_numbers_make_a_report_all_the_same() {
    let mut rows = compared();
    for row in &mut rows {
        (row.train_s, row.eval_s, row.target) = (f64::NAN, f64::INFINITY, f64::NAN);
        (row.best_metric, row.test_metric, row.n_evals, row.budget_steps) = (Some(f64::NAN), None, 0, 0);
        row.time_to_target_s = f64::NAN;
    }
    let study = of(&rows);
    study::html(&study).unwrap();
    assert!(study::summary(&study, &SummaryOptions::default()).contains("missed"));
    rows.iter_mut().for_each(|row| row.role = "extra".into());
    assert!(study::html(&of(&rows)).unwrap().contains("48 trials of workloads that are not scored"));
}

#[test]
fn no_trial_is_an_error_of_the_page_and_a_word_elsewhere() {
    assert!(matches!(study::html(&of(&[])), Err(ReportError::Empty { what: "trial" })));
    assert!(text(&[]).contains("no trials yet"));
    assert!(study::markdown(&of(&[])).contains("no trials yet"));
}
