//! Controllers from recipes: what they ask for is done, and a run that was cut goes on to the same bits.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot set up must fail")]

mod common;

use std::path::Path;

use common::{assert_resumes, folder, interrupt, losses, rates, recipe, run, weights};
use rheostat_control::{Hyperparameter, Observation, Turn, replay};
use rheostat_record::{Event, Recipe, RecipeText, Run, Status, observations};
use rheostat_train::{Host, Outcome, Place, Silent, train};
use rheostat_workload::WORKLOADS;

/// The same for a cut run as for a whole one, and for its recorded losses replayed.
fn assert_cuts_do_not_matter(recipe: &Recipe, cuts: &[u64]) -> (Outcome, Run) {
    assert_resumes(recipe, cuts, |run| assert_replay_is_the_run(recipe, run))
}

fn decisions(run: &Run) -> Vec<(u64, String)> {
    let decision = |event: &Event| match event {
        Event::Decision { step, decision, .. } => Some((*step, decision.clone())),
        _ => None,
    };
    run.events.iter().filter_map(decision).collect()
}

#[test]
fn an_automated_warm_up_decays_from_the_rate_it_found_and_resumes_to_the_same_bits() {
    let text = "budget = \"10 epochs\"\n[learning_rate]\nmethod = \"autowu\"\nhigh = 3.0\ntest_every = \"4 steps\"\n";
    let (outcome, run) = assert_cuts_do_not_matter(&recipe(text), &[3, 17, 40, 70]);
    assert_eq!(outcome.result.status, Status::Finished);
    let rates = rates(&run);
    let peak = rates.iter().copied().fold(0.0, f64::max);
    assert!(rates[0] == 1e-5 && rates.last().unwrap() < &peak, "{rates:?}");
    assert!(decisions(&run).iter().any(|(_, decision)| decision == "switch"), "{:?}", decisions(&run));
}

#[test]
fn a_loss_that_blows_up_is_rolled_back_and_resumes_to_the_same_bits() {
    // So steep that the weights are lost before three tests in a row have seen it coming.
    let text = "budget = \"10 epochs\"\n[optimizer]\nmethod = \"sgd\"\n[learning_rate]\nmethod = \"autowu\"\nhigh = 1e90\n\
                test_every = \"30 steps\"\n";
    let (outcome, run) = assert_cuts_do_not_matter(&recipe(text), &[10, 30, 60]);
    let result = &outcome.result;
    assert_eq!(result.status, Status::Finished);
    assert!(result.steps_spent > result.steps_kept, "{result:?}");
    assert!(run.events.iter().any(|event| matches!(event, Event::Restore { .. })));
    let standing: Vec<u64> = losses(&run).into_iter().map(|(step, _)| step).collect();
    assert_eq!(standing, (0..result.steps_kept).collect::<Vec<_>>(), "each update stands once");
}

