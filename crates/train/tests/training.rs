//! The training loop on the embedded digits.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::path::Path;

use common::{folder, interrupt, losses, rates, recipe, run, weights};
use rheostat_control::{
    Action, ControlError, Controller, Decision, Hyperparameter, Observation, OpenLoop, Reason, StopReason,
};
use rheostat_record::{Event, Plan, Recipe, RecipeText, Run, Status};
use rheostat_train::{Host, Outcome, Place, Silent, TrainError, train, train_under};
use rheostat_workload::WORKLOADS;

#[test]
fn every_update_uses_the_rate_that_its_event_records() {
    let folder = folder();
    let recipe = recipe("");
    let (outcome, run) = run(&recipe, folder.path());
    let plan = recipe.plan(run.manifest.samples).unwrap();
    let expected: Vec<f64> =
        (0..plan.total_steps).map(|step| plan.base.at(step).get(Hyperparameter::LearningRate).unwrap()).collect();
    assert_eq!(rates(&run), expected);
    assert_eq!(outcome.result.status, Status::Finished);
    assert_eq!(outcome.result.steps_kept, plan.total_steps);
    assert_eq!((outcome.result.forwards, outcome.result.backwards), (plan.total_steps, plan.total_steps));
    assert_eq!(run.result, Some(outcome.result));
}

#[test]
fn the_same_recipe_and_seed_give_the_same_bits_and_another_seed_does_not() {
    let (one, two, other) = (folder(), folder(), folder());
    let (_, first) = run(&recipe("seed = 5\ndropout = 0.2\n"), one.path());
    let (_, second) = run(&recipe("seed = 5\ndropout = 0.2\n"), two.path());
    let (_, third) = run(&recipe("seed = 6\ndropout = 0.2\n"), other.path());
    assert_eq!(losses(&first), losses(&second));
    assert_eq!(weights(one.path()), weights(two.path()));
    assert_ne!(losses(&first), losses(&third));
}

#[test]
fn a_run_interrupted_anywhere_goes_on_bit_for_bit() {
    let recipe =
        recipe("seed = 3\ndropout = 0.1\nclip_norm = 1.0\n[momentum]\nmethod = \"linear\"\nstart = 0.8\nend = 0.95\n");
    let whole = folder();
    let (expected, whole_run) = run(&recipe, whole.path());
    let total = expected.result.steps_kept;
    for at in [1, 2, total / 2, total - 1] {
        let folder = folder();
        let stopped = interrupt(&recipe, Place::New { path: folder.path(), id: "test" }, at);
        assert_eq!((stopped.result.status, stopped.result.steps_kept), (Status::Interrupted, at));
        assert_eq!(Run::open(folder.path()).unwrap().result, None);
        let resumed = train(&recipe, Place::Resume(folder.path()), &Host::default(), &mut Silent).unwrap();
        let resumed_run = Run::open(folder.path()).unwrap();
        assert_eq!(losses(&resumed_run), losses(&whole_run), "interrupted after {at} updates");
        assert_eq!(weights(folder.path()), weights(whole.path()));
        assert_eq!(resumed.result.last, expected.result.last);
        assert_eq!(resumed.result.best, expected.result.best);
        assert_eq!(resumed.result.steps_spent, expected.result.steps_spent);
    }
}

#[test]
fn a_run_without_a_checkpoint_resumes_at_its_beginning() {
    let recipe = recipe("seed = 1\n");
    let (whole, cut) = (folder(), folder());
    let (_, expected) = run(&recipe, whole.path());
    interrupt(&recipe, Place::New { path: cut.path(), id: "test" }, 4);
    std::fs::remove_dir_all(cut.path().join("checkpoints")).unwrap();
    train(&recipe, Place::Resume(cut.path()), &Host::default(), &mut Silent).unwrap();
    assert_eq!(losses(&Run::open(cut.path()).unwrap()), losses(&expected));
}

#[test]
fn a_finished_run_is_not_trained_again() {
    let folder = folder();
    let recipe = recipe("");
    let (first, before) = run(&recipe, folder.path());
    let again = train(&recipe, Place::Resume(folder.path()), &Host::default(), &mut Silent).unwrap();
    assert_eq!(again.result, first.result);
    assert_eq!(Run::open(folder.path()).unwrap().events, before.events);
}

