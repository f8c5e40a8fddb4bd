//! Trials written, read again and timed by each clock.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use proptest::prelude::*;
use rheostat_score::{
    AlgoperfEdition, Clock, ReadOutRow, Role, ScoreError, TableRow, Trial, TrialRow, read_results, read_rows,
    with_added_columns, write_rows,
};

fn row(workload: &str, role: &str, base: &str) -> TrialRow {
    TrialRow {
        ruleset: "self_tuning".to_owned(),
        submission: "cosine".to_owned(),
        workload: workload.to_owned(),
        role: role.to_owned(),
        base: base.to_owned(),
        time_to_target_s: f64::INFINITY,
        ..TrialRow::default()
    }
}

/// A row that met its target.
fn reached() -> TrialRow {
    TrialRow {
        study: 2,
        reached: true,
        eval_index: Some(7),
        steps_to_target: Some(700),
        time_to_target_s: 12.25,
        forwards_to_target: Some(1000),
        backwards_to_target: Some(700),
        ..row("digits", "base", "")
    }
}

fn rows() -> impl Strategy<Value = Vec<TrialRow>> {
    let text = || prop_oneof![3 => "[a-z0-9 =;.]{0,12}", 1 => "\\PC{0,8}", 1 => "[,\"\r\n–]{0,6}"];
    let parts =
        (text(), text(), text(), any::<[u64; 3]>(), any::<[f64; 3]>(), any::<Option<u64>>(), any::<Option<f64>>());
    let row = parts.prop_map(|(ruleset, why, point, counts, numbers, eval_index, best_metric)| TrialRow {
        ruleset,
        why,
        point,
        study: counts[0],
        seed: counts[1],
        steps: counts[2],
        target: numbers[0],
        time_to_target_s: numbers[1],
        train_s: numbers[2],
        reached: eval_index.is_some(),
        eval_index,
        best_metric,
        best_loss: best_metric,
        final_loss: best_metric.map(|metric| metric * 0.5),
        forwards: eval_index,
        backwards: eval_index.map(|index| index / 2),
        ..row("digits", "base", "")
    });
    prop::collection::vec(row, 0..4)
}