/// Every recipe of the repository that names a controller and trains the embedded digits, in a few epochs.
fn recipes() -> Vec<(String, Recipe)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".toml") || !text.contains("workload = \"digits-mlp\"") {
            continue;
        }
        let text = RecipeText { name: &name, text: &text, sets: &[], resolved: false };
        let recipe = Recipe::read(&text, WORKLOADS).unwrap_or_else(|error| panic!("{error}"));
        if !recipe.controllers.is_empty() {
            found.push((name, recipe));
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

#[test]
fn every_recipe_with_a_controller_trains_and_resumes_to_the_same_bits() {
    let recipes = recipes();
    assert!(recipes.len() >= 8, "{}", recipes.len());
    for name in ["adaptive_heavy_ball.toml", "autolrs.toml", "autowu.toml", "cycles.toml", "plateau.toml", "swd.toml"] {
        assert!(recipes.iter().any(|(found, _)| found == name), "{name} is not among them");
    }
    for (name, recipe) in recipes {
        let samples = 1077;
        let total = recipe.plan(samples).unwrap().total_steps;
        let (outcome, run) = assert_cuts_do_not_matter(&recipe, &[total / 3, total - 20]);
        assert_eq!(run.manifest.samples, samples);
        assert_eq!(outcome.result.status, Status::Finished, "{name}");
        assert!(outcome.result.best.unwrap().metric > 0.9, "{name}: {:?}", outcome.result.best);
    }
}

/// What was recorded leads a fresh controller to the same hyperparameters in every update, to the bit, and to the same decisions
/// for the same reasons.
fn assert_replay_is_the_run(recipe: &Recipe, run: &Run) {
    let history = Run::history(&run.path).unwrap();
    let plan = recipe.plan(run.manifest.samples).unwrap();
    let mut controller = plan.controller().unwrap();
    let seen = observations(&history, controller.asks()).unwrap();
    let rows = replay(controller.as_mut(), seen);
    let name = &run.manifest.recipe;

    let steps = rows.iter().filter(|row| matches!(row.seen, Some(Observation::Step { .. })));
    let replayed: Vec<_> = steps.map(|row| row.used).collect();
    let recorded: Vec<_> = history
        .iter()
        .filter_map(|event| if let Event::Step { hyperparameters, .. } = event { Some(hyperparameters) } else { None })
        .collect();
    assert!(!recorded.is_empty() && recorded.len() == replayed.len(), "{} and {}", recorded.len(), replayed.len());
    for (update, (recorded, replayed)) in recorded.into_iter().zip(replayed).enumerate() {
        let decided = plan.controllers.iter().map(|(which, _)| *which).chain([Hyperparameter::LearningRate]);
        for which in decided {
            assert!(replayed.get(which).is_some(), "{which} of update {update} is decided by nobody: {name}");
        }
        for (which, value) in replayed.iter() {
            let used = recorded.get(which.name()).copied();
            assert_eq!(used.map(f64::to_bits), Some(value.to_bits()), "{which} of update {update}: {value}, {name}");
        }
    }

    // What took no turn is called by what it asked for.
    let told: Vec<_> = history
        .iter()
        .filter_map(|event| match event {
            Event::Decision { step, decision, reason } => Some((*step, Turn::from_name(decision), reason.clone())),
            _ => None,
        })
        .collect();
    let said: Vec<_> = rows
        .into_iter()
        .filter_map(|row| Some((row.updates, row.decision.turn(), row.decision.reason?.to_string())))
        .collect();
    assert_eq!(told, said, "{name}");
}

#[test]
fn a_soft_reset_moves_the_weights_at_the_evaluation_of_the_boundary() {
    let text =
        "budget = \"3 epochs\"\n[learning_rate]\nmethod = \"cycles\"\ncount = 3\n[learning_rate.reset]\ntarget = 1.0\n";
    let (_, run) = assert_cuts_do_not_matter(&recipe(text), &[20, 33, 50, 66, 80]);
    let resets: Vec<_> = run
        .events
        .iter()
        .filter_map(
            |event| if let Event::Reset { step, tau, alpha } = event { Some((*step, *tau, *alpha)) } else { None },
        )
        .collect();
    let metric = |at: u64| {
        let found = run.events.iter().find_map(|event| match event {
            Event::Evaluation { step, val_metric, .. } if *step == at => Some(*val_metric),
            _ => None,
        });
        found.unwrap()
    };
    assert_eq!(resets.len(), 2, "{resets:?}");
    for (step, tau, alpha) in resets {
        assert!((tau - (1.0 - metric(step))).abs() < 1e-12 && alpha == 0.5, "after {step} updates: {tau}");
    }
    let evaluations = run.events.iter().filter(|event| matches!(event, Event::Evaluation { .. })).count();
    assert_eq!(evaluations, 4, "the recipe's own evaluations answer the controller");
}

#[test]
fn fresh_weights_are_those_of_another_draw() {
    let text = "budget = \"3 epochs\"\n[learning_rate]\nmethod = \"cycles\"\ncount = 3\n\
                [learning_rate.reset]\nmode = \"hard\"\n";
    let recipe = recipe(text);
    let folder = folder();
    // A run that stops at a boundary stops after the reset.
    let begin = |place: Place<'_>, updates: u64| {
        let reached = interrupt(&recipe, place, updates).result.steps_kept;
        (reached, weights(folder.path()))
    };
    let first = begin(Place::New { path: folder.path(), id: "test" }, 0);
    let second = begin(Place::Resume(folder.path()), 33);
    let third = begin(Place::Resume(folder.path()), 33);
    assert_eq!([first.0, second.0, third.0], [0, 33, 66], "where the three cycles begin");
    assert!(first.1 != second.1, "the first reset draws what the run began with");
    assert!(second.1 != third.1, "the second reset draws what the first did");
    assert!(first.1 != third.1, "the second reset draws what the run began with");

    train(&recipe, Place::Resume(folder.path()), &Host::default(), &mut Silent).unwrap();
    let losses = losses(&Run::open(folder.path()).unwrap());
    // The output layer begins at zero, so that fresh weights have ten classes at random: nothing old is left in them.
    for at in [0, 33, 66] {
        let (_, bits) = losses.iter().find(|(step, _)| *step == at).unwrap();
        let loss = f64::from_bits(*bits);
        assert!((loss - 10_f64.ln()).abs() < 1e-6, "update {at}: {loss}");
    }
}

#[test]
fn a_search_for_the_rate_trains_no_more_than_it_says_and_its_searches_do_not_stand() {
    let text = "budget = \"4 epochs\"\n[learning_rate]\nmethod = \"autolrs\"\nlow = 1e-4\ncandidates = 3\nsearch = \"11 steps\"\n\
                train = \"44 steps\"\n";
    let (outcome, run) = assert_cuts_do_not_matter(&recipe(text), &[5, 20, 40, 90, 120]);
    let result = &outcome.result;
    assert_eq!(
        (result.steps_kept, result.steps_spent),
        (132, 132 + 3 * 3 * 11),
        "three stages, three searches in each"
    );
    let standing: Vec<u64> = losses(&run).into_iter().map(|(step, _)| step).collect();
    assert_eq!(standing, (0..132).collect::<Vec<_>>());
}

#[test]
fn momentum_and_weight_decay_that_follow_the_gradients_are_in_force_and_recorded() {
    let value = |text: &str, name: &str| -> Vec<f64> {
        let folder = folder();
        let recipe = recipe(text);
        let (_, run) = run(&recipe, folder.path());
        assert_replay_is_the_run(&recipe, &run);
        let value = |event: &Event| match event {
            Event::Step { hyperparameters, .. } => hyperparameters.get(name).copied(),
            _ => None,
        };
        run.events.iter().filter_map(value).collect()
    };
    let text = "batch_size = 1077\nbudget = \"30 steps\"\nlearning_rate = 0.1\nmomentum = { method = \"adaptive_heavy_ball\" }\n[optimizer]\nmethod = \"heavy_ball\"\n";
    let momentum = value(text, "momentum");
    assert!(momentum[0] == 0.0 && momentum.iter().any(|value| *value > 0.5), "{momentum:?}");
    let decay = value("weight_decay = { method = \"swd\" }\n", "weight_decay");
    assert!(decay.iter().all(|value| *value > 5e-4), "gradients are smaller than 1: {decay:?}");
    assert!(decay.windows(2).all(|pair| pair[0] != pair[1]), "and never the same: {decay:?}");
}
