//! Numbers for other programs: CSV, JSON, Markdown, event files.

mod samples;

use std::collections::BTreeMap;

use rheostat_record::{Event, Run};
use rheostat_report::{Curves, ReportError, evaluations_csv, markdown, steps_csv, tensorboard};
use rheostat_schedule::{Frame, Schedule, ScheduleSpec, Span};
use samples::{Sample, compared};

fn small() -> Run {
    let mut run = Sample::default().run();
    run.manifest.started = 1_700_000_000;
    let step = |step: u64, loss: f64, named: &[(&str, f64)]| Event::Step {
        step,
        loss,
        gradient_norm: 0.5,
        train_seconds: (step + 1) as f64 * 0.25,
        hyperparameters: named.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect::<BTreeMap<_, _>>(),
    };
    run.events = vec![
        step(0, 2.5, &[("learning_rate", 0.1)]),
        step(1, f64::NAN, &[("learning_rate", 1.0 / 3.0), ("group.0,1.momentum", 1e-7)]),
        Event::Evaluation { step: 2, val_loss: f64::INFINITY, val_metric: 0.25, train_seconds: 0.5, cost: None },
    ];
    run
}

#[test]
fn steps_are_one_line_each_with_a_column_for_each_hyperparameter() {
    assert_eq!(
        steps_csv(&small()),
        "step,loss,gradient_norm,train_seconds,\"group.0,1.momentum\",learning_rate\n\
         0,2.5,0.5,0.25,,0.1\n\
         1,NaN,0.5,0.5,1e-7,0.3333333333333333\n"
    );
}

#[test]
fn evaluations_are_one_line_each() {
    assert_eq!(evaluations_csv(&small()), "step,val_loss,val_metric,train_seconds\n2,inf,0.25,0.5\n");
}

#[test]
fn runs_make_a_markdown_table_best_first() {
    let mut runs = compared();
    runs[3].manifest.id = "a|b <script>*_`".into();
    insta::assert_snapshot!(markdown(&runs));
}

fn curves(steps: u64) -> Vec<(String, Schedule)> {
    let rate = ScheduleSpec::cosine(1e-3).warmup(Span::Steps(3)).resolve(&Frame::steps(steps));
    let curves = [("learning_rate", rate), ("momentum", Schedule::constant(0.9))];
    curves.into_iter().filter_map(|(name, curve)| Some((name.to_owned(), curve.ok()?))).collect()
}

#[test]
fn schedules_are_tables_of_numbers_that_read_back_as_the_same() {
    let schedules = curves(10);
    let table = Curves::new(&schedules, 10).unwrap();
    let csv = table.csv();
    assert_eq!(csv.lines().next(), Some("step,learning_rate,momentum"));
    let rows: Vec<serde_json::Value> = serde_json::from_str(&table.json()).unwrap();
    assert_eq!((csv.lines().count(), rows.len()), (11, 10));
    for (step, (line, row)) in csv.lines().skip(1).zip(&rows).enumerate() {
        let value = schedules[0].1.at(step as u64);
        assert_eq!(line.split(',').nth(1).unwrap().parse::<f64>().unwrap(), value);
        assert_eq!(row["learning_rate"].as_f64(), Some(value));
        assert_eq!(row["step"].as_u64(), Some(step as u64));
    }
}

#[test]
fn a_schedule_of_a_billion_steps_is_drawn_with_its_kink_where_it_is() {
    let steps = 1_000_000_000;
    let spec = ScheduleSpec::multistep(1.0, 0.1, [Span::Steps(123_456_789)]);
    let schedules = vec![("learning_rate".to_owned(), spec.resolve(&Frame::steps(steps)).unwrap())];
    let chart = Curves::new(&schedules, steps).unwrap().chart();
    assert_eq!(chart.title(), "Learning rate fell from 1 to 0.1");
    let svg = chart.svg(&Default::default());
    // A vertical line, without a slope: two points in the same tenth of a pixel.
    assert!(svg.contains("l0 "), "{svg}");
}

#[test]
fn no_schedule_or_no_step_is_an_error() {
    assert!(matches!(Curves::new(&[], 10), Err(ReportError::Empty { what: "schedule" })));
    assert!(matches!(Curves::new(&curves(10), 0), Err(ReportError::Empty { what: "step" })));
}

#[test]
fn an_event_file_is_the_same_to_the_byte() {
    let mut run = small();
    run.events.truncate(1);
    let hex: String = tensorboard(&run).iter().map(|byte| format!("{byte:02x}")).collect();
    insta::assert_snapshot!(hex);
}