/// The table as versions wrote it that did not have the added columns, another column before the others.
fn earlier(rows: &[TrialRow]) -> String {
    let text = write_rows(rows).unwrap();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let kept: Vec<usize> = table
        .headers()
        .unwrap()
        .iter()
        .enumerate()
        .filter_map(|(column, name)| (!TrialRow::ADDED.contains(&name)).then_some(column))
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = table.headers().unwrap().clone();
    for (line, record) in [Ok(header)].into_iter().chain(table.records()).enumerate() {
        let record = record.unwrap();
        let own = if line == 0 { "remark" } else { "by hand, \"kept\"" };
        writer.write_record(std::iter::once(own).chain(kept.iter().map(|column| &record[*column]))).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// Equal where numbers that are none are equal to themselves.
fn same(ours: &[TrialRow], theirs: &[TrialRow]) -> bool {
    format!("{ours:?}") == format!("{theirs:?}")
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were_written(rows in rows()) {
        let text = write_rows(&rows).unwrap();
        let back = read_rows::<TrialRow>(&text).unwrap();
        prop_assert!(same(&back.rows, &rows), "{text}");
        prop_assert!(back.whole == text.len() && !back.torn(&text));
    }

    #[test]
    fn a_table_cut_anywhere_keeps_its_whole_lines_and_can_be_gone_on_with(rows in rows(), cut in any::<prop::sample::Index>()) {
        let text = write_rows(&rows).unwrap();
        let torn = &text.as_bytes()[..cut.index(text.len() + 1)];
        let left = read_rows::<TrialRow>(torn).unwrap();
        prop_assert!(same(&left.rows, &rows[..left.rows.len()]));
        prop_assert_eq!(left.torn(torn), left.whole < torn.len());
        let mut again = String::from_utf8(torn[..left.whole].to_vec()).unwrap();
        if left.whole == 0 {
            again += &TrialRow::header().unwrap();
        }
        for row in &rows[left.rows.len()..] {
            again += &row.to_csv().unwrap();
        }
        prop_assert_eq!(again, text);
    }

    #[test]
    fn a_table_of_an_earlier_version_reads_and_grows_without_losing_anything(rows in rows(), more in rows()) {
        let old = earlier(&rows);
        let unknown = |row: &TrialRow| TrialRow { best_loss: None, final_loss: None, forwards: None, backwards: None, ..row.clone() };
        let known: Vec<TrialRow> = rows.iter().map(unknown).collect();
        prop_assert!(same(&read_rows::<TrialRow>(&old).unwrap().rows, &known));
        let mut grown = with_added_columns::<TrialRow>(&old).unwrap().expect("it lacks columns");
        prop_assert_eq!(with_added_columns::<TrialRow>(&grown).unwrap(), None);
        let header = grown.lines().next().unwrap().to_owned();
        for row in &more {
            grown += &row.to_csv_under(header.as_bytes()).unwrap();
        }
        let all: Vec<TrialRow> = known.into_iter().chain(more).collect();
        prop_assert!(same(&read_rows::<TrialRow>(&grown).unwrap().rows, &all), "{grown}");
        // What no row has stays where it was, and is empty in new rows.
        let mut table = csv::Reader::from_reader(grown.as_bytes());
        let remarks: Vec<String> = table.records().map(|record| record.unwrap()[0].to_owned()).collect();
        let (kept, new) = remarks.split_at(rows.len());
        prop_assert!(kept.iter().all(|remark| remark == "by hand, \"kept\"") && new.iter().all(String::is_empty));
    }

    #[test]
    fn a_table_of_rows_reads_as_the_trials_of_its_rows(steps in any::<Option<u32>>(), backwards in any::<Option<u32>>(), time in 0.0..1e6_f64) {
        let steps_to_target = steps.map(u64::from);
        let rows = [TrialRow {
            steps_to_target,
            forwards_to_target: steps_to_target,
            backwards_to_target: backwards.map(u64::from),
            time_to_target_s: if steps.is_some() { time } else { f64::NAN },
            ..row("digits", "base", "")
        }];
        for clock in Clock::ALL {
            let trials: Vec<Trial> = rows.iter().map(|row| row.trial(clock).unwrap()).collect();
            prop_assert_eq!(read_results(&write_rows(&rows).unwrap(), clock).unwrap(), trials);
        }
    }
}

/// Lines of cells that tables hold, and of others.
fn anything() -> impl Strategy<Value = String> {
    let cell = prop_oneof![
        Just("ruleset,submission,workload,role,study,time_to_target_s".to_owned()),
        Just("score,validation/loss".to_owned()),
        "(base|held_out|inf|NaN|-?[0-9]{1,3}|1e999|\"|,|\r|\n|\\PC){0,12}",
    ];
    prop::collection::vec(cell, 0..8).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in anything()) {
        for clock in Clock::ALL {
            // Whatever is read has times from 0 on.
            let results = read_results(&text, clock).unwrap_or_default();
            prop_assert!(results.iter().all(|trial| trial.time_to_target >= 0.0));
            let workload = AlgoperfEdition::V06.workload("criteo1tb").unwrap();
            let log = workload.trial(&text, "self_tuning", "nadamw", 0, clock);
            prop_assert!(log.is_err() || log.unwrap().time_to_target >= 0.0);
        }
        if let Ok(rows) = read_rows::<TrialRow>(&text) {
            prop_assert!(rows.whole <= text.len());
        }
    }
}

#[test]
fn each_clock_counts_its_own() {
    let times = Clock::ALL.map(|clock| reached().trial(clock).unwrap().time_to_target);
    assert_eq!(times, [12.25, 700.0, 1700.0]);
    let trial = reached().trial(Clock::Steps).unwrap();
    assert_eq!((trial.study, trial.evaluation, trial.role), (2, Some(7), Role::Base));
}

#[test]
fn a_time_that_is_missing_or_no_number_is_a_miss_by_every_clock() {
    let missed = TrialRow { time_to_target_s: f64::NAN, forwards_to_target: Some(5), ..row("digits", "base", "") };
    for clock in Clock::ALL {
        assert_eq!(missed.trial(clock).unwrap().time_to_target, f64::INFINITY);
    }
    let head = "ruleset,submission,workload,role,study,time_to_target_s,steps_to_target\n";
    for (cell, clock) in
        [("NaN,5", Clock::Seconds), (",5", Clock::Seconds), ("5,", Clock::Steps), ("5,nan", Clock::Steps)]
    {
        let trials = read_results(&format!("{head}r,s,w,base,0,{cell}\r\n"), clock).unwrap();
        assert_eq!(trials[0].time_to_target, f64::INFINITY, "{cell}");
    }
}

#[test]
fn a_column_names_the_base_of_a_variant_and_where_it_is_empty_the_name_does() {
    let head = "ruleset,submission,workload,role,study,time_to_target_s,base\n";
    let rows =
        "r,s,silu,held_out,0,1,resnet\nr,s,vit_post_ln,held_out,0,1,\nr,s,vit,base,0,1,\nr,s,vit_post,base,0,1,\n";
    let trials = read_results(&format!("{head}{rows}"), Clock::Seconds).unwrap();
    assert_eq!(trials[0].role, Role::HeldOut("resnet".to_owned()));
    assert_eq!(trials[1].role, Role::HeldOut("vit_post".to_owned()));
    let held_out = row("resnet_silu", "held_out", "resnet");
    assert_eq!(held_out.trial(Clock::Seconds).unwrap().role, Role::HeldOut("resnet".to_owned()));
    assert_eq!(row("mnist", "extra", "").trial(Clock::Seconds).unwrap().role, Role::Extra);
}

#[test]
fn a_row_whose_role_cannot_be_told_is_refused() {
    let error = |row: TrialRow| row.trial(Clock::Seconds).unwrap_err().to_string();
    assert_eq!(error(row("silu", "held_out", "")), r#"the held-out workload "silu" names no base workload"#);
    assert_eq!(
        error(row("w", "spare", "")),
        r#"the role of the workload "w", "spare", is not base, held_out or extra"#
    );
}

#[test]
fn a_clock_that_a_table_does_not_have_is_named_by_its_column() {
    let head = "ruleset,submission,workload,role,study,forwards_to_target\n";
    let missing = |clock| read_results(head, clock).unwrap_err();
    assert_eq!(missing(Clock::Seconds), ScoreError::Column("time_to_target_s".to_owned()));
    assert_eq!(missing(Clock::Steps), ScoreError::Column("steps_to_target".to_owned()));
    assert_eq!(missing(Clock::Passes), ScoreError::Column("backwards_to_target".to_owned()));
    let error =
        read_results(&format!("{head}r,s,w,base,0,x\n").replace("forwards", "steps"), Clock::Steps).unwrap_err();
    assert_eq!(error.to_string(), r#"line 2, column "steps_to_target": "x" is not a count, or empty"#);
}

#[test]
fn clocks_are_found_by_their_names() {
    for clock in Clock::ALL {
        assert_eq!(Clock::named(clock.name()), Ok(clock));
    }
    assert_eq!(Clock::named("step").unwrap_err().to_string(), r#"there is no clock "step" (did you mean steps?)"#);
}

#[test]
fn a_wrong_cell_of_a_row_is_named_by_line_and_column() {
    let text = write_rows(&[reached(), reached()]).unwrap();
    let error = |from: &str, to: &str| {
        let (first, last) = text.trim_end().rsplit_once('\n').unwrap();
        read_rows::<TrialRow>(format!("{first}\n{}\n", last.replacen(from, to, 1))).unwrap_err().to_string()
    };
    assert_eq!(error("12.25", "soon"), r#"line 3, column "time_to_target_s": "soon" is not a number"#);
    assert_eq!(error(",7,", ",-7,"), r#"line 3, column "eval_index": "-7" is not a whole number"#);
    assert_eq!(error("true", "yes"), r#"line 3, column "reached": "yes" is not true or false"#);
    assert!(error("true,", "").contains("line: 3"), "{}", error("true,", ""));
    let error = read_rows::<TrialRow>(text.replacen("eval_index", "index", 1)).unwrap_err();
    assert_eq!(error, ScoreError::Column("eval_index".to_owned()));
}

#[test]
fn columns_that_a_later_version_adds_are_passed_over() {
    let text = write_rows(&[reached()]).unwrap().replace('\n', ",more\n");
    assert_eq!(read_rows::<TrialRow>(text).unwrap().rows, [reached()]);
}

#[test]
fn the_passes_of_a_whole_run_are_those_of_both_kinds() {
    let row = TrialRow { forwards: Some(1400), backwards: Some(1000), ..reached() };
    assert_eq!(row.passes(), Some(2400));
    assert_eq!(TrialRow { backwards: None, ..row }.passes(), None);
}

#[test]
fn a_table_that_lacks_nothing_or_is_not_begun_is_left_as_it_is() {
    assert_eq!(with_added_columns::<TrialRow>("").unwrap(), None);
    assert_eq!(with_added_columns::<TrialRow>("ruleset,subm").unwrap(), None);
    assert_eq!(with_added_columns::<TrialRow>(write_rows(&[reached()]).unwrap()).unwrap(), None);
    assert_eq!(with_added_columns::<ReadOutRow>(ReadOutRow::header().unwrap()).unwrap(), None);
}
