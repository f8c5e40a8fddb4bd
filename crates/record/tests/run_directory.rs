//! What survives in a run directory.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::fs;

use common::{evaluation, manifest, step};
use proptest::prelude::*;
use rheostat_record::{Checkpoint, Cost, Event, EventSink, RecordError, Run, RunResult, RunWriter, Status};

fn result() -> RunResult {
    RunResult {
        status: Status::Finished,
        steps_kept: 2,
        steps_spent: 2,
        forwards: 2,
        backwards: 2,
        train_seconds: 0.1 + 0.2,
        eval_seconds: 0.0,
        record_seconds: 0.0,
        target: None,
        steps_to_target: None,
        seconds_to_target: None,
        forwards_to_target: None,
        backwards_to_target: None,
        evaluations_to_target: None,
        evaluations: 0,
        best: None,
        last: None,
        test: None,
        read_outs: Vec::new(),
    }
}

#[test]
fn a_run_reads_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut writer = RunWriter::create(&path, &manifest()).unwrap();
    let events = vec![
        step(0, 0.1 + 0.2),
        step(1, 1e-300),
        evaluation(2, 0.5),
        Event::Stop { step: 2, status: Status::Finished },
    ];
    for event in &events {
        writer.event(event).unwrap();
    }
    writer.result(&result()).unwrap();
    let run = Run::open(&path).unwrap();
    assert_eq!(run.manifest, manifest());
    assert_eq!(run.events, events);
    assert_eq!(run.result, Some(result()));
}

#[test]
fn lines_are_flat_objects_with_the_documented_keys() {
    let line = serde_json::to_string(&step(3, 0.5)).unwrap();
    assert_eq!(
        line,
        r#"{"event":"step","step":3,"loss":0.5,"gradient_norm":1.0,"train_seconds":3.0,"learning_rate":0.001}"#
    );
}

#[test]
fn an_evaluation_says_what_training_had_cost_and_need_not() {
    let earlier = r#"{"event":"evaluation","step":5,"val_loss":1.0,"val_metric":0.5,"train_seconds":5.0}"#;
    assert_eq!(serde_json::from_str::<Event>(earlier).unwrap(), evaluation(5, 0.5));
    assert_eq!(serde_json::to_string(&evaluation(5, 0.5)).unwrap(), earlier);
    let cost = Some(Cost { spent: 7, forwards: 21, backwards: 7 });
    let now = Event::Evaluation { step: 5, val_loss: 1.0, val_metric: 0.5, train_seconds: 5.0, cost };
    let line = serde_json::to_string(&now).unwrap();
    assert!(line.ends_with(r#""train_seconds":5.0,"spent":7,"forwards":21,"backwards":7}"#), "{line}");
    assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), now);
}

#[test]
fn numbers_that_are_not_finite_keep_their_names() {
    let line = serde_json::to_string(&evaluation(1, f64::NAN)).unwrap();
    assert!(line.contains(r#""val_metric":"NaN""#), "{line}");
    let Event::Evaluation { val_metric, .. } = serde_json::from_str(&line).unwrap() else { panic!("another event") };
    assert!(val_metric.is_nan());
    for (value, name) in [(f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let line = serde_json::to_string(&step(0, value)).unwrap();
        assert!(line.contains(&format!("\"{name}\"")), "{line}");
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), step(0, value));
    }
}

#[test]
fn a_torn_last_line_is_cut_and_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut writer = RunWriter::create(path, &manifest()).unwrap();
    writer.event(&step(0, 1.0)).unwrap();
    drop(writer);
    let events = path.join("events.jsonl");
    let mut bytes = fs::read(&events).unwrap();
    bytes.extend_from_slice(b"{\"event\":\"step\",\"st");
    fs::write(&events, bytes).unwrap();
    assert_eq!(Run::open(path).unwrap().events, [step(0, 1.0)]);
    let (mut writer, _, checkpoint) = RunWriter::resume(path).unwrap();
    assert_eq!(checkpoint, None);
    writer.event(&Event::Resume { step: 0, spent: Some(0) }).unwrap();
    writer.event(&step(0, 2.0)).unwrap();
    assert_eq!(Run::open(path).unwrap().events, [Event::Resume { step: 0, spent: Some(0) }, step(0, 2.0)]);
}

#[test]
fn a_resume_takes_back_what_lies_beyond_its_step() {
    let stop = Event::Stop { step: 3, status: Status::Interrupted };
    let lines = vec![
        evaluation(0, 0.1),
        step(0, 1.0),
        step(1, 0.9),
        evaluation(2, 0.2),
        Event::Checkpoint { step: 2, spent: Some(2) },
        step(2, 0.8),
        evaluation(3, 0.3),
        stop,
        Event::Resume { step: 2, spent: Some(2) },
        step(2, 0.7),
    ];
    let kept = Event::effective(lines);
    let expected = [
        evaluation(0, 0.1),
        step(0, 1.0),
        step(1, 0.9),
        evaluation(2, 0.2),
        Event::Checkpoint { step: 2, spent: Some(2) },
        Event::Resume { step: 2, spent: Some(2) },
        step(2, 0.7),
    ];
    assert_eq!(kept, expected);
}

#[test]
fn a_resume_at_zero_takes_back_everything() {
    let lines = vec![evaluation(0, 0.1), step(0, 1.0), Event::Resume { step: 0, spent: Some(0) }, evaluation(0, 0.1)];
    assert_eq!(Event::effective(lines), [Event::Resume { step: 0, spent: Some(0) }, evaluation(0, 0.1)]);
}

