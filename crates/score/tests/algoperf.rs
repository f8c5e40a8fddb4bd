//! Trials from logs of AlgoPerf.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

use rheostat_record::{Direction, Target};
use rheostat_score::{AlgoperfEdition, AlgoperfPath, AlgoperfWorkload, Clock, Framework, Role, ScoreError, Trial};

const EVALUATIONS: &str =
    "accumulated_submission_time,global_step,score,train/loss,validation/loss,validation/num_examples";

fn workload(name: &str) -> AlgoperfWorkload {
    AlgoperfEdition::V05.workload(name).unwrap()
}

fn read(name: &str, log: &str, clock: Clock) -> Result<Trial, ScoreError> {
    workload(name).trial(log, "self_tuning", "nadamw", 3, clock)
}

/// Rows of evaluations on Criteo, whose loss has to come to 0.123735.
fn criteo(rows: &[&str]) -> Result<Trial, ScoreError> {
    read("criteo1tb", &format!("{EVALUATIONS}\n{}\n", rows.join("\n")), Clock::Seconds)
}

#[test]
fn the_first_evaluation_that_meets_the_target_counts() {
    let rows = ["1.5,1,1.5,0.7,0.69,9", "130,900,130.25,0.1,0.123735,9", "260,1800,260,0.1,0.12,9"];
    let trial = criteo(&rows).unwrap();
    assert_eq!((trial.time_to_target, trial.evaluation), (130.25, Some(1)));
    assert_eq!((trial.ruleset.as_str(), trial.submission.as_str(), trial.study), ("self_tuning", "nadamw", 3));
    assert_eq!((trial.workload.as_str(), trial.role), ("criteo1tb", Role::Base));
    let steps = read("criteo1tb", &format!("{EVALUATIONS}\r\n{}\r\n", rows.join("\r\n")), Clock::Steps).unwrap();
    assert_eq!(steps.time_to_target, 900.0);
}

#[test]
fn a_metric_that_is_blank_or_not_finite_never_meets_the_target() {
    let trial = criteo(&["1,1,1,,,9", "2,2,2,,NaN,9", "3,3,3,,-inf,9", "4,4,4,,nan,9", "5,5,5,,0.1,9"]).unwrap();
    assert_eq!((trial.time_to_target, trial.evaluation), (5.0, Some(4)));
    let log = "global_step,score,validation/accuracy\n1,10,inf\n2,20,NaN\n3,30,0.77431\n";
    let trial = read("imagenet_resnet", log, Clock::Seconds).unwrap();
    assert_eq!((trial.time_to_target, trial.evaluation), (30.0, Some(2)));
    let missed = criteo(&["1,1,1,0.1,0.2,9", "2,2,2,0.1,NaN,9"]).unwrap();
    assert_eq!((missed.time_to_target, missed.evaluation), (f64::INFINITY, None));
}

#[test]
fn rows_that_are_no_evaluation_are_not_counted() {
    // The submission's own row of training, and the last one with only the score.
    let trial = criteo(&["1,1,1,0.7,0.69,9", ",100,,0.5,,", "9,200,9,0.1,0.12,9", ",,9.5,,,"]).unwrap();
    assert_eq!((trial.time_to_target, trial.evaluation), (9.0, Some(1)));
}

#[test]
fn a_trial_without_an_evaluation_missed_its_target() {
    for log in ["", "\n", &format!("{EVALUATIONS}\n")] {
        assert_eq!(read("criteo1tb", log, Clock::Seconds).unwrap().time_to_target, f64::INFINITY);
    }
}