#[test]
fn a_batch_in_parts_is_one_update_of_nearly_the_same_gradient() {
    let (whole, parts) = (folder(), folder());
    let (_, one) = run(&recipe(""), whole.path());
    let (outcome, three) = run(&recipe("accumulate = 3\n"), parts.path());
    assert_eq!(outcome.result.forwards, 3 * outcome.result.steps_kept);
    assert_eq!(rates(&one), rates(&three));
    for ((_, a), (_, b)) in losses(&one).iter().zip(losses(&three)).take(10) {
        let (a, b) = (f64::from_bits(*a), f64::from_bits(b));
        assert!((a - b).abs() < 1e-4 * a, "{a} {b}");
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_the_run_and_says_where() {
    let folder = folder();
    let recipe = recipe("[optimizer]\nmethod = \"sgd\"\n[learning_rate]\nmethod = \"constant\"\nvalue = 1e30\n");
    let (outcome, run) = run(&recipe, folder.path());
    let divergence = outcome.divergence.expect("it diverges");
    assert_eq!(outcome.result.status, Status::Diverged);
    assert_eq!(outcome.result.steps_kept, divergence.step);
    assert_eq!(divergence.learning_rate, 1e30);
    assert!(!divergence.loss.is_finite() || !divergence.gradient_norm.is_finite());
    assert!(matches!(run.events.last(), Some(Event::Stop { status: Status::Diverged, .. })));
    assert!(outcome.result.test.is_none());
}

#[test]
fn skipped_updates_move_no_schedule_and_are_billed_until_the_limit() {
    let folder = folder();
    let text = "non_finite = \"skip\"\nspent_limit = 2.0\n[optimizer]\nmethod = \"sgd\"\n[learning_rate]\nmethod = \"constant\"\nvalue = 1e30\n";
    let (outcome, run) = run(&recipe(text), folder.path());
    let result = outcome.result;
    assert_eq!(result.status, Status::SpentLimit);
    assert_eq!(result.steps_spent, 2 * run.manifest.budget_steps);
    assert!(result.steps_kept < result.steps_spent);
    let skips = run.events.iter().filter(|event| matches!(event, Event::Skip { .. }));
    assert_eq!(skips.count() as u64, result.steps_spent - result.steps_kept);
}

#[test]
fn a_run_may_end_at_its_target() {
    let folder = folder();
    let (outcome, _) = run(
        &recipe("target = { accuracy = 0.1 }\nstop_at_target = true\nevaluate_every = \"5 steps\"\n"),
        folder.path(),
    );
    let result = outcome.result;
    assert_eq!(result.status, Status::TargetMet);
    assert_eq!(result.steps_to_target, Some(result.steps_kept));
    assert!(result.last.unwrap().metric >= 0.1);
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let folder = folder();
    let recipe = recipe("");
    interrupt(&recipe, Place::New { path: folder.path(), id: "test" }, 3);
    let newest = folder.path().join("checkpoints/step-3");
    let weights = newest.join("weights.safetensors");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let error = train(&recipe, Place::Resume(folder.path()), &Host::default(), &mut Silent).unwrap_err();
    assert!(matches!(error, TrainError::Record(_)), "{error}");
    assert!(error.to_string().contains("weights.safetensors"), "{error}");
}

#[test]
fn a_group_has_its_own_hyperparameters_in_the_record() {
    let folder = folder();
    let (_, run) = run(&recipe("[[group]]\npath = \"bias\"\nlearning_rate = 0.0\n"), folder.path());
    let first = run.events.iter().find_map(|event| match event {
        Event::Step { hyperparameters, .. } => hyperparameters.get("group.1.learning_rate").copied(),
        _ => None,
    });
    assert_eq!(first, Some(0.0));
}

/// The schedules of the recipe, and an action after the third update.
struct Asking(OpenLoop, Action);

impl Controller for Asking {
    fn begin(&mut self) -> Decision {
        self.0.begin()
    }

    fn observe(&mut self, seen: &Observation) -> Decision {
        let decision = self.0.observe(seen);
        match seen {
            Observation::Step { step: 2, .. } => Decision {
                actions: vec![self.1.clone()],
                reason: Some(Reason("three are enough".to_owned())),
                ..decision
            },
            _ => decision,
        }
    }

    fn save(&self) -> Vec<u8> {
        self.0.save()
    }

    fn load(&mut self, bytes: &[u8]) -> Result<(), ControlError> {
        self.0.load(bytes)
    }
}

fn run_asking(action: &Action, path: &Path) -> Result<Outcome, TrainError> {
    let control = |plan: &Plan| -> Result<Box<dyn Controller>, ControlError> {
        Ok(Box::new(Asking(plan.base.clone(), action.clone())))
    };
    train_under(&control, &recipe(""), Place::New { path, id: "test" }, &Host::default(), &mut Silent)
}

#[test]
fn a_decision_is_recorded_with_its_reason() {
    let folder = folder();
    run_asking(&Action::Stop(StopReason::Finished), folder.path()).unwrap();
    let run = Run::open(folder.path()).unwrap();
    assert_eq!(losses(&run).len(), 3);
    let recorded = run.events.iter().any(|event| {
        matches!(event, Event::Decision { step: 3, decision, reason } if decision == "stop" && reason == "three are enough")
    });
    assert!(recorded, "{:?}", run.events);
}

#[test]
fn going_back_without_a_snapshot_is_an_error_and_not_passed_over() {
    let folder = folder();
    let error = run_asking(&Action::Restore, folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::NoSnapshot { step: 3 }), "{error}");
}

#[test]
fn the_test_split_may_be_evaluated_with_the_weights_of_the_best_evaluation() {
    // An epoch that learns, then one that destroys what was learned.
    let schedule = "[learning_rate]\nmethod = \"multistep\"\npeak = 3e-3\ngamma = 1000.0\nat = [\"1 epochs\"]\n";
    let recipe = recipe(&format!("test = \"best\"\n{schedule}"));
    let (whole, cut, short) = (folder(), folder(), folder());
    let (expected, _) = run(&recipe, whole.path());
    let (best, test) = (expected.result.best.unwrap(), expected.result.test.unwrap());
    assert!(best.step < expected.result.steps_kept && test.step == best.step);

    let text = "workload = \"digits-mlp\"\nbudget = \"1 epochs\"\nlearning_rate = 3e-3\n";
    let text = RecipeText { name: "test.toml", text, sets: &[], resolved: false };
    let (early, _) = run(&Recipe::read(&text, WORKLOADS).unwrap(), short.path());
    assert_eq!(early.result.test.unwrap(), test, "the weights are those after the first epoch");

    interrupt(&recipe, Place::New { path: cut.path(), id: "test" }, best.step + 5);
    let resumed = train(&recipe, Place::Resume(cut.path()), &Host::default(), &mut Silent).unwrap();
    assert_eq!(resumed.result.test, Some(test));
}
