//! Reports of many trials.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod samples;

use rheostat_record::{Event, Run, Status};
use rheostat_report::chart::Glyphs;
use rheostat_report::study::{self, Study};
use rheostat_report::{ReportError, SummaryOptions};
use rheostat_score::{Clock, Rules, TrialRow};
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
fn leaderboards_are_csv_by_every_clock() {
    let text = study::csv(&of(&one_workload()));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("ruleset,clock,submission,rank,score,low,high,first,reached,workloads"));
    let starts: Vec<String> = lines.map(|line| line.splitn(5, ',').take(4).collect::<Vec<_>>().join(" ")).collect();
    let expected = ["seconds", "steps", "passes"].iter().flat_map(|clock| {
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

/// The same with two trials of every update's step for one submission.
fn searched() -> Vec<TrialRow> {
    let mut rows = one_workload();
    for row in &mut rows {
        let forwards = if row.submission == "cosine" { 3 } else { 1 };
        (row.forwards, row.backwards) = (Some(row.steps * forwards), Some(row.steps));
        row.forwards_to_target = row.steps_to_target.map(|steps| steps * forwards);
        row.final_loss = Some(0.125);
    }
    rows
}

#[test]
fn passes_are_a_clock_of_their_own_where_updates_do_not_all_cost_the_same() {
    let (same, differ) = (one_workload(), searched());
    assert!(!page(&same).contains("id=\"by-passes\"") && !study::markdown(&of(&same)).contains("Passes"));
    let text = page(&differ);
    assert!(text.contains("id=\"by-passes\"") && text.contains("id=\"by-time\" checked"));
    // 450 updates of 4 passes each against 650 of 2.
    assert!(text.contains("By passes it is constant."), "{}", text.split("<p class=\"about\">").next().unwrap());
    assert!(study::markdown(&of(&differ)).contains("Passes to the target"));
    assert!(self::text(&differ).contains("passes to target"));
    let led = of(&differ).clocked(Clock::Passes);
    let led = study::html(&led).unwrap();
    assert!(led.contains("<h1>constant reaches accuracy 0.95 on digits-mlp first: after 1,300 passes"));
    assert!(led.contains("id=\"by-passes\" checked") && !led.contains("id=\"by-time\" checked"));
}

#[test]
fn what_whole_runs_cost_and_lost_is_in_the_table_if_it_is_known() {
    let text = page(&searched());
    let cost = |passes| text.contains(&format!(">{passes} passes<small>loss 0.125<"));
    assert!(text.contains("Mean at end") && cost("4,000") && cost("2,000"));
    assert!(!page(&one_workload()).contains("Mean at end"));
}

/// Three runs of each of two submissions; a step of `search` costs twice as many passes.
fn runs_of_two() -> Vec<(String, Run)> {
    let run = |name: &str, seed, quality, forwards_per_step| {
        (name.to_owned(), Sample { seed, quality, forwards_per_step, ..Sample::default() }.run())
    };
    let of = |(name, quality, forwards)| (1..4).map(move |seed| run(name, seed, quality, forwards));
    [("cosine", 0.97, 1), ("search", 0.99, 3)].into_iter().flat_map(of).collect()
}

fn metric_at(runs: &[(String, Run)], name: &str, at: u64) -> String {
    let own = runs.iter().filter(|(own, _)| own == name).flat_map(|(_, run)| &run.events);
    let metric = |event: &Event| match event {
        Event::Evaluation { step, val_metric, .. } => (*step == at).then_some(*val_metric),
        _ => None,
    };
    let mut metrics: Vec<f64> = own.filter_map(metric).collect();
    metrics.sort_by(f64::total_cmp);
    let [low, median, high] = metrics[..] else { panic!("{metrics:?}") };
    let short = |value: f64| format!("{value:.4}").trim_end_matches('0').to_owned();
    format!("{}<small>{}–{}, ", short(median), short(low), short(high))
}

#[test]
fn submissions_are_compared_at_equal_cost() {
    let (rows, runs) = (searched(), runs_of_two());
    let page = study::html(&of(&rows).runs(&runs)).unwrap();
    let section = page.split("Quality at equal cost</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    let part = |class: &str| {
        let from = format!("<div class=\"{class}\">\n<h3>");
        section.split(&from).nth(1).unwrap_or_else(|| panic!("{class}")).split("<figure>").next().unwrap()
    };
    let by_updates = part("by-updates");
    assert!(by_updates.contains("digits-mlp after 1,000 updates, where the cheapest ends"));
    for name in ["cosine", "search"] {
        assert!(by_updates.contains(&metric_at(&runs, name, 1000)), "{name}: {by_updates}");
    }
    // As many passes as cosine makes in all: half of the updates of the search.
    let by_passes = part("by-passes");
    assert!(by_passes.contains("digits-mlp after 2,000 passes, where the cheapest ends"));
    assert!(
        by_passes.contains(&metric_at(&runs, "cosine", 1000)) && by_passes.contains(&metric_at(&runs, "search", 500))
    );
    assert!(by_passes.contains("<small>after 4,000 passes</small>"), "where the search ends: {by_passes}");
    assert!(by_passes.contains(&format!("number best\">{}", metric_at(&runs, "search", 500))), "{by_passes}");
    assert!(by_passes.find("</i>search<") < by_passes.find("</i>cosine<"), "the better one stands first");
}

#[test]
fn a_submission_that_breaks_off_is_no_measure_of_equal_cost() {
    let (rows, mut runs) = (searched(), runs_of_two());
    for (_, run) in runs.iter_mut().filter(|(name, _)| name == "search").take(2) {
        run.events.retain(|event| !matches!(event, Event::Evaluation { step, .. } if *step > 300));
        run.result.as_mut().unwrap().status = Status::Diverged;
    }
    let page = study::html(&of(&rows).runs(&runs)).unwrap();
    assert!(page.contains("digits-mlp after 1,000 updates, where the cheapest ends"));
    assert!(page.contains("✘ broke off"));
    // A single run that breaks off counts as the worst: the median is the worse of the other two.
    runs[4].1.result.as_mut().unwrap().status = Status::Finished;
    let whole = runs_of_two();
    runs[4].1.events.clone_from(&whole[4].1.events);
    let page = study::html(&of(&rows).runs(&runs)).unwrap();
    assert!(!page.contains("✘ broke off"));
}

#[test]
fn quality_at_equal_cost_needs_several_submissions_that_go_on_beyond_the_target() {
    let rows = searched();
    let shown = |rows: &[TrialRow], runs: &[(String, Run)]| {
        study::html(&of(rows).runs(runs)).unwrap().contains("Quality at equal cost")
    };
    assert!(shown(&rows, &runs_of_two()));
    assert!(!shown(&rows, &runs_of_two()[..3]));
    let mut stopped = runs_of_two();
    stopped[1].1.result.as_mut().unwrap().status = Status::TargetMet;
    assert!(!shown(&rows, &stopped));
    let drawn: Vec<TrialRow> = rows.iter().cloned().map(|row| TrialRow { trial: 1, ..row }).collect();
    assert!(!shown(&drawn, &runs_of_two()));
}

#[test]
fn runs_that_do_not_say_their_passes_are_compared_by_the_other_clocks() {
    let (rows, mut runs) = (searched(), runs_of_two());
    for event in runs.iter_mut().flat_map(|(_, run)| &mut run.events) {
        if let Event::Evaluation { cost, .. } = event {
            *cost = None;
        }
    }
    let page = study::html(&of(&rows).runs(&runs)).unwrap();
    assert!(
        page.contains("1,000 updates, where the cheapest ends") && !page.contains("passes, where the cheapest ends")
    );
    assert!(page.contains("These runs do not say what their evaluations had cost in passes."));
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