#[test]
fn a_wrong_log_names_the_place() {
    let error = |row: &str| criteo(&["1,1,1,0.7,0.69,9", row]).unwrap_err().to_string();
    assert_eq!(error("2,2,2,0.7,low,9"), r#"line 3, column "validation/loss": "low" is not a number or empty"#);
    for score in ["soon", "", "inf", "NaN", "-1"] {
        let wrong = format!(r#"line 3, column "score": "{score}" is not a time in seconds"#);
        assert_eq!(error(&format!("2,2,{score},0.7,0.1,9")), wrong);
    }
    assert!(error("2,2,2").contains("line: 3"), "{}", error("2,2,2"));
    let missing = |log, clock| read("criteo1tb", log, clock).unwrap_err();
    let column = |name: &str| ScoreError::Column(name.to_owned());
    assert_eq!(missing("score,validation/wer\n1,1\n", Clock::Seconds), column("validation/loss"));
    assert_eq!(missing("global_step,validation/loss\n1,1\n", Clock::Seconds), column("score"));
    assert_eq!(missing("score,validation/loss\n1,1\n", Clock::Steps), column("global_step"));
    assert_eq!(
        missing(EVALUATIONS, Clock::Passes).to_string(),
        "the logs of AlgoPerf do not count passes; permitted: seconds, steps"
    );
}

#[test]
fn a_path_in_an_experiment_tells_study_workload_and_trial() {
    let path = AlgoperfPath::parse("study_2/librispeech_conformer_pytorch/trial_4/eval_measurements.csv");
    let expected = AlgoperfPath {
        study: 2,
        workload: "librispeech_conformer".to_owned(),
        framework: Framework::Pytorch,
        trial: 4,
    };
    assert_eq!(path, Some(expected));
    let jax = AlgoperfPath::parse("study_0/wmt_glu_tanh_jax/trial_1/eval_measurements.csv").unwrap();
    assert_eq!((jax.workload.as_str(), jax.framework), ("wmt_glu_tanh", Framework::Jax));
}

#[test]
fn other_paths_are_nothing() {
    for path in [
        "",
        "study_2/wmt_jax/trial_4/measurements.csv",
        "study_2/wmt_jax/trial_4/more/eval_measurements.csv",
        "study_2/wmt_jax/trial_4",
        "study_2/trial_4/eval_measurements.csv",
        "study_2/wmt/trial_4/eval_measurements.csv",
        "study_2/_jax/trial_4/eval_measurements.csv",
        "study_2/wmt_tensorflow/trial_4/eval_measurements.csv",
        "study_+2/wmt_jax/trial_4/eval_measurements.csv",
        "study_/wmt_jax/trial_4/eval_measurements.csv",
        "study_2/wmt_jax/trial_99999999999999999999/eval_measurements.csv",
        "/study_2/wmt_jax/trial_4/eval_measurements.csv",
    ] {
        assert_eq!(AlgoperfPath::parse(path), None, "{path}");
    }
}

#[test]
fn editions_differ_in_what_they_score() {
    let count = |edition: AlgoperfEdition, wanted: fn(&Role) -> bool| {
        edition.workloads().filter(|workload| wanted(&workload.role)).count()
    };
    let counts = AlgoperfEdition::ALL.map(|edition| {
        [
            count(edition, |role| *role == Role::Base),
            count(edition, |role| matches!(role, Role::HeldOut(_))),
            count(edition, |role| *role == Role::Extra),
        ]
    });
    assert_eq!(counts, [[8, 6, 22], [9, 0, 27]]);
    let variant = workload("imagenet_resnet_large_bn_init");
    assert_eq!(variant.role, Role::HeldOut("imagenet_resnet".to_owned()));
    let target = Target { metric: "accuracy".to_owned(), value: 0.76526, direction: Direction::Increasing };
    assert_eq!(variant.target, target);
    assert_eq!(AlgoperfEdition::named("0.6"), Ok(AlgoperfEdition::V06));
    assert_eq!(
        AlgoperfEdition::V05.workload("fastmr").unwrap_err().to_string(),
        r#"there is no workload of AlgoPerf "fastmr" (did you mean fastmri?)"#
    );
    assert_eq!(
        AlgoperfEdition::named("0.4").unwrap_err().to_string(),
        r#"there is no edition of AlgoPerf "0.4" (did you mean 0.6?)"#
    );
}
