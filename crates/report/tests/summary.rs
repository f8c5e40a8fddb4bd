//! What a terminal shows at the end of a run.

mod samples;

use rheostat_report::chart::Glyphs;
use rheostat_report::{SummaryOptions, summary};
use samples::{Sample, compared, diverged, unfinished};

#[test]
fn a_finished_run_is_summed_up_in_eighty_columns() {
    insta::assert_snapshot!(summary(&Sample::default().run(), &SummaryOptions::default()));
}

#[test]
fn a_diverged_run_says_where() {
    insta::assert_snapshot!(summary(&diverged(), &SummaryOptions::default()));
}

#[test]
fn a_run_without_a_result_is_summed_up_as_far_as_it_went() {
    insta::assert_snapshot!(summary(&unfinished(), &SummaryOptions::default()));
}

#[test]
fn a_narrow_terminal_has_its_plots_above_each_other() {
    insta::assert_snapshot!(summary(
        &Sample::default().run(),
        &SummaryOptions { width: 50, ..SummaryOptions::default() }
    ));
}

#[test]
fn ascii_is_all_there_is_when_asked_for() {
    let options = SummaryOptions { glyphs: Glyphs::Ascii, ..SummaryOptions::default() };
    let text = summary(&Sample { method: "autowu", ..Sample::default() }.run(), &options);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for run in compared().iter().chain([&unfinished()]) {
        for width in 40..140 {
            for line in summary(run, &SummaryOptions { width, ..SummaryOptions::default() }).lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn colour_adds_escape_sequences_and_nothing_else() {
    let run = Sample::default().run();
    let plain = summary(&run, &SummaryOptions::default());
    let coloured = summary(&run, &SummaryOptions { colour: true, ..SummaryOptions::default() });
    assert!(!plain.contains('\u{1b}'));
    let mut stripped = String::new();
    for (index, part) in coloured.split('\u{1b}').enumerate() {
        stripped.push_str(if index == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(stripped, plain);
}

#[test]
fn names_cannot_take_over_the_terminal() {
    let mut run = Sample::default().run();
    run.manifest.workload = "\u{1b}]0;title\u{7}".into();
    run.manifest.metric = "\u{1b}[31mred".into();
    assert!(!summary(&run, &SummaryOptions::default()).contains('\u{1b}'));
}

#[test]
fn a_run_without_events_still_has_a_summary() {
    let mut run = Sample::default().run();
    run.events.clear();
    run.result = None;
    insta::assert_snapshot!(summary(&run, &SummaryOptions::default()));
}