#[test]
fn a_resume_after_a_restore_goes_back_to_its_own_checkpoint() {
    let resume = Event::Resume { step: 2, spent: Some(2) };
    let lines = vec![
        step(0, 1.0),
        step(1, 0.9),
        Event::Checkpoint { step: 2, spent: Some(2) },
        step(2, 0.8),
        Event::Restore { step: 1 },
        step(1, 0.7),
        // The same number of updates that stand, but later.
        Event::Checkpoint { step: 2, spent: Some(4) },
        step(2, 0.6),
        Event::Resume { step: 2, spent: Some(4) },
        step(2, 0.6),
    ];
    assert_eq!(Event::after_resumes(lines.clone())[..7], lines[..7]);
    let losses = |lines| {
        let loss = |event| if let Event::Step { loss, .. } = event { Some(loss) } else { None };
        Event::effective(lines).into_iter().filter_map(loss).collect::<Vec<_>>()
    };
    assert_eq!(losses(lines.clone()), [1.0, 0.7, 0.6]);
    // The checkpoint after the restore was damaged: the run went back to the one before.
    let earlier = lines[..8].iter().cloned().chain([resume, step(2, 0.8)]).collect();
    assert_eq!(losses(earlier), [1.0, 0.9, 0.8]);
}

#[test]
fn a_run_of_an_older_program_is_read_by_its_steps() {
    let lines = vec![step(0, 1.0), step(1, 0.9), step(2, 0.8), Event::Resume { step: 2, spent: None }, step(2, 0.7)];
    assert_eq!(Event::effective(lines.clone()), [&lines[..2], &lines[3..]].concat());
    let line: Event = serde_json::from_str(r#"{"event":"resume","step":2}"#).unwrap();
    assert_eq!(line, Event::Resume { step: 2, spent: None });
}

#[test]
fn a_damaged_line_in_the_middle_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(folder.path(), &manifest()).unwrap();
    writer.event(&step(0, 1.0)).unwrap();
    let events = folder.path().join("events.jsonl");
    let mut bytes = fs::read(&events).unwrap();
    bytes.extend_from_slice(b"nonsense\n");
    fs::write(&events, bytes).unwrap();
    let error = Run::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("events.jsonl:2: "), "{error}");
}

#[test]
fn a_newer_format_is_refused_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(RunWriter::create(folder.path(), &manifest()).unwrap());
    let path = folder.path().join("manifest.json");
    fs::write(&path, r#"{"format": 99, "all": "else"}"#).unwrap();
    for error in [Run::open(folder.path()).unwrap_err(), RunWriter::resume(folder.path()).unwrap_err()] {
        assert!(matches!(error, RecordError::NewerFormat { found: 99, .. }), "{error}");
    }
}

#[test]
fn a_folder_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let writer = RunWriter::create(folder.path(), &manifest()).unwrap();
    assert!(matches!(RunWriter::create(folder.path(), &manifest()), Err(RecordError::Occupied { .. })));
    assert!(matches!(RunWriter::resume(folder.path()), Err(RecordError::Locked { .. })));
    drop(writer);
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("thesis.tex"), "precious").unwrap();
    assert!(matches!(RunWriter::create(other.path(), &manifest()), Err(RecordError::NotEmpty { .. })));
    assert!(matches!(Run::open(other.path()), Err(RecordError::NoRun { .. })));
}

#[test]
fn the_newest_whole_checkpoint_is_found_and_old_ones_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = RunWriter::create(folder.path(), &manifest()).unwrap();
    for step in [5, 10, 15] {
        writer.checkpoint(step, step, &[("state.json", format!("state {step}").as_bytes())], 2).unwrap();
    }
    let folders = folder.path().join("checkpoints");
    assert!(!folders.join("step-5").exists());
    let newest = Checkpoint::newest(folder.path()).unwrap().unwrap();
    assert_eq!((newest.spent, newest.file("state.json").unwrap()), (15, &b"state 15"[..]));
    assert!(newest.file("weights").is_err());

    fs::write(folders.join("step-15/state.json"), "tampered").unwrap();
    let newest = Checkpoint::newest(folder.path()).unwrap().unwrap();
    assert_eq!(newest.spent, 10);

    fs::remove_file(folders.join("step-10/state.json")).unwrap();
    assert!(Checkpoint::newest(folder.path()).is_err());
}

#[test]
fn a_half_written_checkpoint_does_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("checkpoints/step-7.tmp");
    fs::create_dir_all(&half).unwrap();
    fs::write(half.join("state.json"), "half").unwrap();
    assert_eq!(Checkpoint::newest(folder.path()).unwrap(), None);
}

proptest! {
    #[test]
    fn whatever_byte_a_crash_comes_at_the_whole_lines_are_read(cut in 0_usize..600) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = RunWriter::create(folder.path(), &manifest()).unwrap();
        for index in 0..5 {
            writer.event(&step(index, 0.5)).unwrap();
        }
        let events = folder.path().join("events.jsonl");
        let bytes = fs::read(&events).unwrap();
        let cut = cut.min(bytes.len());
        fs::write(&events, &bytes[..cut]).unwrap();
        let whole = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
        prop_assert_eq!(Run::open(folder.path()).unwrap().events.len(), whole);
    }

    #[test]
    fn no_event_line_makes_the_reader_panic(line in "\\PC{0,80}") {
        let _ = serde_json::from_str::<Event>(&line);
    }
}
